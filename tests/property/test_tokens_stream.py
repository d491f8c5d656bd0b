"""Tokens made chunk by chunk are those made at once, and a row's reference depends on its own record alone."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret
from linkage.partner import tokenise as module
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokenise import Tokeniser, record_refs, tokenise
from linkage.partner.tokens import portions, scratch
from linkage.partner.tokens.scratch import Scratch
from linkage.schema import load_schema
from linkage.tokens import PassMap, PassTable, TokenTable, lane_type, lanes_of

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
FEW = load_schema(
    f"{SCHEMA.text.partition('keys:')[0]}keys:\n"
    "  born-name: [date_of_birth.whole, name.any.sound]\n"
    "  names-year: [name.both.sound, date_of_birth.year]\n"
    "  home: [postcode.whole]\n"
)
SECRET = Secret(bytes(32), name="project")
OWN = Secret(bytes([1] * 32), name="own")
FORENAMES = ["Mary", "Marie", "Tom", "Ann", "Wei", "Lee"]
SURNAMES = ["Smith", "Okafor", "Khan", "Lee", "Nowak"]


def cleaned(rows: pd.DataFrame) -> CleanRecords:
    mapping = ColumnMapping("id", {c: c for c in rows.columns if c != "id"})
    return normalise(rows.astype("str"), schema=SCHEMA, mapping=mapping, file="made-up")[0]


def made_up(size: int, *, missing: float) -> CleanRecords:
    rng = np.random.default_rng(size)
    numbers = [f"{n:03d}" for n in range(size)]
    rows = pd.DataFrame(
        {
            "id": [f"r{n}" for n in numbers],
            "forename": rng.choice(FORENAMES, size),
            "surname": rng.choice(SURNAMES, size),
            "previous_surname": rng.choice([*SURNAMES, ""], size),
            "middle_name": rng.choice(["Ann", "Bo"], size),
            "date_of_birth": [f"19{n % 40 + 50}-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(size)],
            "sex": rng.choice(["M", "F"], size),
            "postcode": [f"OX{n % 9 + 1} {n % 7}A{'BDEFG'[n % 5]}" for n in range(size)],
            "address": [f"{n % 50 + 1} Mill Lane" for n in range(size)],
            "town": rng.choice(["Oxford", "Slough"], size),
            "email": [f"a{n}@example.org" for n in numbers],
            "nhs_number": rng.choice(["9434765919", "4010232137"], size),
            "phone": rng.choice(["07700 900123", "07700 900124"], size),
            "upn": rng.choice(["A123456789012", "R053630027086"], size),
        }
    )
    some = rng.random(rows.shape) < missing
    some[:, 0] = False
    return cleaned(rows.mask(some))


def joined(tokeniser: Tokeniser) -> TokenTable:
    """What the stream gives, put together."""
    tables, maps = [], []
    for one in tokeniser.passes():
        chunks = list(one.chunks())
        lanes = {
            n: np.concatenate(
                [np.empty(0, dtype=lane_type(n).to_pandas_dtype()), *(c.lanes[n] for c in chunks)]
            )
            for n in lanes_of(FEW, one.key)
        }
        assert one.summary.rows == sum(len(c.refs) for c in chunks)
        tables.append(PassTable(one.key.name, lanes))
        refs = np.concatenate([np.empty((0, 16), dtype=np.uint8), *(c.refs for c in chunks)])
        maps.append(PassMap(one.key.name, lanes["row_ref"], refs))
    return TokenTable(tuple(tables), tuple(maps))


def stream(clean: CleanRecords | Iterable[CleanRecords], *, beside: Path | None = None) -> TokenTable:
    randomness = np.random.default_rng(4).bytes
    return joined(Tokeniser(clean, schema=FEW, secret=SECRET, own=OWN, randomness=randomness, beside=beside))


def at_once(clean: CleanRecords) -> TokenTable:
    return tokenise(clean, schema=FEW, secret=SECRET, own=OWN, randomness=np.random.default_rng(4).bytes)[0]


def same(a: TokenTable, b: TokenTable) -> bool:
    return all(
        x.key == y.key
        and list(x.columns) == list(y.columns)
        and all(
            (x.columns[n] == y.columns[n]).all() and x.columns[n].dtype == y.columns[n].dtype for n in x.columns
        )
        and (m.row_ref == k.row_ref).all()
        and (m.record_ref == k.record_ref).all()
        for x, y, m, k in zip(a.passes, b.passes, a.maps, b.maps, strict=True)
    )


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_the_stream_put_together_is_what_is_made_at_once(missing: float) -> None:
    clean = made_up(150, missing=missing)
    whole = at_once(clean)
    assert all(t.rows > 50 for t in whole.passes)
    assert same(stream(clean), whole)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_the_size_of_the_chunks_does_not_matter(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = made_up(60, missing=0.0)
    whole = stream(clean)
    monkeypatch.setattr(module, "CHUNK_ROWS", rows)
    assert same(stream(clean), whole)


def parts_of(clean: CleanRecords, size: int) -> Iterator[CleanRecords]:
    """The records in portions, each with distinct values of its own."""
    for start in range(0, clean.records, size):
        kept = np.zeros(clean.records, dtype=bool)
        kept[start : start + size] = True
        some = clean.keep(kept)
        texts = {i: Column.of(pa.array(c.texts().tolist(), pa.string())) for i, c in some.columns.items()}
        yield CleanRecords(some.record_ids, some.record, texts)


@pytest.mark.parametrize("size", [1, 7, 40, 150])
def test_records_that_come_in_portions_give_the_same_tokens(size: int) -> None:
    clean = made_up(150, missing=0.2)
    assert same(stream(parts_of(clean, size)), stream(clean))


def test_what_does_not_fit_in_memory_lies_in_nameless_files_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = made_up(150, missing=0.2)
    whole = stream(clean)
    assert same(stream(clean, beside=tmp_path / "out"), whole)
    written: list[bytes] = []
    plain = scratch._write_all

    def noted(file: BinaryIO, data: bytes, *, at: int) -> None:
        written.append(data)
        plain(file, data, at=at)

    monkeypatch.setattr(scratch, "_write_all", noted)
    monkeypatch.setattr(Scratch.__init__, "__kwdefaults__", {"memory": 0})
    monkeypatch.setattr(portions, "MEMORY", 0)
    monkeypatch.setattr(portions, "MORE_MEMORY", 0)
    monkeypatch.setattr(module, "WAYS_MEMORY", 0)
    monkeypatch.setattr(module, "ROWS_IN_MEMORY", 40)
    monkeypatch.setattr(module, "ROWS_IF_FEW", 40)
    assert same(stream(parts_of(clean, 40), beside=tmp_path / "out"), whole)
    assert len(written) > 100
    assert list(tmp_path.iterdir()) == []
    every = b"".join(written)
    assert not [
        v for c in clean.columns.values() for v in c.values.to_pylist() if len(v) > 5 and v.encode() in every
    ]


def test_a_file_that_turns_out_to_be_large_gives_memory_up_and_has_the_same_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = made_up(150, missing=0.2)
    whole = stream(clean)
    given: list[int] = []
    plain = Scratch.give_up

    def noted(self: Scratch, memory: int) -> None:
        given.append(memory)
        plain(self, memory)

    monkeypatch.setattr(Scratch, "give_up", noted)
    monkeypatch.setattr(portions, "FEW_RECORDS", 90)
    assert same(stream(parts_of(clean, 40), beside=tmp_path / "out"), whole)
    assert given == [portions.MORE_MEMORY]
    assert list(tmp_path.iterdir()) == []


def test_statistics_do_not_depend_on_the_portions() -> None:
    clean = made_up(150, missing=0.2)
    told = []
    for some in (clean, parts_of(clean, 40)):
        tokeniser = Tokeniser(
            some, schema=FEW, secret=SECRET, own=OWN, randomness=np.random.default_rng(4).bytes
        )
        told.append(tokeniser.statistics())
    assert told[0].held == told[1].held
    assert told[0].records == told[1].records
    assert set(told[0].u) == set(told[1].u)


def test_only_what_stands_for_a_missing_value_depends_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = made_up(150, missing=0.3)
    whole = stream(clean)
    monkeypatch.setattr(module, "CHUNK_ROWS", 7)
    again = stream(clean)
    postcode = dict(
        zip(map(bytes, record_refs(clean.record_ids, own=OWN)), clean.columns["postcode"].present, strict=False)
    )
    for a, b, one in zip(whole.passes, again.passes, whole.maps, strict=True):
        for name in ("row_ref", "block", *(n for n in a.columns if n.endswith("_band"))):
            assert (a.columns[name] == b.columns[name]).all()
        if "postcode_0" in a.columns:
            held = np.array([postcode[bytes(r)] for r in one.record_ref])
            assert ((a.columns["postcode_0"] == b.columns["postcode_0"]) == held).all()


def test_the_summary_of_a_pass_counts_what_it_gave_and_what_was_left_out() -> None:
    most = FEW.most_people_per_key
    rows = pd.DataFrame(
        {
            "id": [str(n) for n in range(most + 7)],
            "postcode": ["OX4 1AB"] * (most + 2) + ["RG1 3EE"] * 4 + [None],
            "surname": "Smith",
        }
    )
    tokeniser = Tokeniser(
        cleaned(rows), schema=FEW, secret=SECRET, own=OWN, randomness=np.random.default_rng(4).bytes
    )
    told = {}
    for one in tokeniser.passes():
        assert sum(len(c.refs) for c in one.chunks()) == one.summary.rows
        told[one.key.name] = one.summary
    home = told["home"]
    assert (home.records, home.rows, home.dropped_rows, home.dropped_values) == (most + 4, most + 4, 2, 1)
    assert told["born-name"].rows == told["born-name"].records == 0
    assert tokeniser.unkeyed == 3


people = st.fixed_dictionaries(
    {
        "forename": st.sampled_from([None, *FORENAMES]),
        "surname": st.sampled_from([None, *SURNAMES, "Smith-Khan"]),
        "previous_surname": st.sampled_from([None, *SURNAMES]),
        "alias_forename": st.sampled_from([None, *FORENAMES]),
        "date_of_birth": st.sampled_from(["1980-02-03", "1991-12-30"]),
        "postcode": st.sampled_from([None, "OX4 1AB", "RG1 3EE"]),
    }
)


def rows_of(found: list[tuple[int, Any]]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """For every pass and record: the references of its rows and their blocks."""
    frame = pd.DataFrame([{"id": f"r{n}", **p} for n, p in found], dtype="str")
    clean = cleaned(frame)
    name = {
        bytes(r): i
        for r, i in zip(record_refs(clean.record_ids, own=OWN), clean.record_ids.to_pylist(), strict=True)
    }
    out: dict[tuple[str, str], list[tuple[int, int]]] = {}
    made = stream(clean)
    for table, one in zip(made.passes, made.maps, strict=True):
        assert len(set(one.row_ref.tolist())) == table.rows
        for ref, block, record in zip(one.row_ref, table.columns["block"], one.record_ref, strict=True):
            out.setdefault((table.key, name[bytes(record)]), []).append((int(ref), int(block)))
    return out


@settings(deadline=None, max_examples=25)
@given(st.lists(people, min_size=2, max_size=6), st.data())
def test_a_rows_reference_depends_neither_on_other_records_nor_on_their_order(
    found: list[Any], data: st.DataObject
) -> None:
    numbered = list(enumerate(found))
    some = data.draw(st.permutations(numbered).map(lambda p: p[: 1 + len(p) // 2]))
    every, fewer = rows_of(numbered), rows_of(some)
    kept = {f"r{n}" for n, _ in some}
    assert fewer == {k: v for k, v in every.items() if k[1] in kept}
    references = [ref for rows in every.values() for ref, _ in rows]
    assert len(set(references)) == len(references)


def test_passes_come_in_the_order_of_the_schema_and_their_lanes_in_that_of_the_format() -> None:
    made = stream(made_up(60, missing=0.2))
    assert [t.key for t in made.passes] == [k.name for k in FEW.match_keys]
    assert all((np.diff(t.columns["row_ref"]) > 0).all() for t in made.passes)
    for a, b in itertools.combinations(made.maps, 2):
        assert not set(a.row_ref.tolist()) & set(b.row_ref.tolist())
