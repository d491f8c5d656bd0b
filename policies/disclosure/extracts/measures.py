"""How well rows hide in groups that look alike."""

from __future__ import annotations

import numpy as np

from policies.disclosure.extracts.rows import Codes


def groups_of(codes: Codes) -> Codes:
    """For each row the number of its group: rows with the same values in every column are one group, numbered from 0."""
    if not codes.shape[1]:
        return np.zeros(len(codes), dtype=np.int64)
    return np.unique(codes, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def distinct_in(groups: Codes, values: Codes, *, count: int) -> Codes:
    """How many different values each of the `count` groups has."""
    pairs = np.unique(np.stack([groups, values]), axis=1)
    return np.bincount(pairs[0], minlength=count)


def k_anonymity(quasi: Codes) -> int:
    """The size of the smallest group of rows with the same quasi-identifiers; 0 if there are no rows (Sweeney, 2002)."""
    return int(np.bincount(groups_of(quasi)).min()) if len(quasi) else 0


def l_diversity(quasi: Codes, *, sensitive: Codes) -> int:
    """The fewest different values that a sensitive column has in such a group; 0 if there are no rows (distinct l-diversity, Machanavajjhala and others,
    2007)."""
    if not len(quasi) or not sensitive.shape[1]:
        return 0
    groups = groups_of(quasi)
    count = int(groups.max()) + 1
    return int(min(distinct_in(groups, column, count=count).min() for column in sensitive.T))
