"""Known answers from outside: shares of SLIP-0039. Its secrets are under a passphrase and ours are not, so the cipher between the two is written out."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from keys import Secret
from keys.errors import BadShare
from keys.shares import combine, place_of

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "shares.json").read_text("utf-8"))["slip39"]
ROUNDS, ITERATIONS = 4, 10_000


def feistel(value: bytes, *, rounds: range, passphrase: bytes, salt: bytes, exponent: int) -> bytes:
    """The cipher of SLIP-0039: a Feistel network of four rounds over PBKDF2-HMAC-SHA-256; the other way round it decrypts."""
    half = len(value) // 2
    left, right = value[:half], value[half:]
    for number in rounds:
        mixed = hashlib.pbkdf2_hmac(
            "sha256",
            bytes([number]) + passphrase,
            salt + right,
            (ITERATIONS << exponent) // ROUNDS,
            dklen=half,
        )
        left, right = right, bytes(a ^ b for a, b in zip(left, mixed, strict=True))
    return right + left


def under_passphrase(found: Secret, *, like: Secret) -> bytes:
    """What the shares hold under the vectors' passphrase, given what they hold without one."""
    identifier, extendable, exponent = place_of(like).secret[:3]
    salt = b"" if extendable else b"shamir" + identifier.to_bytes(2, "big")
    encrypted = feistel(found.expose(), rounds=range(ROUNDS), passphrase=b"", salt=salt, exponent=exponent)
    return feistel(
        encrypted,
        rounds=range(ROUNDS - 1, -1, -1),
        passphrase=FACTS["passphrase"].encode(),
        salt=salt,
        exponent=exponent,
    )


def shares_of(case: dict[str, Any]) -> list[Secret]:
    return [Secret(words.encode(), name=f"share {n}") for n, words in enumerate(case["shares"])]


@pytest.mark.parametrize("case", FACTS["recovered"], ids=lambda c: c["says"])
def test_published_shares_give_the_published_secret(case: dict[str, Any]) -> None:
    shares = shares_of(case)
    assert under_passphrase(combine(shares, name="s"), like=shares[0]).hex() == case["secret"]
    assert under_passphrase(combine(shares[::-1], name="s"), like=shares[0]).hex() == case["secret"]


@pytest.mark.parametrize("case", FACTS["refused"], ids=lambda c: c["says"])
def test_published_faults_are_refused_without_a_word_of_them(case: dict[str, Any]) -> None:
    with pytest.raises(BadShare) as caught:
        combine(shares_of(case), name="s")
    longer = {word for words in case["shares"] for word in words.split() if len(word) > 5}
    assert not longer & set(str(caught.value).replace(":", " ").replace(",", " ").split())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
