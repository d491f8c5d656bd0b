"""Attributes that are made of each other, released beside each other.

The attack of `protect` takes the dimensions of tables for independent. A derived attribute is not independent of what it is made of: of a table by the one and a
table by the other a reader could tell more than the attack sees. So no two such attributes are described of the same people.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from policies.catalogue import Catalogue, partner_of
from policies.cohort import attributes_of
from policies.disclosure.errors import Unsafe
from policies.disclosure.ledger import Ledger
from policies.disclosure.table import Layout


def refuse_entangled(layout: Layout, *, ledger: Ledger, catalogue: Catalogue) -> None:
    """Nothing, once it is certain that no attribute of the table is made of another one in it, or in an earlier table on these people, or of what such a one
    is made of; that no areas are told at two levels by two attributes, which the attack would take for independent; and that no window is told from either end.

    Raises:
        Unsafe: there is such an attribute; the message names both.
    """
    _refuse_mirrored(layout, ledger=ledger)
    here = sorted(_names(layout))
    pairs = [*combinations(here, 2)]
    for entry in ledger.on(layout.population):
        pairs += [(one, other) for one in here for other in sorted(_names(entry.table.layout)) if one != other]
    for one, other in pairs:
        if catalogue.closure({one}) & catalogue.closure({other}):
            raise Unsafe(
                f"{one} and {other} are made of the same records, and both would be known of these people: leave one of them out"
            )
        if _same_areas(one, other, catalogue):
            raise Unsafe(
                f"{one} and {other} are the same areas at two levels: ask by the finer one alone, which is shown with the levels above it"
            )


def _refuse_mirrored(layout: Layout, *, ledger: Ledger) -> None:
    """Nothing, once it is certain that of no two events the one is told within days after the other and the other within days before the one: what tells these
    windows apart is little more than those with both on one day, and they may be few."""
    here = set(_dimensions(layout))
    known = here.union(*(_dimensions(entry.table.layout) for entry in ledger.on(layout.population)))
    for one in sorted(here):
        first, *told = one.split(" ")
        if not told[1:]:
            continue
        how, second = told
        if any(other.split(" ")[::2] == [second, first] and how not in other.split(" ") for other in known):
            raise Unsafe(
                f"the time between {first} and {second} would be told of these people from either end, so that the two could be subtracted: use one of the two windows"
            )


def _same_areas(one: str, other: str, catalogue: Catalogue) -> bool:
    found = [catalogue.attributes.get(name) for name in (one, other)]
    areas = {its.areas for its in found if its is not None}
    return partner_of(one) == partner_of(other) and len(areas) == 1 and areas != {None}


def _names(layout: Layout) -> set[str]:
    return set(_attributes(layout))


def _attributes(layout: Layout) -> Iterator[str]:
    for dimension in _dimensions(layout):
        yield from attributes_of(dimension)


def _dimensions(layout: Layout) -> tuple[str, ...]:
    return (*layout.dimensions, *(one.dimension for one in layout.restrictions))
