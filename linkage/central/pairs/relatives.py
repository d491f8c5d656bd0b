"""Relatives, who agree on much and are two people: classes of their own beside matches and strangers, so that what a home shares is not taken for evidence twice.

Winkler (1993), "Improved decision rules in the Fellegi-Sunter model of record linkage", has such a third class, of other members of a household. Here it has four
kinds, by what they share beside the home. Whatever a kind shares agrees as often as between records of one person; all else as between strangers who share the key.

A third of twins is born of one egg and so of one sex, and of the others half are: Weinberg's rule (1901), by which two thirds of twins are of one sex. How many of a
pass's twins are of each sort is therefore not learnt: names alone cannot tell twins of one sex from a person who gave two forenames; twins of two sexes can be told,
and say how many the others are.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int64]

HOME: Final = frozenset({"surname", "postcode", "address", "town", "email", "phone", "uprn"})
RELATIVES: Final[Mapping[str, frozenset[str]]] = {
    "twins": HOME | {"date_of_birth"},
    "identical twins": HOME | {"date_of_birth", "sex"},
    "namesakes": HOME | {"forename", "sex"},
    "household": HOME,
}
# Of all twins, by kind.
TWINS: Final[Mapping[str, float]] = MappingProxyType({"twins": 2 / 3, "identical twins": 1 / 3})
NONE: Final[Mapping[str, float]] = MappingProxyType({})


def kinds_sharing(identifier: str) -> frozenset[str]:
    """The kinds of relatives who share the identifier."""
    return frozenset(kind for kind, shared in RELATIVES.items() if identifier in shared)


def as_matches(shared: Collection[str], *, kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """For matches, each of the kinds, and strangers, whether a comparison that these kinds have `shared` agrees as it does for matches."""
    return np.array([True, *(kind in shared for kind in kinds), False])


def of_kinds(each: float, *, kinds: Sequence[str]) -> list[float]:
    """That many of each kind of relatives, all twins together being one of them."""
    return [each * TWINS.get(kind, 1.0) for kind in kinds]


def by_rule(shares: Floats, *, kinds: Sequence[str]) -> Floats:
    """The shares of the classes with all twins together as many as they were, and of each sort as many as the rule says."""
    out = shares.copy()
    twins = [1 + kinds.index(kind) for kind in TWINS]
    out[twins] = shares[twins].sum() * np.array(list(TWINS.values()))
    return out


def class_odds(
    columns: Sequence[Levels],
    agree: Sequence[npt.NDArray[np.bool_]],
    *,
    shares: Floats,
    weights: Sequence[Floats],
) -> Floats:
    """The natural logarithm of each class's odds over strangers: (classes, patterns), matches first, strangers last and so 0.

    `columns` has each comparison's level in every pattern, from 1, or 0 where a value is missing; `agree` which classes agree there as matches do; `shares` how many of
    the pairs each class is; `weights` the logarithm of m/u of each level.
    """
    size = len(columns[0]) if columns else 1
    odds: Floats = np.repeat(np.log(shares / shares[-1])[:, None], size, axis=1)
    for column, alike, weight in zip(columns, agree, weights, strict=True):
        found = np.append(0.0, weight)[column]
        # Row by row in place: all rows at once would be copied out and in.
        for at in np.flatnonzero(alike):
            odds[at] += found
    return odds


def belonging(odds: Floats) -> tuple[Floats, Floats]:
    """The probability of each class for each pattern, (classes, patterns), each pattern summing to 1; and the logarithm of the sum of the pattern's odds."""
    most = odds.max(axis=0)
    likely = np.exp(odds - most)
    total = likely.sum(axis=0)
    likely /= total
    return likely, most + np.log(total)
