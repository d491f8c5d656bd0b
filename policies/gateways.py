"""The law as data: which legal gateway carries which attribute, from whom, to whom, for what, and with what evidence.

The rows are configuration that each partner's lawyer confirms; the shipped table says so in every row. The shape
follows the Police, Crime, Sentencing and Courts Act 2022 ss.8-17 (who may disclose, what is barred), the Control of
Patient Information Regulations 2002 (support that lapses) and the Digital Economy Act 2017 ss.64-71 (accreditation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias

from policies.catalogue import Attribute
from policies.dates import day_of
from policies.reading import ClassName, Document, Flag, Form, GatewayId, Organisation, Purpose, StageWord
from policies.reasons import Reason, because
from policies.terms import AttributeClass, phrase


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
    `of`: whose record it is looked up in. `stages`: when it is asked for.
    """

    name: str
    kind: str
    of: str
    days: int
    stages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gateway:
    """One legal gateway. Anything it does not name, it does not carry."""

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
    bars = [*_bars(gateway, attribute, crossing, today)]
    ends = [gateway.until] if gateway.until else []
    for need in gateway.needs:
        if crossing.stage not in need.stages:
            continue
        last = _last_day(need, evidence.get(need.of, {}).get(need.name))
        named = {"gateway": gateway.id, "word": need.name}
        if last is None:
            bars.append(because("evidence-missing", attributes=frozenset({attribute.id}), details=named))
        elif last < today:
            bars.append(
                because(
                    "evidence-lapsed",
                    attributes=frozenset({attribute.id}),
                    date=last.isoformat(),
                    details=named,
                )
            )
        else:
            ends.append(last)
    return Carriage(tuple(bars), min(ends, default=None))


def nearest(carriages: Sequence[Carriage]) -> Carriage:
    """The one that lacks least, which is the one worth explaining; the first of equals. Evidence can still be brought."""
    return min(
        carriages,
        key=lambda carriage: sum(1 if bar.code.startswith("evidence") else 10 for bar in carriage.bars),
    )


def _bars(gateway: Gateway, attribute: Attribute, crossing: Crossing, today: date) -> Iterator[Reason]:
    about = frozenset({attribute.id})
    if not gateway.enabled:
        yield because("gateway-disabled", attributes=about, gateway=gateway.id)
    if today < gateway.effective or (gateway.until is not None and today > gateway.until):
        yield because("gateway-not-in-force", attributes=about, gateway=gateway.id, date=today.isoformat())
    allowed = (
        ("gateway-purpose", "purpose", crossing.purpose, gateway.purposes),
        ("gateway-source", "organisation", crossing.source, gateway.sources),
        ("gateway-recipient", "organisation", crossing.recipient, gateway.recipients),
    )
    for code, kind, word, accepted in allowed:
        if word not in accepted:
            yield because(code, attributes=about, gateway=gateway.id, phrase=phrase(word, kind=kind))
    if attribute.sensitivity > gateway.max_class:
        yield because("gateway-class", attributes=about, gateway=gateway.id, word=gateway.max_class.name)
    for flag in sorted(attribute.flags & gateway.bars):
        yield because("gateway-bars", attributes=about, gateway=gateway.id, phrase=phrase(flag, kind="flag"))
    if crossing.stage is Stage.RELEASE and crossing.form not in gateway.forms:
        yield because(
            "gateway-form", attributes=about, gateway=gateway.id, phrase=phrase(crossing.form, kind="form")
        )


def _last_day(need: Need, found: str | date | None) -> date | None:
    """The last day on which a piece of evidence serves; None when it is absent or not what was asked for."""
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
    return found + timedelta(days=need.days) if need.kind == "not-older-than" else found


class _NeedRow(Document):
    name: str
    kind: Literal["reference", "valid-until", "not-older-than"]
    of: Literal["partner", "project"] = "partner"
    days: int = 0
    stages: frozenset[StageWord] = frozenset(Stage)


class _GatewayRow(Document):
    citation: str
    confirmation: str
    purposes: frozenset[Purpose]
    sources: frozenset[Organisation]
    recipients: frozenset[Organisation]
    forms: frozenset[Form]
    max_class: ClassName
    bars: frozenset[Flag]
    needs: tuple[_NeedRow, ...] = ()
    effective: date
    until: date | None = None
    enabled: bool


class GatewaysDocument(Document):
    """The table of gateways as it is written in a file."""

    format: Literal["linkage-gateways/v1"]
    vocabulary: Literal["vpp-vocab@1"]
    gateways: dict[GatewayId, _GatewayRow]

    def table(self) -> Gateways:
        """The gateways by name."""
        return MappingProxyType({name: _gateway(name, row) for name, row in self.gateways.items()})


def _gateway(name: str, row: _GatewayRow) -> Gateway:
    return Gateway(
        id=name,
        citation=row.citation,
        confirmation=row.confirmation,
        purposes=row.purposes,
        sources=row.sources,
        recipients=row.recipients,
        forms=row.forms,
        max_class=AttributeClass[row.max_class],
        bars=row.bars,
        needs=tuple(Need(n.name, n.kind, n.of, n.days, n.stages) for n in row.needs),
        effective=row.effective,
        until=row.until,
        enabled=row.enabled,
    )
