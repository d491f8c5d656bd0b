"""Deciding again: every decision that the log names, made once more from the signed documents of its time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ethics.errors import EthicsError
from ethics.events import Event
from keys import KeysError, Root
from linkage.errors import BadInput
from policies.engine import decide
from policies.errors import PolicyError
from service.analyst.signed_requests import read_request
from service.desk.archive import recall_decided
from service.dossier import verify
from service.errors import ServiceError
from service.shared import read_root

DECISIONS: Final[Mapping[str, bool]] = {
    "request-allowed": True,
    "request-refused": False,
    "release-prepared": True,
    "release-made": True,
}
FAULTS: Final = (KeysError, PolicyError, EthicsError, ServiceError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One decision of the log made again: its entry, kind and request; `differs` and `missing` say what is wrong, and are empty where all agrees."""

    entry: int
    kind: str
    request: str
    differs: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """All of them, in the order of the log."""

    outcomes: tuple[Outcome, ...]

    @property
    def differing(self) -> tuple[Outcome, ...]:
        """Those that came out otherwise than the log says."""
        return tuple(one for one in self.outcomes if one.differs)

    @property
    def missing(self) -> tuple[Outcome, ...]:
        """Those whose documents are not there, so that nobody can say."""
        return tuple(one for one in self.outcomes if one.missing)

    @property
    def says(self) -> str:
        """A line of counts, and one for each decision that did not agree."""
        bad = [*self.differing, *self.missing]
        agreeing = len(self.outcomes) - len(bad)
        head = f"replay: {len(self.outcomes)} decisions, {agreeing} agree, {len(self.differing)} differ, {len(self.missing)} cannot be replayed"
        lines = [f"entry {one.entry}, {one.kind} of {one.request}: {one.differs or one.missing}" for one in bad]
        return "\n".join([head, *lines])

    def as_json(self) -> dict[str, Any]:
        """For other programs."""
        told = {
            name: [
                {"entry": o.entry, "kind": o.kind, "request": o.request, "because": o.differs or o.missing}
                for o in some
            ]
            for name, some in (("differing", self.differing), ("missing", self.missing))
        }
        return {
            "decisions": len(self.outcomes),
            "agreeing": len(self.outcomes) - sum(map(len, told.values())),
            **told,
        }


def replay(events: Sequence[Event], *, archive: Path, root: Path) -> Replayed:
    """Every decision of these events, made again from the archive: dossier and request are verified as of the moment of the decision, the engine is
    asked, and its answer, with every reason and obligation, must have the digest that was logged.

    Raises:
        BadInput: there is no such archive, or no root.
    """
    if not archive.is_dir():
        raise BadInput(
            f"there is no archive {archive.name}/: name the desk's, or the copy of it that you were given"
        )
    return Replayed(tuple(_outcomes(events, archive=archive, root=read_root(root))))


def _outcomes(events: Sequence[Event], *, archive: Path, root: Root) -> Iterator[Outcome]:
    asked: dict[str, str] = {}
    for entry, event in enumerate(events):
        request = str(event.details.get("request", ""))
        if event.kind == "request-made":
            asked[request] = str(event.details.get("request_digest", ""))
        if event.kind not in DECISIONS:
            continue
        differs = missing = ""
        try:
            differs = _differs(event, archive=archive, root=root, asked=asked.get(request, ""))
        except BadInput as fault:
            missing = str(fault)
        yield Outcome(entry, event.kind, request, differs, missing)


def _differs(event: Event, *, archive: Path, root: Root, asked: str) -> str:
    """What comes out otherwise than the event says; empty if nothing does.

    Raises:
        BadInput: a document is missing or was altered.
    """
    logged = str(event.details.get("decision_digest", ""))
    decided = recall_decided(archive, decision=logged)
    try:
        found = verify(decided.dossier, project=event.project, root=root, now=decided.at)
        request = read_request(decided.request, trust=found.trust, at=decided.at)
        again = decide(request, found.policy, facts=found.facts, now=decided.at)
    except FAULTS as fault:
        return f"the documents of its time do not hold: {fault}"
    pairs = (
        ("the request", asked, request.digest),
        ("the answer", DECISIONS[event.kind], again.allowed),
        ("the policy", event.details.get("policy_digest", again.policy), again.policy),
        ("the facts", event.details.get("facts_digest", again.facts), again.facts),
        ("the decision with its reasons and duties", logged, again.digest()),
    )
    return next((f"{what} is another than the log says" for what, told, found in pairs if told != found), "")
