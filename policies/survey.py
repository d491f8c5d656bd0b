"""What every clause says to one request: which permit it, how much each of the others lacks, and until when a yes holds.

There are two ways to the same survey. With the indexes of the document and the facts, each requirement is asked once and
answers with the set of clauses that fail it. Without them, `policies.clauses` examines one clause after another, and it
always has the last word: whatever is said of a clause in sentences comes from there, and so does a clause that permits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import islice

from policies.bitmaps import Bits, Tally, members, union
from policies.case import Case
from policies.catalogue import Attribute
from policies.clauses import ClauseFinding, examine
from policies.document import Clause
from policies.index import ClauseIndex, FactIndex, clause_index, fact_index, flags_of, ranked
from policies.obligations import Obligations


@dataclass(frozen=True, slots=True)
class Survey:
    """The clauses by rank, as sets: which permit, which lack something, which could not be evaluated.

    `lacking`: for each thing that can be lacking, the clauses that lack it. `purpose`: the clauses for the purpose asked for.
    `index` and `standing`: what it was made with, if it was not made plainly.
    """

    case: Case
    clauses: tuple[Clause, ...]
    permitting: Bits
    refusing: Bits
    broken: Bits
    purpose: Bits
    lacking: tuple[tuple[object, Bits], ...]
    index: ClauseIndex | None
    standing: FactIndex | None

    def nearest(self, *, most: int) -> tuple[ClauseFinding, ...]:
        """The clauses that come closest, with all they lack: those for the purpose first, then by how much they lack."""
        ranks = islice(self._by_distance(), most)
        return tuple(examine(self.clauses[rank], self.case) for rank in ranks)

    def _by_distance(self) -> Iterator[int]:
        lacking = Tally()
        once: dict[object, Bits] = {}
        for thing, bits in self.lacking:
            once[thing] = once.get(thing, 0) | bits
        for bits in once.values():
            lacking.add(bits)
        for group in (self.refusing & self.purpose, self.refusing & ~self.purpose):
            while group:
                closest = lacking.least(group)
                yield from members(closest)
                group &= ~closest

    def permits(self) -> tuple[Clause, ...]:
        """The clauses that permit, in order."""
        return tuple(self.clauses[rank] for rank in members(self.permitting))

    def could_not_be_evaluated(self) -> tuple[Clause, ...]:
        """The clauses that could not be evaluated, in order."""
        return tuple(self.clauses[rank] for rank in members(self.broken))

    def obligations(self) -> Obligations:
        """Their obligations on top of the floors, merged to the strictest."""
        if self.index:
            return self.index.strictest(self.permitting)
        floors = self.case.policy.floors.obligations()
        return reduce(
            Obligations.strictest, (clause.obligations.on_top_of(floors) for clause in self.permits()), floors
        )

    def limits(self) -> list[date]:
        """The last days on which what the permits rest on holds."""
        if self.index and self.standing:
            crossing = (
                _last_crossing(one, self.case, self.index, self.permitting) for one in self.case.contributed
            )
            reviews = self.index.reviews.smallest(self.permitting)
            return [reviews, self.standing.assessments.smallest(self.permitting), *filter(None, crossing)]
        return [limit for clause in self.permits() for limit in examine(clause, self.case).limits]


def survey(case: Case) -> Survey:
    """What every clause of the policy says. Never raises on account of a single clause: that clause is then `broken`."""
    try:
        return _by_index(case)
    except Exception:  # noqa: BLE001 - something has another type than its own: plain reading says of which clause
        return _plainly(case)


def _plainly(case: Case) -> Survey:
    clauses, lacking = ranked(case.policy), list[tuple[object, Bits]]()
    permitting = refusing = broken = purpose = 0
    for rank, clause in enumerate(clauses):
        try:
            found = examine(clause, case)
            wanted = case.request.purpose in clause.permit.purposes
        except Exception:  # noqa: BLE001 - whatever went wrong, the clause was not evaluated, and that refuses
            broken |= 1 << rank
            continue
        permitting |= found.permits << rank
        refusing |= (not found.permits) << rank
        purpose |= wanted << rank
        lacking += [((rank, lack), 1 << rank) for lack in found.lacks]
    return Survey(case, clauses, permitting, refusing, broken, purpose, tuple(lacking), None, None)


def _by_index(case: Case) -> Survey:
    index = clause_index(case.policy)
    standing = fact_index(index, facts=case.facts)
    broken = _overflowing(case, index)
    lacks = tuple(_lacks(case, index, standing))
    refusing = union(bits for _, bits in lacks) & ~broken
    permitting = index.everyone & ~refusing & ~broken
    purpose = index.purposes.get(case.request.purpose, 0)
    for rank in islice(members(permitting), 1):
        if not examine(index.clauses[rank], case).permits:
            raise ValueError("the index and the clause do not agree")
    return Survey(case, index.clauses, permitting, refusing, broken, purpose, lacks, index, standing)


def _overflowing(case: Case, index: ClauseIndex) -> Bits:
    """The clauses whose time of use would end after the last day of the calendar."""
    if type(case.request.asked_on) is not date or type(case.request.use_until) is not date:
        raise TypeError("the request is dated by something that is not a day")
    return index.everyone & ~index.days.below((date.max - case.request.asked_on).days + 1)


def _lacks(case: Case, index: ClauseIndex, standing: FactIndex) -> Iterator[tuple[object, Bits]]:
    """Each thing that can be lacking, as `policies.clauses` tells them apart, and the clauses that lack it."""
    request, everyone, today = case.request, index.everyone, case.today
    yield "purpose", everyone & ~index.purposes.get(request.purpose, 0)
    yield "form", everyone & ~index.forms.get(request.form, 0)
    yield "role", everyone & ~index.roles.get(request.role, 0)
    yield "area", index.too_fine(request.area)
    yield "recommended", everyone & ~standing.recommended
    yield "basis", index.without_basis
    yield "review", index.without_review | index.reviews.below(today)
    yield "assessment", (everyone & ~standing.assessed) | standing.assessments.below(today)
    yield "time", index.days.below((request.use_until - request.asked_on).days)
    for attribute in case.known:
        sensitivity = attribute.sensitivity
        yield ("class", sensitivity), everyone & ~index.classes.get(sensitivity, 0)
        yield "excepted", index.excepting(attribute.id)
        for flag in flags_of(attribute):
            yield ("flag", flag), everyone & ~index.flags.get(flag, 0)
    for attribute in case.contributed:
        waiting = everyone & ~standing.adopted(attribute.partner)
        if waiting:
            yield ("adopted", case.facts.catalogue.partners[attribute.partner].name), waiting
        yield from _bars(attribute, case, index)


def _bars(attribute: Attribute, case: Case, index: ClauseIndex) -> Iterator[tuple[object, Bits]]:
    """What each clause lacks for one attribute to cross: a gateway that it accepts, or what the nearest of those needs."""
    waiting = index.everyone
    for name, carriage in case.ways(attribute):
        accepting = index.gateways.get(name, 0) & waiting
        for bar in carriage.bars:
            yield (bar.code, bar.details), accepting
        waiting &= ~accepting
    yield ("gateway", attribute.gateways), waiting


def _last_crossing(attribute: Attribute, case: Case, index: ClauseIndex, within: Bits) -> date | None:
    """The first day, over these clauses, after which the last gateway open to the attribute closes; none if one stays open."""
    open_ways = [way for way in case.ways(attribute) if way.carriage.carried]
    endless = union(index.gateways.get(name, 0) for name, carriage in open_ways if carriage.until is None)
    ends = [(carriage.until, name) for name, carriage in open_ways if carriage.until is not None]
    first, waiting = None, within & ~endless
    for until, name in sorted(ends, reverse=True):
        accepting = index.gateways.get(name, 0) & waiting
        first = until if accepting else first
        waiting &= ~accepting
    return first
