"""A partner's whole way from an export to a sealed submission, beside clkhash on the same records and the same single core.

    python benchmarks/tokenise.py [--records 100000] [--profile] [--memory 100000,1000000] [--processes N] [--clk-env DIR]
        [--work DIR]

Ours is the command that a data officer types, `linkage partner submit`: values checked, file read, cleaned, tokenised under every match key,
sealed, signed. clkhash 0.18.3 reads a CSV of the same records and makes one 1024-bit filter a record from nine fields, with one worker; it is
installed from its registry into an environment of its own, and left out where that cannot be done. It neither cleans nor seals.

Each run is a process of its own on one core, or, with `--processes N`, ours on N cores with its passes made by N processes. `records/s` is by the clock;
`per CPU second` is for busy machines. Memory is the peak of the process; of several, the peak of their sum, each page divided among those that share it.
This script imports nothing large: a child's peak never starts below that of the process that made it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLK_PINS = ("clkhash==0.18.3", "bitarray==2.9.3", "cryptography==40.0.2", "jsonschema==4.26.0")
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OMP_THREAD_LIMIT",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "ARROW_IO_THREADS",
    ),
    "1",
)
Told = dict[str, Any]


def words() -> argparse.Namespace:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    ask.add_argument("--records", type=int, default=100_000, help="made-up records to measure with")
    ask.add_argument("--file", type=Path, help="a CSV or Parquet file to measure with instead")
    ask.add_argument("--map", nargs="+", default=[], metavar="IDENTIFIER=COLUMN", help="what its columns are")
    ask.add_argument("--record-id", default="record_id", help="its column of record ids")
    ask.add_argument("--dates", default="YMD", choices=("YMD", "DMY", "MDY"), help="its order of dates")
    ask.add_argument("--format", default="parquet", choices=("parquet", "csv"), help="of made-up records")
    ask.add_argument(
        "--memory", default="", metavar="SIZES", help="peak memory at these numbers of records too"
    )
    ask.add_argument("--profile", action="store_true", help="one more run, under cProfile")
    ask.add_argument("--repeat", type=int, default=1, help="runs of each side in turn; the quickest counts")
    ask.add_argument("--cpu", type=int, help="the core to run on; the last one by default")
    ask.add_argument("--processes", type=int, default=1, help="how many processes make ours, on as many cores")
    ask.add_argument("--work", type=Path, help="folder to keep made-up files in; a temporary one by default")
    ask.add_argument("--clk-env", type=Path, help="folder of clkhash's environment; a temporary one by default")
    ask.add_argument(
        "--clk-records", type=int, default=1_000_000, help="clkhash gets the first so many records"
    )
    ask.add_argument("--clk-hash", default="doubleHash", choices=("doubleHash", "blakeHash"))
    ask.add_argument("--no-clkhash", action="store_true", help="ours alone")
    ask.add_argument("--json", type=Path, help="file for the figures")
    asked = ask.parse_args()
    if asked.file and asked.memory:
        ask.error("--memory makes records of its own sizes: leave --file out")
    return asked


def child(python: Path | str, script: str, *args: object) -> Told:
    """What a script printed as JSON, and the peak memory of its process.

    Raises:
        SystemExit: the script failed.
    """
    line = [str(python), str(HERE / script), *map(str, args)]
    with tempfile.TemporaryFile() as out:
        started = subprocess.Popen(line, stdout=out, env=os.environ | ONE_THREAD)
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        if started.returncode:
            raise SystemExit(f"{script} {' '.join(map(str, args))} failed (see above)")
        out.seek(0)
        said: Told = json.loads(out.read().splitlines()[-1])
    unit = 1 if sys.platform == "darwin" else 1024
    return said | {"peak_mb": used.ru_maxrss * unit / 1e6}


def clk_python(folder: Path) -> Path | None:
    """The Python of an environment that has clkhash, made if it is not there; none where it cannot be installed."""
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    test = [str(python), "-c", "import clkhash.clk, clkhash; assert clkhash.__version__ == '0.18.3'"]
    if python.exists() and not subprocess.run(test, capture_output=True).returncode:
        return python
    print(f"installing {CLK_PINS[0]} into an environment of its own", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *CLK_PINS]
    made = subprocess.run(install, capture_output=True, text=True)
    if not made.returncode and not subprocess.run(test, capture_output=True).returncode:
        return python
    why = (made.stderr.strip().splitlines() or ["it does not import"])[-1]
    print(f"clkhash cannot be installed here, so ours stands alone: {why}")
    return None


def pin(cpu: int | None, *, cores: int) -> str:
    """Runs this process and all that it starts on so many cores, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned to one core (this system cannot); threads limited to one"
    of = sorted(os.sched_getaffinity(0))[-cores:] if cpu is None else [cpu]
    os.sched_setaffinity(0, of)
    return f"{len(of)} core{'s' if len(of) > 1 else ''} (number {', '.join(map(str, of))} of {os.cpu_count()})"


@contextmanager
def folder_or_temporary(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def set_table(asked: argparse.Namespace, records: int, work: Path) -> Told:
    """Records, mapping and project folder for one size; what lies where."""
    source = ["--file", asked.file.resolve()] if asked.file else ["--records", records]
    mapped = ["--map", *asked.map] if asked.map else []
    rest = ("--record-id", asked.record_id, "--dates", asked.dates, "--format", asked.format)
    clk = ["--clk-records", 0 if asked.no_clkhash else asked.clk_records]
    return child(sys.executable, "tokenise_setting.py", work, *source, *mapped, *rest, *clk)


def measure(asked: argparse.Namespace, records: int, work: Path, clk: Path | None) -> dict[str, Told]:
    """Ours and clkhash in turn at one size, the quickest of the repeats of each."""
    table = set_table(asked, records, work)
    ours, theirs = [], []
    for _ in range(asked.repeat):
        with tempfile.TemporaryDirectory(dir=work) as out:
            run = child(
                sys.executable, "tokenise_ours.py", table["office"], out, "--processes", asked.processes
            )
            ours.append(run | {"peak_mb": max(run["peak_mb"], run["together_mb"])})
        if clk is not None:
            with tempfile.TemporaryDirectory(dir=work) as out:
                theirs.append(child(clk, "tokenise_clkhash.py", table["clk"], out, asked.clk_hash))
    both = {"ours": quickest(ours) | {"records": table["records"]}}
    if theirs:
        both["clkhash"] = quickest(theirs)
    return both


def quickest(runs: Sequence[Told]) -> Told:
    """The run that was disturbed least, with the seconds of all."""
    return min(runs, key=lambda r: float(r["seconds"])) | {"all_seconds": [r["seconds"] for r in runs]}


def rate(run: Mapping[str, Any], seconds: str = "seconds") -> float:
    return float(run["records"] / run[seconds])


def print_sides(both: Mapping[str, Told]) -> None:
    print(
        "\n| | records | seconds | records/s | per CPU second | peak memory | bytes a record |\n|---|---|---|---|---|---|---|"
    )
    for name, run in both.items():
        size = sum(run["bytes"].values()) / run["records"]
        print(
            f"| {name} | {run['records']:,} | {run['seconds']:.2f} | {rate(run):,.0f} | {rate(run, 'cpu_seconds'):,.0f}"
            f" | {run['peak_mb']:,.0f} MB | {size:,.0f} |"
        )
    ours = both["ours"]
    if len(ours["all_seconds"]) > 1:
        told = (f"{n} {', '.join(f'{s:.2f}' for s in run['all_seconds'])}" for n, run in both.items())
        print(f"\nseconds of all runs: {'; '.join(told)}")
    print(f"\nours: {ours['start']:.1f} s to start before that; bytes a record:", end=" ")
    print(", ".join(f"{n} {b / ours['records']:,.0f}" for n, b in ours["bytes"].items()))
    if "clkhash" in both:
        clk = both["clkhash"]
        whole = clk["records"] / (clk["seconds"] + clk["write_seconds"])
        print(
            f"clkhash {clk['version']}: {clk['fields']} fields, {clk['hash']}, mean popcount {clk['popcount']:.0f} of 1024, its own format checks on;"
            f" {whole:,.0f} records/s when its filters are also written to a file"
        )
        print(
            f"ours : clkhash = {rate(ours) / rate(clk):.2f} by the clock, {rate(ours, 'cpu_seconds') / rate(clk, 'cpu_seconds'):.2f} by CPU seconds"
        )


def print_steps(run: Told, title: str) -> None:
    """Where the time goes: by the first function below the command, and inside it by the module at work."""
    print(f"\n| {title} | seconds | share | memory then |\n|---|---|---|---|")
    total = sum(s["seconds"] for s in run["steps"])
    for step in (s for s in run["steps"] if s["seconds"] >= 0.005 * total):
        print(
            f"| {step['name']} | {step['seconds']:.2f} | {step['seconds'] / total:.1%} | {step['peak_mb']:,.0f} MB |"
        )
        for module, seconds in step["modules"].items():
            if seconds >= 0.02 * total and len(step["modules"]) > 1:
                print(f"| &nbsp;&nbsp;at work: {module} | {seconds:.2f} | {seconds / total:.1%} | |")


def print_memory(runs: Sequence[Mapping[str, Told]]) -> None:
    print(
        "\n| records | ours, seconds | ours, records/s | ours, peak | ours, peak bytes a record | clkhash, peak |\n|---|---|---|---|---|---|"
    )
    for both in sorted(runs, key=lambda b: int(b["ours"]["records"])):
        ours, clk = both["ours"], both.get("clkhash")
        theirs = f"{clk['peak_mb']:,.0f} MB ({clk['records']:,} records)" if clk else "-"
        print(
            f"| {ours['records']:,} | {ours['seconds']:.1f} | {rate(ours):,.0f} | {ours['peak_mb']:,.0f} MB"
            f" | {ours['peak_mb'] * 1e6 / ours['records']:,.0f} | {theirs} |"
        )


def main() -> None:
    asked = words()
    pinned = pin(asked.cpu, cores=asked.processes)
    with folder_or_temporary(asked.work) as work, folder_or_temporary(asked.clk_env) as env:
        clk = None if asked.no_clkhash else clk_python(env)
        first = measure(asked, asked.records, work, clk)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        print(
            f"{first['ours']['records']:,} records on {pinned}; load average {load:.1f}; the quickest of {asked.repeat}"
        )
        print_sides(first)
        print_steps(first["ours"], "step of ours")
        figures: Told = {"run": first}
        if asked.profile:
            office = set_table(asked, asked.records, work)["office"]
            with tempfile.TemporaryDirectory(dir=work) as out:
                profiled = child(sys.executable, "tokenise_ours.py", office, out, "--profile")
            print("\n" + profiled["profile"])
        if sizes := [int(s.replace("_", "")) for s in asked.memory.split(",") if s]:
            runs = [first] + [measure(asked, s, work, clk) for s in sizes if s != asked.records]
            print_memory(runs)
            figures["memory"] = runs
        if asked.json:
            asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
