"""Known answers from outside: HKDF (RFC 5869), Ed25519 (RFC 8032), signed notes (C2SP, Go); and HPKE by hand
(RFC 9180, and X-Wing for the hybrid)."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys import BadSignature, Identity, PublicIdentity, Secret, derive, encode, label, sign_note, verify_note
from keys.derive import LABELS
from keys.identity import SEEDS
from keys.sealing import SEAL_FORMAT, wrap_key

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "keys.json").read_text(encoding="utf-8"))


def hkdf_extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), ikm, "sha256")


def hkdf_expand(key: bytes, info: bytes, length: int) -> bytes:
    out, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        out += block
    return out[:length]


@pytest.mark.parametrize("case", FACTS["hkdf_sha256"]["cases"], ids=["1", "2", "3"])
def test_hkdf_gives_the_known_answers_in_the_library_and_by_hand(case: dict[str, str]) -> None:
    ikm, salt, info, okm = (bytes.fromhex(case[k]) for k in ("ikm", "salt", "info", "okm"))
    library = HKDF(algorithm=SHA256(), length=len(okm), salt=salt or None, info=info)
    assert library.derive(ikm) == okm
    assert hkdf_expand(hkdf_extract(salt, ikm), info, len(okm)) == okm


@pytest.mark.parametrize("length", [1, 4, 32, 100])
def test_derive_is_hkdf_without_salt_under_the_encoded_label(length: int) -> None:
    secret = Secret(bytes(range(32)), name="s")
    by_hand = hkdf_expand(hkdf_extract(b"", bytes(range(32))), label("row-ref", "a pass"), length)
    assert derive(secret, "row-ref", "a pass", length=length).expose() == by_hand


def test_every_label_has_a_known_answer_and_gives_it() -> None:
    known = json.loads((Path(__file__).parent / "labels.json").read_text(encoding="utf-8"))
    assert known["labels"].keys() == LABELS.keys()
    secret = Secret(bytes.fromhex(known["secret"]), name="s")
    for name, case in known["labels"].items():
        key = bytes.fromhex(case["key"])
        assert derive(secret, name, *case["context"], length=len(key)).expose() == key, name


def test_a_tuple_is_encoded_as_its_count_and_then_length_and_bytes_of_each_part() -> None:
    assert encode(["a", b"\x00\xff", "é"]).hex() == (
        "0000000000000003000000000000000161000000000000000200ff0000000000000002c3a9"
    )
    assert label("row-ref", "p") == encode(["linkage/v1", "row-ref", "p"])


def identity_of(name: str, seed: bytes) -> Identity:
    rest = {k: Secret(bytes(n), name=k) for k, n in SEEDS.items()}
    return Identity(name, {**rest, "ed25519": Secret(seed, name="ed25519")})


@pytest.mark.parametrize("case", FACTS["ed25519"]["cases"], ids=["1", "2", "3"])
def test_identities_sign_as_rfc_8032_does(case: dict[str, str]) -> None:
    one = identity_of("tester", bytes.fromhex(case["seed"]))
    assert one.public.ed25519.hex() == case["public"]
    assert one.signer().sign(bytes.fromhex(case["message"])).hex() == case["signature"]
    one.public.verifier().verify(bytes.fromhex(case["signature"]), bytes.fromhex(case["message"]))


@pytest.mark.parametrize("case", FACTS["signed_notes"], ids=lambda case: case["name"])
def test_published_notes_verify(case: dict[str, str]) -> None:
    key = base64.b64decode(case["public_with_type"])
    assert key[0] == 1
    known = PublicIdentity(case["name"], key[1:], bytes(32), bytes(1184))
    assert known.key_hash.hex() == case["key_hash"]
    text = case["note"].rpartition("\n\n")[0] + "\n"
    kind = text.partition("\n")[0]
    assert verify_note(case["note"], known=[known], kind=kind).signers == {case["name"]}
    with pytest.raises(BadSignature, match="altered"):
        verify_note(case["note"].replace(".\n", "!\n", 1), known=[known], kind=kind.replace(".", "!"))


def test_the_note_of_the_go_package_is_signed_to_the_byte() -> None:
    case = next(c for c in FACTS["signed_notes"] if "seed_with_type" in c)
    one = identity_of(case["name"], base64.b64decode(case["seed_with_type"])[1:])
    text = case["note"].rpartition("\n\n")[0] + "\n"
    assert sign_note(text, by=one) == case["note"]


# --- HPKE by hand: RFC 9180, section 5.1 (base mode); its own KEM, and the X-Wing combiner of draft-connolly-cfrg-xwing-kem ----------

DHKEM = b"KEM" + (0x20).to_bytes(2, "big")
RFC_SUITE = b"HPKE" + (0x20).to_bytes(2, "big") + (1).to_bytes(2, "big") + (1).to_bytes(2, "big")
OUR_SUITE = b"HPKE" + (0x647A).to_bytes(2, "big") + (1).to_bytes(2, "big") + (2).to_bytes(2, "big")
XWING_LABEL = b"\\.//^\\"


def labelled_extract(salt: bytes, name: bytes, ikm: bytes, *, suite: bytes) -> bytes:
    return hkdf_extract(salt, b"HPKE-v1" + suite + name + ikm)


def labelled_expand(key: bytes, name: bytes, info: bytes, length: int, *, suite: bytes) -> bytes:
    return hkdf_expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + name + info, length)


def key_and_nonce(shared: bytes, *, info: bytes, suite: bytes, key_bytes: int) -> tuple[bytes, bytes]:
    context = b"\x00" + b"".join(
        labelled_extract(b"", name, value, suite=suite)
        for name, value in ((b"psk_id_hash", b""), (b"info_hash", info))
    )
    secret = labelled_extract(shared, b"secret", b"", suite=suite)
    return (
        labelled_expand(secret, b"key", context, key_bytes, suite=suite),
        labelled_expand(secret, b"base_nonce", context, 12, suite=suite),
    )


def dhkem_shared(enc: bytes, *, by: X25519PrivateKey) -> bytes:
    both = enc + by.public_key().public_bytes_raw()
    exchanged = by.exchange(X25519PublicKey.from_public_bytes(enc))
    extracted = labelled_extract(b"", b"eae_prk", exchanged, suite=DHKEM)
    return labelled_expand(extracted, b"shared_secret", both, 32, suite=DHKEM)


def xwing_shared(enc: bytes, *, by: Identity) -> bytes:
    kem, exchange = enc[:1088], enc[1088:]
    mlkem = MLKEM768PrivateKey.from_seed_bytes(by.seeds["mlkem768"].expose())
    x25519 = X25519PrivateKey.from_private_bytes(by.seeds["x25519"].expose())
    return hashlib.sha3_256(
        mlkem.decapsulate(kem)
        + x25519.exchange(X25519PublicKey.from_public_bytes(exchange))
        + exchange
        + by.public.x25519
        + XWING_LABEL
    ).digest()


def test_hpke_by_hand_gives_the_known_answers_of_rfc_9180() -> None:
    case = {k: bytes.fromhex(v) for k, v in FACTS["hpke"].items() if k != "source"}
    one = X25519PrivateKey.from_private_bytes(case["recipient_private"])
    assert one.public_key().public_bytes_raw() == case["recipient_public"]
    shared = dhkem_shared(case["enc"], by=one)
    key, nonce = key_and_nonce(shared, info=case["info"], suite=RFC_SUITE, key_bytes=16)
    assert (shared, key, nonce) == (case["shared_secret"], case["key"], case["base_nonce"])
    assert AESGCM(key).decrypt(nonce, case["ciphertext"], case["aad"]) == case["plaintext"]


def test_the_library_seals_as_rfc_9180_says() -> None:
    one = X25519PrivateKey.from_private_bytes(bytes.fromhex(FACTS["hpke"]["recipient_private"]))
    library = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    sealed = library.encrypt(b"a message", one.public_key(), info=b"here")
    key, nonce = key_and_nonce(dhkem_shared(sealed[:32], by=one), info=b"here", suite=RFC_SUITE, key_bytes=16)
    assert AESGCM(key).decrypt(nonce, sealed[32:], b"") == b"a message"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_wrapped_key_opens_by_hand_after_the_specifications(seed: int) -> None:
    someone = Identity.make("someone", randomness=lambda n: hashlib.shake_256(bytes([seed])).digest(n))
    wrapped = wrap_key(b"k" * 32, to=someone.public, context=b"here")
    assert len(wrapped) == 1120 + 32 + 16
    info = encode([SEAL_FORMAT, "someone", b"here"])
    shared = xwing_shared(wrapped[:1120], by=someone)
    key, nonce = key_and_nonce(shared, info=info, suite=OUR_SUITE, key_bytes=32)
    assert AESGCM(key).decrypt(nonce, wrapped[1120:], b"") == b"k" * 32
