"""Relatives, who agree on much and are two people: classes of their own beside matches and strangers, so that what a home shares is not taken for evidence twice.

Winkler (1993), "Improved decision rules in the Fellegi-Sunter model of record linkage", has such a third class, of other members of a household. Here it has three
kinds, by what they share beside the home. Whatever a kind shares agrees as often as between records of one person; all else as between strangers who share the key.
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
    "namesakes": HOME | {"forename", "sex"},
    "household": HOME,
}
NONE: Final[Mapping[str, float]] = MappingProxyType({})


def kinds_sharing(identifier: str) -> frozenset[str]:
    """The kinds of relatives who share the identifier."""
    return frozenset(kind for kind, shared in RELATIVES.items() if identifier in shared)


def as_matches(shared: Collection[str], *, kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """For matches, each of the kinds, and strangers, whether a comparison that these kinds have `shared` agrees as it does for matches."""
    return np.array([True, *(kind in shared for kind in kinds), False])


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
        odds[alike] += np.append(0.0, weight)[column]
    return odds


def belonging(odds: Floats) -> Floats:
    """The probability of each class for each pattern: (classes, patterns), each pattern summing to 1."""
    likely = np.exp(odds - odds.max(axis=0))
    out: Floats = likely / likely.sum(axis=0)
    return out
