"""The least change to a refused request after which a clause permits it, over all clauses at once.

What can change is the form, the areas, the last day of use, and which attributes are asked for. Each fault that names an
attribute is a fault of that attribute alone, and areas and days have one coarsest and one latest value that a clause
takes. Only a date may have to go because another does: when no window is left that it stands in. So every clause has, for every form,
one least change, and the search is complete. It runs on the indexes of the document (`policies.index`), and whoever uses its
answer has that judged like any other request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from policies.bitmaps import Bits, Tally, by_value, members, union
from policies.case import Case
from policies.catalogue import DERIVED, Attribute
from policies.clauses import last_day_of_use
from policies.index import ClauseIndex, FactIndex
from policies.reasons import Reason
from policies.request import Request
from policies.rule_index import rule_index
from policies.survey import Survey
from policies.terms import AREAS, words

FORMS: Final = tuple(sorted(words("form"), key=lambda form: form != "aggregate-table"))
"""A table of counts answers most questions, so it is offered before the other forms."""

OF_THE_FORM: Final = ("prohibited", "no-gateway", "gateway-", "evidence-")
"""How the codes of the faults begin that an attribute may have in one form and not in another."""

WITHOUT_ATTRIBUTES: Final = frozenset({"finer-than-floor", "prohibited", "never-allowed-form", "unknown-word"})
"""The refusals that name no attribute and may go all the same, with another form or with coarser areas."""


def least_change(case: Case, *, survey: Survey, refusals: Sequence[Reason]) -> Request | None:
    """The request nearest to the one refused that a clause permits; none if no clause permits one.

    Nearest is what loses the fewest attributes, then what has the fewest changes, then the first clause, and its first form.
    `refusals` are those of the request as it stands. Where the document or the facts have no index, there is no search.
    """
    if survey.index is None or survey.standing is None:
        return None
    if any(not reason.attributes and reason.code not in WITHOUT_ATTRIBUTES for reason in refusals):
        return None
    search = _Search(case, survey.index, survey.standing, refusals)
    asked = case.request.form
    forms = [*(form for form in (asked,) if form in FORMS), *(form for form in FORMS if form != asked)]
    best: _Nearest | None = None
    tried: dict[object, Bits] = {}
    for place, form in enumerate(forms):
        looks = search.looks_of(form)
        found = search.nearest(form, place=place, among=_nearer(best) & ~tried.get(looks, 0))
        tried[looks] = tried.get(looks, 0) | search.taking(form)
        best = min((one for one in (best, found) if one), default=None)
    return search.mended(best) if best else None


def _nearer(best: _Nearest | None) -> Bits:
    """The clauses that may be nearer in another form: those before the best one, once that needs a single change and loses nothing."""
    return (1 << best.rank) - 1 if best and best.lost == 0 and best.changes <= 1 else -1


class _Nearest(NamedTuple):
    """The clause that is nearest in one form, and how near; the smaller, the nearer."""

    lost: int
    changes: int
    rank: int
    place: int
    form: str
    dropped: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """An attribute asked for, or one that such an attribute is made from.

    `lacking`: the clauses that do not take it in any form. `crossings`: for each gateway that carries it but for the form,
    the forms it carries, and the clauses that accept it. `prohibited`: the prohibitions that name it.
    """

    lacking: Bits
    contributed: bool
    crossings: tuple[tuple[frozenset[str], Bits], ...]
    prohibited: Bits

    def refused(self, form: str) -> Bits:
        """The clauses that do not take it in a form."""
        if not self.contributed:
            return self.lacking
        carried, accepting = False, 0
        for forms, bits in self.crossings:
            if form in forms:
                carried, accepting = True, accepting | bits
        return self.lacking | ~accepting if carried else -1


_LOST: Final = _Asked(-1, False, (), 0)
"""An attribute that no clause takes in any form."""


class _Search:
    """What is the same in every form: which clauses are possible, what each attribute lacks, and the areas that each takes."""

    def __init__(self, case: Case, index: ClauseIndex, standing: FactIndex, refusals: Sequence[Reason]) -> None:
        request, today = case.request, case.today
        self.case, self.index, self.standing, self.rules = case, index, standing, rule_index(case.policy)
        self.possible = (
            index.purposes.get(request.purpose, 0)
            & index.roles.get(request.role, 0)
            & standing.recommended
            & standing.assessed
            & ~(standing.assessments.below(today) | index.reviews.below(today))
            & ~(index.without_basis | index.without_review | index.days.below((today - request.asked_on).days))
        )
        self.scope = self.rules.scope(request.purpose, role=request.role)
        self.too_long = index.days.below((request.use_until - request.asked_on).days)
        self.areas = self._areas()
        self.coarsened = index.everyone & ~self.areas.get(request.area, 0)
        self.reached = [(bits, self.rules.reaching(area)) for area, bits in self.areas.items()]
        given_up = frozenset(n for r in refusals if not r.code.startswith(OF_THE_FORM) for n in r.attributes)
        asked = {one.id: self._asked(one) for one in case.known if one.id not in given_up}
        crossings = [forms for one in asked.values() for forms, _ in one.crossings]
        self.crossing = by_value((form, number) for number, forms in enumerate(crossings) for form in forms)
        sources = {one.id: one.sources for one in case.known}
        self.made_from = {name: (name, *sources.get(name, ())) for name in case.requested}
        self.asked = {name: [asked.get(one, _LOST) for one in whole] for name, whole in self.made_from.items()}
        windows = request.windowed
        days = {attribute.id for attribute in case.known if attribute.dated} & case.requested
        self.windows = {day: [one for one in windows if day in one] for day in days}

    def _areas(self) -> dict[str, Bits]:
        """For each area, the clauses that take it: the one asked for, or the finest that the clause and the floors allow."""
        asked, floor = self.case.request.area, AREAS.index(self.case.policy.floors.finest_area)
        too_fine = self.index.too_fine(asked) if asked in AREAS[: floor + 1] else self.index.everyone
        found = {asked: self.index.everyone & ~too_fine}
        for place, word in enumerate(AREAS):
            area = AREAS[min(place, floor)]
            found[area] = found.get(area, 0) | (too_fine & self.index.finest.get(word, 0))
        return {area: bits for area, bits in found.items() if bits}

    def _asked(self, attribute: Attribute) -> _Asked:
        named, lacking = self.rules.naming(attribute), self.index.uncovered(attribute)
        table = self.case.facts.gateways
        if attribute.partner == DERIVED:
            return _Asked(lacking, False, (), named)
        if not all(name in table for name in attribute.gateways):
            return _LOST
        crossings = tuple(
            (table[name].forms, self.index.gateways.get(name, 0))
            for name in attribute.gateways
            if self.case.carriage_in_some_form(attribute, gateway=name).carried
        )
        return _Asked(lacking | ~self.standing.adopted(attribute.partner), True, crossings, named)

    def taking(self, form: str) -> Bits:
        """The clauses that are possible in a form."""
        return self.possible & self.index.forms.get(form, 0)

    def looks_of(self, form: str) -> object:
        """What differs between forms. Of two that look the same, a clause that takes both is no nearer in the later one."""
        return self.crossing.get(form, 0), self.scope & self.rules.forming(form)

    def nearest(self, form: str, *, place: int, among: Bits) -> _Nearest | None:
        """The nearest of some clauses in one form; none if there is none. `place`: of the form, among those that are offered."""
        request, group = self.case.request, self.taking(form) & among
        reached = self._reached(form) if group else []
        for bits, stopped, _ in reached:
            group &= ~bits if stopped else -1
        if not group:
            return None
        gone = {name: self._gone(sources, form, reached) & group for name, sources in self.asked.items()}
        for day, windows in self.windows.items():
            alone = _without(windows, gone) & group
            gone |= {name: gone[name] | alone for name, made_from in self.made_from.items() if day in made_from}
        some_gone = union(gone.values())
        kept = union(group & ~gone[wanted.attribute] for wanted in request.attributes)
        group &= kept | ~(some_gone | self.coarsened | self.too_long)
        lost = Tally()
        for bits in gone.values() if not group & ~some_gone else ():
            lost.add(bits)
        group = lost.least(group & ~some_gone or group)
        coarsened, too_long = self.coarsened, self.too_long
        group = group & ~(coarsened | too_long) or group & ~(coarsened & too_long) or group
        if not group:
            return None
        rank = next(members(group))
        dropped = frozenset(name for name, bits in gone.items() if bits >> rank & 1)
        changed = (bool(dropped), form != request.form, coarsened >> rank & 1, too_long >> rank & 1)
        return _Nearest(len(dropped), sum(changed), rank, place, form, dropped)

    def _reached(self, form: str) -> list[tuple[Bits, bool, Bits]]:
        """For each area: the clauses that take it, whether a prohibition stops them, and the prohibitions that take attributes away.

        What is prohibited in the areas asked for is taken away although coarser ones are then offered.
        """
        request, rules = self.case.request, self.rules
        scope = self.scope & rules.forming(form)
        certain = request.area in AREAS and not self.case.unknown
        at_first = scope & rules.reaching(request.area) & rules.about if certain else 0
        found = [(bits, scope & reaching) for bits, reaching in self.reached]
        return [(bits, bool(reach & ~rules.about), reach | at_first) for bits, reach in found]

    def _gone(self, sources: list[_Asked], form: str, reached: list[tuple[Bits, bool, Bits]]) -> Bits:
        """The clauses for which an attribute has to go, on its own account or on that of what it is made from."""
        gone = named = 0
        for one in sources:
            gone |= one.refused(form)
            named |= one.prohibited
        for bits, _, rules in reached if named else ():
            gone |= bits if rules & named else 0
        return gone

    def mended(self, best: _Nearest) -> Request:
        """The request as the nearest clause permits it."""
        request, clause = self.case.request, self.index.clauses[best.rank]
        changes = {
            "form": best.form,
            "area": next(area for area, bits in self.areas.items() if bits >> best.rank & 1),
            "use_until": min(request.use_until, last_day_of_use(clause, self.case)),
        }
        kept = request.without(best.dropped) if best.dropped else request
        return kept.model_copy(update=changes)


def _without(windows: list[frozenset[str]], gone: Mapping[str, Bits]) -> Bits:
    """The clauses for which none of these windows stays, because of each one an attribute is gone."""
    left: Bits = -1
    for attributes in windows:
        left &= union(gone[name] for name in attributes)
    return left
