"""Accuracy and calibration where the truth is known: `python benchmarks/quality.py [FOLDER] [--people N] [--write docs/quality.md]`.

FOLDER holds one folder a data set, each with one Parquet file (records of one person inside it are looked for) or two (links between them), with columns
`record_id`, `entity_id` (truth) and identifiers under their usual headers. Made-up people of five agencies are linked beside them; everything once whole, and once with
a third of each file's records dropped; those of other seeds too, whose bands of probability are pooled. Private linkage takes the whole path of partners and centre, and its own default threshold; plain Splink has the same cleaned values
and match keys, at 0.95. `--write` puts the tables between the two markers of a page, and the plot beside it. Sets are found by their files; none is needed by the tests.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from quality_seeds import COLUMNS, SEEDS, pooled

from linkage.central.assembly.people import people_of
from linkage.central.pairs.model import LinkType
from linkage.central.report.calibration import LINE, Line, expected, fit_line
from linkage.central.report.quality import assess, calibration, truth_pairs
from linkage.central.report.report import linked_pairs
from linkage.partner.normalise import ColumnMapping
from linkage.people import make_world
from linkage.schema import Schema, dedupe_schema, default_schema
from service.centre.evaluate import CLEARTEXT_THRESHOLD, missed_report, read_given
from service.centre.quality_linked import Given, Linked, link_in_the_clear, link_privately
from service.demonstration.pictures import reliability_plot
from service.meter import Meter
from service.officer.fairness import between

SETS: Final = {
    "febrl4": ("a.parquet", "b.parquet"),
    "essnet_sw": ("census.parquet", "cis.parquet"),
    "pp_census_ssa": ("census.parquet", "ssa.parquet"),
    "splink_fake_1000": ("all.parquet",),
}
MADE_UP: Final = "made-up people"
SEED: Final = 3
# A strong cleartext linker, tuned by hand, on whole sets at its default, 0.95: F1 of pairs, and of pairs within clusters where it forms them. The last set with its e-mail.
STRONG: Final = {
    "febrl4": (0.997, None), "essnet_sw": (0.988, None), "pp_census_ssa": (0.988, None), "splink_fake_1000": (0.834, 0.942),
}  # fmt: skip
BOUNDS: Final = (0.01, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99, 0.999, 1.0 + 1e-9)
ACCURACY: Final = (
    "set",
    "true pairs",
    "private pairs",
    "private clusters",
    "plain Splink pairs",
    "its clusters",
    "strong cleartext pairs",
    "its clusters",
    "private less strong",
)
EXPECTED: Final = (
    "set",
    "threshold",
    "links right: said",
    "true",
    "missed of compared: said",
    "true",
    "never met: at least",
    "true",
)
MISSED: Final = ("set", "never met", "differing in", "met, scored too low", "differing in")
MOST_NAMED: Final = 5
LINES: Final = (
    "fitted on",
    "offset",
    "slope",
    "on the set left out: log loss as scored",
    "calibrated by that line",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Files with truth, and how they are linked."""

    name: str
    given: Sequence[Given]
    schema: Schema
    link_type: LinkType


@dataclass(frozen=True, slots=True)
class Result:
    """A source after it was linked: privately, and in the clear."""

    source: Source
    one: Linked
    private: Mapping[str, Any]
    clear: Mapping[str, Any] | None

    @property
    def right(self) -> np.ndarray:
        """Which scored pairs are of one person."""
        return np.asarray(self.one.truth[self.one.scored.left] == self.one.truth[self.one.scored.right])

    @property
    def total(self) -> int:
        """How many true pairs there are."""
        return truth_pairs(self.one.truth, partner=self.one.records.partner, link_type=self.source.link_type)


def sources(folder: Path | None, people: int) -> Iterator[Source]:
    """The data sets that are there, and made-up people of five agencies."""
    for name, files in SETS.items() if folder is not None else ():
        paths = [folder / name / f for f in files]
        if paths[0].exists():
            given = read_given(paths, record_id="record_id", truth="entity_id", columns={})
            between_files = len(paths) > 1
            yield Source(
                name,
                given,
                default_schema() if between_files else dedupe_schema(),
                "link_only" if between_files else "dedupe_only",
            )
    yield made_up(people, seed=SEED)


def made_up(people: int, *, seed: int) -> Source:
    """Made-up people of five agencies."""
    world = make_world(people=people, seed=seed)
    return Source(
        MADE_UP,
        [
            Given(
                a.name, f"{a.name}.csv", a.frame, ColumnMapping(a.record_id, a.identifiers, a.date_order),
                world.truth[a.name].loc[a.frame[a.record_id]].astype(str).reset_index(drop=True),
            )
            for a in world.agencies
        ],
        default_schema(),
        "link_only",
    )  # fmt: skip


def less_a_third(source: Source) -> Source:
    """The source with a third of each file's records dropped at random."""
    out = []
    for at, g in enumerate(source.given):
        rng = np.random.default_rng([SEED, at])
        kept = np.sort(rng.permutation(len(g.rows))[: len(g.rows) - len(g.rows) // 3])
        out.append(
            Given(
                g.name,
                g.file,
                g.rows.iloc[kept].reset_index(drop=True),
                g.mapping,
                g.truth.iloc[kept].reset_index(drop=True),
            )
        )
    return Source(f"{source.name} less a third", out, source.schema, source.link_type)


def linked(source: Source, *, clear: bool) -> Result:
    """The source linked privately, and where asked in the clear on the same values."""
    with tempfile.TemporaryDirectory() as folder:
        one = link_privately(
            source.given, schema=source.schema, link_type=source.link_type, folder=Path(folder), now=datetime.now(UTC), meter=Meter(),
        )  # fmt: skip
    private = assess(
        one.pairs, records=one.records, truth=one.truth, link_type=source.link_type, threshold=one.threshold
    )
    other = None
    if clear:
        pairs, records, truth = link_in_the_clear(
            source.given, one.cleaned, schema=source.schema, link_type=source.link_type, meter=Meter()
        )
        other = assess(
            pairs, records=records, truth=truth, link_type=source.link_type, threshold=CLEARTEXT_THRESHOLD
        )
    return Result(source, one, private, other)


def accuracy_row(r: Result) -> list[str]:
    pairs, clusters = STRONG.get(r.source.name.removesuffix(" less a third"), (None, None))
    mine = (r.private["default"]["f1"], r.private["clusters"]["f1"])
    plain = (r.clear["default"]["f1"], r.clear["clusters"]["f1"]) if r.clear else (None, None)
    short = [a - b for a, b in zip(mine, (pairs, clusters), strict=True) if b is not None]
    shown = ", ".join(f"{x:+.4f}" for x in short) or "–"
    return [r.source.name, f"{r.total:,}", *(f1(x) for x in (*mine, *plain, pairs, clusters)), shown]


def f1(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def expected_row(r: Result) -> list[str]:
    pairs, right = r.one.pairs, r.right
    kept = linked_pairs(people_of(pairs, records=r.one.records, threshold=r.one.threshold))
    says = expected(pairs.probability, linked=kept, met=r.one.met, passes=len(r.source.schema.match_keys))
    true = (right[kept].mean(), right[~kept].sum() / max(right.sum(), 1), r.total - right.sum())
    return [
        r.source.name, f"{r.one.threshold:.3f}", f"{100 * says.precision:.2f} %", f"{100 * true[0]:.2f} %",
        f"{100 * says.missed:.2f} %", f"{100 * true[1]:.2f} %", f"{says.never_met:,.0f}", f"{true[2]:,}",
    ]  # fmt: skip


def bands(results: Sequence[Result], *, raw: bool) -> list[list[str]]:
    """A row a band of probability: what was said on average, what was true, and of how many pairs, for each source."""
    told = [
        {
            b["from"]: b
            for b in calibration(r.one.scored if raw else r.one.pairs, truth=r.one.truth, bounds=BOUNDS)
        }
        for r in results
    ]
    rows = []
    for low, high in pairwise(BOUNDS):
        cells = [
            f"{t[low]['said']:.3f} → {t[low]['true']:.3f} ({t[low]['pairs']:,})" if low in t else "–"
            for t in told
        ]
        rows.append([f"{low:g} to {min(high, 1.0):g}", *cells])
    return rows


def missed_row(r: Result) -> list[str]:
    """How many true pairs were not linked, and in which identifiers their records differ."""
    report = missed_report(r.one, r.source.given, schema=r.source.schema, link_type=r.source.link_type)
    cells = [r.source.name]
    for group in ("never_met", "scored_low"):
        one = report["by_group"][group]
        differ = sorted(((-n["different"], i) for i, n in one["identifiers"].items() if n["different"]))
        cells += [f"{one['pairs']:,}", ", ".join(f"{i} {-n}" for n, i in differ[:MOST_NAMED]) or "–"]
    return cells


def line_row(results: Sequence[Result]) -> list[str]:
    """The line that each source's pairs were calibrated by."""
    lines = [r.one.line for r in results]
    return ["line", *(f"{one.offset:+.2f} + {one.slope:.2f} × log odds" for one in lines)]


def line_rows(results: Sequence[Result]) -> list[list[str]]:
    """The line of all sources, and for each source that of the others, tried on it."""
    data = [(r.one.scored.probability, r.right) for r in results]
    whole = fit_line(data)
    rows = [["all of them", f"{whole.offset:.2f}", f"{whole.slope:.2f}", "", ""]]
    for at, r in enumerate(results):
        others = fit_line([d for n, d in enumerate(data) if n != at])
        loss = [log_loss(line, *data[at]) for line in (Line(0.0, 1.0), others)]
        rows.append(
            [
                f"all but {r.source.name}",
                f"{others.offset:.2f}",
                f"{others.slope:.2f}",
                *(f"{x:.4f}" for x in loss),
            ]
        )
    return rows


def log_loss(line: Line, probability: np.ndarray, right: np.ndarray) -> float:
    said = np.clip(line(probability), 1e-15, 1 - 1e-15)
    return float(-np.log(np.where(right, said, 1 - said)).mean())


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(r)} |" for r in (columns, ["---"] * len(columns), *rows))


def report(results: Sequence[Result], *, seeds: Sequence[Result]) -> str:
    """All tables, with their captions; `seeds` are made-up people of several seeds."""
    whole = [r for r in results if not r.source.name.endswith("less a third")]
    names = [r.source.name for r in whole]
    return "\n\n".join([
        "**Accuracy**, F1 at each one's default threshold:",
        table(ACCURACY, [accuracy_row(r) for r in results]),
        "**What is missed**, true pairs that are not linked at the default threshold, and how many of them differ in what:",
        table(MISSED, [missed_row(r) for r in results]),
        "**What the model expects and what is true**, at the default threshold:",
        table(EXPECTED, [expected_row(r) for r in results]),
        "**As the passes say**: mean match probability → share that is true (pairs), by band:",
        table(("band", *names), bands(whole, raw=True)),
        "**Calibrated**, files linked with each other by a line of their own, a file with itself by the general one, "
        f"{LINE.offset:+.2f} + {LINE.slope:.2f} × log odds:",
        table(("band", *names), [line_row(whole), *bands(whole, raw=False)]),
        f"**Calibrated, {len(seeds)} seeds of made-up people pooled**, of the same size each:",
        table(COLUMNS, pooled([(r.one.pairs.probability, r.right) for r in seeds], bounds=BOUNDS)),
        f"**The same pairs by the general line**, {len(seeds)} seeds of made-up people pooled:",
        table(COLUMNS, pooled([(LINE(r.one.scored.probability), r.right) for r in seeds], bounds=BOUNDS)),
        "**The line**, fitted on whole sets that weigh alike, and without each of them:",
        table(LINES, line_rows(whole)),
    ])  # fmt: skip


def plot(results: Sequence[Result]) -> str:
    rows = [
        {"source": r.source.name, "scale": scale, **band}
        for r in results
        for scale, pairs in (("as the passes say", r.one.scored), ("calibrated", r.one.pairs))
        for band in calibration(pairs, truth=r.one.truth, bounds=BOUNDS)
        if band["pairs"] >= 20
    ]
    return str(reliability_plot(rows))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("folder", nargs="?", type=Path, help="a folder of data sets")
    words.add_argument("--people", type=int, default=20_000)
    words.add_argument("--no-cleartext", action="store_true", help="leave plain Splink out")
    words.add_argument(
        "--write", type=Path, help="the page whose tables are renewed; the plot goes beside it as .svg"
    )
    asked = words.parse_args()
    results = []
    for source in sources(asked.folder, asked.people):
        for one in (source, less_a_third(source)):
            began = time.process_time()
            results.append(linked(one, clear=not asked.no_cleartext))
            print(f"{one.name}: {time.process_time() - began:.0f} CPU seconds", file=sys.stderr, flush=True)
    first = next(r for r in results if r.source.name == MADE_UP)
    seeds = [first, *(linked(made_up(asked.people, seed=n), clear=False) for n in SEEDS if n != SEED)]
    printed = report(results, seeds=seeds)
    print(printed)
    if asked.write:
        asked.write.write_text(between(asked.write.read_text("utf-8"), printed), "utf-8")
        asked.write.with_suffix(".svg").write_text(
            plot([r for r in results if "less" not in r.source.name]), "utf-8"
        )


if __name__ == "__main__":
    main()
