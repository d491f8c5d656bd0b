"""Rows that the linker keeps: what is opened is what was put, from any pages; whatever was altered, cut short or put elsewhere does not open."""

from pathlib import Path

import numpy as np
import pytest

from keys import BadSeal, Identity
from linkage.central.pairs.resident import HEADS, LENGTH, PAGE, TAG, keep_rows, resident

LANES = ("row_ref", "block", "presence_0", "forename_band", "surname_0")
ME = Identity.make("linker/1")
CONTEXT = b"here"


def columns(size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(size)
    return {n: rng.integers(0, 100, size).astype(np.int8 if n.endswith("_band") else np.int64) for n in LANES}


def put(path: Path, size: int) -> dict[str, np.ndarray]:
    rows = columns(size)
    keep_rows(path, dict(rows), upto="d" * 64, context=CONTEXT, linker=ME)
    return rows


def opened(
    path: Path, wanted: np.ndarray, *, by: Identity = ME, context: bytes = CONTEXT
) -> dict[str, np.ndarray]:
    with resident(path, context=context, linker=by) as rows:
        parts = []
        for piece in rows.pieces():
            its = wanted[(wanted >= piece.first) & (wanted < piece.first + len(piece.row_ref))] - piece.first
            found = piece.rows(its)
            assert (found["row_ref"] == piece.row_ref[its]).all()
            assert (found["block"] == piece.block[its]).all()
            parts.append(found)
    return {n: np.concatenate([np.empty(0, dtype=np.int64), *(part[n] for part in parts)]) for n in LANES}


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


def test_a_page_that_was_altered_does_not_open_and_others_do(tmp_path: Path) -> None:
    path, size = tmp_path / "rows", 4 * PAGE
    rows = put(path, size)
    width = sum(column.itemsize for column in rows.values())
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
        with pytest.raises(BadSeal):
            opened(path, np.arange(2 * PAGE))
    for other in (b"", whole[:5], whole[:-1], whole[:-PAGE], whole + b"\0", whole[: len(whole) // 2]):
        path.write_bytes(other)
        with pytest.raises(BadSeal):
            opened(path, np.arange(2 * PAGE))


def test_rows_of_another_place_or_linker_do_not_open(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    put(path, PAGE)
    with pytest.raises(BadSeal):
        opened(path, np.arange(PAGE), context=b"elsewhere")
    with pytest.raises(BadSeal):
        opened(path, np.arange(PAGE), by=Identity.make("linker/1"))
