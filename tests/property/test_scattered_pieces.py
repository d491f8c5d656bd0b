"""Pieces of a large file are the same however they are read: one by one, or in stretches past the system's cache."""

from io import FileIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.central import scattered as module
from linkage.central.direct import BLOCK, STRETCH, room_to_read
from linkage.central.scattered import GAP, Direct, Held, scattered, stretches

SIZE = 3 * STRETCH + 12_345
CONTENT = np.random.default_rng(7).integers(0, 256, SIZE, dtype=np.uint8).tobytes()
gaps = st.integers(0, 40_000) | st.integers(GAP - 3, GAP + 3) | st.integers(0, STRETCH)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scattered") / "rows"
    path.write_bytes(CONTENT)
    return path


def places_of(several: list[int], *, width: int) -> list[int]:
    """Places that rise, so far from the end of the one before; those beyond the file are left out."""
    places, at = [], 0
    for gap in several:
        places.append(at + gap)
        at += gap + width
    return [place for place in places if place < SIZE]


@given(several=st.lists(gaps, min_size=1, max_size=60), width=st.integers(1, 9_000) | st.just(STRETCH), short=st.integers(0, 9_000))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_pieces_are_what_stands_there_however_they_are_read(
    file: Path, several: list[int], width: int, short: int
) -> None:
    places = places_of(several, width=width)
    if not places:
        return
    last = max(1, width - short)
    expected = [CONTENT[at : at + width] for at in places[:-1]] + [CONTENT[places[-1] : places[-1] + last]]
    with FileIO(file) as one, FileIO(file) as other:
        for reader in (Held(one), Direct(other, room=room_to_read())):
            found = [bytes(p) for p in reader.pieces(np.array(places), width=width, last=last)]
            assert found == expected
            assert reader.size == SIZE


@given(several=st.lists(gaps, min_size=1, max_size=80), width=st.integers(1, 9_000))
@settings(max_examples=60, deadline=None)
def test_a_stretch_fits_the_room_and_reads_over_no_long_gap(several: list[int], width: int) -> None:
    places = np.cumsum([gap + width for gap in several])
    numbers = stretches(places, width=width)
    assert numbers[0] == 0
    assert numbers[-1] == len(places)
    for first, past in pairwise(numbers):
        assert first < past
        assert places[past - 1] + width - places[first] <= STRETCH
        assert all(b - a - width <= GAP for a, b in pairwise(places[first:past].tolist()))
    for first, second in pairwise(numbers[:-1]):
        # What begins a stretch would not have fitted the one before, or is far from it.
        assert (
            places[second] + width - places[first] > STRETCH
            or places[second] - places[second - 1] - width > GAP
        )


def read(path: Path) -> tuple[type, bytes]:
    with scattered(path, room=room_to_read()) as its:
        found = b"".join([bytes(p) for p in its.pieces(np.array([5, 5_000, SIZE - 3]), width=100, last=100)])
        return type(its), found


def test_a_file_that_is_not_in_memory_is_read_directly_where_that_can_be(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = CONTENT[5:105] + CONTENT[5_000:5_100] + CONTENT[-3:]
    monkeypatch.setattr(module, "in_memory", lambda _: True)
    assert read(file) == (Held, expected)
    monkeypatch.setattr(module, "in_memory", lambda _: False)
    assert read(file)[1] == expected
    monkeypatch.setattr(module, "directly", FileIO)
    assert read(file) == (Direct, expected)
    monkeypatch.setattr(module, "directly", lambda _: None)
    assert read(file) == (Held, expected)


def test_a_read_that_ends_early_is_taken_up_where_it_ended(file: Path) -> None:
    class Slow(FileIO):
        def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # as FileIO is called here
            return super().readinto(buffer[: 2 * BLOCK])

    with Slow(file) as its:
        several = np.arange(3, SIZE - 50_000, 50_000)
        found = [bytes(p) for p in Direct(its, room=room_to_read()).pieces(several, width=700, last=700)]
    assert found == [CONTENT[at : at + 700] for at in several]
