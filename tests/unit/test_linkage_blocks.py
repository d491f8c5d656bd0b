"""In how many ways a record makes a match key, the blocks it then has, and which rows stay."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret
from linkage.partner.identifiers import KINDS, Kind
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokens import blocks as blocks_module
from linkage.partner.tokens.blocks import MOST_WAYS, KeyReader, Ways, every_way
from linkage.partner.tokens.ordering import ascending, repeated
from linkage.partner.tokens.prepared import PartTables
from linkage.partner.tokens.shelf import Shelves, dropped
from linkage.schema import NAMES, Schema, load_schema

SECRET = Secret(bytes(32), name="project")
CORE = (Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8")


def schema_of(*parts: str) -> Schema:
    """The schema for tests with one match key of these parts."""
    comparisons, _, _ = CORE.partition("keys:")
    return load_schema(f"{comparisons}keys:\n  one: [{', '.join(parts)}]\n")


def plain(**columns: Sequence[str | None]) -> CleanRecords:
    """Records of these canonical values, each record one row."""
    rows = len(next(iter(columns.values())))
    made = {i: Column.of(pa.array(v, pa.string())) for i, v in columns.items()}
    every = {i: made.get(i, Column.missing(rows)) for i in KINDS}
    ids = pa.array([str(n) for n in range(rows)], pa.string())
    return CleanRecords(ids, np.arange(rows, dtype=np.int32), every)


def reader_of(clean: CleanRecords, schema: Schema) -> KeyReader:
    parts = PartTables(clean, schema=schema, secret=SECRET)
    return KeyReader(schema.match_keys[0], schema=schema, secret=SECRET, parts=parts)


def ways_of(clean: CleanRecords, *parts: str) -> Ways:
    """All rows of the pass, in the order of the file."""
    reader = reader_of(clean, schema_of(*parts))
    pieces = list(every_way(reader, clean.rows))
    return Ways(
        np.concatenate([np.empty(0, dtype=np.int32), *(p.row for p in pieces)]),
        np.concatenate([np.empty(0, dtype=np.int64), *(p.block for p in pieces)]),
        np.concatenate([np.empty((0, 2), dtype=np.uint64), *(p.secret for p in pieces)]),
        np.concatenate([np.empty(0, dtype=bool), *(p.swapped for p in pieces)]),
    )


@pytest.fixture
def nicknames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names whose root has several values: the letters between plus signs."""
    several = Kind(lambda t: t, lambda v, part: tuple(v.split("+")) if part == "root" else (v,))
    for name in NAMES:
        monkeypatch.setitem(KINDS, name, several)


def test_a_record_without_a_part_of_the_key_has_no_row() -> None:
    clean = plain(surname=["SMITH", "JONES", None, "KHAN"], postcode=["OX41AB", None, "OX41AB", "RG13EE"])
    made = ways_of(clean, "surname.whole", "postcode.whole")
    assert made.row.tolist() == [0, 3]
    assert ways_of(clean, "surname.whole", "town.whole").row.tolist() == []


def test_records_share_a_block_and_its_secret_exactly_when_all_parts_agree() -> None:
    names, places = ["SMITH", "JONES"], ["OX41AB", "RG13EE"]
    every = list(itertools.product(names, places)) * 2
    made = ways_of(
        plain(surname=[s for s, _ in every], postcode=[p for _, p in every]), "surname.whole", "postcode.whole"
    )
    assert (made.block[:4] == made.block[4:]).all()
    assert (made.secret[:4] == made.secret[4:]).all()
    assert len(set(made.block.tolist())) == 4
    assert len({bytes(s) for s in made.secret}) == 4
    assert not set(made.block.tolist()) & set(made.secret.view(np.int64).ravel().tolist())


def test_a_name_in_either_place_makes_two_rows_and_the_second_is_turned() -> None:
    made = ways_of(plain(forename=["ANN", "MARY"], surname=["MARY", None]), "name.any.whole")
    assert made.row.tolist() == [0, 0, 1]
    assert made.swapped.tolist() == [False, True, False]
    assert made.block[1] == made.block[2] != made.block[0]


def test_of_two_names_that_make_one_block_the_one_that_is_not_turned_comes_first() -> None:
    made = ways_of(plain(forename=["LEE"], surname=["LEE"]), "name.any.whole")
    assert made.row.tolist() == [0, 0]
    assert made.block[0] == made.block[1]
    assert made.swapped.tolist() == [False, True]


def test_both_names_make_one_block_in_either_order_and_one_of_the_two_is_turned() -> None:
    made = ways_of(plain(forename=["ANN", "MARY"], surname=["MARY", "ANN"]), "name.both.whole")
    assert made.block[0] == made.block[1]
    assert sorted(made.swapped.tolist()) == [False, True]


def test_names_with_one_initial_are_ordered_by_the_whole_names() -> None:
    made = ways_of(plain(forename=["MARY", "MILLER"], surname=["MILLER", "MARY"]), "name.both.initial")
    assert made.block[0] == made.block[1]
    assert sorted(made.swapped.tolist()) == [False, True]


def test_every_value_of_a_part_that_has_several_makes_a_row(nicknames: None) -> None:
    made = ways_of(plain(forename=["A+B+C", "B", "D+A"], town=["X", "X", "X"]), "forename.root", "town.whole")
    assert made.row.tolist() == [0, 0, 0, 1, 2, 2]
    assert made.block[1] == made.block[3]
    assert made.block[0] == made.block[5]
    assert len(set(made.block.tolist())) == 4


def test_several_values_of_both_names_are_combined_each_with_each(nicknames: None) -> None:
    made = ways_of(plain(forename=["A+B", "X"], surname=["X+Y", "B"]), "name.both.root")
    assert made.row.tolist() == [0, 0, 0, 0, 1]
    assert len(set(made.block.tolist())) == 4
    assert made.block[4] in made.block[:4]
    either = ways_of(plain(forename=["A+B"], surname=["X+A+Y"]), "name.any.root")
    assert either.swapped.tolist() == [False, False, True, True, True]
    assert len(set(either.block.tolist())) == 4


def test_no_record_makes_a_key_in_more_ways_than_there_are_numbers_for(nicknames: None) -> None:
    many = "+".join(f"N{n}" for n in range(20))
    made = ways_of(plain(forename=[many, "A"], surname=[many, "B"]), "name.both.root")
    assert (made.row == 0).sum() <= MOST_WAYS
    assert (made.row == 1).sum() == 1


@pytest.mark.parametrize("pieces", [1, 2, 3, 100])
def test_the_size_of_the_pieces_changes_nothing(pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [("ANN", "MARY"), ("LEE", "LEE"), (None, "ANN"), ("MARY", None), ("MARY", "ANN")] * 3
    clean = plain(forename=[f for f, _ in people], surname=[s for _, s in people])
    whole = ways_of(clean, "name.any.whole")
    monkeypatch.setattr(blocks_module, "CHUNK", pieces)
    again = ways_of(clean, "name.any.whole")
    assert (again.row == whole.row).all()
    assert (again.block == whole.block).all()
    assert (again.secret == whole.secret).all()
    assert (again.swapped == whole.swapped).all()


@pytest.mark.parametrize("step", [1, 1 << 32, (1 << 32) + 1])
@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=60, unique=True),
    most=st.integers(1, 4),
    data=st.data(),
)
def test_of_the_people_of_a_block_those_with_the_lowest_references_stay_with_all_their_rows(
    rows: list[tuple[int, int]], most: int, step: int, data: st.DataObject
) -> None:
    # Blocks that are alike in the bits by which they are first looked for are still told apart.
    person = (np.arange(10) // 2).astype(np.int32)
    refs = data.draw(
        st.lists(st.integers(0, (1 << 63) - 1), min_size=len(rows), max_size=len(rows), unique=True)
    )
    lowest: dict[int, dict[int, int]] = {}
    for (b, r), ref in zip(rows, refs, strict=True):
        of_block = lowest.setdefault(b, {})
        of_block[r // 2] = min(ref, of_block.get(r // 2, ref))
    stay = {b: sorted(people, key=lambda p: people[p])[:most] for b, people in lowest.items()}
    found = dropped(
        block=np.array([b * step for b, _ in rows], dtype=np.int64),
        ref=np.array(refs, dtype=np.int64),
        person=person[[r for _, r in rows]],
        most=most,
    )
    assert found.marks.tolist() == [r // 2 not in stay[b] for b, r in rows]
    assert found.rows == found.marks.sum()
    assert found.values == sum(len(people) > most for people in lowest.values())


@pytest.mark.parametrize("most", [1, 2])
def test_of_rows_with_one_reference_the_first_stays_and_one_that_is_dropped_counts_once(most: int) -> None:
    found = dropped(
        block=np.array([7, 8, 7, 7, 7], dtype=np.int64),
        ref=np.array([5, 5, 5, 9, 9], dtype=np.int64),
        person=np.array([0, 0, 0, 1, 1], dtype=np.int32),
        most=most,
    )
    assert found.marks.tolist() == [False, False, True, most == 1, True]
    assert (found.rows, found.values) == ((1, 1) if most == 1 else (0, 0))


def shelved(refs: Sequence[int], *, beside: Path | None, in_memory: int) -> Shelves:
    """Rows of their reference and its double, put there a few at a time."""
    shelves = Shelves(width=2, expected=len(refs), beside=beside, in_memory=in_memory)
    first = np.array(refs, dtype=np.uint64)
    for at in range(0, len(refs), 5):
        some = first[at : at + 5]
        room = shelves.room(len(some))
        room[:, 0], room[:, 1] = some, some * 2
        shelves.add(room)
    return shelves


@pytest.mark.parametrize(("in_memory", "count"), [(100, 1), (10, 4)])
def test_rows_come_off_the_shelves_whole_in_the_order_of_their_references(
    in_memory: int, count: int, tmp_path: Path
) -> None:
    refs = np.random.default_rng(37).integers(0, 1 << 63, 37)
    shelves = shelved(refs.tolist(), beside=tmp_path / "out", in_memory=in_memory)
    assert shelves.count == count
    off = list(shelves.sorted(rows_at_once=4))
    assert all(len(some) <= 4 for some in off)
    every = np.concatenate(off)
    assert every[:, 0].tolist() == sorted(refs.tolist())
    assert (every[:, 1] == every[:, 0] * 2).all()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refs", [[], [7]])
def test_shelves_that_are_nearly_empty_give_what_they_have(refs: list[int], tmp_path: Path) -> None:
    off = list(shelved(refs, beside=tmp_path / "out", in_memory=1).sorted(rows_at_once=4))
    assert [int(r) for some in off for r in some[:, 0]] == refs


@given(st.lists(st.integers(0, (1 << 63) - 1) | st.integers(0, 40), max_size=50, unique=True))
def test_the_order_by_radix_is_the_order_by_comparison(values: list[int]) -> None:
    refs = np.array(values, dtype=np.int64)
    assert (ascending(refs) == np.argsort(refs, kind="stable")).all()


@given(st.lists(st.integers(0, (1 << 64) - 1) | st.integers(0, 9), max_size=50))
def test_equal_numbers_stay_in_their_order(values: list[int]) -> None:
    blocks = np.array(values, dtype=np.uint64)
    assert (ascending(blocks) == np.argsort(blocks, kind="stable")).all()


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(0, 9), max_size=50))
def test_every_number_that_occurs_again_is_found(values: list[int]) -> None:
    found = repeated(np.array(values, dtype=np.int64)).tolist()
    assert set(found) >= {at for at, v in enumerate(values) if values.count(v) > 1}
    assert found == [at for at, v in enumerate(values) if sum((v - w) % (1 << 32) == 0 for w in values) > 1]
