"""The vectorised AES, CMAC and KDF against `cryptography`, one message at a time; and the stream for what is missing."""

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret
from linkage.partner.tokens import prf
from linkage.partner.tokens.prf import Cmac, Fresh, Prp, Words

KEY = bytes(range(100, 132))
CMAC_OF_KEY = Cmac(Secret(KEY, name="cmac"))


def rows(made: Words) -> list[bytes]:
    return [bytes(row) for row in np.ascontiguousarray(made).view(np.uint8).reshape(-1, 16)]


def one_by_one(values: list[str]) -> list[bytes]:
    out = []
    for value in values:
        mac = CMAC(algorithms.AES(KEY))
        mac.update(value.encode())
        out.append(mac.finalize())
    return out


def random_words(*shape: int) -> Words:
    return np.random.default_rng(5).integers(0, 1 << 64, shape, dtype=np.uint64)


def test_the_permutation_is_aes_on_single_blocks_in_any_layout() -> None:
    prp = Prp(Secret(KEY, name="prp"))
    blocks = random_words(50, 2)
    aes = Cipher(algorithms.AES(KEY), modes.ECB()).encryptor()  # noqa: S305  single blocks
    assert rows(prp(blocks)) == [aes.update(b) for b in rows(blocks)]
    wide = np.repeat(blocks, 2, axis=0)[::2]
    assert not wide.flags.c_contiguous
    assert rows(prp(wide)) == rows(prp(blocks))
    assert rows(prp(np.broadcast_to(blocks[0], (3, 2)))) == rows(prp(blocks[:1])) * 3
    assert prp(blocks[:0]).shape == (0, 2)


LENGTHS = (0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 200)


def test_cmac_of_texts_of_every_length_is_that_of_the_library() -> None:
    values = ["x" * n for n in LENGTHS] + ["é" * n for n in LENGTHS] + ["żółć ", "李", "🙂" * 4]
    assert rows(CMAC_OF_KEY.texts(pa.array(values, pa.string()))) == one_by_one(values)


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=20), st.integers(0, 5), st.integers(0, 20))
def test_cmac_of_a_slice_is_that_of_its_texts(values: list[str], start: int, length: int) -> None:
    array = pa.array(values, pa.string()).slice(start, length)
    assert rows(CMAC_OF_KEY.texts(array)) == one_by_one(values[start : start + length])


def test_cmac_does_not_depend_on_how_many_texts_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = pa.array(["a" * (n % 40) + str(n) for n in range(50)], pa.string())
    whole = rows(CMAC_OF_KEY.texts(values))
    monkeypatch.setattr(prf, "CHUNK", 7)
    assert rows(CMAC_OF_KEY.texts(values)) == whole == one_by_one(values.to_pylist())


def test_cmac_reads_texts_that_a_computation_of_arrow_has_left_without_a_buffer() -> None:
    nothing = pa.array(["", "", ""], pa.string())
    assert rows(CMAC_OF_KEY.texts(nothing)) == one_by_one(["", "", ""])
    assert CMAC_OF_KEY.texts(pa.array([], pa.string())).shape == (0, 2)
    taken = pa.array(["one", None, "three"], pa.string()).drop_null()
    assert rows(CMAC_OF_KEY.texts(taken)) == one_by_one(["one", "three"])


@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_derived_blocks_are_those_of_the_librarys_kdf_in_counter_mode(parts: int) -> None:
    digests = [random_words(20, 2) ^ np.uint64(n) for n in range(parts)]
    made = CMAC_OF_KEY.derive(digests, counters=[1, 2, 3])
    for at, (first, second, third) in enumerate(zip(*map(rows, made), strict=True)):
        kdf = KBKDFCMAC(
            algorithm=algorithms.AES,
            mode=Mode.CounterMode,
            length=48,
            rlen=4,
            llen=None,
            location=CounterLocation.AfterFixed,
            label=None,
            context=None,
            fixed=b"".join(rows(d)[at] for d in digests),
        )
        assert kdf.derive(KEY) == first + second + third
    assert rows(CMAC_OF_KEY.derive(digests, counters=[2])[0]) == rows(made[1])


def test_the_order_of_digests_counts() -> None:
    a, b = random_words(1, 2), random_words(2, 2)[1:]
    assert rows(CMAC_OF_KEY.derive([a, b], counters=[1])[0]) != rows(
        CMAC_OF_KEY.derive([b, a], counters=[1])[0]
    )


def test_fresh_words_are_the_key_stream_in_the_order_in_which_they_are_drawn() -> None:
    fresh = Fresh(KEY)
    drawn = [fresh.words(3), fresh.words(0), fresh.words(2, 2), fresh.words(1)]
    assert [d.shape for d in drawn] == [(3,), (0,), (2, 2), (1,)]
    stream = Cipher(algorithms.AES(KEY), modes.CTR(bytes(16))).encryptor().update(bytes(64))
    assert b"".join(d.tobytes() for d in drawn) == stream
    assert Fresh(bytes(32)).words(8).tobytes() != stream
