"""Private linkage beside plain Splink on made-up people: `python benchmarks/scale.py [PEOPLE]`. Prints seconds a step and the ratios.

Two agencies of the generator are linked, the health trust and the schools with police: `linkage.people` makes them, `linkage evaluate` runs them.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from linkage.people import make_world

AGENCIES = ("nhs", "police", "schools")


def write_files(people: int, folder: Path) -> tuple[list[Path], list[str]]:
    world = make_world(people=people, seed=7)
    paths = []
    for agency in (a for a in world.agencies if a.name in AGENCIES):
        frame = agency.frame.rename(
            columns={c: i for i, c in agency.identifiers.items()} | {agency.record_id: "record_id"}
        )
        truth = world.truth[agency.name]
        frame["true_person"] = truth.loc[agency.frame[agency.record_id]].astype(str).to_numpy()
        if agency.date_order == "DMY":
            parts = frame["date_of_birth"].str.extract(r"(\d+)\D(\d+)\D(\d+)")
            iso = parts[2] + "-" + parts[1].str.zfill(2) + "-" + parts[0].str.zfill(2)
            frame["date_of_birth"] = iso.where(iso.notna(), frame["date_of_birth"])
        path = folder / f"{agency.name}.parquet"
        frame[[c for c in frame.columns if c not in agency.attributes]].astype("str").to_parquet(path)
        paths.append(path)
    return paths, []


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        paths, _ = write_files(people, Path(folder))
        records = sum(len(pd.read_parquet(p, columns=["record_id"])) for p in paths)
        target = Path(folder) / "report.json"
        words = [
            sys.executable,
            "-m",
            "cli",
            "evaluate",
            *map(str, paths),
            "--record-id",
            "record_id",
            "--truth",
            "true_person",
            "--dates",
            "YMD",
        ]
        subprocess.run([*words, "--cleartext", "--json", str(target)], check=True, capture_output=True)
        r = json.loads(target.read_text("utf-8"))
    print(f"{people:,} people, {records:,} records in {len(paths)} files, {r['truth_pairs']:,} true pairs")
    for side in ("private", "cleartext"):
        s = r[side]
        print(
            f"{side:10} F1 default {s['default']['f1']:.4f} best {s['best']['f1']:.4f}; "
            + ", ".join(f"{k} {v:.1f} s" for k, v in s["seconds"].items())
            + f"; peak {s['peak_mb']:,} MB"
        )
    rate = records / (
        r["private"]["seconds"]["clean"] + r["private"]["seconds"]["tokenise"] + r["private"]["seconds"]["seal"]
    )
    print(f"clean, tokenise and seal: {rate:,.0f} records/s on one core")
    print(f"linking time, private : cleartext = {r['cost_of_privacy']['linking_time_ratio']:.2f}")


if __name__ == "__main__":
    main()
