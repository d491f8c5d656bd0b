"""Files with known truth, linked: by the partners' and the centre's own path, and beside it in the clear by plain Splink."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from keys import Identity, Secret, TrustRegister
from keys.trust import Entry
from linkage.central.assembly.maps import open_maps
from linkage.central.assembly.pairs import ScoredRecords, best_of, resolve
from linkage.central.assembly.records import Records, gather
from linkage.central.pairs.cleartext import ClearFile, part_column, run_cleartext
from linkage.central.pairs.learn import score, train
from linkage.central.pairs.model import LinkType
from linkage.central.pairs.opened import open_tables
from linkage.central.pairs.sealed_pairs import open_pairs, seal_pairs
from linkage.central.receive import Doorstep, receive
from linkage.central.report.calibration import Line, calibrated, default_threshold
from linkage.central.report.own_line import Heard, fit_for
from linkage.central.report.report import evidence_of
from linkage.central.store import open_locked
from linkage.manifest import RECORDS, Manifest, Round
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.plain import part_variants
from linkage.partner.records import CleanRecords
from linkage.partner.submission import Recipients, seal_submission
from linkage.partner.tokenise import Tokeniser, record_refs
from linkage.schema import MatchKey, Part, Schema
from linkage.tokens import PassTable
from service.meter import Meter

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
class Linked:
    """A linkage whose truth is known: its pairs as the passes `scored` them, the `line` that calibrates them, and in how many passes each `met`; the true person of each record, and its place in the files one below the
    other; and the cleaned records."""

    scored: ScoredRecords
    line: Line
    met: npt.NDArray[np.int64]
    records: Records
    truth: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    cleaned: Sequence[CleanRecords]

    @property
    def pairs(self) -> ScoredRecords:
        """The pairs, calibrated."""
        return calibrated(self.scored, line=self.line)

    @property
    def threshold(self) -> float:
        """The default one."""
        return default_threshold(self.pairs.probability)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One file after the partner's side: its own secret, its cleaned records, its manifest once sealed."""

    given: Given
    own: Secret
    officer: Identity


def link_privately(
    given: Sequence[Given],
    *,
    schema: Schema,
    link_type: LinkType,
    folder: Path,
    now: datetime,
    meter: Meter,
    say: Say = lambda _: None,
) -> Linked:
    """The files linked by the path that partners and centre take, in a folder of its own.

    Raises:
        BadInput, BadModel: as `evaluate`.
    """
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
        by_pass, heard = [best_of([one]) for one in passes], Heard()
        for found in by_pass:
            heard.add(found)
        line = fit_for(schema.most_people_per_key)(heard.passes)
        evidence = evidence_of(
            by_pass,
            records=records,
            stands=np.zeros(records.count, dtype=np.int64),
            passes=len(schema.match_keys),
        )
    place = _place_of(records, prepared)
    return Linked(evidence.pairs, line, evidence.met, records, file_order(given)[1][place], place, cleaned)


def _place_of(records: Records, prepared: Sequence[Prepared]) -> npt.NDArray[np.int64]:
    """The place of each record in the files one below the other, found again through the partners' own secrets."""
    place: dict[bytes, int] = {}
    for p in prepared:
        ids = p.given.rows[p.given.mapping.record_id].astype(str).to_numpy(dtype=object)
        place |= {bytes(ref): len(place) + at for at, ref in enumerate(record_refs(ids, own=p.own))}
    return np.array([place[bytes(r)] for r in records.record_ref], dtype=np.int64)


def file_order(given: Sequence[Given]) -> tuple[Records, npt.NDArray[np.int64]]:
    """The records in the order of the files, without pseudonyms, and the true person number of each."""
    partner = np.concatenate([np.full(len(g.rows), at, dtype=np.int64) for at, g in enumerate(given)])
    refs = np.zeros((len(partner), 16), dtype=np.uint8)
    truth = pd.factorize(np.concatenate([g.truth.to_numpy(dtype=object) for g in given]))[0].astype(np.int64)
    return Records(tuple(g.name for g in given), partner, refs), truth


def link_in_the_clear(
    given: Sequence[Given],
    cleaned: Sequence[CleanRecords],
    *,
    schema: Schema,
    link_type: LinkType,
    meter: Meter,
) -> tuple[ScoredRecords, Records, npt.NDArray[np.int64]]:
    """The pairs that plain Splink scores on the same values and match keys, the records in the order of the files, and the true person of each.

    Raises:
        ValueError, SplinkException: Splink cannot link these files.
    """
    files, first = [], 0
    for g, clean in zip(given, cleaned, strict=True):
        files.append(ClearFile(g.name, clear_rows(clean, schema, first)))
        first += len(g.rows)
    with open_locked() as connection:
        scored = run_cleartext(
            files, schema=schema, link_type=link_type, connection=connection, step=meter.step
        )
    return best_of([scored]), *file_order(given)


def clear_rows(clean: CleanRecords, schema: Schema, first: int) -> pd.DataFrame:
    """Cleaned values in the clear: `record`, numbered from `first`, a column an identifier, a column a match-key part."""
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
