"""The commands of a data officer, one function each: read what lies in the folders, do one thing, say what was done."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from keys import Identity, NotTrusted, PublicIdentity, TrustRegister
from keys.ceremony import accept_secret as accept
from keys.ceremony import load_secret, save_secret
from linkage.errors import BadInput
from linkage.partner.submission import Submission
from policies import load_catalogue
from service.dossier import VOUCHED
from service.local import find_record, find_row
from service.mapping import Given
from service.mapping import run as map_file
from service.mapping_file import MappingFile, SourceOptions, read_mapping
from service.partners import Export, Office, check, recipients_of, submit
from service.preflight import told, write_page
from service.progress import shown
from service.shared import read_project
from service.texts import read_text
from service.updates import submit_update, submit_whole, withdraw_records


def _now() -> datetime:
    return datetime.now(UTC)


def _console() -> Console:
    return Console(file=sys.stderr)


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
    with shown(_console(), clock=time.monotonic) as progress:
        report = check(export, schema=schema, now=_now(), progress=progress)
    if page is not None:
        write_page(report, path=page)
    return "\n".join(told(report))


def accept_secret(sealed: Path, *, identity: Path, shared: Path, out: Path) -> str:
    """The project secret, kept in a file of mode 0600."""
    project = read_project(shared)
    if not sealed.is_file():
        raise BadInput(f"no file {sealed.name}")
    secret = accept(
        sealed.read_bytes(), project=project.one.project, epoch=project.one.epoch, by=Identity.load(identity)
    )
    save_secret(secret, out)
    return f"the secret of {project.one.project}, epoch {project.one.epoch}, is in {out.name}; only you can read it"


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
    with shown(_console(), clock=time.monotonic) as progress:
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
            )
            sent, report = made.submission, made.report
        else:
            made = submit(export, office=office, out=out, now=now, progress=progress, search_all=search_all)
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


def partner_find_local(
    ref: str, *, own: Path, file: Path, mapping: Path, key: str | None, secret: Path | None, shared: Path | None
) -> str:
    """The row and the id of the record that a reference means.

    Raises:
        BadInput: no record of the file has it under these secrets, or something to look it up with is missing.
    """
    one, mine = read_mapping(mapping), load_secret(own, name="own secret")
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
            secret=load_secret(secret, name="project secret"),
            file=file,
            mapping=one,
            schema=read_project(shared).schema,
        )
    return f"row {found.row} of {file.name}, {one.record_id} {found.record_id}"


def _officers_desk(
    mapping: Path, *, identity: Path, secret: Path, own: Path, shared: Path
) -> tuple[Office, datetime]:
    """What a data officer works with, if the trust register has her as one of the mapping's partner."""
    project, now = read_project(shared), _now()
    office = Office(
        officer=Identity.load(identity),
        secret=load_secret(secret, name="project secret"),
        own=load_secret(own, name="own secret"),
        one=project.one,
        schema=project.schema,
        recipients=recipients_of(project.trust, at=now),
    )
    _check_officer(office.officer.public, read_mapping(mapping).partner, project.trust, now)
    return office, now


def _export(file: Path, *, mapping: Path, shared: Path) -> Export:
    """The file with its mapping, and what the catalogue says of the partner's attributes."""
    one: MappingFile = read_mapping(mapping)
    offered = load_catalogue(read_text(shared / VOUCHED["catalogue"])).attributes.values()
    mine = {a.id.partition(".")[2]: a for a in offered if a.id.startswith(f"{one.partner}.")}
    return Export(
        file,
        one,
        mapping.parent,
        values={name: a.values for name, a in mine.items()},
        classes={name: a.sensitivity.name for name, a in mine.items()},
    )


def _wrote(sent: Submission) -> str:
    size = sum(f.size for f in sent.manifest.files) / 1e6
    return f"wrote {sent.folder.name}: {len(sent.manifest.files)} sealed files, {size:,.1f} MB, submission {sent.manifest.submission}"


def _check_officer(officer: PublicIdentity, partner: str, trust: TrustRegister, now: datetime) -> None:
    listed = trust.require(officer.name, role="data-officer", at=now)
    if listed != officer or trust.find(officer.name).organisation != partner:
        raise NotTrusted(f"this identity is not that of a data officer of {partner} in the trust register")
