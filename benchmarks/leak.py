"""What the default schema, or another, leaks, as a Markdown table: `python benchmarks/leak.py [PEOPLE] [SCHEMA]`.

180,000 made-up people, some 200,000 records, take about six minutes on one core and 2.5 GB. Seconds are of the whole run, accuracy included.
"""

import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from linkage.leak.measure import ATTACKS, Figures
from service.centre.leak import run

PEOPLE = 180_000
COLUMNS = ("rows", "alone %", "own %", "largest", *(f"({a}) %" for a in ATTACKS), "(e) register %")


def row(one: Figures) -> str:
    cells = [one.attacks.get(a) for a in ATTACKS]
    shape = [
        f"{one.rows:,}",
        *(f"{100 * v:.1f}" if one.largest else "" for v in (one.alone, one.own)),
        str(one.largest or ""),
    ]
    figures = ["" if v is None else f"{100 * v:.3f}" for v in (*cells, one.parts.get("e_register"))]
    return f"| {one.name} | {' | '.join((*shape, *figures))} |"


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    schema = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    start = time.perf_counter()
    report = run(schema, people=people, now=datetime.now(UTC), say=lambda _: None)
    seconds = time.perf_counter() - start
    print(f"{report.schema}, {report.people:,} people, {report.leak.records:,} records, seed {report.seed}\n")
    print(f"| | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
    joined = (report.leak.joined,) if report.leak.joined is not None else ()
    for one in (*report.leak.passes, *joined, *report.controls):
        print(row(one))
    if report.accuracy is not None:
        side = report.accuracy["private"]["default"]
        print(
            f"\n{report.accuracy['records']:,} records of two agencies, {report.accuracy['truth_pairs']:,} true pairs:"
            f" precision {side['precision']:.4f}, recall {side['recall']:.4f}, F1 {side['f1']:.4f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"\n{seconds:.0f} s, peak {peak:,.0f} MB")


if __name__ == "__main__":
    main()
