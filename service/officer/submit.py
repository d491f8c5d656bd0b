"""The commands of a data officer, one function each: read what lies in the folders, do one thing, say what was done."""

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from keys import BadSignature, Identity, NotTrusted, PublicIdentity, TrustRegister
from keys.ceremony import load_secret
from keys.notes import split_note
from keys.passphrase import Unlock
from linkage.errors import BadInput
from linkage.manifest import MANIFEST_NAME, RECEIPT_FORMAT, Manifest, read_manifest
from linkage.partner.submission import Submission
from policies.catalogue_document import load_catalogue
from service import clock
from service.custody.rounds import check_linker, check_secrets, read_rounds
from service.evidence import VOUCHED
from service.memory import read_remembered
from service.officer.intake import Export
from service.officer.local import find_record, find_row
from service.officer.mapping import Given
from service.officer.mapping import run as map_file
from service.officer.mapping_file import SourceOptions, read_mapping
from service.officer.office import Office, recipients_of
from service.officer.preflight import told, write_page
from service.officer.sending import check, submit
from service.officer.updates import submit_update, submit_whole, withdraw_records
from service.progress import shown
from service.shared import read_project
from service.texts import read_text
from service.trust.unlocking import asking, unlocker


def _now() -> datetime:
    return clock.now()


def _unlock() -> Unlock:
    return unlocker(os.environ, ask=asking(sys.stdin))


def partner_map(
    file: Path,
    *,
    out: Path | None,
    given: Given,
    options: SourceOptions,
    ask: Callable[..., str] | None,
    say: Callable[[str], None],
    shared: Path | None,
) -> str:
    """The mapping file, suggested from the file and confirmed."""
    return map_file(
        file, out=out, given=given, options=options, ask=ask, say=say, environment=os.environ, shared=shared
    )


def partner_check(file: Path, *, mapping: Path, shared: Path, page: Path | None) -> str:
    """The pre-flight report on the file, as far as it can be said before anything is tokenised; in `page` too, if named."""
    schema = read_project(shared).schema
    export = _export(file, mapping=mapping, shared=shared)
    with shown(sys.stderr, clock=time.monotonic) as progress:
        report = check(export, schema=schema, now=_now(), progress=progress)
    if page is not None:
        write_page(report, path=page)
    return "\n".join(told(report))


def partner_submit(
    file: Path,
    *,
    mapping: Path,
    identity: Path,
    secret: Path,
    own: Path,
    shared: Path,
    out: Path,
    ledger: Path | None = None,
    update: Path | None = None,
    after: str | None = None,
    search_all: bool = False,
    processes: int | None = None,
) -> str:
    """A sealed submission in `out`. With `ledger` what was sent is kept in that folder; with `update`, the folder of an earlier submission's ledger, only
    what changed since is sent.

    Raises:
        BadInput: both are asked for, or the file, the mapping or the ledger cannot be used; nothing is written.
    """
    if ledger is not None and update is not None:
        raise BadInput("an update keeps its ledger where the last one is: leave out --ledger")
    office, now = _officers_desk(mapping, identity=identity, secret=secret, own=own, shared=shared)
    export = _export(file, mapping=mapping, shared=shared)
    what = []
    with shown(sys.stderr, clock=time.monotonic) as progress:
        if update is not None:
            changed = submit_update(
                export,
                office=office,
                ledger=update,
                out=out,
                now=now,
                after=after,
                progress=progress,
                search_all=search_all,
                processes=processes,
            )
            sent, report, what = changed.submission, changed.report, [changed.says()]
        elif ledger is not None:
            made = submit_whole(
                export,
                office=office,
                ledger=ledger,
                out=out,
                now=now,
                progress=progress,
                search_all=search_all,
                processes=processes,
            )
            sent, report = made.submission, made.report
        else:
            made = submit(
                export,
                office=office,
                out=out,
                now=now,
                progress=progress,
                search_all=search_all,
                processes=processes,
            )
            sent, report = made.submission, made.report
    lines = told(report) if report is not None else []
    return "\n".join([*lines, "", *what, _wrote(sent)])


def partner_withdraw(
    ids: Path,
    *,
    mapping: Path,
    identity: Path,
    secret: Path,
    own: Path,
    shared: Path,
    out: Path,
    ledger: Path,
    after: str | None = None,
) -> str:
    """An update in `out` that takes back the records whose ids the file lists."""
    office, now = _officers_desk(mapping, identity=identity, secret=secret, own=own, shared=shared)
    one = read_mapping(mapping)
    made = withdraw_records(ids, mapping=one, office=office, ledger=ledger, out=out, now=now, after=after)
    return f"{made.says()}\n{_wrote(made.submission)}"


def partner_receipt(receipt: Path, *, shared: Path, submission: Path, identity: Path | None = None) -> str:
    """The receipt is the release desk's, and for this very submission.

    The desk must hold its role now, when the receipt is read; the time in it is the desk's word. With `identity` the trust register is held against
    what was seen before.

    Raises:
        BadSignature: no holder of the role `desk` signed it.
        BadInput: it is for another submission, or for this one as it is not.
        RolledBack: the register or the clock is older than the officer has seen.
    """
    now = _now()
    project = (
        read_project(shared) if identity is None else read_remembered(shared, folder=identity.parent, now=now)
    )
    found = project.trust.verify(read_text(receipt), kind=RECEIPT_FORMAT, role="desk", at=now)
    stated = dict(line.partition(": ")[::2] for line in found.body.splitlines())
    sent = _sent(submission)
    for field, ours in {
        "submission": sent.submission,
        "manifest": f"sha256:{sent.digest}",
        "files": str(len(sent.files)),
    }.items():
        if stated.get(field) != ours:
            raise BadInput(
                f"{receipt.name} is no receipt for {submission.name}: its {field} is another; ask the release desk what it has received"
            )
    return f"{sorted(found.signers)[0]} has received {sent.submission} as it was sent: {len(sent.files)} files, at {stated.get('received', 'no stated time')}"


def partner_find_local(
    ref: str, *, own: Path, file: Path, mapping: Path, key: str | None, secret: Path | None, shared: Path | None
) -> str:
    """The row and the id of the record that a reference means.

    Raises:
        BadInput: no record of the file has it under these secrets, or something to look it up with is missing.
    """
    one, unlock = read_mapping(mapping), _unlock()
    mine = load_secret(own, name="own secret", unlock=unlock)
    if key is None:
        found = find_record(ref, own=mine, file=file, mapping=one)
    elif secret is None or shared is None:
        raise BadInput(
            "a row reference is looked up with the project secret and the schema too: give --secret and --shared"
        )
    else:
        found = find_row(
            ref,
            key=key,
            own=mine,
            secret=load_secret(secret, name="project secret", unlock=unlock),
            file=file,
            mapping=one,
            schema=read_project(shared).schema,
        )
    return f"row {found.row} of {file.name}, {one.record_id} {found.record_id}"


def _officers_desk(
    mapping: Path, *, identity: Path, secret: Path, own: Path, shared: Path
) -> tuple[Office, datetime]:
    """What a data officer works with, if the trust register has her as one of the mapping's partner."""
    now, unlock = _now(), _unlock()
    project = read_remembered(shared, folder=identity.parent, now=now)
    rounds = read_rounds(shared, project=project, folder=identity.parent, now=now)
    office = Office(
        officer=Identity.load(identity, unlock=unlock),
        secret=load_secret(secret, name="project secret", unlock=unlock),
        own=load_secret(own, name="own secret", unlock=unlock),
        one=project.one,
        schema=project.schema,
        recipients=recipients_of(project.trust, at=now),
    )
    _check_officer(office.officer.public, read_mapping(mapping).partner, project.trust, now)
    record = rounds.require_open(project.one.epoch, now=now)
    check_secrets(record, secret=office.secret, own=office.own)
    check_linker(record, listed=office.recipients.linker)
    return office, now


def _export(file: Path, *, mapping: Path, shared: Path) -> Export:
    """The file with its mapping, and what the catalogue says of the partner's attributes."""
    catalogue = load_catalogue(read_text(shared / VOUCHED["catalogue"]))
    return Export.of(file, read_mapping(mapping), lists=mapping.parent, catalogue=catalogue)


def _sent(submission: Path) -> Manifest:
    """The manifest of the officer's own submission."""
    try:
        text = split_note(read_text(submission / MANIFEST_NAME))[0]
    except BadSignature as fault:
        raise BadInput(f"{submission.name} holds no submission: its {MANIFEST_NAME} is damaged") from fault
    return read_manifest(text.partition("\n")[2])


def _wrote(sent: Submission) -> str:
    size = sum(f.size for f in sent.manifest.files) / 1e6
    return f"wrote {sent.folder.name}: {len(sent.manifest.files)} sealed files, {size:,.1f} MB, submission {sent.manifest.submission}"


def _check_officer(officer: PublicIdentity, partner: str, trust: TrustRegister, now: datetime) -> None:
    listed = trust.require(officer.name, role="data-officer", at=now)
    if listed != officer or trust.find(officer.name).organisation != partner:
        raise NotTrusted(f"this identity is not that of a data officer of {partner} in the trust register")
