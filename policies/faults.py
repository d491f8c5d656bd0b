"""What the linter can find: a closed list of codes, each with why it matters, and the fault that carries one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from policies.catalogue import Attribute, Catalogue
from policies.document import Clause, Policy
from policies.gateways import Gateway, Gateways
from policies.terms import AttributeClass

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no-basis": "Without a legal basis nobody can say why the partners may share, and the engine permits nothing.",
        "basis-incomplete": "Special categories need a condition of Article 9, records of suspects and offenders Article 10, and everything Article 6.",
        "no-review-date": "What is never looked at again outlives its reason, and the engine permits nothing without the date.",
        "review-too-late": "A year is the longest that a clause goes without being looked at.",
        "no-impact-assessment": "The board cannot weigh what nobody assessed (UK GDPR Art. 35).",
        "no-equality-assessment": "Whether it falls harder on some groups is a question that the law asks first (Equality Act 2010 s. 149).",
        "wider-than-floor": "A floor holds whatever a clause says, so the clause promises what nobody gets.",
        "area-too-fine-for-class": "A sensitive event in a small area points to a person.",
        "never-released-class": "Names, numbers and tokens never leave.",
        "gateway-unknown": "A gateway that is not in the table carries nothing.",
        "gateway-cannot-carry": "The law does not open this: no clause can.",
        "gateway-switched-off": "Nobody has yet shown this gateway to be open, so it carries nothing.",
        "gateway-idle": "It gives the clause a look of lawfulness that it does not lend.",
        "research-without-accreditation": "Research goes by a gateway that asks for the accreditation of project, people and processor.",
        "extract-unprotected": "Rows of people stay in the secure setting, pass two checkers, are not passed on, and are destroyed.",
        "duties-not-separate": "Whoever runs, opens or checks does not also ask.",
        "attribute-unknown": "A name that no partner offers covers nothing; left out by a misspelt name, the attribute stays in.",
        "only-not-covered": "It is on the list of the only attributes and outside the classes or flags, so it is never covered.",
        "unreachable": "No request at all could be permitted by it.",
        "prohibited-throughout": "A prohibition beats every clause, so this one is void.",
        "part-unreachable": "A word that no request can use misleads whoever reads the clause.",
        "swallowed": "Another clause permits all of it already, at least as strictly, so it decides nothing.",
        "no-tests": "Without tests nobody sees that the document does what was meant.",
        "untested": "What no test looks at can change unseen.",
        "vocabulary-differs": "The engine refuses everything in words of another version.",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the rule it is in, its code, what is wrong and what to do."""

    rule: str
    code: str
    message: str
    fix: str

    @property
    def why(self) -> str:
        """Why it matters, in one sentence."""
        return CODES[self.code]

    def __str__(self) -> str:
        return f"{self.rule}: {self.message} {self.fix}"


@dataclass(frozen=True)
class Setting:
    """What a document is held against: the attributes that partners offer, and the gateways there are."""

    policy: Policy
    catalogue: Catalogue
    gateways: Gateways

    def named(self, clause: Clause) -> tuple[Gateway, ...]:
        """The gateways of the table that a clause accepts."""
        return tuple(self.gateways[name] for name in sorted(clause.gateways) if name in self.gateways)

    def usable(self, clause: Clause) -> tuple[Gateway, ...]:
        """Those of them that are switched on."""
        return tuple(gateway for gateway in self.named(clause) if gateway.enabled)

    @cached_property
    def known(self) -> frozenset[str]:
        """The attributes on offer."""
        return frozenset(self.catalogue.attributes)

    def closure(self, attribute: Attribute) -> tuple[Attribute, ...]:
        """The attribute and everything it is made from."""
        return tuple(self.catalogue.attributes[name] for name in sorted(self.catalogue.closure({attribute.id})))

    def covered(self, clause: Clause) -> tuple[Attribute, ...]:
        """The attributes on offer that a clause covers, with all that they are made from."""
        offered = self.catalogue.attributes.values()
        return tuple(one for one in offered if all(_covers(clause, inner) for inner in self.closure(one)))


def _covers(clause: Clause, attribute: Attribute) -> bool:
    covers = clause.attributes
    return (
        (not covers.only or attribute.id in covers.only)
        and attribute.id not in covers.leave_out
        and attribute.sensitivity.name in covers.classes
        and attribute.flags <= covers.flags
        and attribute.sensitivity is not AttributeClass.C6
    )
