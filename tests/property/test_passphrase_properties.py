"""Whatever is protected opens with its passphrase and no other, and no two digests that differ early are the same words."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import KeysError, Secret
from keys.errors import WrongPassphrase
from keys.passphrase import Cost, protect, read_protection, unprotect
from keys.words import in_words

TINY = Cost(memory=8, passes=1, lanes=1)
PASSPHRASES = st.text(min_size=1, max_size=40).map(lambda t: t.encode("utf-8", "surrogatepass"))


def secret(raw: bytes) -> Secret:
    return Secret(raw, name="passphrase")


@given(st.binary(max_size=500), PASSPHRASES, PASSPHRASES)
def test_what_is_protected_opens_with_its_passphrase_and_with_no_other(
    content: bytes, one: bytes, other: bytes
) -> None:
    made = protect(content, passphrase=secret(one), randomness=os.urandom, cost=TINY)
    assert unprotect(made, passphrase=secret(one)) == content
    if one != other:
        with pytest.raises(WrongPassphrase):
            unprotect(made, passphrase=secret(other))


@given(st.binary(max_size=200), st.data())
def test_what_is_altered_anywhere_does_not_open(content: bytes, data: st.DataObject) -> None:
    made = bytearray(protect(content, passphrase=secret(b"one"), randomness=os.urandom, cost=TINY))
    made[data.draw(st.integers(0, len(made) - 1))] ^= data.draw(st.sampled_from([1 << n for n in range(8)]))
    # A header may ask for up to 2 GiB: whatever is over a few MiB is not derived in this test.
    try:
        header = read_protection(bytes(made))
    except KeysError:
        return
    if header.cost.memory <= 4096:
        with pytest.raises(KeysError):
            unprotect(bytes(made), passphrase=secret(b"one"))


@given(st.binary(max_size=300))
def test_bytes_that_nobody_protected_are_refused_and_never_crash(content: bytes) -> None:
    for candidate in (content, b"linkage-protected/v1\n" + content):
        with pytest.raises(KeysError):
            unprotect(candidate, passphrase=secret(b"one"))


@given(st.binary(min_size=10, max_size=32), st.binary(min_size=10, max_size=32))
def test_the_words_are_equal_exactly_if_the_first_eighty_bits_are(one: bytes, other: bytes) -> None:
    assert (in_words(one) == in_words(other)) == (one[:10] == other[:10])
    assert len(in_words(one).split(" ")) == 8
