"""Named references are found among rows whether these rise or not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.central.pairs.opened import among, places_among

WORDS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5), max_size=40)


@given(WORDS, WORDS)
def test_places_are_those_of_the_rows_that_are_named(rows: list[int], named: list[int]) -> None:
    names = np.sort(np.array(named, dtype=np.int64))
    for within in (np.array(rows, dtype=np.int64), np.unique(np.array(rows, dtype=np.int64))):
        found = places_among(names, within=within, named=among(names))
        assert found.tolist() == np.flatnonzero(np.isin(within, names)).tolist()


@given(WORDS)
def test_rows_that_rise_are_not_looked_at_one_by_one(rows: list[int]) -> None:
    def never(_: object) -> np.ndarray:
        raise AssertionError

    within = np.unique(np.array(rows, dtype=np.int64))
    assert places_among(within, within=within, named=never).tolist() == list(range(len(within)))
