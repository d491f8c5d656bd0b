"""A file read portion by portion gives what the whole file gives, and what waits on a disk cannot be read there."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from keys import Secret
from linkage.errors import BadInput, NotWritten
from linkage.partner.attribute_rows import AttributeRows
from linkage.partner.exclusions.exclusions import Excluder, Exclusion
from linkage.partner.ledger.changes import reference_order
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.preflight.tally import Tally
from linkage.partner.record_ids import RecordIds
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokens import ordering, scratch
from linkage.partner.tokens.prepared import PartTables
from linkage.partner.tokens.same_person import People, same_person
from linkage.partner.tokens.scratch import Scratch
from linkage.schema import load_schema
from tests.in_one_portion import attribute_table

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
SECRET = Secret(bytes(32), name="project")
IDENTIFIERS = ("forename", "surname", "date_of_birth", "postcode", "nhs_number")


def records(first: int, last: int) -> CleanRecords:
    """Made-up records of these numbers; every fifth is a person who was there before."""
    people = [n - n % 5 if n % 5 == 4 else n for n in range(first, last)]
    rows = pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(first, last)],
            "forename": [("Mary", "Tom", "unknown")[n % 3] for n in people],
            "surname": [f"Smith{chr(97 + n % 26)}" for n in people],
            "date_of_birth": [f"19{50 + n % 40}-01-{n % 28 + 1:02d}" for n in people],
            "postcode": [f"OX{n % 9 + 1} {n % 7}AB" if n % 4 else None for n in people],
            "nhs_number": ["9434765919" if n % 11 == 0 else None for n in people],
        },
        dtype="str",
    )
    mapping = ColumnMapping("id", {i: i for i in IDENTIFIERS})
    return normalise(rows, schema=SCHEMA, mapping=mapping, file="made-up")[0]


def portions(size: int) -> Iterator[CleanRecords]:
    return (records(at, min(at + size, 60)) for at in range(0, 60, size))


@pytest.mark.parametrize("memory", [0, 100, 1 << 20])
@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (100_000, 3)])
def test_arrays_come_back_from_scratch_as_they_were_put(
    shape: tuple[int, ...], memory: int, tmp_path: Path
) -> None:
    store = Scratch(tmp_path / "new" / "out", memory=memory)
    arrays = [np.random.default_rng(n).integers(0, 100, shape).astype(k) for n, k in enumerate("iBdQ")]
    kept = [store.put(a) for a in arrays]
    for array, back in reversed(list(zip(arrays, kept, strict=True))):
        for _ in range(2):
            assert back().dtype == array.dtype
            assert back().shape == array.shape
            assert (back() == array).all()
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_arrays_that_scratch_had_in_memory_lie_in_the_file_once_memory_is_given_up(tmp_path: Path) -> None:
    store = Scratch(tmp_path / "out", memory=1 << 20)
    arrays = [np.random.default_rng(n).integers(0, 100, 1_000) for n in range(4)]
    kept = [store.put(a) for a in arrays]
    assert kept[3]() is kept[3]()
    store.give_up(arrays[0].nbytes + 1)
    kept.append(store.put(arrays[0]))
    assert [one() is one() for one in kept] == [True, True, False, False, False]
    assert all((one() == array).all() for one, array in zip(kept, [*arrays, arrays[0]], strict=True))
    store.close()


def test_what_lies_in_scratch_is_nowhere_readable_and_never_twice_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    plain = scratch._write_all

    def noted(file: BinaryIO, data: bytes, *, at: int) -> None:
        written.append(data)
        plain(file, data, at=at)

    monkeypatch.setattr(scratch, "_write_all", noted)
    store = Scratch(tmp_path / "out", memory=0)
    text = np.frombuffer(b"MARY OKAFOR " * 20, dtype=np.uint8)
    for _ in range(3):
        store.put(text)
    Scratch(tmp_path / "out", memory=0).put(text)
    assert not [w for w in written if b"OKAFOR" in w]
    assert len(set(written)) == len(written) == 4
    blocks = [w[at : at + 16] for w in written for at in range(0, len(w), 16)]
    assert len(set(blocks)) == len(blocks)


def test_a_disk_that_refuses_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotWritten, match="out could not be written"):
        Scratch(tmp_path / "file" / "out", memory=0).put(np.zeros(4))


@pytest.mark.parametrize("size", [1, 7, 30])
def test_counts_over_portions_are_those_of_the_whole(size: int) -> None:
    whole, tally = Tally.of(records(0, 60)), Tally()
    for some in portions(size):
        tally.add(some)
    assert tally.records == whole.records == 60
    assert tally.dates() == whole.dates()
    assert tally.duplicates() == whole.duplicates()
    assert whole.duplicates() is not None
    for identifier in IDENTIFIERS:
        assert tally.placeholders(identifier) == whole.placeholders(identifier)
        counts, every = tally.counts(identifier), whole.counts(identifier)
        assert counts is not None
        assert every is not None
        assert sorted(counts.tolist()) == sorted(every.tolist())
    assert tally.counts("shoe_size") is None


@pytest.mark.parametrize("size", [1, 7, 60])
@pytest.mark.parametrize("at_once", [3, 1 << 20])
def test_people_over_portions_are_those_of_the_whole(
    size: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = records(0, 60)
    parts = PartTables(clean, schema=SCHEMA, secret=SECRET)
    whole = same_person(clean, schema=SCHEMA, secret=SECRET, parts=parts)
    monkeypatch.setattr(ordering, "AT_ONCE", at_once)
    people = People(schema=SCHEMA, secret=SECRET, beside=None)
    for some in portions(size):
        people.add(some, parts=PartTables(some, schema=SCHEMA, secret=SECRET))
    assert (people.finish() == whole).all()
    assert len(set(whole.tolist())) < 60


def test_a_record_id_in_two_portions_is_refused_by_its_rows() -> None:
    ids = RecordIds(file="people.csv", column="id", beside=None)
    for at, texts in ((2, ["a", "b", "c"]), (5, ["d", "b", "e"]), (8, ["b", "f", "a"])):
        ids.add(pa.array(texts), numbers=np.arange(at, at + 3, dtype=np.int32))
    with pytest.raises(BadInput, match=r"rows 3 and 6 have the same record id \(3 such rows in all\)"):
        ids.check()
    once = RecordIds(file="people.csv", column="id", beside=None)
    for texts in (["a", "b"], ["c", "A"]):
        once.add(pa.array(texts), numbers=np.arange(2, dtype=np.int32))
    once.check()


def test_attributes_of_portions_stand_in_the_order_of_the_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    refs = rng.integers(0, 256, (60, 16), dtype=np.uint8)
    texts = [None if n % 7 == 0 else f"value {n % 4}" for n in range(60)]
    whole = attribute_table({"c": Column.of(pa.array(texts))}, names={"area": "c"}, refs=refs).table()
    rows = AttributeRows({"area": "c"}, beside=tmp_path / "out")
    for at in range(0, 60, 7):
        rows.add({"c": Column.of(pa.array(texts[at : at + 7], pa.string()))})
    rows.of(refs)
    assert rows.table() == whole
    by_ref = dict(zip(whole.column("record_ref").to_pylist(), whole.column("area").to_pylist(), strict=True))
    assert by_ref == {bytes(r): t for r, t in zip(refs, texts, strict=True)}
    assert list(by_ref) == sorted(by_ref)


def test_an_exclusion_list_that_one_portion_can_be_looked_up_in_is_applied_to_all() -> None:
    def excluder() -> Excluder:
        one = Exclusion(
            "opted-out", "nhs_number", frozenset({"9434765919"}), date(2026, 1, 1), "list.csv", False, "kept"
        )
        return Excluder([one], on=date(2026, 1, 2))

    some = excluder()
    left = [some.apply(records(*at))[0].records for at in ((1, 4), (10, 13))]
    assert left == [3, 2]
    assert some.finish().excluded == (1,)
    none = excluder()
    none.apply(records(1, 4))
    with pytest.raises(BadInput, match="no record has one"):
        none.finish()


@pytest.mark.parametrize("at_once", [7, 64, 1 << 20])
@pytest.mark.parametrize("records", [0, 1, 1_000])
def test_references_dealt_with_in_shares_have_the_order_of_their_first_eight_bytes(
    at_once: int, records: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "AT_ONCE", at_once)
    refs = np.random.default_rng(5).integers(0, 256, (records, 16), dtype=np.uint8)
    refs[::3, :8] = refs[:1, :8]
    first = [bytes(r[:8]) for r in refs]
    assert reference_order(refs).tolist() == sorted(range(records), key=first.__getitem__)
