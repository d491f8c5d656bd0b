"""A file checked, tokenised and sealed, with the pre-flight report on what leaves."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from linkage.attestations import Attestation
from linkage.errors import RawValueFound
from linkage.manifest import MANIFEST_NAME, SealedFile
from linkage.partner.attribute_rows import AttributeRows
from linkage.partner.ledger.changes import Changes
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.normalise import ALTERNATIVES
from linkage.partner.preflight.report import Preflight, Subject, preflight
from linkage.partner.processes import processes_for
from linkage.partner.rawsearch.leaving import Reader, leaving_fields, leaving_files
from linkage.partner.subgroups import SubgroupRows
from linkage.partner.submission import Submission, seal_submission
from linkage.partner.tokenise import Randomness, Tokeniser
from linkage.schema import Schema
from service.officer.against_ledger import AgainstLedger, Kept
from service.officer.inspection import Inspection
from service.officer.intake import Export, Intake, Ready
from service.officer.office import Office
from service.officer.preflight import write_page
from service.progress import Progress, Step, silent

PAGE_SUFFIX: Final = ".preflight.html"
TOKENISING: Final = "tokenising and sealing"


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
    desk = AgainstLedger(office, earlier=kept.earlier if kept is not None else None)
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
    inspected: Inspection,
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


def _readers(office: Office) -> dict[Reader, str]:
    to = office.recipients
    return {"linker": to.linker.name, "assembler": to.assembler.name, "custodian": to.custodian.name}
