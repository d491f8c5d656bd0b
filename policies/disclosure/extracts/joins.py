"""Several extracts on some of the same people, laid beside each other.

Each has groups of at least k rows that look alike. Whoever knows that somebody is in two of them, and what others can know of that person, is left with
the people who are in the same group of both; these can be few although each group is large. The danger is composition: Ganta, Kasiviswanathan and Smith,
"Composition attacks and auxiliary information in data privacy" (2008).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from policies.disclosure.errors import Unsafe

MOST_TOGETHER: Final = 3
"""Earlier extracts that are laid beside a new one at once."""
MOST_EXTRACTS: Final = 30
"""Earlier extracts on some of these people up to which three are; beyond, each is compared alone."""


@dataclass(frozen=True, slots=True)
class Joins:
    """How an extract can be joined with others: its quasi-identifiers, and for each person in it the number of the group that looks alike."""

    columns: tuple[str, ...]
    group_of: Mapping[str, int]


def refuse_joined(new: Joins, *, earlier: Mapping[str, Joins], k: int) -> None:
    """Nothing, once it is certain that of the people who are in this extract and in up to three earlier ones at least `k` look alike in all of them.

    Raises:
        Unsafe: fewer do; the message names the extracts and the columns, and no number of people.
    """
    near = {name: one for name, one in earlier.items() if not new.group_of.keys().isdisjoint(one.group_of)}
    most = MOST_TOGETHER if len(near) <= MOST_EXTRACTS else 1
    for count in range(1, most + 1):
        for names in combinations(sorted(near), count):
            beside = [near[name].group_of for name in names]
            joined = Counter(
                (group, *(one[person] for one in beside))
                for person, group in new.group_of.items()
                if all(person in one for one in beside)
            )
            if joined and min(joined.values()) < k:
                columns = sorted({*new.columns, *(column for name in names for column in near[name].columns)})
                raise Unsafe(
                    f"beside {', '.join(names)} fewer than {k} of the people in both look alike by {', '.join(columns)}: ask for the columns that left "
                    "already, for other people, or for a table"
                )
