"""What a data officer does: check a file, tokenise and seal it, and read what will leave before it does."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from keys import Identity, PublicIdentity, Secret, TrustRegister
from linkage.attestations import Attestation
from linkage.errors import RawValueFound
from linkage.manifest import MANIFEST_NAME, Manifest, Round, SealedFile
from linkage.partner.attribute_rows import AttributeRows
from linkage.partner.ledger.changes import Changes, marks_of
from linkage.partner.ledger.digests import LedgerDigests
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.ledger import Ledger, Refs
from linkage.partner.normalise import ALTERNATIVES
from linkage.partner.preflight.report import Preflight, Subject, preflight
from linkage.partner.processes import processes_for
from linkage.partner.rawsearch.leaving import Reader, leaving_fields, leaving_files
from linkage.partner.rawsearch.needles import needles
from linkage.partner.rawsearch.search import RawSearch, Searcher
from linkage.partner.records import CleanRecords, Column
from linkage.partner.subgroups import SubgroupRows
from linkage.partner.submission import Recipients, Submission, seal_submission
from linkage.partner.suggestions.public_words import public_words
from linkage.partner.tokenise import Randomness, Tokeniser, record_refs
from linkage.partner.tokens.prf import Words
from linkage.schema import Schema
from service.custody.custodians import on_duty
from service.officer.intake import Export as Export
from service.officer.intake import Intake, Ready
from service.officer.preflight import write_page
from service.progress import Progress, Step, silent

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
    """The linker and the assembler that the trust register names, and the custodian on duty."""
    return Recipients(trust.only("linker", at=at), trust.only("assembler", at=at), on_duty(trust, at=at))


@dataclass(frozen=True, slots=True)
class Kept:
    """The officer's ledgers, open, and that of the submission which an update follows; None for a whole submission."""

    ledgers: LedgerFolder
    earlier: Ledger | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission as written, and the pre-flight report on it."""

    submission: Submission
    report: Preflight


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
    processes: int | None = None,
) -> Sent:
    """The file as a sealed submission in `out`, and beside it the page of its pre-flight. With `kept` the new ledger is kept too; if it has an earlier one,
    the submission is an update that follows it, and records that were withdrawn stay out. So many `processes` share the passes; without a number, as many as
    the machine and the file are good for.

    Raises:
        BadInput: the file or the mapping cannot be used; nothing is written.
        RawValueFound: a value of the file stood readable in what would have left; only the page is written.
    """
    intake = Intake(export, schema=office.schema, now=now, randomness=randomness, progress=progress, beside=out)
    desk = _Desk(office, earlier=kept.earlier if kept is not None else None)
    tokeniser = Tokeniser(
        desk.passing(intake, ledger=kept is not None),
        schema=office.schema,
        secret=office.secret,
        own=office.own,
        randomness=randomness,
        beside=out,
    )
    ready = intake.finish()
    page = out.with_name(f"{out.name}{PAGE_SUFFIX}")
    inspected = Inspection(ready, office=office, partner=export.mapping.partner, search_all=search_all)
    attributes, subgroups = intake.attributes, intake.subgroups if export.mapping.subgroups else None
    changes = desk.changes(tokeniser.refs, attributes) if kept is not None else None
    try:
        made = _seal(
            tokeniser,
            attributes,
            subgroups=subgroups,
            export=export,
            office=office,
            out=out,
            now=now,
            progress=progress,
            changes=changes,
            ledgers=kept.ledgers if kept is not None else None,
            inspected=inspected,
            exclusions=ready.stated.attestations,
            processes=processes_for(tokeniser.records, asked=processes),
        )
    except RawValueFound:
        write_page(
            _report(ready, export=export, schema=office.schema, now=now, search=inspected.result), path=page
        )
        raise
    note = SealedFile(MANIFEST_NAME, "", (out / MANIFEST_NAME).stat().st_size)
    report = _report(
        ready,
        export=export,
        schema=office.schema,
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
    attributes: AttributeRows | None,
    *,
    subgroups: SubgroupRows | None,
    export: Export,
    office: Office,
    out: Path,
    now: datetime,
    progress: Progress,
    changes: Changes | None,
    ledgers: LedgerFolder | None,
    inspected: "Inspection",
    exclusions: tuple[Attestation, ...],
    processes: int,
) -> Submission:
    mapping, passes = export.mapping, len(office.schema.match_keys)
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
        deduplicated=export.mapping.deduplicated,
        subgroups=subgroups,
        subgroup_gateways=mapping.subgroup_gateways,
        changes=changes,
        ledgers=ledgers,
        processes=processes,
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
    intake = Intake(export, schema=schema, now=now, randomness=os.urandom, progress=progress)
    for clean, columns in intake.portions():
        intake.count(clean, columns)
    return _report(intake.finish(), export=export, schema=schema, now=now)


def _report(ready: Ready, *, export: Export, schema: Schema, now: datetime, **made: Any) -> Preflight:
    mapping = export.mapping
    dates = {i: c for i, c in mapping.identifiers.items() if i == "date_of_birth"}
    return preflight(
        ready.tally,
        subject=Subject(
            partner=mapping.partner,
            file=export.file.name,
            made_at=now,
            columns=mapping.identifiers,
            orders={i: mapping.columns().order_of(c) for i, c in dates.items()},
        ),
        quality=ready.quality,
        seen=ready.seen,
        remaining=ready.stated,
        subgroups=ready.subgroups,
        fields=leaving_fields(
            record_id=mapping.record_id,
            identifiers=mapping.identifiers,
            attributes=mapping.attributes,
            token_gateway=mapping.token_gateway,
            attribute_gateways=mapping.attribute_gateways,
            classes=export.classes,
            subgroups={kind: (one.column, one.gateway) for kind, one in mapping.subgroups.items()},
            unread={i for i in mapping.identifiers if ALTERNATIVES.get(i, i) not in schema.reads},
        ),
        **made,
    )


def _parties(office: Office) -> tuple[PublicIdentity, ...]:
    to = office.recipients
    return (to.linker, to.assembler, to.custodian, office.officer.public)


def _readers(office: Office) -> dict[Reader, str]:
    to = office.recipients
    return {"linker": to.linker.name, "assembler": to.assembler.name, "custodian": to.custodian.name}


class _Desk:
    """What an officer's ledgers say of the records that pass: who was withdrawn, and what changed."""

    def __init__(self, office: Office, *, earlier: Ledger | None) -> None:
        self._office, self._earlier = office, earlier
        self._digests = LedgerDigests(office.own, one=office.one)
        self._values: list[Words] = []
        if earlier is not None:
            self._digests.check_ledger(earlier)

    def passing(self, intake: Intake, *, ledger: bool) -> Iterator[CleanRecords]:
        """The records of the intake but those that were withdrawn by their ids; with `ledger`, digests are kept of them."""
        for clean, columns in intake.portions():
            left, its = self._still_in(clean, columns)
            intake.take(left, its)
            if ledger:
                self._values.append(self._digests.values(left))
            yield left

    def _still_in(
        self, clean: CleanRecords, columns: Mapping[str, Column]
    ) -> tuple[CleanRecords, Mapping[str, Column]]:
        if self._earlier is None:
            return clean, columns
        stays = ~marks_of(record_refs(clean.record_ids, own=self._office.own), among=self._earlier.withdrawn)
        if stays.all():
            return clean, columns
        rows = np.flatnonzero(stays)
        return clean.keep(stays), {name: column.take(rows) for name, column in columns.items()}

    def changes(self, refs: Refs, attributes: AttributeRows | None) -> Changes:
        """The records that passed against the earlier ledger."""
        table = None
        if attributes is not None:
            attributes.of(refs)
            table = attributes.table()
        told = self._digests.attributes(table, records=len(refs))
        values = np.concatenate([np.empty((0, 2), dtype=np.uint64), *self._values])
        return Changes(refs, values=values, attributes=told, check=self._digests.check, earlier=self._earlier)
