"""Opening by quorum: a process asks in a folder, custodians answer there, and with enough answers it has the whole in memory, and nowhere else.

The folder may be a network share, or be carried about: what lies in it is signed, and sealed to a key that lives as long as the asking process.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from keys import BadSignature, Identity, KeysError, PublicIdentity, Secret, TrustRegister
from keys.ceremony_record import CeremonyRecord
from keys.round_keys import LINKER_OPENING, opening_identity
from keys.sessions import (
    OpenRequest,
    ask_to_open,
    open_contribution,
    verify_contribution,
)
from keys.shares import combine
from keys.words import in_words
from linkage.errors import BadInput
from service import clock
from service.errors import NotEnoughCustodians, OutOfOrder
from service.texts import read_text
from service.trust.draft import when
from service.writing import as_file_name, write_whole

OPEN_FILE: Final = "open.note"
CONTRIBUTIONS: Final = "contributions"
POLL_SECONDS: Final = 1.0
WAIT_SECONDS: Final = 3600.0
LARGEST: Final = 1 << 16
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a process waits for custodians: for how long, by which clock, with what pause, and whom it tells."""

    lasts: timedelta
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    say: Say


def patiently(seconds: float, *, say: Say) -> Waiting:
    """Waits so many seconds by this machine's clock."""
    return Waiting(timedelta(seconds=seconds), clock.now, time.sleep, say)


@dataclass(frozen=True, slots=True)
class Session:
    """An opening that was asked for: where, of which ceremony, what the note says, and the key to which custodians answer, in this memory alone."""

    folder: Path
    record: CeremonyRecord
    request: OpenRequest
    key: Identity = field(repr=False)


def open_session(
    folder: Path,
    *,
    record: CeremonyRecord,
    what: str,
    reason: str,
    to: str | None,
    by: Identity,
    waiting: Waiting,
    randomness: Callable[[int], bytes],
) -> Session:
    """The request stands in the folder, for custodians to answer.

    Raises:
        BadInput: the folder holds an earlier opening.
    """
    if (folder / OPEN_FILE).exists() or (folder / CONTRIBUTIONS).exists():
        raise BadInput(
            f"{folder.name}/ holds an earlier opening: each has a folder of its own; name another with --session"
        )
    note, request, key = ask_to_open(
        record, what=what, reason=reason, to=to, by=by, now=waiting.clock(), lasts=waiting.lasts, randomness=randomness,
    )  # fmt: skip
    write_whole(folder / OPEN_FILE, note)
    (folder / CONTRIBUTIONS).mkdir(exist_ok=True)
    return Session(folder, record, request, key)


def gather(session: Session, *, trust: TrustRegister, waiting: Waiting) -> Secret:
    """What the custodians share, once enough of them have answered; it tells who is still missing, and which answers do not serve.

    Raises:
        NotEnoughCustodians: the time is over.
        BadShare: the shares do not fit together.
    """
    shares: dict[str, Secret] = {}
    told: set[str] = set()

    def tell(line: str) -> None:
        if line not in told:
            told.add(line)
            waiting.say(line)

    while True:
        now = waiting.clock()
        for name, note in _answers(session).items():
            if name not in shares:
                try:
                    shares[name] = _opened(note, name=name, session=session, trust=trust, now=now)
                except (KeysError, BadInput) as fault:
                    tell(f"the answer of {name} does not serve: {fault}")
        if len(shares) >= session.record.threshold:
            return combine(tuple(shares.values()), name=session.request.what)
        if now >= session.request.expires:
            raise NotEnoughCustodians(
                f"{len(shares)} of {session.record.threshold} custodians answered in time: arrange with them, and ask again in another folder"
            )
        tell(_missing(session, given=set(shares)))
        waiting.sleep(POLL_SECONDS)


def _answers(session: Session) -> dict[str, Path]:
    folder = session.folder / CONTRIBUTIONS
    named = {k.name: folder / f"{as_file_name(k.name)}.note" for k in session.record.custodians}
    return {name: path for name, path in named.items() if path.is_file()}


def _opened(path: Path, *, name: str, session: Session, trust: TrustRegister, now: datetime) -> Secret:
    if path.stat().st_size > LARGEST:
        raise BadInput("it is far larger than any")
    one = verify_contribution(read_text(path), session=session.request.digest, trust=trust, now=now)
    if one.by != name:
        raise BadSignature(f"it is of {one.by}")
    return open_contribution(one, request=session.request, key=session.key, record=session.record)


def _missing(session: Session, *, given: set[str]) -> str:
    others = [k.name for k in session.record.custodians if k.name not in given]
    more = session.record.threshold - len(given)
    return (
        f"waiting for {more} of {', '.join(others)} to run: linkage custodian contribute {session.folder.name}"
        f" (until {when(session.request.expires)})"
    )


def describe(request: OpenRequest) -> list[str]:
    """What a custodian reads before answering: who asks for what and why, and eight words that the asker's screen shows too."""
    what = "the linker's opening key" if request.what == LINKER_OPENING else "the project secret"
    deliver = f", to deliver it to {request.to}" if request.to else ""
    return [
        f"{request.by} asks for {what} of epoch {request.epoch} of {request.project}{deliver} ({request.reason})",
        f"asked {when(request.made_at)}, until {when(request.expires)}",
        f"compare with the asker: {in_words(bytes.fromhex(request.digest))}",
    ]


def whole_linker(
    identity: Identity,
    *,
    listed: PublicIdentity,
    record: Callable[[], CeremonyRecord],
    session: Path | None,
    trust: TrustRegister,
    waiting: Waiting,
    randomness: Callable[[int], bytes],
) -> Identity:
    """The linker with the key that opens tokens: its own, if the register lists that; else the one that the custodians share, if enough of them answer.

    Raises:
        BadSignature: it is not the register's linker, or the register's has other keys than the ceremony made.
        BadInput: a session is named and none is needed.
        OutOfOrder: one is needed and none is named.
        NotEnoughCustodians: the time is over.
    """
    if identity.public == listed:
        if session is not None:
            raise BadInput("this linker holds its whole key in its identity file: leave out --session")
        return identity
    if (identity.name, identity.public.ed25519) != (listed.name, listed.ed25519):
        raise BadSignature(f"this identity does not sign as {listed.name} of the trust register does")
    made = record()
    if made.linker != listed:
        raise BadSignature(
            f"the keys of {listed.name} in the trust register are neither its own nor those of the ceremony of epoch {made.epoch}"
        )
    if session is None:
        raise OutOfOrder(
            f"the key that opens tokens is shared between custodians, of whom {made.threshold} are needed: name a folder with --session"
        )
    asked = open_session(
        session, record=made, what=LINKER_OPENING, reason="linkage-run", to=None, by=identity, waiting=waiting, randomness=randomness,
    )  # fmt: skip
    for line in describe(asked.request):
        waiting.say(line)
    return opening_identity(identity, master=gather(asked, trust=trust, waiting=waiting), listed=listed)
