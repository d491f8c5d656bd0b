"""Families of sets that hold every part of what they hold, written as their largest members.

If a clause lets a set of attributes through, it lets every part of that set through. So everything that a clause lets through is the
power set of one largest set, and what several clauses let through, each on its own, is the union of a few power sets. A set of
attributes is an integer here, one bit an attribute; such a family is the tuple of its largest members. The empty set is never
counted: a request names an attribute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Family: TypeAlias = tuple[int, ...]
"""The largest members, none inside another, in rising order. `()` holds nothing."""


def family(members: Iterable[int]) -> Family:
    """The smallest family that holds these sets and every part of them."""
    kept: list[int] = []
    for one in sorted(set(members), key=lambda mask: (-mask.bit_count(), mask)):
        if one and not any(one & other == one for other in kept):
            kept.append(one)
    return tuple(sorted(kept))


def holds(whole: Family, one: int) -> bool:
    """Whether a set that is not empty is in the family."""
    return any(one & member == one for member in whole)


def both(one: Family, other: Family) -> Family:
    """The sets that are in both."""
    return family(a & b for a in one for b in other)


def gained(old: Family, new: Family) -> tuple[tuple[int, Family], ...]:
    """What `new` holds and `old` does not: the parts of each set that lie within none of the sets beside it.

    A set is gained exactly if it is part of a largest member of `new` and of no member of `old`. Members of `new` that `old` holds give
    nothing; of the others, only the pieces of `old` inside them matter.
    """
    return tuple((member, both(old, (member,))) for member in new if not holds(old, member))


def count(whole: Family) -> int:
    """How many sets the family holds, the empty one apart. Exact.

    Attributes that stand in the same largest members are counted together, by the size of their group; then sets with and without a group are counted apart.
    """
    groups: dict[tuple[int, ...], int] = {}
    union = 0
    for member in whole:
        union |= member
    while union:
        bit = union & -union
        union ^= bit
        inside = tuple(i for i, member in enumerate(whole) if member & bit)
        groups[inside] = groups.get(inside, 0) + 1
    sizes = [groups[inside] for inside in sorted(groups)]
    small = [0] * len(whole)
    for number, inside in enumerate(sorted(groups)):
        for i in inside:
            small[i] |= 1 << number
    return _count(family(small), sizes, {}) - 1


def _count(whole: Family, sizes: list[int], known: dict[Family, int]) -> int:
    """The number of sets in the family, the empty one included, where bit n stands for `sizes[n]` attributes."""
    if len(whole) <= 1:
        return 1 << sum(sizes[n] for n in range(whole[0].bit_length()) if whole[0] >> n & 1) if whole else 1
    if whole not in known:
        top = max(member.bit_length() for member in whole) - 1
        bit = 1 << top
        without = _count(family(member & ~bit for member in whole), sizes, known)
        inside = family(member & ~bit for member in whole if member & bit)
        known[whole] = without + ((1 << sizes[top]) - 1) * _count(inside, sizes, known)
    return known[whole]
