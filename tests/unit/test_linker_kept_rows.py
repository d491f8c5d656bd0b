"""Rows that the linker keeps: what is opened is what was put, from any pages; whatever was altered, cut short or put elsewhere does not open."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from keys import BadSeal, Identity
from linkage.central.pairs.chunks import block_order
from linkage.central.pairs.keep_rows import InOrder, keep_rows
from linkage.central.pairs.resident import resident, space_to_open
from linkage.central.pairs.row_pages import HEADS, LENGTH, PAGE, TAG
from linkage.errors import NotWritten

LANES = ("row_ref", "block", "presence_0", "forename_band", "surname_0")
PARTNERS = ("health", "police", "schools")
ME = Identity.make("linker/1")
CONTEXT = b"here"
NONE = np.empty(0, dtype=np.int64)
Rows = dict[str, np.ndarray]


def words(*numbers: int) -> np.ndarray:
    """Numbers spread over all words, as blocks are."""
    return (np.array(numbers, dtype=np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64)


BLOCKS = words(*range(-20, 80))


def columns(size: int, *, rising: bool) -> Rows:
    rng = np.random.default_rng(size)
    out = {n: rng.integers(-20, 80, size).astype(np.int8 if n.endswith("_band") else np.int64) for n in LANES}
    out["block"] = rng.choice(BLOCKS, size)
    out["row_ref"] = rng.permutation(np.arange(-size, size, dtype=np.int64))[:size]
    return out | ({"row_ref": np.sort(out["row_ref"])} if rising else {})


def put(path: Path, *sizes: int, rising: bool = True) -> dict[str, Rows]:
    """The rows of each partner, in the order in which they came."""
    came, several = {}, {}
    for partner, size in zip(PARTNERS, sizes, strict=False):
        came[partner] = columns(size, rising=rising)
        order = block_order(came[partner]["block"])
        several[partner] = InOrder({n: c[order] for n, c in came[partner].items()}, order, partner * 8)
    keep_rows(path, several, context=CONTEXT, linker=ME)
    return came


def all_opened(path: Path, *, by: Identity = ME, context: bytes = CONTEXT) -> dict[str, Rows]:
    """Every row of each partner, in the order of its references."""
    with resident(path, context=context, linker=by, space=space_to_open()) as kept:
        numbers = kept.near(BLOCKS)
        assert (numbers == np.arange(len(numbers))).all()
        found = kept.rows(numbers)
        out = {}
        for at, partner in enumerate(kept.upto):
            assert kept.upto[partner] == partner * 8
            several = [(refs.copy(), its.copy()) for refs, its in kept.references(partner)]
            refs, its = (np.concatenate([NONE, *parts]) for parts in zip((NONE, NONE), *several, strict=True))
            assert (found["source"][its] == at).all()
            assert (found["row_ref"][its] == refs).all()
            out[partner] = {n: c[its] for n, c in found.items() if n != "source"}
        assert sum(len(rows["block"]) for rows in out.values()) == len(numbers)
        return out


def by_reference(rows: Rows) -> Rows:
    order = np.argsort(rows["row_ref"])
    return {n: c[order] for n, c in rows.items()}


@pytest.mark.parametrize("rising", [True, False], ids=["as partners send them", "after updates"])
@pytest.mark.parametrize(
    "sizes",
    [(0,), (1,), (PAGE - 1,), (PAGE,), (3 * PAGE + 5, 0, 2), (HEADS,), (5, HEADS + PAGE + 1, HEADS)],
    ids=str,
)
def test_rows_are_opened_as_they_were_put(tmp_path: Path, sizes: tuple[int, ...], rising: bool) -> None:
    path = tmp_path / "rows"
    came = put(path, *sizes, rising=rising)
    found = all_opened(path)
    assert list(found) == list(came)
    for partner, rows in came.items():
        expected = by_reference(rows)
        assert set(found[partner]) == set(LANES)
        assert all((found[partner][n] == expected[n]).all() for n in LANES)


def test_any_rows_are_opened_without_the_others(tmp_path: Path) -> None:
    path, size = tmp_path / "rows", 700 * PAGE + 3
    put(path, size // 2, size - size // 2)
    with resident(path, context=CONTEXT, linker=ME, space=space_to_open()) as kept:
        every = kept.rows(np.arange(size))
        chosen = np.append(np.flatnonzero(np.random.default_rng(1).random(size - 1) < 0.15), size - 1)
        for wanted in (chosen, chosen[:1], chosen[:0]):
            assert all((column == every[name][wanted]).all() for name, column in kept.rows(wanted).items())


def test_rows_are_found_by_their_blocks_over_several_pages(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    came = put(path, HEADS, HEADS + 5)
    blocks_of = np.concatenate([rows["block"] for rows in came.values()])
    blocks_of = blocks_of[np.argsort(blocks_of.view(np.uint64))]
    with resident(path, context=CONTEXT, linker=ME, space=space_to_open()) as kept:
        for blocks in (NONE, words(-1000, -7, 3, 50, 79, 1000), words(100), BLOCKS):
            numbers = kept.near(blocks)
            assert (numbers == np.flatnonzero(np.isin(blocks_of, blocks))).all()
            assert (kept.rows(numbers)["block"] == blocks_of[numbers]).all()


def test_rows_of_a_block_that_begins_alike_come_along_and_say_which_is_theirs(tmp_path: Path) -> None:
    came = put(tmp_path / "rows", 3 * PAGE)["health"]["block"]
    with resident(tmp_path / "rows", context=CONTEXT, linker=ME, space=space_to_open()) as kept:
        for wanted in (came[:2], came[:2] ^ 1):
            found = kept.rows(kept.near(wanted))["block"]
            assert sorted(found) == sorted(came[np.isin(came, came[:2])])


def test_a_page_that_was_altered_does_not_open_and_others_do(tmp_path: Path) -> None:
    path, size = tmp_path / "rows", 4 * PAGE
    put(path, size)
    width = 1 + 8 + 8 + 8 + 1 + 8
    first, last = np.arange(3 * PAGE), np.array([size - 1])
    with resident(path, context=CONTEXT, linker=ME, space=space_to_open()) as kept:
        honest = kept.rows(first)["surname_0"]
    content = bytearray(path.read_bytes())
    content[-LENGTH - PAGE * width - TAG + 3] ^= 1
    path.write_bytes(content)
    with resident(path, context=CONTEXT, linker=ME, space=space_to_open()) as kept:
        assert (kept.rows(first)["surname_0"] == honest).all()
        with pytest.raises(BadSeal, match="were altered: run the linker in full"):
            kept.rows(last)


def test_pages_that_change_places_do_not_open(tmp_path: Path) -> None:
    path, size = tmp_path / "rows", 4 * PAGE
    put(path, size, size)
    content = path.read_bytes()
    header, section = int.from_bytes(content[-LENGTH:], "big"), size * 12 + TAG
    one, two = content[header : header + section], content[header + section : header + 2 * section]
    path.write_bytes(content[:header] + two + one + content[header + 2 * section :])
    with pytest.raises(BadSeal, match="were altered: run the linker in full"):
        all_opened(path)


def test_a_file_with_any_part_altered_cut_short_or_longer_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    put(path, PAGE, PAGE)
    whole = path.read_bytes()
    for at in [*range(0, len(whole), 97), len(whole) - LENGTH, len(whole) - 1]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BadSeal, match="run the linker in full"):
            all_opened(path)
    for other in (b"", whole[:5], whole[:-1], whole[:-PAGE], whole + b"\0", whole[: len(whole) // 2]):
        path.write_bytes(other)
        with pytest.raises(BadSeal, match="run the linker in full"):
            all_opened(path)


def test_rows_of_another_place_or_linker_do_not_open(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    put(path, PAGE)
    with pytest.raises(BadSeal, match="belong elsewhere: run the linker in full"):
        all_opened(path, context=b"elsewhere")
    with pytest.raises(BadSeal, match="belong elsewhere: run the linker in full"):
        all_opened(path, by=Identity.make("linker/1"))


def test_rows_stay_as_they_are_when_another_file_is_opened_into_the_same_memory(tmp_path: Path) -> None:
    space, found = space_to_open(), {}
    for size in (PAGE * 700, PAGE * 30 + 1):
        put(tmp_path / str(size), size)
        with resident(tmp_path / str(size), context=CONTEXT, linker=ME, space=space) as kept:
            found[size] = kept.rows(np.arange(size))
    for size, its in found.items():
        with resident(tmp_path / str(size), context=CONTEXT, linker=ME, space=space_to_open()) as kept:
            assert all((column == its[name]).all() for name, column in kept.rows(np.arange(size)).items())


def test_where_the_disk_is_full_earlier_rows_stay_and_nothing_else_fills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows"
    rows = put(path, PAGE)["health"]

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotWritten, match="nothing of it was left: the disk is full"):
        put(path, 2 * PAGE)
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["rows"]
    assert (all_opened(path)["health"]["surname_0"] == by_reference(rows)["surname_0"]).all()
