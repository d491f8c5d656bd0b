"""`linkage evaluate`: the partners' and the centre's own path, run on anybody's files whose truth is known, and scored."""

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from keys import Identity, Secret, TrustRegister
from keys.trust import Entry
from linkage.central.assemble import Records, ScoredRecords, best_of, gather, open_maps, people_of, resolve
from linkage.central.cleartext import ClearFile, part_column, run_cleartext
from linkage.central.link import open_pairs, open_tables, score, seal_pairs, train
from linkage.central.linker import SPLINK_FAULTS
from linkage.central.model import LinkType, Model
from linkage.central.quality import assess, truth_pairs
from linkage.central.receive import Doorstep, receive
from linkage.central.store import open_locked
from linkage.errors import BadInput
from linkage.manifest import RECORDS, Manifest, Round
from linkage.partner.date_orders import date_order
from linkage.partner.headings import by_headers
from linkage.partner.identifiers.dates import ORDERS
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.plain import part_variants
from linkage.partner.read import read_rows
from linkage.partner.records import CleanRecords
from linkage.partner.submission import Recipients, seal_submission
from linkage.partner.tokenise import Tokeniser, record_refs
from linkage.schema import MatchKey, Part, Schema, dedupe_schema, default_schema, load_schema
from linkage.tokens import PassTable
from service.meter import Meter
from service.texts import read_text

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Given:
    """One file with its truth: the rows, how they are mapped, and the true person of each row."""

    name: str
    file: str
    rows: pd.DataFrame
    mapping: ColumnMapping
    truth: pd.Series


@dataclass(frozen=True, slots=True)
class Prepared:
    """One file after the partner's side: its own secret, its cleaned records, its manifest once sealed."""

    given: Given
    own: Secret
    officer: Identity


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
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """The report: `files, records, truth_pairs, private`, and `cleartext` where asked; its keys are in docs/formats.md.

    Raises:
        BadInput: a file cannot be used.
        BadModel: nothing can be linked.
    """
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="linkage-") as folder:
        pairs, records, truth, model, cleaned = _private(
            given, schema, link_type, Path(folder), now, meter, say
        )
    report: dict[str, Any] = {
        "files": [g.file for g in given],
        "records": sum(len(g.rows) for g in given),
        "truth_pairs": truth_pairs(truth, partner=records.partner, link_type=link_type),
        "private": _side(pairs, records, truth, link_type, model.threshold, meter),
    }
    if cleartext:
        say("cleartext: the same values and match keys in plain Splink")
        clear_meter = Meter()
        try:
            clear = _cleartext(given, cleaned, schema=schema, link_type=link_type, meter=clear_meter)
        except SPLINK_FAULTS as fault:
            say(
                f"cleartext: Splink could not link these files ({type(fault).__name__}); the report is of the private side alone"
            )
            return report
        clear_records, clear_truth = _file_order(given)
        report["cleartext"] = _side(clear, clear_records, clear_truth, link_type, model.threshold, clear_meter)
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


def _private(
    given: Sequence[Given],
    schema: Schema,
    link_type: LinkType,
    folder: Path,
    now: datetime,
    meter: Meter,
    say: Say,
) -> tuple[ScoredRecords, Records, npt.NDArray[np.int64], Model, list[CleanRecords]]:
    one = Round("evaluation", 1, schema.digest)
    secret = Secret(os.urandom(32), name="project secret")
    linker, assembler, custodian, centre = (
        Identity.make(n) for n in ("linker", "assembler", "custodian", "centre")
    )
    prepared = [
        Prepared(g, Secret(os.urandom(32), name=f"{g.name} own"), Identity.make(f"{g.name}/officer"))
        for g in given
    ]
    trust = TrustRegister(
        "evaluation",
        1,
        tuple(Entry(p.officer.public, p.given.name, frozenset({"data-officer"}), now) for p in prepared),
    )
    doorstep = Doorstep(folder / "linker", folder / "assembler", folder / "desk")
    recipients = Recipients(linker.public, assembler.public, custodian.public)
    manifests: list[Manifest] = []
    cleaned: list[CleanRecords] = []
    for p in prepared:
        g = p.given
        say(
            f"{g.name}: {len(g.rows):,} records; {', '.join(f'{i} from {c}' for i, c in g.mapping.identifiers.items())}"
        )
        with meter.step("clean"):
            clean, _ = normalise(g.rows, schema=schema, mapping=g.mapping, file=g.file)
        with meter.step("tokenise"):
            tokeniser = Tokeniser(clean, schema=schema, secret=secret, own=p.own, randomness=os.urandom)
            sent = seal_submission(
                tokeniser, schema=schema, attributes=None, attribute_gateways={}, token_gateway="evaluation",  # noqa: S106  the name of a gateway
                 one=one,
                secret=secret, signer=p.officer, partner=g.name, recipients=recipients, folder=folder / "out" / g.name, now=now,
            )  # fmt: skip
        with meter.step("receive"):
            manifests.append(
                receive(sent.folder, trust=trust, one=one, doorstep=doorstep, signer=centre, now=now).manifest
            )
        cleaned.append(clean)

    def load(key: MatchKey) -> dict[str, PassTable]:
        return open_tables(
            key, inbox=doorstep.linker, manifests=manifests, schema=schema, one=one, linker=linker
        )

    say("linker: one pass after another")
    with meter.step("train"):
        model = train(load, schema=schema, manifests=manifests, link_type=link_type)
    with meter.step("score"):
        scored = score(load, model=model, schema=schema)
    say("assembler: from rows to records")
    with meter.step("cluster"):
        maps = open_maps(
            [*scored, RECORDS], inbox=doorstep.assembler, manifests=manifests, one=one, assembler=assembler
        )
        records = gather(maps[RECORDS])
        passes = []
        for key, table in scored.items():
            sealed = seal_pairs(table, key=key, one=one, assembler=assembler.public)
            passes.append(
                resolve(
                    open_pairs(sealed, key=key, one=one, assembler=assembler), maps=maps[key], records=records
                )
            )
        pairs = best_of(passes)
    return pairs, records, _truth_of(records, prepared), model, cleaned


def _truth_of(records: Records, prepared: Sequence[Prepared]) -> npt.NDArray[np.int64]:
    """The true person number of each record, found again through the partners' own secrets."""
    person: dict[bytes, str] = {}
    for p in prepared:
        ids = p.given.rows[p.given.mapping.record_id].astype(str).to_numpy(dtype=object)
        for ref, true in zip(record_refs(ids, own=p.own), p.given.truth, strict=True):
            person[bytes(ref)] = true
    return pd.factorize(np.array([person[bytes(r)] for r in records.record_ref], dtype=object))[0].astype(
        np.int64
    )


def _file_order(given: Sequence[Given]) -> tuple[Records, npt.NDArray[np.int64]]:
    partner = np.concatenate([np.full(len(g.rows), at, dtype=np.int64) for at, g in enumerate(given)])
    refs = np.zeros((len(partner), 16), dtype=np.uint8)
    truth = pd.factorize(np.concatenate([g.truth.to_numpy(dtype=object) for g in given]))[0].astype(np.int64)
    return Records(tuple(g.name for g in given), partner, refs), truth


def _cleartext(
    given: Sequence[Given],
    cleaned: Sequence[CleanRecords],
    *,
    schema: Schema,
    link_type: LinkType,
    meter: Meter,
) -> ScoredRecords:
    files, first = [], 0
    for g, clean in zip(given, cleaned, strict=True):
        files.append(ClearFile(g.name, _clear_rows(clean, schema, first)))
        first += len(g.rows)
    with open_locked() as connection:
        scored = run_cleartext(
            files, schema=schema, link_type=link_type, connection=connection, step=meter.step
        )
    return best_of([scored])


def _clear_rows(clean: CleanRecords, schema: Schema, first: int) -> pd.DataFrame:
    columns: dict[str, Any] = {"record": clean.record + first}
    columns |= {i: c.texts() for i, c in clean.columns.items()}
    for comparison in schema.comparisons.values():
        if comparison.part != "whole":
            part = part_variants(clean, Part(comparison.identifier, comparison.part))[0]
            columns[f"{comparison.identifier}_{comparison.part}"] = part.texts()
    for key in schema.match_keys:
        for one in key.parts:
            name = f"name.{one.order}.{one.part}" if one.order else f"{one.identifier}.{one.part}"
            for variant, column in enumerate(part_variants(clean, one)):
                columns.setdefault(part_column(name, variant), column.texts())
    return pd.DataFrame({n: pd.Series(v, dtype=None if n == "record" else "str") for n, v in columns.items()})


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
        given, schema=agreed, link_type=link_type, cleartext=cleartext, now=datetime.now(UTC), say=say
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
    return lines
