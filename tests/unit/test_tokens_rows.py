"""Which rows a record has in a pass, and where two records meet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keys import Secret
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.tokenise import tokenise
from linkage.schema import load_schema
from linkage.tokens import PassTable

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
MAPPING = ColumnMapping("id", {i: i for i in ("forename", "surname", "date_of_birth", "previous_surname")})


def tokens(people: Sequence[tuple[str | None, ...]]) -> dict[str, PassTable]:
    rows = pd.DataFrame(
        people, columns=["id", "forename", "surname", "date_of_birth", "previous_surname"], dtype="str"
    )
    clean, _ = normalise(rows, schema=SCHEMA, mapping=MAPPING, file="people.csv")
    secrets = (Secret(b"s" * 32, name="project"), Secret(b"o" * 32, name="own"))
    table, _ = tokenise(
        clean, schema=SCHEMA, secret=secrets[0], own=secrets[1], randomness=np.random.default_rng(1).bytes
    )
    return {one.key: one for one in table.passes}


def test_a_record_whose_names_sound_alike_has_one_row_in_a_block() -> None:
    one = tokens([("1", "Lee", "Lea", "1990-02-03", None)])["born-name"]
    assert one.rows == 1


def test_a_record_with_two_names_has_a_row_for_each_name() -> None:
    one = tokens([("1", "Amara", "Okafor", "1990-02-03", None)])["born-name"]
    assert one.rows == 2
    assert len(set(one.columns["row_ref"])) == 2
    assert len(set(one.columns["block"])) == 2


def test_a_previous_surname_gives_a_further_row_and_no_second_one_in_a_block() -> None:
    one = tokens([("1", "Amara", "Okafor", "1990-02-03", "Mensah")])["born-name"]
    assert one.rows == 3
    assert len(set(one.columns["row_ref"])) == 3
    assert len(set(one.columns["block"])) == 3


def test_the_row_of_a_record_in_a_block_is_that_of_its_own_values() -> None:
    day = [("1", "Amara", "Okafor", "1990-02-03", "Okaford"), ("2", "Amara", "Okafor", "1991-02-03", None)]
    one = tokens(day)["names-day"]
    assert one.rows == 2
    assert len(set(one.columns["block"])) == 1
    for lane in ("name_a_0", "name_a_1", "name_b_0", "name_b_1"):
        assert one.columns[lane][0] == one.columns[lane][1]


@pytest.mark.parametrize("more", [0, 1, 30])
def test_of_the_people_who_share_a_key_no_more_stay_than_may(more: int) -> None:
    most = SCHEMA.most_people_per_key
    people = [(str(n), "Amara", "Okafor", f"{1950 + n}-02-03", None) for n in range(most + more)]
    assert tokens(people)["names-day"].rows == most


def test_records_that_plainly_are_of_one_person_count_once_and_all_stay() -> None:
    most = SCHEMA.most_people_per_key
    people = [(str(n), "Amara", "Okafor", "1990-02-03", None) for n in range(most + 5)]
    assert tokens(people)["names-day"].rows == most + 5


def test_exchanged_names_meet_in_a_pass_that_takes_names_in_either_order() -> None:
    passes = tokens(
        [("1", "Amara", "Okafor", "1990-02-03", None), ("2", "Okafor", "Amara", "1990-02-03", None)]
    )
    for key in ("born-name", "names-year", "names-day"):
        blocks = pd.Series(passes[key].columns["block"]).value_counts()
        assert (blocks == 2).all(), key
    columns = passes["names-day"].columns
    assert columns["name_a_0"][0] == columns["name_a_0"][1]
    assert columns["name_b_1"][0] == columns["name_b_1"][1]
