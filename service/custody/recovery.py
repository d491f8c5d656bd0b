"""After the ceremony: the project secret delivered again from the custodians' shares, and shares and secrets that are no longer needed removed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from keys import Identity
from keys.ceremony import deliver_secret, load_secret
from keys.ceremony_record import CeremonyRecord
from keys.certificates import certify, verify_destruction
from keys.notes import split_note
from keys.passphrase import Unlock, is_protected
from keys.round_keys import PROJECT_SECRET
from keys.statements import text_digest
from keys.trust import TrustRegister
from linkage.drafts import hidden, sync_folder, telling
from service.custody.contributing import contribute
from service.custody.custodians import AtWork
from service.custody.quorum import Waiting, describe, gather, open_session
from service.custody.rounds import Rounds
from service.errors import OutOfOrder
from service.trust.keeping import forget
from service.writing import check_new, write_whole

OFFICER: Final = "data-officer"
NOT_PROMISED: Final = "It is removed from here. That no copy is left nobody can promise: look for backups, for the ceremony's folder, and for earlier copies of this disk."


def recover(
    work: AtWork,
    *,
    to: str,
    epoch: int,
    reason: str,
    session: Path,
    out: Path,
    waiting: Waiting,
    randomness: Callable[[int], bytes],
) -> CeremonyRecord:
    """The project secret of the epoch sealed to a data officer, in `out`, from the shares of enough custodians; the whole is never shown or written.

    Raises:
        NotTrusted: `to` is no data officer of the trust register.
        NotEnoughCustodians: too few answered in time.
        WrongSecret: the shares give another secret than the record says.
        BadInput: `out` exists, or the session's folder holds an earlier opening.
    """
    check_new(out)
    record = work.rounds.record(epoch)
    officer = work.trust.require(to, role=OFFICER, at=work.now)
    asked = open_session(
        session, record=record, what=PROJECT_SECRET, reason=reason, to=to, by=work.me, waiting=waiting, randomness=randomness,
    )  # fmt: skip
    work.box.record(
        work.event(
            "opening-asked",
            share=f"{PROJECT_SECRET}/{epoch}",
            reason=reason,
            to=to,
            note_digest=asked.request.digest,
        )
    )
    for line in describe(asked.request):
        waiting.say(line)
    if epoch in work.box.epochs(record.project):
        contribute(work, asked.request, folder=session)
    secret = gather(asked, trust=work.trust, waiting=waiting)
    record.check_secret(secret)
    sealed = deliver_secret(secret, project=record.project, epoch=epoch, to=officer)
    work.box.record(work.event("secret-delivered", to=to, epoch=epoch, recipient_digest=officer.fingerprint))
    with telling(out):
        draft = hidden(out, "draft")
        draft.write_bytes(sealed)
        draft.replace(out)
        sync_folder(out.parent)
    return record


def check_over(rounds: Rounds, *, epoch: int, current: int, now: datetime, even_open: bool) -> None:
    """Nothing, if what belongs to the epoch may be destroyed: it takes no submission any more, or that is asked for all the same.

    Raises:
        OutOfOrder: the epoch is open.
    """
    if not even_open and (epoch >= current or rounds.is_open(epoch, now=now)):
        raise OutOfOrder(
            f"epoch {epoch} is open: after this nobody could recover its secret or link its submissions; rotate first, or say --even-open"
        )


def destroy_shares(work: AtWork, *, epoch: int, even_open: bool, out: Path) -> str:
    """No share of the epoch is kept here, the log says so, and a signed certificate lies in `out`; gives back the certificate. A run that broke off
    writes the same certificate.

    Raises:
        OutOfOrder: the epoch is open, or no share of it is kept here and none was destroyed.
    """
    check_new(out)
    project = work.project.one
    if epoch not in work.box.epochs(project.project):
        if (before := work.box.certificate(project=project.project, epoch=epoch)) is None:
            raise OutOfOrder(f"no share of epoch {epoch} is kept here, and none was destroyed here")
        write_whole(out, before)
        return before
    check_over(work.rounds, epoch=epoch, current=project.epoch, now=work.now, even_open=even_open)
    published = work.rounds.records.get(epoch)
    record = work.box.ceremonies(project.project, epoch=epoch)[-1] if published is None else published.digest
    note = certify(what="shares", project=project.project, epoch=epoch, record=record, by=work.me, now=work.now)
    digest = text_digest(split_note(note)[0])
    work.box.destroy(
        project=project.project,
        epoch=epoch,
        certificate=note,
        event=work.event("share-destroyed", epoch=epoch, note_digest=digest),
    )
    write_whole(out, note)
    return note


def destroy_secret(
    secret: Path,
    *,
    officer: Identity,
    rounds: Rounds,
    trust: TrustRegister,
    current: int,
    now: datetime,
    even_open: bool,
    out: Path,
    unlock: Unlock,
) -> str:
    """The file with the project secret is gone, and a signed certificate lies in `out`; gives back the certificate. A run that broke off between the two
    is finished by the same call.

    Raises:
        WrongSecret: the file holds the project secret of no round.
        OutOfOrder: its epoch is open.
        BadInput: `out` exists.
    """
    check_new(out)
    draft = hidden(out, "draft")
    if not secret.exists() and draft.exists():
        note = draft.read_text("utf-8")
        verify_destruction(note, trust=trust)
    else:
        record = rounds.of_secret(load_secret(secret, name="project secret", unlock=unlock))
        check_over(rounds, epoch=record.epoch, current=current, now=now, even_open=even_open)
        note = certify(
            what=PROJECT_SECRET, project=record.project, epoch=record.epoch, record=record.digest, by=officer, now=now
        )  # fmt: skip
        write_whole(draft, note)
        before = secret.read_bytes()
        with telling(secret):
            secret.unlink()
            sync_folder(secret.parent)
        if is_protected(before):
            forget(before)
    with telling(out):
        draft.replace(out)
        sync_folder(out.parent)
    return note
