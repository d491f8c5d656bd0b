"""How surely a person's records belong together: the band is that of the strongest threshold at which the person still hangs together."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.central.assembly.weakest import BANDS, NOT_SAID, WEAKEST_LINK, bands_of, weakest_links
from linkage.errors import BadSubmission

THRESHOLD = 0.5


def groups(count: int, links: list[tuple[int, int]]) -> list[int]:
    """The group of each record by following links, one after the other."""
    group = list(range(count))
    for left, right in links:
        old, new = group[left], group[right]
        group = [new if g == old else g for g in group]
    return group


@st.composite
def linkages(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, float]]]:
    count = draw(st.integers(1, 12))
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from([0.1, 0.5, 0.6, 0.89, 0.9, 0.95, 0.99, 1.0])),
            max_size=20,
            unique_by=lambda one: (min(one[:2]), max(one[:2])),
        )
    )  # fmt: skip
    return count, [(min(a, b), max(a, b), p) for a, b, p in pairs if a != b]


def expected(count: int, pairs: list[tuple[int, int, float]]) -> Iterator[str]:
    whole = groups(count, [(a, b) for a, b, p in pairs if p >= THRESHOLD])
    for record in range(count):
        mine = {r for r in range(count) if whole[r] == whole[record]}
        holds = [
            letter
            for letter, bound in (("s", 0.99), ("l", 0.9), ("w", THRESHOLD))
            if len({groups(count, [(a, b) for a, b, p in pairs if p >= bound])[r] for r in mine}) == 1
        ]
        yield "-" if len(mine) == 1 else holds[0]


@given(linkages())
@settings(max_examples=150, deadline=None)
def test_the_band_is_that_at_which_the_person_would_fall_apart(
    given_: tuple[int, list[tuple[int, int, float]]],
) -> None:
    count, pairs = given_
    person = np.unique(groups(count, [(a, b) for a, b, p in pairs if p >= THRESHOLD]), return_inverse=True)[1]
    left, right, probability = (np.array([one[n] for one in pairs]) for n in range(3))
    said = weakest_links(
        person.astype(np.int64),
        left=left.astype(np.int64),
        right=right.astype(np.int64),
        probability=probability.astype(np.float64),
        threshold=THRESHOLD,
    )
    assert said == {WEAKEST_LINK: "".join(expected(count, pairs))}
    people = [f"p{n}" for n in person]
    assert bands_of(people, meta=said) == {
        p: BANDS[letter] for p, letter in zip(people, said[WEAKEST_LINK], strict=True)
    }


def test_records_that_were_put_together_without_a_link_are_weak() -> None:
    person, none = np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for left, right in ((none, none), (np.array([0]), np.array([1]))):
        said = weakest_links(
            np.append(person, 0),
            left=left,
            right=right,
            probability=np.full(len(left), 0.999),
            threshold=THRESHOLD,
        )
        assert said == {WEAKEST_LINK: "www"}


def test_a_spine_that_does_not_say_leaves_the_linked_unknown_and_one_that_contradicts_itself_is_refused() -> (
    None
):
    assert bands_of(["a", "b", "a"], meta={}) == {"a": NOT_SAID, "b": "one record"}
    for letters in ("s", "ssss", "sxs"):
        with pytest.raises(BadSubmission, match="something else of its links"):
            bands_of(["a", "b", "a"], meta={WEAKEST_LINK: letters})
