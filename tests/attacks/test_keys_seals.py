"""A sealed file that was altered in any byte, cut at any length, or taken to anyone or anything else does not open."""

import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest

from keys import BadSeal, Identity, Secret, encode, open_sealed, seal
from keys.ceremony import accept_secret, deliver_secret
from keys.columns import unwrap_column_key, wrap_column_key
from keys.errors import BadKeyFile
from keys.identity import write_private
from keys.sealing import Sealer, unwrap_key, wrap_key

ANNA, BEN = (
    Identity.make(n, randomness=np.random.default_rng([3, at]).bytes) for at, n in enumerate(("anna", "ben"))
)
CONTEXT = encode(["round", "3"])
SEALED = seal(b"what only Anna may read", to=ANNA.public, context=CONTEXT)


def test_a_sealed_file_opens_for_its_recipient_alone() -> None:
    assert open_sealed(SEALED, by=ANNA, context=CONTEXT) == b"what only Anna may read"
    with pytest.raises(BadSeal, match="another recipient"):
        open_sealed(SEALED, by=BEN, context=CONTEXT)


def test_a_sealed_file_renamed_to_another_recipient_does_not_open() -> None:
    renamed = SEALED.replace(b"\nto anna\n", b"\nto ben\n", 1)
    for who in (ANNA, BEN):
        with pytest.raises(BadSeal):
            open_sealed(renamed, by=who, context=CONTEXT)
    impostor = Identity("anna", BEN.seeds)
    with pytest.raises(BadSeal):
        open_sealed(SEALED, by=impostor, context=CONTEXT)


@pytest.mark.parametrize("bit", [0, 7])
def test_a_sealed_file_with_any_byte_altered_does_not_open(bit: int) -> None:
    opened = []
    for at in range(len(SEALED)):
        altered = bytearray(SEALED)
        altered[at] ^= 1 << bit
        try:
            open_sealed(bytes(altered), by=ANNA, context=CONTEXT)
            opened.append(at)
        except BadSeal:
            continue
    assert opened == []


def test_a_sealed_file_cut_at_any_length_does_not_open() -> None:
    opened = []
    for length in range(len(SEALED)):
        try:
            open_sealed(SEALED[:length], by=ANNA, context=CONTEXT)
            opened.append(length)
        except BadSeal:
            continue
    assert opened == []


@pytest.mark.parametrize("tail", [b"\0", b"\n", SEALED])
def test_a_sealed_file_with_something_added_does_not_open(tail: bytes) -> None:
    with pytest.raises(BadSeal):
        open_sealed(SEALED + tail, by=ANNA, context=CONTEXT)


@pytest.mark.parametrize(
    "context", [b"", encode(["round", "4"]), encode(["round3"]), encode(["roun", "d3"]), CONTEXT + b"\0"]
)
def test_a_sealed_file_does_not_open_in_another_context(context: bytes) -> None:
    with pytest.raises(BadSeal):
        open_sealed(SEALED, by=ANNA, context=context)


def test_the_header_of_one_sealed_file_does_not_open_the_body_of_another() -> None:
    other = seal(b"another text of that length", to=ANNA.public, context=CONTEXT)
    for a, b in ((SEALED, other), (other, SEALED)):
        header, body = a.partition(b"\n\n")[0] + b"\n\n", b.partition(b"\n\n")[2]
        with pytest.raises(BadSeal):
            open_sealed(header + body, by=ANNA, context=CONTEXT)


def test_chunks_of_a_large_sealed_file_cannot_be_exchanged_dropped_or_repeated() -> None:
    body = os.urandom(1 << 20)
    sealed = seal(body, to=ANNA.public, context=CONTEXT)
    assert open_sealed(sealed, by=ANNA, context=CONTEXT) == body
    head = sealed.index(b"\n\n") + 2
    half = 1 << 19
    for altered in (
        sealed[:head] + sealed[head + half :] + sealed[head : head + half],
        sealed[:-half],
        sealed[: head + half] + sealed[head:],
        sealed[:-1],
    ):
        with pytest.raises(BadSeal):
            open_sealed(altered, by=ANNA, context=CONTEXT)


@pytest.mark.parametrize("size", [1, 1000, 40_000])
def test_a_file_sealed_piece_by_piece_opens_whole_and_without_its_end_not_at_all(size: int) -> None:
    content = np.random.default_rng(2).bytes(100_000)
    sink = io.BytesIO()
    sealer = Sealer(sink, to=ANNA.public, context=CONTEXT)
    for at in range(0, 2000 if size == 1 else len(content), size):
        assert sealer.write(content[at : at + size]) == len(content[at : at + size])
    with pytest.raises(BadSeal):
        open_sealed(sink.getvalue(), by=ANNA, context=CONTEXT)
    sealer.finish()
    opened = open_sealed(sink.getvalue(), by=ANNA, context=CONTEXT)
    assert opened == (content[:2000] if size == 1 else content)


def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    again = seal(b"what only Anna may read", to=ANNA.public, context=CONTEXT)
    assert again != SEALED
    assert not {SEALED[i : i + 16] for i in range(60, len(SEALED) - 16)} & {
        again[i : i + 16] for i in range(60, len(again) - 16)
    }


@pytest.mark.parametrize("size", [0, 1, 1119, 1120, 1121, 1136])
def test_a_wrapped_key_of_any_other_length_does_not_open(size: int) -> None:
    with pytest.raises(BadSeal):
        unwrap_key(b"\0" * size, by=ANNA, context=CONTEXT)


def test_a_wrapped_key_that_seals_no_key_does_not_open_a_body() -> None:
    wrapped = base64.b64encode(wrap_key(b"short", to=ANNA.public, context=CONTEXT))
    forged = b"linkage-sealed/v1\nto anna\nkey " + wrapped + b"\n\n" + b"x" * 100
    with pytest.raises(BadSeal):
        open_sealed(forged, by=ANNA, context=CONTEXT)


def test_a_column_key_opens_as_the_key_of_its_own_column_alone() -> None:
    wrapped = wrap_column_key(b"k" * 32, key_id="p/1/police/custody", to=ANNA.public)
    assert unwrap_column_key(wrapped, key_id="p/1/police/custody", by=ANNA).expose() == b"k" * 32
    for key_id in ("p/1/police/excluded", "p/2/police/custody", "p/1/schools/custody", "q/1/police/custody"):
        with pytest.raises(BadSeal):
            unwrap_column_key(wrapped, key_id=key_id, by=ANNA)
    with pytest.raises(BadSeal):
        unwrap_column_key(wrapped, key_id="p/1/police/custody", by=BEN)


def test_a_delivered_secret_opens_for_its_officer_project_and_epoch_alone() -> None:
    secret = Secret(bytes(range(32)), name="project")
    sealed = deliver_secret(secret, project="p", epoch=1, to=ANNA.public)
    assert accept_secret(sealed, project="p", epoch=1, by=ANNA) == secret
    for project, epoch, by in (("p", 2, ANNA), ("q", 1, ANNA), ("p", 1, BEN)):
        with pytest.raises(BadSeal):
            accept_secret(sealed, project=project, epoch=epoch, by=by)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_draft_laid_in_the_way_does_not_catch_a_secret(tmp_path: Path) -> None:
    wide = tmp_path / "key.draft"
    wide.write_bytes(b"")
    wide.chmod(0o666)
    write_private(tmp_path / "key", b"secret")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "other.draft").symlink_to(tmp_path / "elsewhere")
    write_private(tmp_path / "other", b"secret")
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "other").read_bytes() == b"secret"
    with pytest.raises(BadKeyFile, match="never overwritten"):
        write_private(tmp_path / "other", b"again")
