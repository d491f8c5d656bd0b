"""Named references are found among rows whether these rise or not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.central.pairs.among import Among, Names, each_once, found_in

WORDS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5), max_size=40)


@given(WORDS, WORDS, WORDS)
def test_places_are_those_of_the_rows_that_are_named(
    rows: list[int], named: list[int], more: list[int]
) -> None:
    several = [np.array(one, dtype=np.int64) for one in (named, more)]
    names, every = Names(several), np.unique(np.concatenate(several))
    for within in (np.array(rows, dtype=np.int64), np.unique(np.array(rows, dtype=np.int64))):
        places, numbers = names.places(within)
        assert sorted(places.tolist()) == np.flatnonzero(np.isin(within, every)).tolist()
        assert every[numbers].tolist() == within[places].tolist()
    for one in several:
        assert every[names.marks(one)].tolist() == np.unique(one).tolist()


@given(WORDS)
def test_rows_that_rise_are_not_looked_at_one_by_one(rows: list[int]) -> None:
    def never(*_: object) -> np.ndarray:
        raise AssertionError

    within = np.unique(np.array(rows, dtype=np.int64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linkage.central.pairs.among.Among.__call__", never)
        places, numbers = Names([within]).places(within)
    assert places.tolist() == numbers.tolist() == list(range(len(within)))


@given(WORDS, WORDS)
def test_words_are_told_apart_though_their_first_bits_are_the_same(rows: list[int], few: list[int]) -> None:
    wanted, within = np.unique(np.array(few, dtype=np.int64)), np.array(rows, dtype=np.int64)
    for tells in (Among(wanted), Among(wanted).each):
        assert tells(within).tolist() == np.isin(within, wanted).tolist()


@given(st.lists(st.integers(-4, 4) | st.sampled_from([-(2**63), 2**63 - 1])), WORDS)
def test_few_words_are_found_among_many_of_which_some_stand_there_more_than_once(
    many: list[int], few: list[int]
) -> None:
    several, wanted = np.sort(np.array(many, dtype=np.int64)), each_once(np.array(few, dtype=np.int64))
    assert wanted.tolist() == sorted(set(few))
    assert (
        np.sort(found_in(several, wanted=wanted)).tolist() == np.flatnonzero(np.isin(several, wanted)).tolist()
    )
    unsigned, few_unsigned = np.sort(several.view(np.uint64)), np.unique(wanted.view(np.uint64))
    assert (
        np.sort(found_in(unsigned, wanted=few_unsigned)).tolist()
        == np.flatnonzero(np.isin(unsigned, few_unsigned)).tolist()
    )
