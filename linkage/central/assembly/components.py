"""Connected components of a graph of records, over arrays: importing SciPy for it takes longer than an update's groups take to form."""

import numpy as np

from linkage.central.assembly.records import Ints, Numbers


def components(left: Numbers, right: Numbers, *, count: int) -> Ints:
    """The number of the connected component of each of `count` records, from 0, by the ties between `left` and `right`.

    Every tie between two components hangs the one with the higher first record below the lower, and paths are shortened until every record points at its
    root (hooking and pointer jumping: Shiloach and Vishkin 1982, "An O(log n) parallel connectivity algorithm").
    """
    root = np.arange(count, dtype=np.int64)
    while len(left):
        ends = root[left], root[right]
        apart = np.flatnonzero(ends[0] != ends[1])
        left, right = left[apart], right[apart]
        a, b = ends[0][apart], ends[1][apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        root = _shortened(root)
    number: Ints = (np.cumsum(root == np.arange(count)) - 1)[root]
    return number


def _shortened(root: Ints) -> Ints:
    """Every record points at the end of its path."""
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further
