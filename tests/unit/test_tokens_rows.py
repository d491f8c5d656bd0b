import numpy as np
import pandas as pd
import pytest

from keys import Secret
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.tokenise import tokenise
from linkage.schema import default_schema

SCHEMA = default_schema()
MAPPING = ColumnMapping("id", {i: i for i in ("forename", "surname", "date_of_birth", "previous_surname")})


def tokens(people, mapping=MAPPING):
    rows = pd.DataFrame(
        people, columns=["id", "forename", "surname", "date_of_birth", "previous_surname"], dtype="str"
    )
    clean, _ = normalise(rows, schema=SCHEMA, mapping=mapping, file="people.csv")
    secrets = (Secret(b"s" * 32, name="project"), Secret(b"o" * 32, name="own"))
    table, _ = tokenise(
        clean, schema=SCHEMA, secret=secrets[0], own=secrets[1], randomness=np.random.default_rng(1).bytes
    )
    return {one.key: one for one in table.passes}


def test_a_record_whose_names_sound_alike_has_one_row_in_a_block():
    one = tokens([("1", "Lee", "Lea", "1990-02-03", None)])["born-name"]
    assert one.rows == 1


def test_a_record_with_two_names_has_a_row_for_each_name():
    one = tokens([("1", "Amara", "Okafor", "1990-02-03", None)])["born-name"]
    assert one.rows == 2
    assert len(set(one.columns["row_ref"])) == 2
    assert len(set(one.columns["block"])) == 2


def test_a_previous_surname_gives_further_rows_under_other_references():
    one = tokens([("1", "Amara", "Okafor", "1990-02-03", "Mensah")])["born-name"]
    assert one.rows == 4
    assert len(set(one.columns["row_ref"])) == 4


@pytest.mark.parametrize("more", [0, 1])
def test_a_key_that_too_many_records_share_is_dropped(more):
    most = SCHEMA.most_records_per_key
    people = [(str(n), "Amara", "Okafor", "1990-02-03", None) for n in range(most + more)]
    assert tokens(people)["names-day"].rows == (0 if more else most)


def test_exchanged_names_meet_in_a_pass_that_takes_names_in_either_order():
    passes = tokens(
        [("1", "Amara", "Okafor", "1990-02-03", None), ("2", "Okafor", "Amara", "1990-02-03", None)]
    )
    for key in ("born-name", "names-year", "names-day"):
        blocks = pd.Series(passes[key].columns["block"]).value_counts()
        assert (blocks == 2).all(), key
    columns = passes["names-day"].columns
    assert columns["name_a_0"][0] == columns["name_a_0"][1]
    assert columns["name_b_1"][0] == columns["name_b_1"][1]
