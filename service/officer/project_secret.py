"""The project secret at a data officer's: taken in, acknowledged, and destroyed when its round is over."""

from datetime import datetime
from pathlib import Path
from typing import Final

from keys import Identity
from keys.ceremony import accept_secret as accept
from keys.ceremony import load_secret
from keys.ceremony_record import CeremonyRecord
from keys.certificates import acknowledge
from keys.passphrase import Unlock
from linkage.errors import BadInput
from service import clock
from service.custody.ceremony_check import read_aloud
from service.custody.recovery import NOT_PROMISED, destroy_secret
from service.custody.rounds import read_rounds
from service.memory import read_remembered
from service.trust.identities import save_secret_like
from service.trust.listed import listed
from service.writing import write_whole

ACKNOWLEDGEMENT_SUFFIX: Final = ".acknowledgement.note"


def accept_secret(sealed: Path, *, identity: Path, shared: Path, out: Path, unlock: Unlock) -> str:
    """The project secret, kept in a file of mode 0600 that opens as the identity does, after it was checked against the record of its ceremony; and
    beside it a signed acknowledgement for the centre. A run that broke off is finished by the same call.

    Raises:
        NoCeremony: the project's epoch has no published record.
        BadSeal: what was delivered is for somebody else, or for another epoch.
        WrongSecret: it is another secret than the record commits to; nothing is kept.
    """
    now = clock.now()
    project = read_remembered(shared, folder=identity.parent, now=now)
    rounds = read_rounds(shared, project=project, folder=identity.parent, now=now)
    if not sealed.is_file():
        raise BadInput(f"no file {sealed.name}")
    officer = listed(Identity.load(identity, unlock=unlock), role="data-officer", trust=project.trust, at=now)
    secret = accept(sealed.read_bytes(), project=project.one.project, epoch=project.one.epoch, by=officer)
    record = rounds.record(project.one.epoch)
    record.check_secret(secret)
    note = out.with_name(f"{out.name}{ACKNOWLEDGEMENT_SUFFIX}")
    unfinished = out.exists() and not note.exists()
    if not (unfinished and load_secret(out, name="project secret", unlock=unlock) == secret):
        save_secret_like(secret, out, identity=identity, unlock=unlock)
    write_whole(note, acknowledgement_of(record, by=officer, now=now))
    return "\n".join(
        [
            f"the secret of {record.project}, epoch {record.epoch}, is in {out.name}; only you can read it",
            f"it is the one that {record.threshold} of {len(record.custodians)} custodians share: compare the words with one of them",
            *read_aloud(record)[:2],
            f"send {note.name} to the centre; it holds no secret",
        ]
    )


def acknowledgement_of(record: CeremonyRecord, *, by: Identity, now: datetime) -> str:
    """The officer's signed note that it holds the secret of this ceremony."""
    return acknowledge(
        project=record.project,
        epoch=record.epoch,
        record=record.digest,
        key_check=record.key_check,
        by=by,
        now=now,
    )


def destroy_project_secret(
    secret: Path, *, identity: Path, shared: Path, out: Path, unlock: Unlock, even_open: bool = False
) -> str:
    """The file with the project secret is gone, and a signed certificate of that lies in `out`.

    Raises:
        WrongSecret: the file holds the project secret of no round.
        OutOfOrder: its epoch is open.
    """
    now = clock.now()
    project = read_remembered(shared, folder=identity.parent, now=now)
    rounds = read_rounds(shared, project=project, folder=identity.parent, now=now)
    destroy_secret(
        secret,
        officer=listed(
            Identity.load(identity, unlock=unlock), role="data-officer", trust=project.trust, at=now
        ),
        rounds=rounds,
        trust=project.trust,
        current=project.one.epoch,
        now=now,
        even_open=even_open,
        out=out,
        unlock=unlock,
    )
    return f"{secret.name} is removed; the certificate is {out.name}\n{NOT_PROMISED}"
