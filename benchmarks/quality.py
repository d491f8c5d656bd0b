"""Private linkage beside plain Splink on data sets with known truth: `python benchmarks/quality.py FOLDER`.

FOLDER holds one folder a data set, each with one Parquet file (records of one person inside it are looked for) or two (links between them). Columns
`record_id` and `entity_id` (truth), and identifiers under their usual headers. Both sides run in one process on the same cleaned values and match
keys; the ratio compares training, scoring and clustering. Sets are found by their files; none is needed by the tests.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SETS = {
    "febrl4": ("a.parquet", "b.parquet"),
    "essnet_sw": ("census.parquet", "cis.parquet"),
    "pp_census_ssa": ("census.parquet", "ssa.parquet"),
    "splink_fake_1000": ("all.parquet",),
}


def report(folder: Path, name: str, files: tuple[str, ...]) -> dict:
    with tempfile.TemporaryDirectory() as out:
        target = Path(out) / "report.json"
        words = [sys.executable, "-m", "cli", "evaluate", *(str(folder / name / f) for f in files)]
        words += ["--record-id", "record_id", "--truth", "entity_id", "--cleartext", "--json", str(target)]
        subprocess.run(words, check=True, capture_output=True)
        return json.loads(target.read_text("utf-8"))


def main() -> None:
    folder = Path(sys.argv[1])
    print(
        "| data set | private default F1 | private best F1 | cleartext default F1 | cleartext best F1 | best F1, difference | linking time, private : cleartext |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, files in SETS.items():
        if not (folder / name / files[0]).exists():
            print(f"| {name} | not here | | | | | |")
            continue
        r = report(folder, name, files)
        p, c, cost = r["private"], r["cleartext"], r["cost_of_privacy"]
        print(
            f"| {name} | {p['default']['f1']:.4f} | {p['best']['f1']:.4f} | {c['default']['f1']:.4f} | {c['best']['f1']:.4f}"
            f" | {cost['best_f1_difference']:+.4f} | {cost['linking_time_ratio']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
