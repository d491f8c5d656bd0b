"""One request before the engine, and what was found about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from policies.catalogue import DERIVED, Attribute, partner_of
from policies.dates import day_of
from policies.document import Clause, Policy
from policies.facts import Facts, Requester
from policies.gateways import Carriage, Crossing, Gateway, Stage, carries
from policies.reasons import Reason
from policies.request import Request


@dataclass(frozen=True, slots=True)
class Case:
    """A request, the policy, the facts and the moment, with the look-ups that rules share."""

    request: Request
    policy: Policy
    facts: Facts
    now: datetime

    @property
    def today(self) -> date:
        """The day of the moment, in UTC."""
        return day_of(self.now)

    @property
    def asker(self) -> Requester | None:
        """Who asks, if they are known."""
        return self.facts.requesters.get(self.request.requester)

    def everything(self) -> frozenset[str]:
        """Every attribute asked for, and every attribute those were made from."""
        return self.facts.catalogue.closure(self.request.requested)

    def known(self) -> tuple[Attribute, ...]:
        """The attributes of `everything` that are in the catalogue, in order."""
        table = self.facts.catalogue.attributes
        return tuple(table[name] for name in sorted(self.everything()) if name in table)

    def contributed(self) -> tuple[Attribute, ...]:
        """The known attributes that a partner submitted, which are those that need a gateway and an adoption."""
        return tuple(attribute for attribute in self.known() if partner_of(attribute.id) != DERIVED)

    def carriage(self, attribute: Attribute, gateway: Gateway) -> Carriage:
        """Whether a gateway carries an attribute to the asker, for this purpose, in this form, at release."""
        kind = self.asker.kind if self.asker else ""
        partner = self.facts.catalogue.partners[attribute.partner]
        crossing = Crossing(self.request.purpose, partner.kind, kind, Stage.RELEASE, self.request.form)
        records = {
            "partner": self.facts.evidence.get(attribute.partner, {}),
            "project": self.facts.evidence.get(self.request.project, {}),
        }
        return carries(gateway, attribute=attribute, crossing=crossing, evidence=records, now=self.now)


@dataclass(frozen=True, slots=True)
class ClauseFinding:
    """What one clause says: what it lacks (nothing means it permits), and the last days on which that holds."""

    clause: Clause
    lacks: tuple[Reason, ...]
    limits: tuple[date, ...]

    @property
    def permits(self) -> bool:
        """Whether the clause permits the request."""
        return not self.lacks


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything found: outright refusals, rules that could not be evaluated, and what each clause says."""

    refusals: tuple[Reason, ...]
    errors: tuple[Reason, ...]
    clauses: tuple[ClauseFinding, ...]

    @property
    def allowed(self) -> bool:
        """Default deny: no refusal, no error, and a clause that permits."""
        return not self.refusals and not self.errors and any(finding.permits for finding in self.clauses)
