"""The law as data: which legal gateway carries which attribute, from whom, to whom, for what, and with what evidence.

The rows are configuration that each partner's lawyer confirms; the shipped table says so in every row. The shape
follows the Police, Crime, Sentencing and Courts Act 2022 ss.8-17 (who may disclose, what is barred), the Control of
Patient Information Regulations 2002 (support that lapses) and the Digital Economy Act 2017 ss.64-71 (accreditation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from policies.catalogue import Attribute
from policies.dates import day_of
from policies.reasons import Details, Reason
from policies.terms import AttributeClass, phrase, words


class Stage(StrEnum):
    """The three moments at which the law is asked."""

    SUBMISSION = "submission"
    LINKAGE = "linkage"
    RELEASE = "release"


Evidence: TypeAlias = Mapping[str, str | date]
"""What is on record for a partner or a project: the name of each piece of evidence, and its reference or date."""


@dataclass(frozen=True, slots=True)
class Need:
    """One piece of evidence a gateway asks for.

    `kind`: `reference` is any text; `valid-until` a date that has not passed; `not-older-than` a date at most `days` ago.
    `of`: whose record it is looked up in. `stages`: when it is asked for. `recipients` and `subjects`: it is asked for only
    where the recipient is one of these, and where the attribute is about one of these; none means always.
    """

    name: str
    kind: str
    of: str
    days: int
    stages: frozenset[str]
    recipients: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()

    def asked(self, attribute: Attribute, crossing: Crossing) -> bool:
        """Whether it is asked for when this attribute crosses."""
        return (
            crossing.stage in self.stages
            and (not self.recipients or crossing.recipient in self.recipients)
            and (not self.subjects or bool(attribute.subjects & self.subjects))
        )


@dataclass(frozen=True, slots=True)
class Gateway:
    """One legal gateway. Anything it does not name, it does not carry. `subjects`: about whom it carries records of offences."""

    id: str
    citation: str
    confirmation: str
    purposes: frozenset[str]
    sources: frozenset[str]
    recipients: frozenset[str]
    forms: frozenset[str]
    max_class: AttributeClass
    bars: frozenset[str]
    needs: tuple[Need, ...]
    effective: date
    until: date | None
    enabled: bool
    subjects: frozenset[str] = frozenset(words("subject"))


Gateways: TypeAlias = Mapping[str, Gateway]


@dataclass(frozen=True, slots=True)
class Crossing:
    """What the law is asked: may this purpose take things of a source to a recipient, in a form, at a stage?

    `form` matters at release only; before that there is nothing but sealed rows.
    """

    purpose: str
    source: str
    recipient: str
    stage: Stage
    form: str = ""


Bar: TypeAlias = tuple[str, Details]
"""The code of a reason against a crossing, and what fills its sentence."""


@dataclass(frozen=True, slots=True)
class Carriage:
    """The answer: every bar found (none means it is carried), and the last day on which the answer holds."""

    bars: tuple[Reason, ...]
    until: date | None

    @property
    def carried(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.bars


def carries(
    gateway: Gateway,
    *,
    attribute: Attribute,
    crossing: Crossing,
    evidence: Mapping[str, Evidence],
    now: datetime,
) -> Carriage:
    """Whether a gateway carries an attribute over a crossing; every reason against it is listed.

    `evidence` holds what is on record under `partner` and under `project`.
    """
    today = day_of(now)
    in_the_way = on_the_way(gateway, crossing=crossing, today=today)
    found = carries_in_some_form(
        gateway, attribute=attribute, crossing=crossing, evidence=evidence, today=today, in_the_way=in_the_way
    )
    if crossing.stage is not Stage.RELEASE:
        return found
    return in_form(found, form=crossing.form, gateway=gateway, attribute=attribute)


def on_the_way(gateway: Gateway, *, crossing: Crossing, today: date) -> tuple[Bar, ...]:
    """What is in the way of anything by this gateway over this crossing, whatever its form."""
    found: list[Bar] = []
    if not gateway.enabled:
        found.append(_bar("gateway-disabled", gateway))
    if today < gateway.effective or (gateway.until is not None and today > gateway.until):
        found.append(_bar("gateway-not-in-force", gateway, date=today.isoformat()))
    reached = (
        ("gateway-purpose", "purpose", crossing.purpose, gateway.purposes),
        ("gateway-source", "organisation", crossing.source, gateway.sources),
        ("gateway-recipient", "organisation", crossing.recipient, gateway.recipients),
    )
    for code, kind, word, accepted in reached:
        if word not in accepted:
            found.append(_bar(code, gateway, phrase=phrase(word, kind=kind)))
    return tuple(found)


def carries_in_some_form(
    gateway: Gateway,
    *,
    attribute: Attribute,
    crossing: Crossing,
    evidence: Mapping[str, Evidence],
    today: date,
    in_the_way: tuple[Bar, ...],
) -> Carriage:
    """As `carries`, whatever the form. `in_the_way` is what `on_the_way` says of this gateway and crossing."""
    bars, ends = [*in_the_way], [gateway.until] if gateway.until else []
    if attribute.sensitivity > gateway.max_class:
        bars.append(_bar("gateway-class", gateway, word=gateway.max_class.name))
    for flag in attribute.flags & gateway.bars:
        bars.append(_bar("gateway-bars", gateway, phrase=phrase(flag, kind="flag")))
    for subject in attribute.subjects - gateway.subjects:
        bars.append(_bar("gateway-subject", gateway, phrase=phrase(subject, kind="subject")))
    for need in gateway.needs:
        if not need.asked(attribute, crossing):
            continue
        last = _last_day(need, evidence.get(need.of, {}).get(need.name), today)
        if last is None:
            bars.append(_bar("evidence-missing", gateway, word=need.name))
        elif last < today:
            bars.append(_bar("evidence-lapsed", gateway, word=need.name, date=last.isoformat()))
        else:
            ends.append(last)
    about = (attribute.id,)
    reasons = tuple(Reason(code, details, "", (), about) for code, details in sorted(bars))
    return Carriage(reasons, min(ends, default=None))


def in_form(carriage: Carriage, *, form: str, gateway: Gateway, attribute: Attribute) -> Carriage:
    """The answer of `carries_in_some_form`, with what the gateway says of the form of a release."""
    if form in gateway.forms:
        return carriage
    code, details = _bar("gateway-form", gateway, phrase=phrase(form, kind="form"))
    return Carriage((*carriage.bars, Reason(code, details, "", (), (attribute.id,))), carriage.until)


def nearest(carriages: Sequence[Carriage]) -> Carriage:
    """The one that lacks least, which is the one worth explaining; the first of equals."""
    return min(carriages, key=distance)


def distance(carriage: Carriage) -> int:
    """How much is in its way. Evidence can still be brought, so it counts little."""
    far = 0
    for bar in carriage.bars:
        far += 1 if bar.code.startswith("evidence") else 10
    return far


def _bar(code: str, gateway: Gateway, **details: str) -> Bar:
    return code, tuple(sorted((("gateway", gateway.id), *details.items())))


def _last_day(need: Need, found: str | date | None, today: date) -> date | None:
    """The last day on which a piece of evidence serves; None when it is absent or not what was asked for.

    What may be no older than some days is a record of something done, so a day that has not come is no evidence of it.
    """
    if need.kind == "reference":
        return date.max if isinstance(found, str) and found.strip() else None
    if isinstance(found, str):
        try:
            found = date.fromisoformat(found)
        except ValueError:
            return None
    if found is None:
        return None
    found = found.date() if isinstance(found, datetime) else found
    if need.kind == "valid-until":
        return found
    return found + timedelta(days=need.days) if found <= today else None
