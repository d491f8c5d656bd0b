"""A custodian's answer to an opening by quorum: its share, sealed to the process that asked."""

from pathlib import Path

from keys.ceremony_record import CeremonyRecord
from keys.round_keys import open_share
from keys.sessions import OpenRequest, parse_request, verify_request
from keys.sessions import contribute as contribution_of
from service.custody.custodians import AtWork
from service.custody.quorum import CONTRIBUTIONS, OPEN_FILE
from service.errors import OutOfOrder
from service.texts import read_text
from service.writing import as_file_name, write_whole


def read_request(work: AtWork, *, folder: Path) -> OpenRequest:
    """The request in a session's folder, as a custodian may answer it now.

    Raises:
        BadSignature, NotTrusted: nobody who may ask asked, for another ceremony than the published one, or it is over.
        NoCeremony: its epoch has no published record.
    """
    note = read_text(folder / OPEN_FILE)
    record = work.rounds.record(parse_request(note).epoch)
    return verify_request(note, record=record, trust=work.trust, now=work.now)


def contribute(work: AtWork, request: OpenRequest, *, folder: Path) -> None:
    """This custodian's share lies in the session's folder, sealed to the process that made this verified request, and the log says so. An answer that
    was given already is not made again: if its file is gone, the same is written once more.

    Raises:
        OutOfOrder: it was answered already, or no share is kept here.
    """
    record = work.rounds.record(request.epoch)
    path = folder / CONTRIBUTIONS / f"{as_file_name(work.me.name)}.note"
    before = work.box.contribution(request.digest)
    if before is not None and path.exists():
        raise OutOfOrder("this opening was answered already: a share is given once")
    note = before or _answer(work, request, record=record)
    write_whole(path, note)


def _answer(work: AtWork, request: OpenRequest, *, record: CeremonyRecord) -> str:
    sealed = work.box.share(request.what, record=record)
    share = open_share(sealed, project=record.project, epoch=record.epoch, kind=request.what, by=work.me)
    note = contribution_of(share, request=request, by=work.me, now=work.now)
    event = work.event(
        "recovery-share-used",
        share=f"{request.what}/{request.epoch}",
        reason=request.reason,
        note_digest=request.digest,
    )
    work.box.contribute(request.digest, note=note, event=event)
    return note
