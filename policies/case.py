"""One request before the engine, with the look-ups that its rules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from policies.catalogue import DERIVED, Attribute, partner_of
from policies.dates import day_of
from policies.document import Policy
from policies.facts import Facts, Requester
from policies.gateways import (
    Bar,
    Carriage,
    Crossing,
    Evidence,
    Stage,
    carries_in_some_form,
    distance,
    in_form,
    on_the_way,
)
from policies.request import Request


class Way(NamedTuple):
    """A gateway by its name, and whether it carries."""

    gateway: str
    carriage: Carriage


@dataclass(frozen=True, slots=True)
class _Law:
    """What was asked of the law for one asker, purpose and project, whatever the form.

    INVARIANT: an attribute whose identity is part of a key here or in `_LawOfForm` is among `kept`, so that no other takes its place.
    """

    kept: list[Attribute] = field(default_factory=list)
    carriages: dict[tuple[int, str], Carriage] = field(default_factory=dict)
    crossings: dict[str, tuple[Crossing, Mapping[str, Evidence]]] = field(default_factory=dict)
    bars: dict[tuple[str, str], tuple[Bar, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _LawOfForm:
    """What was asked of the law for one form as well."""

    carriages: dict[tuple[int, str], Carriage] = field(default_factory=dict)
    ways: dict[int, tuple[Way, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A request, the policy, the facts and the moment. Whatever several rules look up is looked up once.

    A look-up that fails fails again for every rule that needs it, so each such rule is refused for itself.
    """

    request: Request
    policy: Policy
    facts: Facts
    now: datetime
    _law: _Law = field(default_factory=_Law, repr=False, compare=False)
    _law_of_form: _LawOfForm = field(default_factory=_LawOfForm, repr=False, compare=False)

    def with_request(self, request: Request) -> Case:
        """The same case with another request. What was asked of the law is kept where nothing it rests on differs."""
        old, new = self.request, request
        if (old.purpose, old.project, old.requester) != (new.purpose, new.project, new.requester):
            return Case(new, self.policy, self.facts, self.now)
        of_form = self._law_of_form if old.form == new.form else _LawOfForm()
        return Case(new, self.policy, self.facts, self.now, self._law, of_form)

    @cached_property
    def today(self) -> date:
        """The day of the moment, in UTC."""
        return day_of(self.now)

    @cached_property
    def asker(self) -> Requester | None:
        """Who asks, if they are known."""
        return self.facts.requesters.get(self.request.requester)

    @cached_property
    def requested(self) -> frozenset[str]:
        """Every attribute asked for."""
        return self.request.requested

    @cached_property
    def everything(self) -> frozenset[str]:
        """Every attribute asked for, and every attribute those were made from."""
        return self.facts.catalogue.closure(self.requested)

    @cached_property
    def known(self) -> tuple[Attribute, ...]:
        """The attributes of `everything` that are in the catalogue, in order."""
        table = self.facts.catalogue.attributes
        return tuple(table[name] for name in sorted(self.everything) if name in table)

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The names in `everything` that the catalogue does not have."""
        return frozenset(self.everything - self.facts.catalogue.attributes.keys())

    @cached_property
    def contributed(self) -> tuple[Attribute, ...]:
        """The known attributes that a partner submitted, which are those that need a gateway and an adoption."""
        return tuple(attribute for attribute in self.known if partner_of(attribute.id) != DERIVED)

    def ways(self, attribute: Attribute) -> tuple[Way, ...]:
        """The gateways of the table that an attribute was declared under, the one with the least in its way first."""
        key = id(attribute)
        found = self._law_of_form.ways.get(key)
        if found is None:
            self._law.kept.append(attribute)
            table = self.facts.gateways
            names = [name for name in attribute.gateways if name in table]
            each = [Way(name, self.carriage(attribute, gateway=name)) for name in names]
            found = self._law_of_form.ways[key] = tuple(sorted(each, key=lambda way: distance(way.carriage)))
        return found

    def carriage(self, attribute: Attribute, *, gateway: str) -> Carriage:
        """Whether a gateway of the table carries a contributed attribute to the asker, for this purpose, in this form, at release."""
        key = (id(attribute), gateway)
        found = self._law_of_form.carriages.get(key)
        if found is None:
            some = self.carriage_in_some_form(attribute, gateway=gateway)
            row = self.facts.gateways[gateway]
            found = self._law_of_form.carriages[key] = in_form(
                some, form=self.request.form, gateway=row, attribute=attribute
            )
        return found

    def carriage_in_some_form(self, attribute: Attribute, *, gateway: str) -> Carriage:
        """As `carriage`, whatever the form."""
        key = (id(attribute), gateway)
        found = self._law.carriages.get(key)
        if found is None:
            self._law.kept.append(attribute)
            partner, row, today = attribute.partner, self.facts.gateways[gateway], self.today
            crossing, evidence = self._crossing(partner)
            bars = self._law.bars.get((partner, gateway))
            if bars is None:
                bars = self._law.bars[partner, gateway] = on_the_way(row, crossing=crossing, today=today)
            found = self._law.carriages[key] = carries_in_some_form(
                row, attribute=attribute, crossing=crossing, evidence=evidence, today=today, in_the_way=bars
            )
        return found

    def _crossing(self, partner: str) -> tuple[Crossing, Mapping[str, Evidence]]:
        found = self._law.crossings.get(partner)
        if found is None:
            request, facts = self.request, self.facts
            source, recipient = facts.catalogue.partners[partner].kind, self.asker.kind if self.asker else ""
            evidence = {
                "partner": facts.evidence.get(partner, {}),
                "project": facts.evidence.get(request.project, {}),
            }
            crossing = Crossing(request.purpose, source, recipient, Stage.RELEASE)
            found = self._law.crossings[partner] = (crossing, evidence)
        return found
