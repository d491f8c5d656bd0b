"""The ranges that are open to a reader in some way in which zeros can be hidden (`policies.disclosure.zeros`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure import progress
from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.doubts import Places
from policies.disclosure.progress import Effort
from policies.disclosure.system import WHOLE, Floats
from policies.disclosure.zeros import NONE, Ways

MOST_WAYS: Final = 40
"""Ways in which zeros can be hidden that are looked at. What none of them leaves open counts as too narrow."""
MOST_COMPLETE: Final = 150
"""Sums, beyond which it is asked first which of those that are too narrow in the first way are so in all ways; and if these are many, no more ways are looked at."""
FIRST: Final = 0
LATER: Final = 2
"""The ways, by number, after which that is asked: in fractions of people, and again in whole people of what two further ways have not opened."""
MOST_WALKED: Final = 8
"""Ways that are only walked at first."""
REST: Final = 8
"""Of the effort, one part in so many is kept for what follows."""
NO_USE: Final = 10
"""Ways one after another that open none of so many sums, after which no more are looked at."""


def ranges_in_every_way(
    ways: Ways,
    rows: Places,
    *,
    wanted: Floats,
    floor: Floats | None = None,
    may_stop: bool = True,
    effort: Effort | None = None,
) -> Ranges | None:
    """The range of the sum in each of these rows over all ways in which zeros can be hidden, as far as it takes to make each wide enough; None if every way that was looked at contradicts
    what is printed.

    What was not looked at, beyond `MOST_WAYS` or the effort of one attack, leaves a range narrower than it is, and so unsafe. `floor`, `may_stop`: as in `ranges`; where zeros are in doubt it stops at what is too narrow in every way. `effort`: of
    the attack to which this belongs, if it is not one by itself.
    """
    effort = Effort(progress.MOST_SPENT) if effort is None else effort
    if not ways.doubtful:
        system = ways.at(0)
        if system is None:
            return None
        only = ranges(system, rows, wanted=wanted, floor=floor, may_stop=may_stop, most_spent=effort.left)
        effort.took(0 if only is None else only.spent)
        return only
    before = ways.spent
    union = _in_every_way(ways, rows, wanted=wanted, floor=floor, may_stop=may_stop, most_spent=effort.left)
    effort.took(ways.spent - before + (0 if union is None else union.spent))
    return union


def _in_every_way(
    ways: Ways, rows: Places, *, wanted: Floats, floor: Floats | None, may_stop: bool, most_spent: int
) -> Ranges | None:
    before, of_no_use = ways.spent, 0
    least = np.zeros(len(rows)) if floor is None else floor
    union, left = _walked_in_some_ways(ways, rows, wanted=wanted, floor=least, most_spent=most_spent)
    for number in range(MOST_WAYS):
        spent, looked = (0, 0) if union is None else (union.spent, union.looked)
        if union is not None and (not left.size or union.exhausted):
            break
        system = ways.at(number, narrow=rows[left])
        if system is None:
            break
        found = ranges(
            system, rows[left], wanted=wanted[left], may_stop=False, people_first=True, floor=least[left],
            most_spent=max(most_spent - spent - ways.spent + before, 0), looked=looked + ways.spent - before, start=ways.people(number),
            lattices=ways.lattices,
        )  # fmt: skip
        if found is None:
            continue
        union = found if union is None else _either(union, found, left)
        reached = np.maximum(union.reached_low, least)
        before_it, left = len(left), np.flatnonzero(~(union.reached_high >= reached + wanted - WHOLE))
        of_no_use = of_no_use + 1 if len(left) == before_it else 0
        if of_no_use == NO_USE and len(rows) > MOST_COMPLETE:
            break
        if number in (FIRST, LATER) and left.size and len(rows) > MOST_COMPLETE:
            union, settled = _narrow_in_all(
                ways, rows, union, left, wanted=wanted, floor=least, proving=number == FIRST,
                stops=may_stop and not least.any(), looked=ways.spent - before,
                most_spent=max(most_spent - union.spent - ways.spent + before, 0),
            )  # fmt: skip
            if union.cut_short:
                break
            left = left[~settled]
    return union


def _walked_in_some_ways(
    ways: Ways, rows: Places, *, wanted: Floats, floor: Floats, most_spent: int
) -> tuple[Ranges | None, Places]:
    """What a walk soon shows in some ways, if there are many sums, and which are left: where one way is hard to settle another is often easy, and all of them together open what each leaves."""
    union: Ranges | None = None
    before, left = ways.spent, np.arange(len(rows))
    may = min(most_spent, progress.most_looked(ways.stated)) * (1.0 - 1.0 / REST)
    for number in range(MOST_WALKED if len(rows) > MOST_COMPLETE else 0):
        spent, looked = (0, 0) if union is None else (union.spent, union.looked)
        taken = spent + ways.spent - before
        if not left.size or taken >= may:
            break
        system = ways.at(number, narrow=rows[left], soon=True)
        if system is None:
            break
        found = ranges(
            system, rows[left], wanted=wanted[left], may_stop=False, walking=True, floor=floor[left],
            most_spent=int(may) - taken, looked=looked + ways.spent - before, start=ways.people(number),
            lattices=ways.lattices,
        )  # fmt: skip
        if found is not None:
            found = replace(found, exhausted=False)
            union = found if union is None else _either(union, found, left)
            left = np.flatnonzero(
                ~(union.reached_high >= np.maximum(union.reached_low, floor) + wanted - WHOLE)
            )
    return union, left


def _narrow_in_all(
    ways: Ways,
    rows: Places,
    union: Ranges,
    left: Places,
    *,
    wanted: Floats,
    floor: Floats,
    proving: bool,
    stops: bool,
    looked: int,
    most_spent: int,
) -> tuple[Ranges, NDArray[np.bool_]]:
    """With what is too narrow in every way, as it is even where no way says anything besides; and which of those that are left that is. If `proving`, only what is so in fractions of people.

    Where it is so many that no others are looked at (`stops`), the range that the others have is what the statements leave without any way.
    """
    found = ranges(
        ways.stated, rows[left], wanted=wanted[left], proving=proving, may_stop=False, floor=floor[left],
        most_spent=most_spent, looked=looked + union.looked,
    )  # fmt: skip
    if found is None:
        return union, np.zeros(len(left), dtype=bool)
    narrow = found.most - np.maximum(found.least, floor[left]) < wanted[left] - WHOLE
    cut_short = stops and found.cut_short
    known = np.arange(len(left)) if cut_short else np.flatnonzero(narrow)
    least, most = union.least.copy(), union.most.copy()
    least[left[known]], most[left[known]] = found.least[known], found.most[known]
    return replace(
        union, least=least, most=most, cut_short=cut_short, exhausted=union.exhausted or found.exhausted,
        spent=union.spent + found.spent, looked=union.looked + found.looked,
    ), narrow  # fmt: skip


def holds(ways: Ways, effort: Effort | None = None) -> bool:
    """Whether some way in which zeros can be hidden does not contradict what is printed, as far as that was found out."""
    return ranges_in_every_way(ways, NONE, wanted=np.zeros(0), effort=effort) is not None


def _either(one: Ranges, other: Ranges, at: Places) -> Ranges:
    """What the two leave open between them; the other is about the sums `at` these places alone. Only arrangements that were found count, for what was cut short in one is not known of both."""
    least, most, low, high = (x.copy() for x in (one.least, one.most, one.reached_low, one.reached_high))
    np.minimum.at(least, at, other.least)
    np.maximum.at(most, at, other.most)
    np.minimum.at(low, at, other.reached_low)
    np.maximum.at(high, at, other.reached_high)
    return Ranges(
        least, most, low, high, cut_short=False, exhausted=one.exhausted or other.exhausted,
        spent=one.spent + other.spent, looked=one.looked + other.looked,
    )  # fmt: skip
