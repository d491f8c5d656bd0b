"""What a data officer does: check a file, tokenise and seal it, and read what will leave before it does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from keys import Identity, PublicIdentity, Secret, TrustRegister
from linkage.attestations import Attestation
from linkage.errors import RawValueFound
from linkage.manifest import MANIFEST_NAME, Manifest, Round, SealedFile
from linkage.partner.changes import Changes, marks_of
from linkage.partner.draft import scratch_of
from linkage.partner.exclusion_lists import read_exclusion
from linkage.partner.exclusions import Remaining, exclude
from linkage.partner.leaving import Reader, leaving_fields, leaving_files
from linkage.partner.ledger import Ledger, Refs
from linkage.partner.ledger_digests import LedgerDigests
from linkage.partner.ledger_folder import LedgerFolder
from linkage.partner.needles import needles
from linkage.partner.observed import Observed, Seen
from linkage.partner.preflight import Preflight, Subject, preflight
from linkage.partner.public_words import public_words
from linkage.partner.rawsearch import RawSearch, Searcher
from linkage.partner.records import CleanRecords, Column, QualityReport
from linkage.partner.submission import Recipients, Submission, attribute_table, seal_submission
from linkage.partner.tokenise import Randomness, Tokeniser, record_refs
from linkage.schema import Schema
from service.mapping_file import MappingFile
from service.preflight import write_page
from service.progress import Progress, Step, silent
from service.reading import check_usable, check_values, read_clean

PAGE_SUFFIX: Final = ".preflight.html"
TOKENISING: Final = "tokenising and sealing"
# A submission of more records is searched for raw values in a part of each file, unless all is asked for.
SEARCHED_WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Office:
    """A data officer's desk: who signs, which secrets, which round and schema, and for whom to seal."""

    officer: Identity
    secret: Secret
    own: Secret
    one: Round
    schema: Schema
    recipients: Recipients


def recipients_of(trust: TrustRegister, *, at: datetime) -> Recipients:
    """The linker, assembler and custodian that the trust register names."""
    return Recipients(*(trust.only(role, at=at) for role in ("linker", "assembler", "custodian")))


@dataclass(frozen=True, slots=True)
class Kept:
    """The officer's ledgers, open, and that of the submission which an update follows; None for a whole submission."""

    ledgers: LedgerFolder
    earlier: Ledger | None


@dataclass(frozen=True, slots=True)
class Export:
    """What a data officer hands over: the file, how it is mapped, the folder that its exclusion lists lie in, and what the catalogue says of the
    partner's attributes: the values of each (none for any), and its class. Without a catalogue attributes are not checked."""

    file: Path
    mapping: MappingFile
    lists: Path
    values: Mapping[str, tuple[str, ...]] | None = None
    classes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission as written, and the pre-flight report on it."""

    submission: Submission
    report: Preflight


@dataclass(frozen=True, slots=True)
class Ready:
    """A file read and checked: what cleaning found and saw, the records that exclusion lists leave, and their attribute columns."""

    quality: QualityReport
    seen: Seen
    remaining: Remaining
    columns: Mapping[str, Column]


def prepare(
    export: Export, *, schema: Schema, now: datetime, randomness: Randomness, progress: Progress
) -> Ready:
    """The file read, checked against the catalogue, and without those who are to be left out.

    Raises:
        BadInput: the file, the mapping, an attribute or an exclusion list cannot be used.
    """
    mapping, name = export.mapping, export.file.name
    watch = Observed(randomness=randomness)
    read = read_clean(export.file, mapping=mapping, schema=schema, progress=progress, watch=watch)
    if export.values is not None:
        check_values(read, mapping=mapping, values=export.values, file=name)
    check_usable(read, mapping=mapping, file=name)
    # The values of people who are left out are looked for as well: they least of all may leave.
    seen = watch.finish(read.clean)
    lists = [
        read_exclusion(
            export.lists / e.file,
            name=e.name,
            of=e.of,
            checked=e.checked,
            column=e.column,
            keeps=e.keeps,
            without=e.without,
        )
        for e in mapping.exclusions
    ]
    remaining = exclude(read.clean, exclusions=lists, on=now.date())
    if remaining.kept.all():
        return Ready(read.quality, seen, remaining, read.columns)
    rows = np.flatnonzero(remaining.kept)
    return Ready(read.quality, seen, remaining, {n: c.take(rows) for n, c in read.columns.items()})


def submit(
    export: Export,
    *,
    office: Office,
    out: Path,
    now: datetime,
    randomness: Randomness = os.urandom,
    progress: Progress = silent,
    kept: Kept | None = None,
    search_all: bool = False,
) -> Sent:
    """The file as a sealed submission in `out`, and beside it the page of its pre-flight. With `kept` the new ledger is kept too; if it has an earlier one,
    the submission is an update that follows it, and records that were withdrawn stay out.

    Raises:
        BadInput: the file or the mapping cannot be used; nothing is written.
        RawValueFound: a value of the file stood readable in what would have left; only the page is written.
    """
    ready = prepare(export, schema=office.schema, now=now, randomness=randomness, progress=progress)
    clean, columns = ready.remaining.clean, ready.columns
    if kept is not None and kept.earlier is not None:
        clean, columns = still_in(clean, columns, earlier=kept.earlier, own=office.own)
    page = out.with_name(f"{out.name}{PAGE_SUFFIX}")
    inspected = Inspection(ready, office=office, partner=export.mapping.partner, search_all=search_all)
    tokeniser = Tokeniser(
        clean,
        schema=office.schema,
        secret=office.secret,
        own=office.own,
        randomness=randomness,
        scratch=scratch_of(out),
    )
    try:
        made = _seal(
            tokeniser,
            columns,
            clean,
            export=export,
            office=office,
            out=out,
            now=now,
            progress=progress,
            kept=kept,
            inspected=inspected,
            exclusions=ready.remaining.attestations,
        )
    except RawValueFound:
        write_page(_report(ready, clean, export=export, now=now, search=inspected.result), path=page)
        raise
    note = SealedFile(MANIFEST_NAME, "", (out / MANIFEST_NAME).stat().st_size)
    report = _report(
        ready,
        clean,
        export=export,
        now=now,
        search=inspected.result,
        passes=made.passes,
        unkeyed=tokeniser.unkeyed,
        files=leaving_files(made.manifest.files, readers=_readers(office), note=note),
    )
    write_page(report, path=page)
    return Sent(made, report)


def _seal(
    tokeniser: Tokeniser,
    columns: Mapping[str, Column],
    clean: CleanRecords,
    *,
    export: Export,
    office: Office,
    out: Path,
    now: datetime,
    progress: Progress,
    kept: Kept | None,
    inspected: "Inspection",
    exclusions: tuple[Attestation, ...],
) -> Submission:
    mapping = export.mapping
    attributes = (
        attribute_table(columns, names=mapping.attributes, refs=tokeniser.refs) if mapping.attributes else None
    )
    passes = len(office.schema.match_keys)
    changes = None
    if kept is not None:
        changes = changes_of(clean, tokeniser.refs, attributes, office=office, earlier=kept.earlier)
    made = seal_submission(
        tokeniser,
        schema=office.schema,
        attributes=attributes,
        attribute_gateways=mapping.attribute_gateways,
        token_gateway=mapping.token_gateway,
        one=office.one,
        secret=office.secret,
        signer=office.officer,
        partner=mapping.partner,
        recipients=office.recipients,
        folder=out,
        now=now,
        progress=lambda _, number: progress(Step(TOKENISING, number, passes, "match keys")),
        watch=inspected.searcher,
        inspect=inspected,
        exclusions=exclusions,
        changes=changes,
        ledgers=kept.ledgers if kept else None,
    )
    progress(Step(TOKENISING, passes, passes, "match keys"))
    return made


class Inspection:
    """Looks for raw values in what is about to leave: in every byte of a small submission, in a part of every file of a large one unless all of it is
    asked for."""

    def __init__(self, ready: Ready, *, office: Office, partner: str, search_all: bool) -> None:
        parties = [r.name for r in _parties(office)]
        sample = ready.quality.records > SEARCHED_WHOLE and not search_all
        self.searcher = Searcher(
            needles(ready.seen.values),
            known=public_words(office.schema, parties=[office.one.project, partner, *parties]),
            left_out=ready.seen.left_out,
            rng=np.random.default_rng() if sample else None,
        )
        self._result: RawSearch | None = None

    def __call__(self, draft: Path, manifest: Manifest) -> None:
        """Nothing, if no value of the file stands readable in the draft or stood there before it was sealed.

        Raises:
            RawValueFound: one does.
        """
        self._result = self.searcher.submission(draft, manifest=manifest)
        self._result.require_none()

    @property
    def result(self) -> RawSearch | None:
        """What the search found, once it is done."""
        return self._result


def check(export: Export, *, schema: Schema, now: datetime, progress: Progress = silent) -> Preflight:
    """The pre-flight report on a file that is not tokenised; nothing is written.

    Raises:
        BadInput: the file or the mapping cannot be used.
    """
    ready = prepare(export, schema=schema, now=now, randomness=os.urandom, progress=progress)
    return _report(ready, ready.remaining.clean, export=export, now=now)


def _report(ready: Ready, clean: CleanRecords, *, export: Export, now: datetime, **made: Any) -> Preflight:
    mapping = export.mapping
    dates = {i: c for i, c in mapping.identifiers.items() if i == "date_of_birth"}
    return preflight(
        clean,
        subject=Subject(
            partner=mapping.partner,
            file=export.file.name,
            made_at=now,
            columns=mapping.identifiers,
            orders={i: mapping.columns().order_of(c) for i, c in dates.items()},
        ),
        quality=ready.quality,
        seen=ready.seen,
        remaining=ready.remaining,
        fields=leaving_fields(
            record_id=mapping.record_id,
            identifiers=mapping.identifiers,
            attributes=mapping.attributes,
            token_gateway=mapping.token_gateway,
            attribute_gateways=mapping.attribute_gateways,
            classes=export.classes,
        ),
        **made,
    )


def _parties(office: Office) -> tuple[PublicIdentity, ...]:
    to = office.recipients
    return (to.linker, to.assembler, to.custodian, office.officer.public)


def _readers(office: Office) -> dict[Reader, str]:
    to = office.recipients
    return {"linker": to.linker.name, "assembler": to.assembler.name, "custodian": to.custodian.name}


def still_in(
    clean: CleanRecords, columns: Mapping[str, Column], *, earlier: Ledger, own: Secret
) -> tuple[CleanRecords, Mapping[str, Column]]:
    """The records, and the attribute columns, without those that were withdrawn by their ids."""
    stays = ~marks_of(record_refs(clean.record_ids, own=own), among=earlier.withdrawn)
    if stays.all():
        return clean, columns
    rows = np.flatnonzero(stays)
    return clean.keep(stays), {name: column.take(rows) for name, column in columns.items()}


def changes_of(
    clean: CleanRecords, refs: Refs, attributes: pa.Table | None, *, office: Office, earlier: Ledger | None
) -> Changes:
    """The records against an earlier ledger.

    Raises:
        BadInput: the ledger was kept with another own secret.
    """
    digests = LedgerDigests(office.own, one=office.one)
    if earlier is not None:
        digests.check_ledger(earlier)
    values = digests.values(clean)
    told = digests.attributes(attributes, records=len(refs))
    return Changes(refs, values=values, attributes=told, check=digests.check, earlier=earlier)
