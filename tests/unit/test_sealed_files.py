"""Sealed files written and opened a little at a time: what others read by the usual way, whole or not at all."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from keys import BadSeal, Identity, open_sealed, seal
from keys.sealing import open_into, read_header, unwrap_key
from linkage.central.assembly.sealed_files import PIECE, sealed_whole

ME = Identity.make("assembler/1", randomness=np.random.default_rng(1).bytes)
CONTEXT = b"a place"
PLAIN = np.random.default_rng(2).bytes(2 * PIECE + 17)


def opened_into(sealed: bytes, *, room: bytearray, context: bytes = CONTEXT, piece: int = 1000) -> int:
    source = io.BytesIO(sealed)
    header = read_header(source)
    key = unwrap_key(header.wrapped, by=ME, context=CONTEXT)
    pieces = (memoryview(read) for read in iter(lambda: source.read(piece), b""))
    return open_into(pieces, header=header, key=key, context=context, room=memoryview(room))


def test_what_is_written_in_pieces_opens_as_if_it_were_sealed_at_once(tmp_path: Path) -> None:
    digest = hashlib.sha256()
    with sealed_whole(tmp_path / "a.sealed", to=ME.public, context=CONTEXT, seen=digest.update) as out:
        for at in range(0, len(PLAIN), 100_001):
            out.write(PLAIN[at : at + 100_001])
    sealed = (tmp_path / "a.sealed").read_bytes()
    assert open_sealed(sealed, by=ME, context=CONTEXT) == PLAIN
    assert hashlib.sha256(sealed).hexdigest() == digest.hexdigest()


def test_what_breaks_off_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "a.sealed"
    path.write_bytes(b"before")

    def half() -> None:
        with sealed_whole(path, to=ME.public, context=CONTEXT) as out:
            out.write(PLAIN)
            raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        half()
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.sealed"]
    with sealed_whole(path, to=ME.public, context=CONTEXT) as out:
        out.write(b"after")
    assert open_sealed(path.read_bytes(), by=ME, context=CONTEXT) == b"after"
    assert [p.name for p in tmp_path.iterdir()] == ["a.sealed"]


@pytest.mark.parametrize("piece", [1, 1000, 1 << 20])
def test_a_file_opens_into_memory_that_held_another(piece: int) -> None:
    plain = PLAIN[:3000]
    sealed = seal(plain, to=ME.public, context=CONTEXT)
    room = bytearray(b"x" * len(sealed))
    assert opened_into(sealed, room=room, piece=piece) == len(plain)
    assert room[: len(plain)] == plain


def test_what_was_altered_cut_short_or_is_of_another_place_does_not_open_into_memory() -> None:
    sealed = seal(PLAIN, to=ME.public, context=CONTEXT)
    room = bytearray(len(sealed))
    for damaged in (sealed[:-1], sealed[:-40], sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed + b"x"):
        with pytest.raises(BadSeal, match="altered or cut short"):
            opened_into(damaged, room=bytearray(len(sealed) + 1))
    with pytest.raises(BadSeal, match="altered or cut short"):
        opened_into(sealed, room=room, context=b"another place")
