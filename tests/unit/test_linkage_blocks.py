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
from linkage.partner import blocks as blocks_module
from linkage.partner.blocks import MOST_WAYS, KeyReader, Ways, count_ways, every_way
from linkage.partner.identifiers import KINDS, Kind
from linkage.partner.prepared import PartTables
from linkage.partner.records import CleanRecords, Column
from linkage.partner.shelf import BUCKET_BITS, Shelves, shuffled
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
    assert count_ways(reader_of(clean, schema_of("name.any.whole")), clean.rows) == len(whole.row)


def references(rows: int) -> list[int]:
    """The references of the rows that `shelved` takes."""
    refs: list[int] = np.random.default_rng(rows).integers(0, 1 << 63, rows).tolist()
    return refs


def shelved(
    block: Sequence[int], row: Sequence[int], *, scratch: Path | None = None, in_memory: int = 1 << 20
) -> Shelves:
    shelves = Shelves(expected=len(block), scratch=scratch, in_memory=in_memory)
    refs = np.array(references(len(block)), dtype=np.int64)
    for at in range(0, len(block), 5):
        b, r = np.array(block[at : at + 5], dtype=np.int64), np.array(row[at : at + 5], dtype=np.int32)
        ways = Ways(r, b, np.column_stack([b, b]).astype(np.uint64), r % 2 == 1)
        shelves.add(ways, refs[at : at + 5])
    return shelves


@pytest.mark.parametrize("in_memory", [1 << 20, 8])
@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=60, unique=True),
    collide=st.booleans(),
    most=st.integers(1, 4),
)
def test_of_the_people_of_a_block_those_with_the_lowest_references_stay_with_all_their_rows(
    rows: list[tuple[int, int]],
    collide: bool,
    most: int,
    in_memory: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # Blocks that are alike in the bits they are first counted by are still told apart.
    step = 1 << BUCKET_BITS if collide else 1
    block, row = [b * step for b, _ in rows], [r for _, r in rows]
    person = (np.arange(10) // 2).astype(np.int32)
    shelves = shelved(block, row, scratch=tmp_path_factory.mktemp("scratch"), in_memory=in_memory)
    refs = references(len(block))
    lowest: dict[int, dict[int, int]] = {}
    for b, r, ref in zip(block, row, refs, strict=True):
        of_block = lowest.setdefault(b, {})
        of_block[r // 2] = min(ref, of_block.get(r // 2, ref))
    stay = {b: sorted(people, key=lambda p: people[p])[:most] for b, people in lowest.items()}
    left_out = sorted(ref for b, r, ref in zip(block, row, refs, strict=True) if r // 2 not in stay[b])
    surplus, shared = shelves.surplus(person=person, most=most)
    assert surplus.tolist() == left_out
    assert shared == sum(len(people) > most for people in lowest.values())
    left = [int(ref) for c in shelves.sorted(without=surplus, rows_at_once=7) for ref in c["ref"]]
    assert left == sorted(set(refs) - set(left_out))


@pytest.mark.parametrize("in_memory", [1 << 20, 3])
def test_of_rows_with_one_reference_the_first_that_was_added_stays(in_memory: int, tmp_path: Path) -> None:
    shelves = Shelves(expected=8, scratch=tmp_path, in_memory=in_memory)
    for row, refs in ((0, [9, 1 << 62]), (1, [1 << 62, 9]), (2, [5, 9])):
        block = np.array([7, 7], dtype=np.int64)
        secret = np.zeros((2, 2), dtype=np.uint64)
        rows = np.array([row, row], dtype=np.int32)
        shelves.add(Ways(rows, block, secret, np.array([False, True])), np.array(refs, dtype=np.int64))
    off = np.concatenate(list(shelves.sorted(without=np.empty(0, dtype=np.int64), rows_at_once=9)))
    assert off["ref"].tolist() == [5, 9, 1 << 62]
    assert off["row"].tolist() == [2, 0, 0]
    assert off["swapped"].tolist() == [False, False, True]


@pytest.mark.parametrize(("in_memory", "files"), [(100, 0), (10, 4)])
def test_rows_come_off_the_shelves_whole_in_the_order_of_their_references(
    in_memory: int, files: int, tmp_path: Path
) -> None:
    rows = list(range(37))
    shelves = shelved([r * 1000 for r in rows], rows, scratch=tmp_path, in_memory=in_memory)
    assert len(list(tmp_path.iterdir())) == files
    off = list(shelves.sorted(without=np.empty(0, dtype=np.int64), rows_at_once=4))
    assert all(len(some) <= 4 for some in off)
    every = np.concatenate(off)
    assert (np.diff(every["ref"]) > 0).all()
    assert sorted(every["row"].tolist()) == rows
    assert (every["block"] == every["row"] * 1000).all()
    assert (every["secret"] == every["block"][:, None].astype(np.uint64)).all()
    assert (every["swapped"] == every["row"] % 2).all()
    assert list(tmp_path.iterdir()) == []


def test_shelves_without_rows_give_none(tmp_path: Path) -> None:
    shelves = Shelves(expected=0, scratch=tmp_path)
    assert shelves.surplus(person=np.empty(0, dtype=np.int32), most=3)[0].tolist() == []
    assert list(shelves.sorted(without=np.empty(0, dtype=np.int64), rows_at_once=4)) == []


@given(st.lists(st.integers(0, (1 << 63) - 1) | st.integers(0, 3), max_size=50))
def test_the_order_by_radix_is_the_order_by_comparison(values: list[int]) -> None:
    refs = np.array(values, dtype=np.int64)
    assert (shuffled(refs) == np.argsort(refs, kind="stable")).all()
