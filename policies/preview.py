"""What a new version of a document changes, over everything that could be asked: exactly what is newly allowed and newly refused, and which
conditions become stricter or laxer for what stays allowed.

Nothing is sampled. `policies.space` says why each document's answers at one point are a family of sets; here the two families are taken
apart exactly (`policies.families.gained`), and points with the same answer are told together (`policies.boxes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import or_
from typing import TypeAlias

from policies.boxes import Box, Point, boxes
from policies.conditions import CONDITIONS, Measure, conditions
from policies.dates import day_of
from policies.families import Family, both, count, family, gained, holds
from policies.impact import Counts, Moved, Preview, Sets, Shifted, Side, Where
from policies.obligations import Obligations
from policies.reach import Reach, reach
from policies.space import Grant, Space, Standing

Answer: TypeAlias = frozenset[tuple[int, Obligations]]
Asked: TypeAlias = tuple[tuple[str, Measure], ...]
Key: TypeAlias = tuple[int, int, Family]
ShiftKey: TypeAlias = tuple[str, int, int, Key | None]


@dataclass(frozen=True, slots=True)
class _Found:
    """What differs between two answers at one point."""

    gained: tuple[Key, ...]
    lost: tuple[Key, ...]
    shifts: tuple[ShiftKey, ...]
    counts: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Where each difference was found."""

    gained: dict[Key, set[Point]] = field(default_factory=dict)
    lost: dict[Key, set[Point]] = field(default_factory=dict)
    shifts: dict[ShiftKey, set[Point]] = field(default_factory=dict)

    def add(self, found: _Found, at: Point) -> None:
        for one in found.gained:
            self.gained.setdefault(one, set()).add(at)
        for one in found.lost:
            self.lost.setdefault(one, set()).add(at)
        for shift in found.shifts:
            self.shifts.setdefault(shift, set()).add(at)


def preview(old: Standing, new: Standing, *, space: Space) -> Preview:
    """Everything that the second standing changes of the first, over the whole space.

    Raises:
        NotCanonical: a document or its facts cannot be written into a record, so the engine would refuse everything.
    """
    attributes = tuple(sorted({*old.facts.catalogue.attributes, *new.facts.catalogue.attributes}))
    before, after = reach(old, attributes=attributes), reach(new, attributes=attributes)
    bands = tuple(sorted(before.days | after.days)) or (0,)
    ledger, totals, dates = _Ledger(), [0] * 5, before.dates | after.dates
    known: dict[tuple[Answer, Answer, Asked], _Found] = {}
    for point, asked_of, (first, second) in _points(before, after, space):
        for band, days in enumerate(bands):
            asked = (_answer(first, days), _answer(second, days), asked_of)
            if not (asked[0] or asked[1]):
                break
            if asked not in known:
                known[asked] = _compare(*asked, dates)
            ledger.add(known[asked], (*point, band))
            if band == 0:
                totals = [a + b for a, b in zip(totals, known[asked].counts, strict=True)]
    told = _Telling(space, bands, attributes)
    shifted = tuple(told.shifted(ledger.shifts))
    cells = len(space.purposes) * len(space.forms) * len(space.roles) * len(space.areas) * len(space.kinds)
    return Preview(
        old=_side(old),
        new=_side(new),
        space=space,
        newly_allowed=tuple(told.moved(ledger.gained)),
        newly_refused=tuple(told.moved(ledger.lost)),
        stricter=tuple(one for one in shifted if one.stricter),
        laxer=tuple(one for one in shifted if not one.stricter),
        counts=Counts(
            all=cells * _askable((2 ** len(attributes) - 1,), dates),
            before=totals[0],
            after=totals[1],
            gained=totals[2] - totals[0],
            lost=totals[2] - totals[1],
            single_all=cells * (len(attributes) - dates.bit_count()),
            single_before=totals[3],
            single_after=totals[4],
        ),
    )


def _side(standing: Standing) -> Side:
    one = standing.policy
    return Side(one.version, one.digest, day_of(standing.now), standing.in_force)


def _points(
    before: Reach, after: Reach, space: Space
) -> Iterator[tuple[Point, Asked, tuple[tuple[Grant, ...], tuple[Grant, ...]]]]:
    """Every point at which some clause might permit something, the conditions that count there, and what each document grants."""
    permits = [clause.permit for one in (before, after) for clause in one.clauses]
    purposes = frozenset().union(*(permit.purposes for permit in permits))
    forms = frozenset().union(*(permit.forms for permit in permits))
    roles = frozenset().union(*(permit.roles for permit in permits))
    dimensions = (
        [(n, word) for n, word in enumerate(space.purposes) if word in purposes],
        [(n, word) for n, word in enumerate(space.forms) if word in forms],
        [(n, word) for n, word in enumerate(space.roles) if word in roles],
        list(enumerate(space.areas)),
        list(enumerate(space.kinds)),
    )
    asked_of = {form: conditions(form) for form in forms}
    for cell in product(*dimensions):
        point, (purpose, form, role, area, kind) = tuple(n for n, _ in cell), (word for _, word in cell)
        both_grant = (
            before.grants(purpose, form, role, area, kind),
            after.grants(purpose, form, role, area, kind),
        )
        yield point, asked_of[form], both_grant


def _answer(grants: tuple[Grant, ...], days: int) -> Answer:
    return frozenset((grant.most, grant.obligations) for grant in grants if grant.days >= days)


def _compare(old: Answer, new: Answer, asked_of: Asked, dates: int) -> _Found:
    before, after = family(most for most, _ in old), family(most for most, _ in new)
    either = before if before == after else family((*before, *after))
    return _Found(
        gained=_more(before, after),
        lost=_more(after, before),
        shifts=() if old == new else tuple(_shifts(old, new, asked_of)),
        counts=(
            _askable(before, dates),
            _askable(after, dates),
            _askable(either, dates),
            (reduce(or_, before, 0) & ~dates).bit_count(),
            (reduce(or_, after, 0) & ~dates).bit_count(),
        ),
    )


def _more(old: Family, new: Family) -> tuple[Key, ...]:
    """The sets that `new` holds and `old` does not. If each of them holds an attribute of which `old` holds nothing, these attributes tell it all."""
    fresh = reduce(or_, new, 0) & ~reduce(or_, old, 0)
    if old and fresh and all(member & ~fresh == 0 or holds(old, member & ~fresh) for member in new):
        return ((fresh, 0, ()),)
    return tuple((0, whole, pieces) for whole, pieces in gained(old, new))


def _askable(whole: Family, dates: int) -> int:
    """How many sets of the family can be asked for: all but those with one date alone, for a date is asked for beside another."""
    total, used = count(whole), reduce(or_, whole, 0) & dates
    if used:
        without = family(member & ~dates for member in whole)
        lone = [
            family(member & (~dates | 1 << bit) for member in whole)
            for bit in range(used.bit_length())
            if used >> bit & 1
        ]
        total -= sum(count(one) for one in lone) - len(lone) * count(without)
    return total


def _shifts(old: Answer, new: Answer, asked_of: Asked) -> Iterator[ShiftKey]:
    """Each condition that differs for sets in both. What a set is asked for with is the strictest of all clauses that permit it."""
    stays = both(family(most for most, _ in old), family(most for most, _ in new))
    for name, value in asked_of:
        first, second = ([(most, value(one)) for most, one in sorted_answer(answer)] for answer in (old, new))
        for a, b in product(sorted({v for _, v in first}), sorted({v for _, v in second})):
            if a == b:
                continue
            within = both(family(m for m, v in first if v == a), family(m for m, v in second if v == b))
            beyond = family((*(m for m, v in first if v > a), *(m for m, v in second if v > b)))
            if within == stays and not both(beyond, stays):
                yield (name, a, b, None)
            else:
                yield from ((name, a, b, (0, m, both(beyond, (m,)))) for m in within if not holds(beyond, m))


def sorted_answer(answer: Answer) -> list[tuple[int, Obligations]]:
    """The answer in a fixed order."""
    return sorted(answer, key=lambda pair: pair[0])


@dataclass(frozen=True, slots=True)
class _Telling:
    """Turns places back into words."""

    space: Space
    bands: tuple[int, ...]
    attributes: tuple[str, ...]

    def moved(self, found: dict[Key, set[Point]]) -> Iterator[Moved]:
        """What was found, in the order of the first place in which each group of sets stands."""
        cut = {key: sorted(_unbroken(boxes(points))) for key, points in found.items()}
        for key in sorted(cut, key=lambda key: (cut[key], key)):
            for box in cut[key]:
                yield Moved(self._where(box), self._sets(key))

    def shifted(self, found: dict[ShiftKey, set[Point]]) -> Iterator[Shifted]:
        """What was found, by condition, and then as in `moved`."""
        order = [name for name, _ in CONDITIONS]
        cut = {key: sorted(_unbroken(boxes(points))) for key, points in found.items()}
        for key in sorted(cut, key=lambda key: (order.index(key[0]), key[1:3], cut[key], key[3] or ())):
            what, old, new, sets = key
            for box in cut[key]:
                yield Shifted(self._where(box), what, old, new, None if sets is None else self._sets(sets))

    def _where(self, box: Box) -> Where:
        space = self.space
        purposes, forms, roles, areas, kinds = (
            tuple(names[place] for place in places)
            for names, places in zip(
                (space.purposes, space.forms, space.roles, space.areas, space.kinds), box[:5], strict=True
            )
        )
        first, last = box[5][0], box[5][-1]
        shortest = self.bands[first - 1] + 1 if first else 0
        return Where(purposes, forms, roles, areas, kinds, shortest, self.bands[last])

    def _sets(self, key: Key) -> Sets:
        return Sets(self._names(key[0]), self._names(key[1]), tuple(self._names(piece) for piece in key[2]))

    def _names(self, mask: int) -> tuple[str, ...]:
        return tuple(name for bit, name in enumerate(self.attributes) if mask >> bit & 1)


def _unbroken(cut: tuple[Box, ...]) -> Iterator[Box]:
    """The boxes with times of use that follow each other, so that each is told as one stretch."""
    for box in cut:
        *rest, places = box
        start = 0
        for end in range(1, len(places) + 1):
            if end == len(places) or places[end] != places[end - 1] + 1:
                yield (*rest, places[start:end])
                start = end
