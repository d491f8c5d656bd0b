"""Opening by quorum: somebody asks the custodians, in a signed note, for a key that they share; each answers to a key made for this one opening.

The private half of that key is in the asking process's memory alone and goes with it, so that an answer is of use to nobody else, and to nobody
later. The note says what is asked for and why; each answer is bound to the note by its digest, and signed.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from keys.ceremony_record import CUSTODIAN, CeremonyRecord
from keys.derive import encode
from keys.errors import BadShare, BadSignature, NotTrusted
from keys.identity import Identity, PublicIdentity, check_name
from keys.notes import sign_note, split_note
from keys.round_keys import KINDS, LINKER_OPENING, PROJECT_SECRET
from keys.sealing import open_sealed, seal
from keys.secret import Secret
from keys.shares import share_check
from keys.statements import digest, moment, parse, statement, text_digest, verify_by, whole
from keys.trust import TrustRegister

OPEN_FORMAT: Final = "linkage-open/v1"
CONTRIBUTION_FORMAT: Final = "linkage-contribution/v1"
NONCE_BYTES: Final = 16
ASKED_BY: Final = {LINKER_OPENING: "linker", PROJECT_SECRET: CUSTODIAN}
REASONS: Final = {LINKER_OPENING: ("linkage-run",), PROJECT_SECRET: ("lost-secret", "new-officer")}
LONGEST: Final = timedelta(days=1)
# Clocks of two machines differ a little.
SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What is asked for: the kind of key, its round (by the digest of the ceremony's record), why, for whom it is delivered anew (a data officer, if it
    is), by whom, from when until when, and the key to answer to."""

    what: str
    project: str
    epoch: int
    record: str
    reason: str
    to: str | None
    nonce: str
    by: str
    made_at: datetime
    expires: datetime
    key: PublicIdentity

    @property
    def text(self) -> str:
        """The text that the asker signs."""
        body = {
            "what": self.what,
            "project": self.project,
            "epoch": self.epoch,
            "record": self.record,
            "reason": self.reason,
            "to": self.to,
            "nonce": self.nonce,
            "by": self.by,
            "made_at": self.made_at.isoformat(),
            "expires": self.expires.isoformat(),
            "key": self.key.to_json(),
        }
        return statement(OPEN_FORMAT, body)

    @property
    def digest(self) -> str:
        """SHA-256 of the text without its signature, hexadecimal: what answers call this request."""
        return text_digest(self.text)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One custodian's share, sealed to the key of one request."""

    session: str
    by: str
    at: datetime
    sealed: bytes

    @property
    def text(self) -> str:
        """The text that the custodian signs."""
        body = {
            "session": self.session,
            "by": self.by,
            "at": self.at.isoformat(),
            "sealed": base64.b64encode(self.sealed).decode(),
        }
        return statement(CONTRIBUTION_FORMAT, body)


def ask_to_open(
    record: CeremonyRecord,
    *,
    what: str,
    reason: str,
    to: str | None,
    by: Identity,
    now: datetime,
    lasts: timedelta,
    randomness: Callable[[int], bytes],
) -> tuple[str, OpenRequest, Identity]:
    """A signed request, what it says, and the identity to which custodians answer, which must never be saved."""
    nonce = randomness(NONCE_BYTES).hex()
    key = Identity.make(f"opening/{nonce}", randomness=randomness)
    request = OpenRequest(
        what, record.project, record.epoch, record.digest, reason, to, nonce, by.name, now, now + lasts, key.public
    )  # fmt: skip
    return sign_note(request.text, by=by), request, key


def parse_request(note: str) -> OpenRequest:
    """What a note of this kind states, unverified: to know which ceremony's record to verify it with.

    Raises:
        BadSignature: it is malformed.
    """
    return parse(split_note(note)[0], kind=OPEN_FORMAT, read=_request, write=lambda one: one.text)


def verify_request(
    note: str, *, record: CeremonyRecord, trust: TrustRegister, now: datetime | None
) -> OpenRequest:
    """The request, if whoever needs such a key signed it, for this ceremony's round, and it is not over. Without `now`, as it stood when it was made.

    Raises:
        BadSignature: it is malformed, altered, of another ceremony, not yet begun or over.
        NotTrusted: the asker does not hold the role that needs such a key.
    """
    request = parse_request(note)
    at = request.made_at if now is None else now
    verify_by(note, kind=OPEN_FORMAT, by=request.by, role=ASKED_BY[request.what], at=at, trust=trust)
    stated = (request.project, request.epoch, request.record)
    if stated != (record.project, record.epoch, record.digest) or request.what not in record.kinds:
        raise BadSignature(
            f"this opening is asked for another ceremony than that of epoch {record.epoch} of {record.project}, or for a key that nobody shares"
        )
    if not request.made_at - SKEW <= at < request.expires:
        raise BadSignature(
            f"this opening is asked for from {_told(request.made_at)} to {_told(request.expires)}: ask anew, or set the clock"
        )
    if request.expires - request.made_at > LONGEST:
        raise BadSignature("this opening is asked for longer than a day: ask for a shorter time")
    if request.what == LINKER_OPENING and (record.linker is None or request.by != record.linker.name):
        raise NotTrusted(f"{request.by} is not the linker of the ceremony of epoch {record.epoch}")
    return request


def contribute(share: Secret, *, request: OpenRequest, by: Identity, now: datetime) -> str:
    """A signed note with the share, which only the asking process can open."""
    sealed = seal(share.expose(), to=request.key, context=_context(request.digest, by.name))
    return sign_note(Contribution(request.digest, by.name, now, sealed).text, by=by)


def parse_contribution(note: str) -> Contribution:
    """What a note of this kind states, unverified: to know which opening it answers.

    Raises:
        BadSignature: it is malformed.
    """
    return parse(split_note(note)[0], kind=CONTRIBUTION_FORMAT, read=_contribution, write=lambda c: c.text)


def verify_contribution(note: str, *, session: str, trust: TrustRegister, now: datetime | None) -> Contribution:
    """The contribution to the request of that digest, signed by a custodian. Without `now`, as it stood when it was made.

    Raises:
        BadSignature: it is malformed, altered, or was made for another request.
        NotTrusted: whoever made it is no custodian.
    """
    one = parse_contribution(note)
    verify_by(note, kind=CONTRIBUTION_FORMAT, by=one.by, role=CUSTODIAN, at=now or one.at, trust=trust)
    if one.session != session:
        raise BadSignature(f"this contribution of {one.by} was made for another opening: have it made anew")
    return one


def open_contribution(
    one: Contribution, *, request: OpenRequest, key: Identity, record: CeremonyRecord
) -> Secret:
    """The share in a verified contribution, if it is the one that the ceremony made for this custodian.

    Raises:
        NotTrusted: the custodian had no part in the ceremony.
        BadSeal: it was sealed to another key or for another request.
        BadShare: it is another share.
    """
    stated = record.keeper(one.by).shares[request.what].check
    opened = open_sealed(one.sealed, by=key, context=_context(request.digest, one.by))
    share = Secret(opened, name=f"share of {one.by}")
    found = share_check(share, project=record.project, epoch=record.epoch, kind=request.what, holder=one.by)
    if found != stated:
        raise BadShare(f"{one.by} gave another share than the one that the ceremony made")
    return share


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _context(session: str, custodian: str) -> bytes:
    return encode([CONTRIBUTION_FORMAT, session, custodian])


def _request(value: dict[str, Any]) -> OpenRequest:
    if value["what"] not in KINDS or value["reason"] not in REASONS[value["what"]]:
        raise ValueError("something that nobody shares, or for no reason that is known")
    if len(bytes.fromhex(value["nonce"])) != NONCE_BYTES:
        raise ValueError("a nonce of another length")
    return OpenRequest(
        what=value["what"],
        project=str(value["project"]),
        epoch=whole(value["epoch"], least=1),
        record=digest(value["record"]),
        reason=value["reason"],
        to=None if value["to"] is None else check_name(value["to"]),
        nonce=value["nonce"],
        by=check_name(value["by"]),
        made_at=moment(value["made_at"]),
        expires=moment(value["expires"]),
        key=PublicIdentity.from_json(value["key"]),
    )


def _contribution(value: dict[str, Any]) -> Contribution:
    return Contribution(
        session=digest(value["session"]),
        by=check_name(value["by"]),
        at=moment(value["at"]),
        sealed=base64.b64decode(value["sealed"], validate=True),
    )
