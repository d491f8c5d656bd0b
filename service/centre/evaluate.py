"""`linkage evaluate`: the partners' and the centre's own path, run on anybody's files whose truth is known, and scored."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.assembly.people import people_of
from linkage.central.assembly.records import Records
from linkage.central.pairs.linker import SPLINK_FAULTS
from linkage.central.pairs.model import LinkType
from linkage.central.report.quality import assess, truth_pairs
from linkage.errors import BadInput
from linkage.partner.identifiers.dates import ORDERS
from linkage.partner.normalise import ColumnMapping
from linkage.partner.read import read_rows
from linkage.partner.suggestions.date_orders import date_order
from linkage.partner.suggestions.headings import by_headers
from linkage.schema import Schema, dedupe_schema, default_schema, load_schema
from service.centre.quality_linked import Given as Given
from service.centre.quality_linked import Linked, Say, file_order, link_in_the_clear, link_privately
from service.centre.quality_linked import clear_rows as _clear_rows
from service.centre.quality_missed import explained, missed_of, told_missed, true_pairs
from service.meter import Meter
from service.texts import read_text

# What users of plain Splink usually take, and the strong cleartext linker that results are held against.
CLEARTEXT_THRESHOLD: Final = 0.95


def read_given(
    files: Sequence[Path], *, record_id: str, truth: str, columns: Mapping[str, str], order: str | None = None
) -> list[Given]:
    """The files with their mapping: the columns given, and for the rest what the headers say.

    Raises:
        BadInput: a file or column is missing, a record has no truth, or two files have one name.
    """
    out: list[Given] = []
    for path in files:
        rows = read_rows(path)
        for column in (record_id, truth):
            if column not in rows.columns:
                raise BadInput(f"{path.name}: no column {column!r}; it has {', '.join(rows.columns)}")
        found = by_headers([c for c in rows.columns if c not in (record_id, truth)])
        identifiers = found | {i: c for i, c in columns.items() if c in rows.columns}
        dates = (
            rows[identifiers["date_of_birth"]].dropna()
            if "date_of_birth" in identifiers
            else pd.Series(dtype="str")
        )
        told = order or date_order(dates.unique()) or "YMD"
        blank = rows[truth].isna()
        if blank.any():
            raise BadInput(
                f"{path.name}, column {truth!r}: row {int(np.flatnonzero(blank.to_numpy())[0]) + 2} has no truth"
            )
        name = re.sub(r"[^a-z0-9-]+", "-", path.stem.lower()).strip("-") or "file"
        if name in {g.name for g in out}:
            name = f"{name}-{len(out) + 1}"
        out.append(
            Given(name, path.name, rows, ColumnMapping(record_id, identifiers, told), rows[truth].astype(str))
        )
    if absent := [c for c in columns.values() if not any(c in g.rows.columns for g in out)]:
        raise BadInput(f"no file has a column {absent[0]!r}, which --map names")
    return out


def evaluate(
    given: Sequence[Given],
    *,
    schema: Schema,
    link_type: LinkType,
    cleartext: bool,
    now: datetime,
    missed: bool = False,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """The report: `files, records, truth_pairs, private`, and `cleartext` and `missed` where asked; its keys are in docs/formats.md.

    Raises:
        BadInput: a file cannot be used.
        BadModel: nothing can be linked.
    """
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="linkage-") as folder:
        one = link_privately(
            given, schema=schema, link_type=link_type, folder=Path(folder), now=now, meter=meter, say=say
        )
    report: dict[str, Any] = {
        "files": [g.file for g in given],
        "records": sum(len(g.rows) for g in given),
        "truth_pairs": truth_pairs(one.truth, partner=one.records.partner, link_type=link_type),
        "private": _side(one.pairs, one.records, one.truth, link_type, one.threshold, meter),
    }
    if missed:
        report["missed"] = missed_report(one, given, schema=schema, link_type=link_type)
    if cleartext:
        say("cleartext: the same values and match keys in plain Splink")
        clear_meter = Meter()
        try:
            clear, records, truth = link_in_the_clear(
                given, one.cleaned, schema=schema, link_type=link_type, meter=clear_meter
            )
        except SPLINK_FAULTS as fault:
            say(
                f"cleartext: Splink could not link these files ({type(fault).__name__}); the report is of the private side alone"
            )
            return report
        report["cleartext"] = _side(clear, records, truth, link_type, CLEARTEXT_THRESHOLD, clear_meter)
        report["cost_of_privacy"] = cost_of_privacy(report)
    return report


def cost_of_privacy(report: Mapping[str, Any]) -> dict[str, float]:
    """What privacy costs: the difference of the best F1, and private over cleartext linking time."""
    private, clear = report["private"], report["cleartext"]
    seconds = [sum(side["seconds"][s] for s in ("train", "score", "cluster")) for side in (private, clear)]
    return {
        "best_f1_difference": round(private["best"]["f1"] - clear["best"]["f1"], 5),
        "linking_time_ratio": round(seconds[0] / seconds[1], 3),
    }


def _side(
    pairs: ScoredRecords,
    records: Records,
    truth: npt.NDArray[np.int64],
    link_type: LinkType,
    threshold: float,
    meter: Meter,
) -> dict[str, Any]:
    with meter.step("cluster"):
        people_of(pairs, records=records, threshold=threshold)
    return {
        **assess(pairs, records=records, truth=truth, link_type=link_type, threshold=threshold),
        "seconds": {k: round(v, 3) for k, v in meter.seconds.items()},
        "step_peak_mb": {k: round(v) for k, v in meter.peak_mb.items()},
        "peak_mb": round(max(meter.peak_mb.values())),
    }


def missed_report(
    one: Linked, given: Sequence[Given], *, schema: Schema, link_type: LinkType
) -> dict[str, Any]:
    """Which true pairs of the linkage were not linked, and why, as `explained` says it."""
    scored = one.place[one.pairs.left], one.place[one.pairs.right]
    records, truth = file_order(given)
    found = missed_of(
        true_pairs(truth, partner=records.partner, between=link_type == "link_only"),
        scored=(np.minimum(*scored), np.maximum(*scored)),
        linked=one.pairs.probability >= one.threshold,
        records=len(truth),
    )
    starts = np.cumsum([0, *(len(g.rows) for g in given)])
    rows = [_clear_rows(c, schema, int(at)) for c, at in zip(one.cleaned, starts, strict=False)]
    whole = pd.concat(rows, ignore_index=True)
    concerned = whole["record"].isin(np.concatenate([found.left, found.right]))
    return explained(found, rows=whole[concerned], schema=schema)


def run(
    files: Sequence[Path],
    *,
    record_id: str,
    truth: str,
    schema: Path | None,
    columns: Sequence[str],
    dates: str | None,
    dedupe: bool,
    cleartext: bool,
    say: Say,
    missed: bool = False,
) -> dict[str, Any]:
    """The report of `evaluate`, told as it goes.

    Raises:
        BadInput, BadSchema, BadModel: as its parts do.
    """
    # `--map a=b c=d` reads naturally, but only its first word belongs to the option: the others arrive among the files.
    mapped = [*columns, *(str(f) for f in files if "=" in f.name and not f.exists())]
    files = [f for f in files if str(f) not in mapped]
    if not all("=" in c for c in mapped):
        raise BadInput("--map takes IDENTIFIER=COLUMN, such as forename=GivenName")
    if not files:
        raise BadInput("name at least one file")
    if dates is not None and dates not in ORDERS:
        raise BadInput(f"--dates takes one of {', '.join(ORDERS)}")
    pairs = {_identifier(word): column for word, column in (c.split("=", 1) for c in mapped)}
    given = read_given(files, record_id=record_id, truth=truth, columns=pairs, order=dates)
    link_type: LinkType = "dedupe_only" if len(given) == 1 else "link_and_dedupe" if dedupe else "link_only"
    built_in = default_schema() if link_type == "link_only" else dedupe_schema()
    agreed = load_schema(read_text(schema)) if schema is not None else built_in
    report = evaluate(
        given,
        schema=agreed,
        link_type=link_type,
        cleartext=cleartext,
        missed=missed,
        now=datetime.now(UTC),
        say=say,
    )
    for line in told(report):
        say(line)
    return report


def _identifier(word: str) -> str:
    """The identifier that the word is a usual name of, such as first_name of forename; the word itself where it is none."""
    return next(iter(by_headers([word])), word)


def told(report: Mapping[str, Any]) -> list[str]:
    """The report in lines for the terminal."""
    lines = ["", f"{report['records']:,} records, {report['truth_pairs']:,} true pairs", ""]
    lines.append(f"{'':12}{'threshold':>10}{'precision':>11}{'recall':>9}{'F1':>9}")
    for side in ("private", "cleartext"):
        if side in report:
            for which in ("default", "best"):
                one = report[side][which]
                lines.append(
                    f"{side + ' ' + which:18}{one['threshold']:>4.2f}{one['precision']:>11.4f}{one['recall']:>9.4f}{one['f1']:>9.4f}"
                )
            c = report[side]["clusters"]
            lines.append(
                f"{side} people: {c['found']:,} found, {c['true']:,} true; pairs within people F1 {c['f1']:.4f}; largest {c['largest']}"
            )
            seconds = ", ".join(f"{k} {v:.2f} s" for k, v in report[side]["seconds"].items())
            lines.append(f"{side} seconds: {seconds}; peak {report[side]['peak_mb']:,} MB")
    if "cost_of_privacy" in report:
        cost = report["cost_of_privacy"]
        lines.append(
            f"cost of privacy: best F1 {cost['best_f1_difference']:+.4f}, linking time {cost['linking_time_ratio']:.2f} of cleartext's"
        )
    return lines + (told_missed(report["missed"]) if "missed" in report else [])
