"""A policy document turned on its side: for each word, the set of clauses that have it.

The index of a document is made once and kept while the document is in use. `decide` stays pure: a document and the facts
cannot change, so what was read from them once is what would be read again, and nothing about a request is kept.
A document or facts with a part of the wrong type, which no file gives, have no index; the engine then reads them plainly.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final, cast

from policies.bitmaps import Bits, Ordered, by_value, union
from policies.catalogue import Attribute
from policies.document import Clause, Coverage, Permission, Policy
from policies.facts import Facts
from policies.obligations import Obligations
from policies.terms import AREAS, AttributeClass

KEPT: Final = 16
"""How many documents, and how many pairs of a document and facts, are kept at a time."""


class Same:
    """A key that stands for one object and no other, however equal. It keeps the object, so that its place is not reused."""

    __slots__ = ("thing",)

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.thing is self.thing


class ClauseIndex:
    """The clauses of a document by rank, which is their order by id, and for each word the ranks that have it."""

    def __init__(self, policy: Policy) -> None:
        """Raises `TypeError`: a clause has a part of another type than its own."""
        if type(policy.clauses) is not tuple:
            raise TypeError("the clauses are not a list that stays as it is")
        self.clauses = ranked(policy)
        self.everyone: Bits = (1 << len(self.clauses)) - 1
        rows = [(rank, _plain_clause(clause)) for rank, clause in enumerate(self.clauses)]
        floors = policy.floors.obligations()
        asked = [(rank, clause.obligations.on_top_of(floors)) for rank, clause in rows]
        self.ids = by_value((clause.id, rank) for rank, clause in rows)
        self.purposes = by_value((word, rank) for rank, clause in rows for word in clause.permit.purposes)
        self.forms = by_value((word, rank) for rank, clause in rows for word in clause.permit.forms)
        self.roles = by_value((word, rank) for rank, clause in rows for word in clause.permit.roles)
        self.finest = by_value((clause.permit.finest_area, rank) for rank, clause in rows)
        self._too_fine = {
            area: self.everyone & ~union(self.finest.get(word, 0) for word in AREAS[place:])
            for place, area in enumerate(AREAS)
        }
        self.classes = by_value(
            (one, rank) for rank, clause in rows for one in class_set(clause.attributes.classes)
        )
        self.flags = by_value((flag, rank) for rank, clause in rows for flag in clause.attributes.flags)
        self.left_out = by_value((name, rank) for rank, clause in rows for name in clause.attributes.leave_out)
        self.listed = by_value((name, rank) for rank, clause in rows for name in clause.attributes.only)
        self.listing = union(1 << rank for rank, clause in rows if clause.attributes.only)
        self.gateways = by_value((name, rank) for rank, clause in rows for name in clause.gateways)
        self.without_basis = union(1 << rank for rank, clause in rows if not clause.basis)
        self.without_review = union(1 << rank for rank, clause in rows if clause.review is None)
        self.reviews = Ordered((clause.review, rank) for rank, clause in rows if clause.review is not None)
        self.suppress = Ordered((one.suppress, rank) for rank, one in asked)
        self.round_to = Ordered((one.round_to, rank) for rank, one in asked)
        self.k_anonymity = Ordered((one.k_anonymity, rank) for rank, one in asked)
        self.l_diversity = Ordered((one.l_diversity, rank) for rank, one in asked)
        self.overlap = Ordered((one.overlap, rank) for rank, one in asked)
        self.days = Ordered((one.use_within_days, rank) for rank, one in asked)
        self.exact_from = Ordered((one.exact_from, rank) for rank, one in asked)
        self.duties = by_value((duty, rank) for rank, one in asked for duty in one.duties)

    def too_fine(self, area: str) -> Bits:
        """The clauses for which an area shows too much; a word that is no area does so for all."""
        return self._too_fine.get(area, self.everyone)

    def uncovered(self, attribute: Attribute) -> Bits:
        """The clauses that leave an attribute out by its class, by name or by a flag."""
        covered = self.classes.get(attribute.sensitivity, 0) & ~self.excepting(attribute.id)
        for flag in attribute.flags:
            covered &= self.flags.get(flag, 0)
        return self.everyone & ~covered

    def excepting(self, attribute: str) -> Bits:
        """The clauses that name an attribute as left out, or whose list does not name it."""
        return self.left_out.get(attribute, 0) | (self.listing & ~self.listed.get(attribute, 0))

    def strictest(self, within: Bits) -> Obligations:
        """The obligations of a set of clauses that is not empty, on top of the floors, merged to the strictest."""
        return Obligations(
            suppress=self.suppress.largest(within),
            round_to=self.round_to.largest(within),
            k_anonymity=self.k_anonymity.largest(within),
            l_diversity=self.l_diversity.largest(within),
            overlap=self.overlap.largest(within),
            use_within_days=self.days.smallest(within),
            duties=frozenset(duty for duty, bits in self.duties.items() if bits & within),
            exact_from=self.exact_from.largest(within),
        )


class FactIndex:
    """What the facts say of each clause of an index."""

    def __init__(self, index: ClauseIndex, facts: Facts) -> None:
        """Raises `TypeError`: the facts have a part of another type than its own."""
        if not all(type(day) is date for day in facts.dpia.values()):
            raise TypeError("an impact assessment is current until something that is not a day")
        self._index = index
        self.recommended = self._named(facts.recommended)
        self._adopted = {partner: self._named(ids) for partner, ids in facts.adoptions.items()}
        self.assessed = union(index.ids.get(name, 0) for name in facts.dpia)
        self.assessments = Ordered(
            (day, rank) for rank, clause in enumerate(index.clauses) if (day := facts.dpia.get(clause.id))
        )

    def _named(self, ids: frozenset[str]) -> Bits:
        if type(ids) is not frozenset:
            raise TypeError("the ids of clauses are not a set that stays as it is")
        return union(self._index.ids.get(name, 0) for name in ids)

    def adopted(self, partner: str) -> Bits:
        """The clauses that a partner's controller adopted."""
        return self._adopted.get(partner, 0)


def ranked(policy: Policy) -> tuple[Clause, ...]:
    """The clauses of a document, each once, in the order of their ids."""
    return tuple(sorted(dict.fromkeys(policy.clauses), key=lambda clause: clause.id))


def _plain_clause(clause: Clause) -> Clause:
    permit, covers, duties = clause.permit, clause.attributes, clause.obligations.duties
    sets = (permit.purposes, permit.forms, permit.roles, clause.gateways, clause.principles, duties)
    lists = (covers.classes, covers.flags, covers.only, covers.leave_out)
    texts = (clause.id, clause.title, clause.basis)
    if not (
        (type(clause), type(permit), type(covers)) == (Clause, Permission, Coverage)
        and are_words(*sets, *lists)
        and all(type(text) is str for text in texts)
        and permit.finest_area in AREAS
        and (clause.review is None or type(clause.review) is date)
    ):
        raise TypeError("a clause has a part of another type than its own")
    return clause


def flags_of(attribute: Attribute) -> frozenset[str]:
    """The flags of an attribute.

    Raises:
        TypeError: they are something else than a set, which plain reading may or may not get along with.
    """
    if type(attribute.flags) is not frozenset:
        raise TypeError("the flags of an attribute are not a set that stays as it is")
    return attribute.flags


def class_set(names: frozenset[str]) -> frozenset[AttributeClass]:
    """The classes that these names stand for.

    Raises:
        KeyError: one of them stands for none.
    """
    return frozenset(AttributeClass[name] for name in names)


def are_words(*sets: frozenset[str]) -> bool:
    """Whether each of these is a set of texts that stays as it is."""
    return all(type(one) is frozenset and all(type(word) is str for word in one) for one in sets)


@lru_cache(maxsize=KEPT)
def _clause_index(key: Same) -> ClauseIndex:
    return ClauseIndex(cast(Policy, key.thing))


@lru_cache(maxsize=KEPT)
def _fact_index(index: ClauseIndex, key: Same) -> FactIndex:
    return FactIndex(index, cast(Facts, key.thing))


def clause_index(policy: Policy) -> ClauseIndex:
    """The index of a document's clauses.

    Raises:
        Exception: whatever a part of another type than its own brought about.
    """
    return _clause_index(Same(policy))


def fact_index(index: ClauseIndex, *, facts: Facts) -> FactIndex:
    """What the facts say of the clauses; raises like `clause_index`."""
    return _fact_index(index, Same(facts))
