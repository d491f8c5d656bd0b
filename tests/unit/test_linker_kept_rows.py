"""Rows that the linker keeps: what is opened is what was put, from any pages; whatever was altered, cut short or put elsewhere does not open."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from keys import BadSeal, Identity
from linkage.central.pairs.chunks import block_order
from linkage.central.pairs.resident import HEADS, LENGTH, PAGE, TAG, keep_rows, resident, space_to_open
from linkage.errors import NotWritten

LANES = ("row_ref", "block", "presence_0", "forename_band", "surname_0")
ME = Identity.make("linker/1")
CONTEXT = b"here"
NONE = np.empty(0, dtype=np.int64)


def columns(size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(size)
    return {n: rng.integers(-20, 80, size).astype(np.int8 if n.endswith("_band") else np.int64) for n in LANES}


def put(path: Path, size: int) -> dict[str, np.ndarray]:
    rows = columns(size)
    keep_rows(path, dict(rows), order=block_order(rows["block"]), upto="d" * 64, context=CONTEXT, linker=ME)
    return rows


def opened(
    path: Path, wanted: np.ndarray, *, by: Identity = ME, context: bytes = CONTEXT
) -> dict[str, np.ndarray]:
    with resident(path, context=context, linker=by, space=space_to_open()) as rows:
        row_ref = np.concatenate([NONE, *(refs.copy() for refs in rows.references())])
        numbers, block = rows.of_blocks(np.arange(-20, 80))
        assert (numbers == np.arange(len(row_ref))).all()
        return {"row_ref": row_ref[wanted], "block": block[wanted], **rows.rows(wanted)}


@pytest.mark.parametrize("size", [0, 1, PAGE - 1, PAGE, 3 * PAGE + 5, HEADS, HEADS + PAGE + 1])
def test_rows_are_opened_as_they_were_put_whichever_are_wanted(tmp_path: Path, size: int) -> None:
    path = tmp_path / "rows"
    rows = put(path, size)
    every = np.arange(size)
    chosen = (
        np.unique(np.append(np.random.default_rng(1).choice(every, size // 7), every[-1:])) if size else every
    )
    for wanted in (every, chosen, every[:0]):
        found = opened(path, wanted)
        assert all((found[n] == rows[n][wanted]).all() for n in LANES)


def test_rows_are_found_by_their_blocks_over_several_pages(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    rows = put(path, 2 * HEADS + 5)
    with resident(path, context=CONTEXT, linker=ME, space=space_to_open()) as kept:
        for blocks in ([], [-1000, -7, 3, 50, 79, 1000], [100], range(-20, 80)):
            numbers, block = kept.of_blocks(np.array(blocks, dtype=np.int64))
            assert (numbers == np.flatnonzero(np.isin(rows["block"], blocks))).all()
            assert (block == rows["block"][numbers]).all()


def test_a_page_that_was_altered_does_not_open_and_others_do(tmp_path: Path) -> None:
    path, size = tmp_path / "rows", 4 * PAGE
    rows = put(path, size)
    width = sum(column.itemsize for name, column in rows.items() if name not in ("row_ref", "block"))
    content = bytearray(path.read_bytes())
    content[-LENGTH - PAGE * width - TAG + 3] ^= 1
    path.write_bytes(content)
    first = np.arange(3 * PAGE)
    assert (opened(path, first)["surname_0"] == rows["surname_0"][first]).all()
    with pytest.raises(BadSeal, match="were altered: run the linker in full"):
        opened(path, np.array([size - 1]))


def test_a_file_with_any_part_altered_cut_short_or_longer_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    put(path, 2 * PAGE)
    whole = path.read_bytes()
    for at in [*range(0, len(whole), 97), len(whole) - LENGTH, len(whole) - 1]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BadSeal, match="run the linker in full"):
            opened(path, np.arange(2 * PAGE))
    for other in (b"", whole[:5], whole[:-1], whole[:-PAGE], whole + b"\0", whole[: len(whole) // 2]):
        path.write_bytes(other)
        with pytest.raises(BadSeal, match="run the linker in full"):
            opened(path, np.arange(2 * PAGE))


def test_rows_of_another_place_or_linker_do_not_open(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    put(path, PAGE)
    with pytest.raises(BadSeal, match="belong elsewhere: run the linker in full"):
        opened(path, np.arange(PAGE), context=b"elsewhere")
    with pytest.raises(BadSeal, match="belong elsewhere: run the linker in full"):
        opened(path, np.arange(PAGE), by=Identity.make("linker/1"))


def test_rows_stay_as_they_are_when_another_file_is_opened_into_the_same_memory(tmp_path: Path) -> None:
    space, sizes = space_to_open(), (PAGE * 700, PAGE * 30 + 1)
    rows = {size: put(tmp_path / str(size), size) for size in sizes}
    found = {}
    for size in sizes:
        with resident(tmp_path / str(size), context=CONTEXT, linker=ME, space=space) as kept:
            found[size] = kept.rows(np.arange(size))
    for size in sizes:
        assert set(found[size]) == set(LANES) - {"row_ref", "block"}
        assert all((column == rows[size][name]).all() for name, column in found[size].items())


def test_where_the_disk_is_full_earlier_rows_stay_and_nothing_else_fills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows"
    rows = put(path, PAGE)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotWritten, match="nothing of it was left: the disk is full"):
        put(path, 2 * PAGE)
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["rows"]
    assert (opened(path, np.arange(PAGE))["surname_0"] == rows["surname_0"]).all()
