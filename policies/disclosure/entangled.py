"""Attributes that are made of each other, released beside each other.

The attack of `protect` takes the dimensions of tables for independent. A derived attribute is not independent of what it is made of: of a table by the one and a
table by the other a reader could tell more than the attack sees. So no two such attributes are described of the same people.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from policies.catalogue import Catalogue
from policies.cohort import attributes_of
from policies.disclosure.errors import Unsafe
from policies.disclosure.ledger import Ledger
from policies.disclosure.table import Layout


def refuse_entangled(layout: Layout, *, ledger: Ledger, catalogue: Catalogue) -> None:
    """Nothing, once it is certain that no attribute of the table is made of another one in it, or in an earlier table on these people, or of what such a one
    is made of.

    Raises:
        Unsafe: there is such an attribute; the message names both.
    """
    here = sorted(_names(layout))
    pairs = [*combinations(here, 2)]
    for entry in ledger.on(layout.population):
        pairs += [(one, other) for one in here for other in sorted(_names(entry.table.layout)) if one != other]
    for one, other in pairs:
        if catalogue.closure({one}) & catalogue.closure({other}):
            raise Unsafe(
                f"{one} and {other} are made of the same records, and both would be known of these people: leave one of them out"
            )


def _names(layout: Layout) -> set[str]:
    return set(_attributes(layout))


def _attributes(layout: Layout) -> Iterator[str]:
    for dimension in (*layout.dimensions, *(one.dimension for one in layout.restrictions)):
        yield from attributes_of(dimension)
