"""The answer to a request, and the permit that comes with a yes."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from typing import Final, NoReturn

from policies.canonical import Plain, canonical, digest, plain
from policies.dates import day_of
from policies.errors import PermitForged, Refused
from policies.obligations import Obligations
from policies.reasons import Reason

_SEAL: Final = object()  # INVARIANT: engine.py is the only other module that names it


@dataclass(frozen=True, slots=True)
class Permit:
    """Proof that the engine allowed exactly one request. Only `policies.engine` can make one.

    It does not travel as an object: the other side is given the request and decides again (`permit_text` is for the
    record). `attributes` are those that may be shown, `opens` the submitted columns that they rest on. `expires` is the last
    day on which it serves.
    """

    decision: str
    policy: str
    request: str
    project: str
    requester: str
    purpose: str
    form: str
    area: str
    clauses: tuple[str, ...]
    attributes: frozenset[str]
    opens: frozenset[str]
    obligations: Obligations
    expires: date
    seal: InitVar[object] = None
    _sealed: object = field(init=False, repr=False, compare=False)

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise PermitForged("a permit comes from a decision: call decide(...).require()")
        object.__setattr__(self, "_sealed", seal)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise PermitForged("a permit is not copied or stored: keep the request, and decide again")

    def valid_on(self, now: datetime) -> bool:
        """Whether it still serves at this moment."""
        return day_of(now) <= self.expires

    def text(self) -> str:
        """See `permit_text`."""
        return permit_text(self)


def genuine(permit: object) -> Permit:
    """The same permit, once it is sure that the engine made it.

    Raises:
        PermitForged: it is something else.
    """
    if type(permit) is Permit and getattr(permit, "_sealed", None) is _SEAL:
        return permit
    raise PermitForged("this needs a permit that the engine issued: call decide(...).require()")


def permit_text(permit: Permit) -> str:
    """The permit as one line of canonical JSON, the same for equal permits. For the record; nothing reads it back.

    Raises:
        PermitForged: the permit did not come from the engine.
    """
    permit = genuine(permit)
    shown = (
        "decision",
        "policy",
        "request",
        "project",
        "requester",
        "purpose",
        "form",
        "area",
        "clauses",
        "attributes",
        "opens",
    )
    body = {name: getattr(permit, name) for name in shown}
    return canonical(
        {"format": "linkage-permit/v1", **body, "obligations": permit.obligations, "expires": permit.expires}
    ).decode()


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A clause that did not permit the request, and exactly what it lacks."""

    clause: str
    title: str
    lacks: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a request: `field` goes from `old` to `new`. For `attributes`, `old` is left out and `new` is empty."""

    field: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """The nearest request that would be allowed. Applying `changes` to the request gives one the engine permits."""

    clauses: tuple[str, ...]
    changes: tuple[Change, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the engine answered, and why. On a yes `clauses` and `obligations` say what decided; on a no, `reasons` do.

    `alternative` is the nearest request that would be allowed. None means that there is none where `searched` says so; nothing is
    looked for where a rule could not be evaluated.
    """

    allowed: bool
    request: str
    policy: str
    facts: str
    vocabulary: str
    decided_at: datetime
    clauses: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    obligations: Obligations | None = None
    reasons: tuple[Reason, ...] = ()
    errors: tuple[Reason, ...] = ()
    nearest: tuple[NearMiss, ...] = ()
    alternative: Alternative | None = None
    searched: bool = False
    permit: Permit | None = field(default=None, repr=False, compare=False)

    def record(self) -> dict[str, Plain]:
        """Everything that decided, for the log: request, policy, facts, moment, outcome, clauses, obligations, reasons."""
        return {
            "format": "linkage-decision/v1",
            "allowed": self.allowed,
            "request": self.request,
            "policy": self.policy,
            "facts": self.facts,
            "vocabulary": self.vocabulary,
            "decided_at": plain(self.decided_at),
            "clauses": plain(self.clauses),
            "obligations": plain(self.obligations),
            "reasons": plain(self.reasons),
            "errors": plain(self.errors),
        }

    def digest(self) -> str:
        """The digest of the record."""
        return digest(self.record())

    def require(self) -> Permit:
        """The permit.

        Raises:
            Refused: the request was denied; the message explains it.
            PermitForged: the decision says yes but the engine issued no permit with it.
        """
        if not self.allowed:
            said = [reason.sentence for reason in self.reasons]
            offer = ["It would be allowed like this:", *self.alternative.words] if self.alternative else []
            raise Refused(
                "\n".join(["Denied.", *said, *offer]), reasons=tuple(reason.code for reason in self.reasons)
            )
        permit = genuine(self.permit)
        if permit.decision != self.digest():
            raise PermitForged("this permit belongs to another decision: call decide(...).require()")
        return permit
