"""The ranges that are open to a reader in some way in which zeros can be hidden (`policies.disclosure.zeros`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from policies.disclosure import progress
from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.doubts import Places
from policies.disclosure.over_ways import Question, either
from policies.disclosure.progress import Effort
from policies.disclosure.system import Floats
from policies.disclosure.zeros import NONE, Ways

MOST_WAYS: Final = 40
"""Ways in which zeros can be hidden that are looked at. What none of them leaves open counts as too narrow."""
MOST_COMPLETE: Final = 150
"""Sums, beyond which it is asked first which of those that are too narrow in the first way are so in all ways; and if these are many, no more ways are looked at."""
FIRST: Final = 0
LATER: Final = 2
"""The ways, by number, after which that is asked: in fractions of people, and again in whole people of what two further ways have not opened."""
MOST_WALKED: Final = 8
MOST_USELESS: Final = 2
"""Ways that are only walked at first, and how many of them one after another may open nothing;"""
SEVERAL: Final = 1
MANY: Final = 4
"""the one, by number, after which it is asked which sums are too narrow in all ways, if more than one in so many is left."""
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
    least = np.zeros(len(rows)) if floor is None else floor
    stops = may_stop and not least.any()
    question = Question(ways, rows, wanted, least, stops, effort.left, ways.spent)
    union = _in_every_way(question)
    effort.took(question.taken(union))
    return union


def _in_every_way(question: Question) -> Ranges | None:
    ways, rows, many = question.ways, question.rows, len(question.rows) > MOST_COMPLETE
    union: Ranges | None = None
    left, of_no_use, walked = np.arange(len(rows)), 0, False
    if many:
        told = question.told()
        if told is not None:
            return told
        union, left = _walked_in_some_ways(question)
        walked = union is not None
    for number in range(MOST_WAYS):
        if union is not None and (not left.size or union.exhausted or union.cut_short):
            break
        system = ways.at(number, narrow=rows[left])
        if system is None:
            break
        found = question.asked_in(number, system, left, union, walking=False)
        if found is None:
            continue
        union = either(union, found, left)
        before_it, left = len(left), question.left(union)
        of_no_use = of_no_use + 1 if len(left) == before_it else 0
        if many and of_no_use == NO_USE:
            break
        if many and left.size and (number == LATER or (number == FIRST and not walked)):
            union, left = question.without_the_narrow(union, left, proving=number == FIRST)
    return union


def _walked_in_some_ways(question: Question) -> tuple[Ranges | None, Places]:
    """What a walk soon shows in some ways, and which sums are left: where one way is hard to settle another is often easy, and all of them together open what each leaves. Where several leave many, or at the end,
    those that are too narrow in every way are left out."""
    ways, rows = question.ways, question.rows
    union: Ranges | None = None
    left, proved, of_no_use = np.arange(len(rows)), False, 0
    most = int(min(question.most_spent, progress.most_looked(ways.stated)) * (1.0 - 1.0 / REST))
    for number in range(MOST_WALKED):
        if not left.size or question.taken(union) >= most or of_no_use == MOST_USELESS:
            break
        system = ways.at(number, narrow=rows[left], soon=True)
        if system is None:
            break
        found = question.asked_in(number, system, left, union, walking=True)
        if found is None or (union is None and not found.looked):
            break  # there is nothing to walk through
        union = either(union, replace(found, exhausted=False), left)
        before_it, left = len(left), question.left(union)
        of_no_use = of_no_use + 1 if len(left) == before_it else 0
        if number == SEVERAL and len(left) > len(rows) / MANY:
            proved = True
            union, left = question.without_the_narrow(union, left, proving=True)
            if union.cut_short:
                break
    if union is not None and left.size and not proved:
        union, left = question.without_the_narrow(union, left, proving=True)
    return union, left


def holds(ways: Ways, effort: Effort | None = None) -> bool:
    """Whether some way in which zeros can be hidden does not contradict what is printed, as far as that was found out."""
    return ranges_in_every_way(ways, NONE, wanted=np.zeros(0), effort=effort) is not None
