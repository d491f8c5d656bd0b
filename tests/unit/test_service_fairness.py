"""Shares with intervals, differences, forms of names, and the tables of the page on fairness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from service.officer.fairness import (
    BEGIN,
    END,
    FEMALE,
    INCOMPLETE,
    NOT_ASCII,
    SHORT,
    TWO_PARTS,
    Share,
    between,
    design_effect,
    difference,
    forms,
    in_group,
    largest,
    rewritten,
    share,
    table,
    wilson,
)


def alone(hits: int, of: int) -> Share:
    """A share of cases each of which is another person's."""
    return share(np.arange(of) < hits, person=np.arange(of))


# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_wilson_interval_is_the_published_one(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_wilson_interval_is_that_of_scipy(case: tuple[int, int]) -> None:
    theirs = binomtest(*case).proportion_ci(0.95, method="wilson")
    assert wilson(*case) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_no_case_leaves_everything_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert alone(0, 0).text == "–"


@pytest.mark.parametrize(("hits", "of"), [(3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(hits, of)


# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference(alone(*one), less=alone(*other))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_a_difference_is_flagged_only_where_its_interval_leaves_zero_out() -> None:
    many, few, none = alone(950, 1000), alone(900, 1000), alone(19, 20)
    lower, higher, unsure = (difference(a, less=b) for a, b in ((few, many), (many, few), (none, few)))
    assert lower is not None
    assert lower.text == "-5.0 **lower**"
    assert higher is not None
    assert higher.flag == "higher"
    assert unsure is not None
    assert unsure.text == "+5.0"


def test_there_is_no_difference_to_a_group_without_a_case() -> None:
    assert difference(alone(1, 2), less=alone(0, 0)) is None


def test_cases_of_one_person_that_fail_together_count_as_one() -> None:
    right, person = np.repeat([True, False, True, True], 3), np.repeat(np.arange(4), 3)
    assert design_effect(right, person=person) == pytest.approx(3.0)
    together, single = share(right, person=person), alone(3, 4)
    assert (together.low, together.high) == pytest.approx((single.low, single.high))
    assert together.of == 12


def test_cases_of_many_persons_count_in_full() -> None:
    assert design_effect(np.array([True, False, True]), person=np.arange(3)) == 1.0


def test_where_nothing_fails_a_persons_cases_count_as_one() -> None:
    assert design_effect(np.ones(6, dtype=bool), person=np.repeat([0, 1], 3)) == pytest.approx(3.0)


def test_a_pair_concerns_a_group_if_one_of_its_records_is_a_members() -> None:
    member = np.array([True, False, False])
    found = in_group(member, left=np.array([0, 1, 1]), right=np.array([1, 2, 0]))
    assert found.tolist() == [True, False, True]


def test_the_largest_group_is_the_first_of_two_alike() -> None:
    assert largest({"a": 2, "b": 3, "c": 3}) == "b"


@pytest.mark.parametrize(
    ("surname", "found"),
    [
        ("SMITH", set()),
        ("Smith-Jones", {TWO_PARTS}),
        ("O'Neill", {TWO_PARTS}),
        ("O’Neill", {TWO_PARTS}),
        ("DE LA CRUZ", {TWO_PARTS}),
        (" SMITH ", set()),
        ("NG", {SHORT}),
        ("Lee", {SHORT}),
        ("Khan", set()),
        ("", set()),
        ("Łuk", {SHORT, NOT_ASCII}),
        ("Nguyễn", {NOT_ASCII}),
    ],
)
def test_the_form_of_a_surname_is_what_stands_there(surname: str, found: set[str]) -> None:
    assert forms(forename="ANN", surname=surname, sex="M", missing=False) == found


def test_a_record_has_the_forms_of_its_forename_sex_and_gaps_too() -> None:
    found = forms(forename="Zoë", surname="SMITH", sex="F", missing=True)
    assert found == {NOT_ASCII, FEMALE, INCOMPLETE}
    assert forms(forename="", surname="SMITH", sex=None, missing=False) == frozenset()


def test_a_typographic_apostrophe_is_no_letter_to_rewrite() -> None:
    assert not rewritten("O’Neill")
    assert rewritten("Мария")


def test_a_table_has_a_cell_for_each_column() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    with pytest.raises(ValueError, match="1 cells"):
        table(("a", "b"), [("1",)])


def test_the_text_replaces_what_stood_between_the_markers_and_nothing_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = between(page, "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert between(once, "new") == once


@pytest.mark.parametrize("page", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_two_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="each once"):
        between(page, "new")
