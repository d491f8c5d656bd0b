"""Why something was refused: a closed list of codes, each with the sentence it reads as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeAlias

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # What no clause can switch on.
        "never-allowed-purpose": "Never allowed: {phrase}. {sentence}",
        "never-allowed-form": "Never produced: {phrase}. {sentence}",
        "never-released-class": "{attributes}: class C6 identifies people directly and is never released.",
        "linker-may-not-ask": "The linkage operator may not ask for attributes.",
        # Words and facts that are not known.
        "unknown-word": "“{word}” is not a word for {kind} in the vocabulary {vocabulary}.",
        "unknown-attribute": "{attributes}: not in the partners' catalogue of attributes.",
        "unknown-value": "{attributes}: “{word}” is not one of its values.",
        "date-shown": "{attributes}: a date only selects people, within so many days before or after another; it is never shown or compared.",
        "not-a-date": "{attributes}: not a date, so nothing lies before or after it.",
        "unknown-requester": "The requester is not on the list of people who may ask.",
        "vocabulary-differs": "The policy was written in the vocabulary {theirs}; this system speaks {ours}.",
        "role-not-held": "The requester does not hold the role of {phrase}.",
        "organisation-differs": "The requester does not belong to the organisation named in the request.",
        "evaluation-error": "{rule} could not be evaluated, so it counts as a refusal.",
        "nothing-asked": "The request names no attribute.",
        # Dates.
        "not-yet-effective": "The policy takes effect on {date}.",
        "expired": "The policy expired on {date}.",
        "asked-in-the-future": "The request is dated {date}, which has not come yet.",
        "use-has-ended": "The use asked for ended on {date}.",
        # Rules of the document.
        "finer-than-floor": "Areas as fine as {asked} are never shown; the finest is {allowed}.",
        "prohibited": "The prohibition {clause} applies: {because}",
        "no-clause": "No clause permits {purpose} as {form} with everything that was asked for.",
        # What a clause lacks.
        "purpose-not-covered": "Clause {clause} does not cover {phrase}.",
        "form-not-covered": "Clause {clause} does not allow {phrase}; it allows {allowed}.",
        "role-not-covered": "Clause {clause} is not for the role of {phrase}.",
        "area-too-fine": "Clause {clause} allows areas no finer than {allowed}, and {asked} was asked for.",
        "class-not-covered": "{attributes}: clause {clause} does not cover attributes of class {word}.",
        "attribute-excepted": "{attributes}: clause {clause} leaves this attribute out.",
        "flag-not-covered": "{attributes}: clause {clause} does not cover {phrase}.",
        "gateway-not-accepted": "{attributes}: clause {clause} does not accept the legal gateway {gateway}.",
        "no-basis": "Clause {clause} states no legal basis.",
        "no-review-date": "Clause {clause} has no review date.",
        "review-passed": "The review of clause {clause} was due on {date}.",
        "dpia-missing": "No data protection impact assessment is on record for clause {clause}.",
        "dpia-lapsed": "The data protection impact assessment of clause {clause} was current until {date}.",
        "not-recommended": "The ethics board has not recommended clause {clause}.",
        "not-adopted": "{attributes}: {partner} has not adopted clause {clause}.",
        "use-too-long": "Clause {clause} allows use until {date} at the latest.",
        # What a legal gateway does not carry.
        "no-gateway": "{attributes}: submitted under no legal gateway.",
        "gateway-unknown": "{attributes}: the gateway {gateway} is not in the table of gateways.",
        "gateway-disabled": "{attributes}: the gateway {gateway} is switched off.",
        "gateway-not-in-force": "{attributes}: the gateway {gateway} is not in force on {date}.",
        "gateway-purpose": "{attributes}: the gateway {gateway} does not reach {phrase}.",
        "gateway-source": "{attributes}: the gateway {gateway} is not open to {phrase} as a source.",
        "gateway-recipient": "{attributes}: the gateway {gateway} does not reach {phrase} as a recipient.",
        "gateway-class": "{attributes}: the gateway {gateway} carries nothing stricter than class {word}.",
        "gateway-bars": "{attributes}: the gateway {gateway} never carries {phrase}.",
        "gateway-subject": "{attributes}: the gateway {gateway} does not carry records about {phrase}.",
        "gateway-form": "{attributes}: the gateway {gateway} does not carry {phrase}.",
        "evidence-missing": "{attributes}: the gateway {gateway} needs “{word}”, and it is not on record.",
        "evidence-lapsed": "{attributes}: the gateway {gateway} needs “{word}”, and it lapsed on {date}.",
    }
)

Details: TypeAlias = tuple[tuple[str, str], ...]
"""What fills the sentence of a reason: names and texts, in the order of the names."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a refusal. `details` fills the code's sentence; nothing in it comes from a record."""

    code: str
    details: Details = ()
    clause: str = ""
    principles: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The reason in plain English."""
        named = {"clause": self.clause, "attributes": ", ".join(self.attributes), **dict(self.details)}
        return SENTENCES[self.code].format_map(named)


def because(
    code: str,
    *,
    clause: str = "",
    principles: Iterable[str] = (),
    attributes: Iterable[str] = (),
    details: Mapping[str, str] | None = None,
    **more: str,
) -> Reason:
    """A reason with everything in a fixed order, so that equal reasons are equal values."""
    named = {**details, **more} if details else more
    return Reason(
        code, tuple(sorted(named.items())), clause, tuple(sorted(principles)), tuple(sorted(attributes))
    )


def grouped(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The same reasons in a fixed order, with one reason for all the attributes that share it."""
    groups: dict[tuple[str, str, Details], list[Reason]] = {}
    for reason in reasons:
        groups.setdefault((reason.code, reason.clause, reason.details), []).append(reason)
    return tuple(_joined(groups[key]) for key in sorted(groups))


def _joined(same: list[Reason]) -> Reason:
    if len(same) == 1:
        return same[0]
    principles = {name for reason in same for name in reason.principles}
    attributes = {name for reason in same for name in reason.attributes}
    return replace(same[0], principles=tuple(sorted(principles)), attributes=tuple(sorted(attributes)))


def same_as(one: Reason, other: Reason) -> bool:
    """Whether two reasons read the same, whichever rule gave them."""
    return (one.code, one.details, one.attributes) == (other.code, other.details, other.attributes)
