"""Which columns get how coarse, and which rows are left out: of all ways, the one that loses least.

Method: full-domain generalisation with suppression of rows (Samarati, "Protecting respondents' identities in microdata release", 2001; the lattice
of El Emam and others, "A globally optimal k-anonymity method", 2009). A column is as coarse in every row, so that an analyst counts by one set of
categories. The lattice of the levels of a few columns is small, and every node of it is looked at, so the answer is the best there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import TableInvalid, Unsafe
from policies.disclosure.extracts.hierarchies import Level, hierarchy_of
from policies.disclosure.extracts.measures import distinct_in, groups_of
from policies.disclosure.extracts.rows import Codes, Rows

MOST_NODES: Final = 20_000
MOST_DROPPED: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Generalisation:
    """How the rows get out: the level of each quasi-identifier and its number, which rows are kept, the coarser values of those (one column a
    quasi-identifier), and the share of what could be known that is lost (0 to 1)."""

    levels: tuple[Level, ...]
    numbers: tuple[int, ...]
    kept: NDArray[np.bool_]
    codes: Codes
    loss: float


@dataclass(frozen=True, slots=True, eq=False)
class _Combinations:
    """The rows by what they have in the quasi-identifiers: each combination once, how many rows have it, which combination each row has, and for each
    sensitive column the pairs of a combination and a value that occur."""

    values: Codes
    count: Codes
    of_row: Codes
    pairs: tuple[Codes, ...]


def generalise(rows: Rows, *, k: int, l: int, most_dropped: float = MOST_DROPPED) -> Generalisation:  # noqa: E741  as the literature has it
    """The generalisation with the least loss in which every group of rows with the same quasi-identifiers has at least `k` rows and `l` different values of
    each sensitive column. At most the share `most_dropped` of the rows is left out.

    The loss of a row is the mean of what its quasi-identifiers lose, and 1 of a row that is left out; of equals, the one whose first columns are finer.

    Raises:
        Unsafe: even the coarsest one does not reach `k` and `l`.
        TableInvalid: there are too many ways to look at all of them.
    """
    levels = [hierarchy_of(rows.columns[place]).levels for place in rows.quasi]
    if prod(len(one) for one in levels) > MOST_NODES:
        raise TableInvalid(
            f"{len(levels)} columns by which somebody could be recognised are too many for one extract: leave some out"
        )
    had = _combinations(rows)
    best: tuple[float, tuple[int, ...], NDArray[np.bool_]] | None = None
    for numbers in product(*(range(len(one)) for one in levels)):
        chosen = [one[number] for one, number in zip(levels, numbers, strict=True)]
        keeps = _safe_combinations(chosen, had, k=k, l=l)
        kept = int(had.count[keeps].sum())
        if kept == 0 or kept < (1 - most_dropped) * len(rows.people):
            continue
        loss = _loss(chosen, had, keeps=keeps)
        if best is None or loss < best[0]:
            best = (loss, numbers, keeps)
    if best is None:
        raise Unsafe(
            f"no extract of these people and columns has groups of {k} rows with {l} different values of each sensitive attribute: "
            "ask for more people, for fewer columns, or for a table"
        )
    loss, numbers, keeps = best
    chosen = [one[number] for one, number in zip(levels, numbers, strict=True)]
    kept_rows = keeps[had.of_row]
    return Generalisation(
        tuple(chosen), numbers, kept_rows, _coarser(chosen, had.values)[had.of_row[kept_rows]], loss
    )


def _combinations(rows: Rows) -> _Combinations:
    quasi = rows.codes[:, list(rows.quasi)]
    of_row = groups_of(quasi)
    count = np.bincount(of_row).astype(np.int64)
    first = np.zeros(len(count), dtype=np.int64)
    first[of_row[::-1]] = np.arange(len(of_row))[::-1]
    pairs = tuple(
        np.unique(np.stack([of_row, rows.codes[:, place]]), axis=1).astype(np.int64) for place in rows.sensitive
    )
    return _Combinations(quasi[first], count, of_row, pairs)


def _coarser(levels: list[Level], values: Codes) -> Codes:
    if not levels:
        return np.zeros((len(values), 0), dtype=np.int64)
    return np.stack([level.into[values[:, place]] for place, level in enumerate(levels)], axis=1)


def _safe_combinations(levels: list[Level], had: _Combinations, *, k: int, l: int) -> NDArray[np.bool_]:  # noqa: E741
    """Which combinations fall into a group that is large and diverse enough."""
    groups = groups_of(_coarser(levels, had.values))
    sizes = np.bincount(groups, weights=had.count)
    safe = sizes >= k
    for combination, value in had.pairs:
        safe &= distinct_in(groups[combination], value, count=len(sizes)) >= l
    kept: NDArray[np.bool_] = safe[groups]
    return kept


def _loss(levels: list[Level], had: _Combinations, *, keeps: NDArray[np.bool_]) -> float:
    lost = np.zeros(len(had.count), dtype=np.float64)
    for place, level in enumerate(levels):
        lost += np.array(level.lost)[had.values[:, place]] / len(levels)
    return float((np.where(keeps, lost, 1.0) * had.count).sum() / had.count.sum())
