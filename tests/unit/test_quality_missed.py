"""Why true pairs were missed, on a handful of records whose reasons are known."""

import numpy as np
import pandas as pd
import pytest

from linkage.central.pairs.cleartext import part_column
from linkage.schema import load_schema
from service.centre.quality_missed import Missed, explained, missed_of, told_missed, true_pairs

SCHEMA = load_schema(
    """\
schema: linkage-schema/v1
name: tiny
version: 1
filter_bits: 128
most_people_per_key: 1
bands: [0.0004, 0.004]
comparisons:
  forename: {of: [forename], grams: name, bits_per_gram: 6, levels: [0, 17, 29]}
  surname: {of: [surname], grams: name, bits_per_gram: 6, levels: [0, 17, 29]}
keys:
  born: [date_of_birth.whole]
  names-year: [name.both.sound, date_of_birth.year]
  any-day: [name.any.sound, date_of_birth.day-month]
"""
)
ANY, DAY = (
    (part_column("name.any.sound", 0), part_column("name.any.sound", 1)),
    part_column("date_of_birth.day-month", 0),
)
ROWS = pd.DataFrame(
    {
        "record": [0, 1, 2, 3, 3],
        "forename": ["ANN", "ANN", None, "BOB", "ROB"],
        "surname": ["LEE", "LEA", "LEE", "POE", "POE"],
        part_column("date_of_birth.whole", 0): ["1", "2", "1", None, None],
        part_column("name.both.sound", 0): ["A+L", "A+L", None, "B+P", "R+P"],
        part_column("date_of_birth.year", 0): ["9", "8", "9", "7", "7"],
        ANY[0]: ["A", "L", None, "B", "R"],
        ANY[1]: ["L", "A", "L", "P", "P"],
        DAY: ["3", "3", "3", "3", "3"],
    }
)


def missed(*pairs: tuple[int, int], met: tuple[bool, ...] | None = None) -> Missed:
    left, right = np.array(pairs).T
    return Missed(left, right, ~np.array(met or (False,) * len(pairs)))


def test_identifiers_are_equal_different_or_missing() -> None:
    told = explained(missed((0, 1), (0, 2), (1, 3), met=(True, False, False)), rows=ROWS, schema=SCHEMA)
    assert told["pairs"] == 3
    assert told["by_group"]["scored_low"] == {
        "pairs": 1,
        "identifiers": {
            "forename": {"missing": 0, "different": 0, "equal": 1},
            "surname": {"missing": 0, "different": 1, "equal": 0},
        },
    }
    assert told["by_group"]["never_met"]["identifiers"] == {
        "forename": {"missing": 1, "different": 1, "equal": 0},
        "surname": {"missing": 0, "different": 1, "equal": 1},
    }


def test_a_match_key_lacks_a_part_differs_or_was_taken_by_another_person() -> None:
    told = explained(missed((0, 1), (0, 2), (1, 3)), rows=ROWS, schema=SCHEMA)["match_keys"]
    assert told["born"] == {"missing": 1, "different": 1, "left_out": 1}
    assert told["names-year"] == {"missing": 1, "different": 2, "left_out": 0}


def test_a_name_in_either_place_makes_a_key_shared() -> None:
    told = explained(missed((0, 1)), rows=ROWS, schema=SCHEMA)["match_keys"]
    assert told["any-day"] == {"missing": 0, "different": 0, "left_out": 1}


def test_true_pairs_are_those_of_one_person_and_where_asked_of_two_partners() -> None:
    truth, partner = np.array([5, 5, 7, 5, 7]), np.array([0, 0, 0, 1, 1])
    every = true_pairs(truth, partner=partner, between=False)
    assert sorted(zip(*map(list, every), strict=True)) == [(0, 1), (0, 3), (1, 3), (2, 4)]
    between = true_pairs(truth, partner=partner, between=True)
    assert sorted(zip(*map(list, between), strict=True)) == [(0, 3), (1, 3), (2, 4)]


def test_no_true_pair_is_no_fault() -> None:
    left, right = true_pairs(np.arange(3), partner=np.zeros(3, dtype=np.int64), between=False)
    assert (len(left), len(right)) == (0, 0)


def test_missed_are_the_true_pairs_that_no_link_has() -> None:
    true = np.array([0, 0, 1]), np.array([1, 2, 3])
    scored = np.array([0, 0, 2]), np.array([1, 2, 3])
    found = missed_of(true, scored=scored, linked=np.array([True, False, True]), records=4)
    assert list(zip(found.left, found.right, found.never_met, strict=True)) == [(0, 2, False), (1, 3, True)]


def test_the_lines_say_the_counts_and_leave_out_what_nobody_holds() -> None:
    rows = ROWS.assign(forename=None)
    lines = told_missed(explained(missed((0, 1), (0, 2), met=(True, False)), rows=rows, schema=SCHEMA))
    text = "\n".join(lines)
    assert "missed: 2 true pairs" in text
    assert "1 never met in a pass" in text
    assert "forename" not in text
    assert not [v for v in ("ANN", "LEE", "LEA") if v in text]


@pytest.mark.parametrize("met", [True, False])
def test_where_a_group_is_empty_it_is_counted_and_not_told_of(met: bool) -> None:
    told = explained(missed((0, 1), met=(met,)), rows=ROWS, schema=SCHEMA)
    assert {n: g["pairs"] for n, g in told["by_group"].items()} == {
        "never_met": int(not met),
        "scored_low": int(met),
    }
    assert ("by match key" in "\n".join(told_missed(told))) == (not met)
