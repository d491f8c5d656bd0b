"""A few words among many: the places that are found are those that looking at each word would find, however often it stands there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.central.pairs.among import Among, Names, each_once, found_in

WORDS = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-5, 5)
SEVERAL = st.lists(WORDS, max_size=40).map(lambda words: np.array(words, dtype=np.int64))


@given(SEVERAL, SEVERAL)
def test_wanted_words_are_found_wherever_they_stand_among_words_that_rise(
    several: np.ndarray, some: np.ndarray
) -> None:
    several, wanted = np.sort(several), each_once(some)
    assert sorted(found_in(several, wanted=wanted)) == np.flatnonzero(np.isin(several, wanted)).tolist()


@given(SEVERAL, SEVERAL)
def test_blocks_are_taken_as_unsigned(several: np.ndarray, some: np.ndarray) -> None:
    blocks, wanted = np.sort(several.view(np.uint64)), np.unique(some.view(np.uint64))
    assert sorted(found_in(blocks, wanted=wanted)) == np.flatnonzero(np.isin(blocks, wanted)).tolist()


@given(SEVERAL, SEVERAL)
def test_words_are_among_others_if_they_are_one_of_them(several: np.ndarray, some: np.ndarray) -> None:
    if len(some):
        assert Among(each_once(some))(several).tolist() == np.isin(several, some).tolist()


@given(SEVERAL, SEVERAL, SEVERAL, st.booleans())
def test_names_are_found_in_any_order_and_numbered_as_they_rise(
    within: np.ndarray, some: np.ndarray, more: np.ndarray, rising: bool
) -> None:
    names = Names([some, more])
    numbers = {word: number for number, word in enumerate(sorted({*some.tolist(), *more.tolist()}))}
    within = np.sort(within) if rising else within
    expected = sorted((at, numbers[word]) for at, word in enumerate(within.tolist()) if word in numbers)
    for places in (names.places, names.places_in_order) if rising else (names.places,):
        assert sorted(zip(*(its.tolist() for its in places(within)), strict=True)) == expected
