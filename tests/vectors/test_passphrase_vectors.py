"""Known answers from outside for Argon2id (RFC 9106, and its reference implementation), and a protected file opened by hand."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from keys import Secret
from keys.passphrase import RECOMMENDED, Cost, Protection, protect
from keys.words import in_words

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "argon2.json").read_text(encoding="utf-8"))


def test_the_library_gives_the_answer_of_the_rfc() -> None:
    case = FACTS["rfc9106"]
    raw = {k: bytes.fromhex(case[k]) for k in ("password", "salt", "secret", "associated", "tag")}
    made = Argon2id(
        salt=raw["salt"],
        length=32,
        iterations=case["passes"],
        lanes=case["lanes"],
        memory_cost=case["memory"],
        ad=raw["associated"],
        secret=raw["secret"],
    )
    assert made.derive(raw["password"]) == raw["tag"]


def test_the_key_of_a_protected_file_is_the_answer_of_the_reference_implementation() -> None:
    case = FACTS["reference"]
    header = Protection(Cost(case["memory"], case["passes"], case["lanes"]), bytes.fromhex(case["salt"]))
    made = header.key(Secret(bytes.fromhex(case["password"]), name="passphrase"))
    assert made.expose().hex() == case["tag"]


def test_a_file_has_the_second_recommended_cost_of_the_rfc_unless_another_is_named() -> None:
    assert (RECOMMENDED.passes, RECOMMENDED.lanes, RECOMMENDED.memory) == (3, 4, 2**16)
    made = protect(b"", passphrase=Secret(b"p", name="p"), randomness=bytes)
    assert made.split(b"\n")[1] == b"argon2id memory=65536 passes=3 lanes=4 salt=AAAAAAAAAAAAAAAAAAAAAA=="


def test_a_protected_file_opens_by_hand_from_its_description() -> None:
    draws = iter([bytes(range(16)), bytes(range(12))])
    made = protect(
        b"the content",
        passphrase=Secret("Grüße aus Åbo".encode(), name="p"),
        randomness=lambda count: next(draws)[:count],
        cost=Cost(memory=64, passes=1, lanes=2),
    )
    header = b"linkage-protected/v1\nargon2id memory=64 passes=1 lanes=2 salt=AAECAwQFBgcICQoLDA0ODw==\n\n"
    assert made.startswith(header)
    nonce, sealed = made[len(header) :][:12], made[len(header) :][12:]
    assert (nonce, len(sealed)) == (bytes(range(12)), len(b"the content") + 16)
    key = Argon2id(salt=bytes(range(16)), length=32, iterations=1, lanes=2, memory_cost=64)
    assert AESGCM(key.derive("Grüße aus Åbo".encode())).decrypt(nonce, sealed, header) == b"the content"


def test_words_are_those_of_slip_0039() -> None:
    # The first and the last of its 1,024 words, and the second: a bit more in the last of eight places.
    assert in_words(bytes(32)) == " ".join(["academic"] * 8)
    assert in_words(b"\xff" * 10) == " ".join(["zero"] * 8)
    assert in_words(bytes(9) + b"\x01" + bytes(22)) == " ".join([*["academic"] * 7, "acid"])
