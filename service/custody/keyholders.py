"""The commands of a custodian, one function each: hold a ceremony, check and sign its record, publish it, answer an opening, recover, destroy."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from keys.ceremony_record import CeremonyRecord, signatures_needed
from keys.certificates import verify_destruction
from keys.round_keys import PROJECT_SECRET
from keys.sessions import REASONS
from linkage.errors import BadInput
from service import clock
from service.custody import recovery
from service.custody.ceremony import hold, plan_ceremony
from service.custody.ceremony_check import publish, read_aloud, sign
from service.custody.ceremony_folder import DELIVERIES, LINKER_FILE
from service.custody.contributing import contribute, read_request
from service.custody.custodians import Where, at_work
from service.custody.quorum import Waiting, describe
from service.custody.recovery import NOT_PROMISED, destroy_shares
from service.shared import read_identity, read_root
from service.texts import read_time
from service.trust.draft import when

COMPARE: Final = "read these words to one another; they must be the same for everybody:"


def hold_ceremony(
    out: Path,
    *,
    where: Where,
    threshold: int | None = None,
    linker: Path | None = None,
    epoch: int | None = None,
    closes_earlier: str | None = None,
    rotate: bool = False,
) -> str:
    """A ceremony was held, and its folder is `out`; with `rotate`, that of the next epoch."""
    closes = None if closes_earlier is None else read_time(closes_earlier, option="--closes-earlier")
    with at_work(where, now=clock.now()) as work:
        current = work.project.one.epoch
        plan = plan_ceremony(
            work,
            epoch=current + 1 if rotate else epoch,
            threshold=threshold,
            linker=None if linker is None else read_identity(linker),
            closes_earlier=closes,
        )
        record = hold(work, plan, out=out, randomness=os.urandom)
        needed = signatures_needed(record, trust=work.trust)
    lines = [*_of(record), *_next(record, out=out, needed=needed)]
    return "\n".join(lines)


def _of(record: CeremonyRecord) -> list[str]:
    shares = f"{len(record.custodians)} custodians have a share, of whom {record.threshold} are needed"
    lines = [
        f"ceremony of epoch {record.epoch} of {record.project}, {when(record.made_at)}, run by {record.by}",
        f"{shares}; the secret is sealed to {len(record.deliveries)} data officers",
        *(f"epoch {epoch} takes no submission from {when(at)} on" for epoch, at in record.closes.items()),
    ]
    return [*lines, COMPARE, *(f"  {line}" for line in read_aloud(record))]


def _next(record: CeremonyRecord, *, out: Path, needed: int) -> list[str]:
    lines = [
        f"next: every custodian checks and signs {out.name}/ with linkage custodian sign-record, which keeps the own shares too (you have done so;"
        f" {needed} must sign); then one publishes it with linkage custodian publish-record",
    ]
    if record.linker is not None:
        lines.append(
            f"{LINKER_FILE} goes to the holders of the root, for the next version of the trust register"
        )
    return lines


def sign_record(folder: Path, *, where: Where) -> str:
    """The custodian checked the ceremony's folder, keeps its shares, and signed the record."""
    with at_work(where, now=clock.now()) as work:
        record, count, needed = sign(work, folder=folder)
    lacking = f"{needed - count} more must sign" if count < needed else "it can be published"
    return "\n".join(
        [*_of(record), f"your shares open and are kept; {count} custodians have signed: {lacking}"]
    )


def publish_record(folder: Path, *, shared: Path, root: Path) -> str:
    """The record is in the project's shared folder; after a rotation the project is at its epoch."""
    record = publish(folder, shared=shared, root=read_root(root))
    return (
        f"the record of epoch {record.epoch} is published, and the project is at that epoch; give every data officer the file in {DELIVERIES}/ that is"
        " named after her, and everybody a new copy of the shared folder"
    )


def contribute_share(session: Path, *, where: Where, agree: Callable[[list[str]], bool]) -> str:
    """The custodian's share lies in the session's folder, sealed to the process that asked; or nothing does, if it does not agree."""
    with at_work(where, now=clock.now()) as work:
        request = read_request(work, folder=session)
        if not agree(describe(request)):
            return "nothing was given"
        contribute(work, request, folder=session)
    return f"your share is given to {request.by}; only the process that asked can open it"


def recover_secret(
    *, where: Where, to: str, epoch: int, reason: str, session: Path, out: Path, waiting: Waiting
) -> str:
    """The project secret of an epoch is sealed to a data officer again."""
    if reason not in REASONS[PROJECT_SECRET]:
        raise BadInput(f"--reason takes one of {', '.join(REASONS[PROJECT_SECRET])}")
    with at_work(where, now=waiting.clock()) as work:
        recovery.recover(
            work,
            to=to,
            epoch=epoch,
            reason=reason,
            session=session,
            out=out,
            waiting=waiting,
            randomness=os.urandom,
        )
    return f"the secret of epoch {epoch} is sealed to {to} in {out.name}; nobody saw it, and it was written nowhere else"


def destroy(*, where: Where, epoch: int, even_open: bool, out: Path) -> str:
    """The custodian's shares of an epoch are removed, and the certificate is in `out`."""
    with at_work(where, now=clock.now()) as work:
        note = destroy_shares(work, epoch=epoch, even_open=even_open, out=out)
        verify_destruction(note, trust=work.trust)
    return f"your shares of epoch {epoch} are removed; the certificate is {out.name}\n{NOT_PROMISED}"
