"""Which records of a file a partner takes for one person's."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keys import Secret
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.tokens.prepared import PartTables
from linkage.partner.tokens.same_person import lowest_joined, same_person
from linkage.schema import load_schema

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
Record = Mapping[str, str | None]
SECRET = Secret(bytes(32), name="project")
MARY = {
    "forename": "Mary",
    "surname": "Okafor",
    "date_of_birth": "1990-02-03",
    "postcode": "OX4 1AB",
    "nhs_number": "9434765919",
    "upn": "A123456789012",
}
OTHER = {
    "forename": "Gwen",
    "surname": "Jones",
    "date_of_birth": "1971-11-25",
    "postcode": "RG1 3EE",
    "nhs_number": "4010232137",
    "upn": "R053630027086",
}


def people(*records: Record) -> list[int]:
    """The number of each record's person."""
    rows = pd.DataFrame([{"id": str(n), **r} for n, r in enumerate(records)], dtype="str")
    mapping = ColumnMapping("id", {c: c for c in rows.columns if c != "id"})
    clean = normalise(rows, schema=SCHEMA, mapping=mapping, file="made-up")[0]
    parts = PartTables(clean, schema=SCHEMA, secret=SECRET)
    found: list[int] = same_person(clean, schema=SCHEMA, secret=SECRET, parts=parts).tolist()
    return found


def one_person(a: Record, b: Record) -> bool:
    first, second = people(a, b)
    return first == second


@pytest.mark.parametrize(
    "shared",
    [
        {"nhs_number"},
        {"upn"},
        {"forename", "surname", "date_of_birth"},
        {"forename", "date_of_birth", "postcode"},
    ],
    ids=lambda s: "+".join(sorted(s)),
)
def test_records_that_share_what_only_one_person_has_are_of_one_person(shared: set[str]) -> None:
    assert one_person(dict(MARY), {i: MARY[i] if i in shared else OTHER[i] for i in MARY})
    for missing in shared:
        less = {i: MARY[i] if i in shared - {missing} else OTHER[i] for i in MARY}
        assert not one_person(dict(MARY), less)


def test_a_slip_in_name_or_date_leaves_them_one_person_and_an_exchange_of_names_too() -> None:
    names = {i: MARY[i] for i in ("forename", "surname", "date_of_birth")}
    assert one_person(names, {**names, "date_of_birth": "1990-02-07"})
    assert one_person(names, {**names, "date_of_birth": "1990-07-03"})
    assert one_person(names, {**names, "surname": "Okaffor"})
    assert one_person(names, {**names, "forename": "Okafor", "surname": "Mary"})
    assert not one_person(names, {**names, "date_of_birth": "1993-02-07"})
    assert not one_person(names, {**names, "forename": "Martin"})


def test_twins_and_people_of_one_home_are_several_people() -> None:
    twin = {**MARY, "forename": "Ruth", "nhs_number": None, "upn": None}
    mother = {**MARY, "forename": "Grace", "date_of_birth": "1960-05-06", "nhs_number": None, "upn": None}
    assert len(set(people(dict(MARY), twin, mother))) == 3


def test_a_mother_and_a_daughter_of_one_name_and_home_are_two_people() -> None:
    daughter = {**MARY, "date_of_birth": "2012-05-06", "nhs_number": None, "upn": None}
    assert not one_person(MARY, daughter)


def test_two_who_share_with_a_third_are_one_person_though_they_share_nothing() -> None:
    by_number = {**OTHER, "nhs_number": MARY["nhs_number"]}
    by_name = {**MARY, "nhs_number": None, "upn": None}
    assert len(set(people(by_number, dict(MARY), by_name))) == 1
    assert len(set(people(by_number, by_name))) == 2


def test_an_alias_shows_one_person_too() -> None:
    names = {i: MARY[i] for i in ("forename", "surname", "date_of_birth")}
    married: Record = {**names, "surname": "Mensah", "previous_surname": "Okafor"}
    assert one_person({**names, "previous_surname": None}, married)


def test_what_nobody_holds_joins_nobody() -> None:
    assert people(*[{"postcode": "OX4 1AB"}] * 3) == [0, 1, 2]
    assert people(*[{"forename": "Mary", "surname": "Okafor"}] * 3) == [0, 1, 2]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=8), st.data())
def test_the_order_of_the_file_changes_nothing(kinds: list[str], data: st.DataObject) -> None:
    records: dict[str, Record] = {
        "a": dict(MARY),
        "b": dict(OTHER),
        "c": {**OTHER, "upn": MARY["upn"], "nhs_number": None, "forename": "Femi"},
    }
    order = data.draw(st.permutations(range(len(kinds))))
    found = np.array(people(*(records[k] for k in kinds)))
    turned = np.array(people(*(records[kinds[at]] for at in order)))
    assert ((found[order][:, None] == found[order]) == (turned[:, None] == turned)).all()


@settings(max_examples=60)
@given(st.integers(1, 40), st.data())
def test_joined_numbers_are_the_connected_components_that_scipy_finds(count: int, data: st.DataObject) -> None:
    number = st.integers(0, count - 1)
    ends = np.array(data.draw(st.lists(st.tuples(number, number), max_size=60)), dtype=np.int32).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    of = connected_components(graph, directed=False)[1]
    lowest = np.unique(of, return_index=True)[1][of]
    assert lowest_joined(count, ends).tolist() == lowest.tolist()


def test_a_long_chain_in_any_order_is_joined() -> None:
    order = np.random.default_rng(7).permutation(20_000).astype(np.int32)
    assert not lowest_joined(len(order), np.column_stack([order[:-1], order[1:]])).any()
