"""What the public register is made from, all of it verified, and the releases that it tells of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from ethics.events import Event
from ethics.register import LogFacts, PublishedRelease
from linkage.errors import BadInput
from policies.catalogue import Catalogue
from policies.catalogue_document import load_catalogue
from policies.document import Policy
from policies.five_safes import counted_in_words
from policies.load import load_policy, load_request
from policies.request import Request
from policies.terms import is_word, phrase
from policies.wording import begun
from service.analyst.signed_requests import text_of
from service.audit.verifying import CheckedLog, named_register
from service.desk.archive import recall_decided
from service.dossier import Verified

PUBLISHED: Final = "publish-summary"
LOG_COMMANDS: Final = (
    "linkage audit verify audit --root root.json",
    "linkage audit replay audit --archive archive --root root.json",
)


@dataclass(frozen=True)
class Sources:
    """What the register is made from. `archive` may lack what was decided before there was one: the register then says less of it."""

    checked: CheckedLog
    checkpoint: str
    key: str
    verified: Verified
    archive: Path | None
    partnership: str
    contact: str
    now: datetime

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that the log says, in order."""
        return self.checked.found.events

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue in force."""
        return self.verified.facts.catalogue

    @cached_property
    def releases(self) -> tuple[PublishedRelease, ...]:
        """Every release, the newest first."""
        return tuple(_releases(self))[::-1]

    def name_of(self, partner: str) -> str:
        """A partner's name; its id, if the catalogue does not have it any more."""
        return self.catalogue.partners[partner].name if partner in self.catalogue.partners else partner

    @property
    def log(self) -> LogFacts:
        """The log, for whoever checks it."""
        return LogFacts(
            checkpoint=self.checkpoint,
            size=self.checked.found.head.size,
            cosigned=tuple(one.witness for one in self.checked.found.cosignatures),
            rule=self.checked.rule,
            key=self.key,
            register=named_register(self.checked.trust),
            commands=LOG_COMMANDS,
        )


def _releases(sources: Sources) -> Iterator[PublishedRelease]:
    allowed = {str(e.details["request"]): e for e in sources.events if e.kind == "request-allowed"}
    withdrawn = {
        str(e.details["release"]): str(e.details["reason"])
        for e in sources.events
        if e.kind == "release-withdrawn"
    }
    for entry, event in enumerate(sources.events):
        if event.kind != "release-made":
            continue
        told = event.details
        clauses = (
            str(allowed[str(told["request"])].details.get("clauses", ""))
            if str(told["request"]) in allowed
            else ""
        )
        uses = tuple(one for one in clauses.split(",") if one)
        asked = _asked(str(told.get("decision_digest", "")), archive=sources.archive)
        until = told.get("expires")
        yield PublishedRelease(
            id=str(told["release"]),
            uses=uses,
            purpose=_phrase(str(told.get("purpose", "")), kind="purpose"),
            form=_phrase(str(told.get("form", "")), kind="form"),
            summary="" if asked is None else asked.summary(uses),
            counted=() if asked is None else counted_in_words(asked.request, catalogue=asked.catalogue),
            partners=tuple(sources.name_of(p) for p in str(told.get("partners", "")).split(",") if p),
            attributes={} if asked is None else asked.by_partner(sources),
            released=event.at.date(),
            until=None if until is None else date.fromisoformat(str(until)),
            entry=entry,
            withdrawn=withdrawn.get(str(told["release"]), ""),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a release was asked for with, and the documents of its time."""

    request: Request
    policy: Policy
    catalogue: Catalogue

    def summary(self, uses: Sequence[str]) -> str:
        """What the request says of its benefit, where a clause that allowed it has the request published."""
        duties = {duty for one in self.policy.clauses if one.id in uses for duty in one.obligations.duties}
        return begun(self.request.benefit.strip().rstrip(".")) + "." if PUBLISHED in duties else ""

    def by_partner(self, sources: Sources) -> Mapping[str, tuple[str, ...]]:
        """The attributes asked for, in words, by the partner's name."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.request.requested):
            says = self.catalogue.attributes[name].says if name in self.catalogue.attributes else name
            found.setdefault(sources.name_of(name.partition(".")[0]), []).append(says)
        return {partner: tuple(names) for partner, names in found.items()}


def _asked(decision: str, *, archive: Path | None) -> _Asked | None:
    if archive is None or not decision:
        return None
    try:
        decided = recall_decided(archive, decision=decision)
    except BadInput:
        return None
    return _Asked(
        load_request(text_of(decided.request)),
        load_policy(decided.dossier.policy),
        load_catalogue(decided.dossier.catalogue),
    )


def _phrase(word: str, *, kind: str) -> str:
    return phrase(word, kind=kind) if is_word(word, kind=kind) else "not on record"
