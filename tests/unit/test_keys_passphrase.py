"""Protected files: they open with their passphrase, say what is wrong otherwise, and are bounded before anything is derived."""

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keys.identity
import keys.passphrase
from keys import Identity, KeysError, Secret
from keys.ceremony import load_secret, save_secret, secret_content
from keys.errors import BadKeyFile, WrongPassphrase
from keys.identity import read_private, replace_private, write_private
from keys.passphrase import Cost, is_protected, protect, read_protection, unprotect
from keys.words import in_words

ANNA = Identity.make("anna", randomness=np.random.default_rng(3).bytes)
PHRASE = Secret(b"correct horse battery", name="passphrase that was typed")
WRONG = Secret(b"correct horse batterx", name="passphrase that was typed")
TINY = Cost(memory=32, passes=1, lanes=1)
SALT = b"A" * 22 + b"=="


def tiny(content: bytes = b"the content") -> bytes:
    return protect(content, passphrase=PHRASE, randomness=np.random.default_rng(4).bytes, cost=TINY)


def written(path: Path, content: bytes) -> Path:
    write_private(path, content)
    return path


def seeds(one: Identity) -> list[str]:
    return list(json.loads(one.content().partition(b"\n")[2])["seeds"].values())


# --- files ---------------------------------------------------------------------------------------------------------------------


def test_an_identity_saved_with_a_passphrase_opens_with_it_alone_and_shows_no_key(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    ANNA.save(path, passphrase=PHRASE)
    raw = path.read_bytes()
    assert raw.startswith(b"linkage-protected/v1\nargon2id memory=65536 passes=3 lanes=4 salt=")
    assert not any(seed.encode() in raw for seed in seeds(ANNA))
    assert not any(seed.expose() in raw for seed in ANNA.seeds.values())
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    asked: list[str] = []

    def unlock(file: str) -> Secret:
        asked.append(file)
        return PHRASE

    assert Identity.load(path, unlock=unlock) == ANNA
    assert asked == [str(path)]
    with pytest.raises(WrongPassphrase, match=r"^anna\.key: the passphrase that was typed does not open it"):
        Identity.load(path, unlock=lambda _: WRONG)


def test_a_secret_saved_with_a_passphrase_opens_with_it_alone(tmp_path: Path) -> None:
    one = Secret(np.random.default_rng(5).bytes(32), name="project")
    save_secret(one, tmp_path / "s", passphrase=PHRASE)
    assert one.expose() not in (tmp_path / "s").read_bytes()
    assert load_secret(tmp_path / "s", name="project", unlock=lambda _: PHRASE) == one
    with pytest.raises(WrongPassphrase):
        load_secret(tmp_path / "s", name="project", unlock=lambda _: WRONG)


def test_a_protected_file_without_anybody_to_ask_says_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path / "anna.key", tiny(ANNA.content()))
    for load in (Identity.load, read_private, lambda p: load_secret(p, name="s")):
        with pytest.raises(
            BadKeyFile, match=r"anna\.key is protected by a passphrase.*LINKAGE_PASSPHRASE_FILE"
        ):
            load(path)


def test_nobody_is_asked_about_a_file_that_is_not_protected_or_cannot_open(tmp_path: Path) -> None:
    def unlock(file: str) -> Secret:
        raise AssertionError(file)

    assert Identity.load(written(tmp_path / "plain", ANNA.content()), unlock=unlock) == ANNA
    damaged = tiny().replace(b"argon2id", b"argon2xd")
    with pytest.raises(BadKeyFile, match=r"^damaged: this is no linkage-protected/v1 file"):
        read_private(written(tmp_path / "damaged", damaged), unlock=unlock)


def test_a_passphrase_protects_what_it_is_given_and_a_file_may_hold_something_else(tmp_path: Path) -> None:
    secret = written(tmp_path / "s", tiny(secret_content(Secret(bytes(32), name="s"))))
    with pytest.raises(BadKeyFile, match="is no identity file"):
        Identity.load(secret, unlock=lambda _: PHRASE)
    twice = written(tmp_path / "twice", tiny(tiny(ANNA.content())))
    with pytest.raises(BadKeyFile, match="is no identity file"):
        Identity.load(twice, unlock=lambda _: PHRASE)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_protected_file_that_others_can_read_is_refused_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path / "anna.key", tiny(ANNA.content()))
    path.chmod(0o644)
    with pytest.raises(BadKeyFile, match="can be read by others"):
        Identity.load(path, unlock=lambda _: PHRASE)


def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "anna.key", ANNA.content())

    def full(_: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(keys.identity.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        replace_private(path, tiny())
    with pytest.raises(OSError, match="no space left"):
        write_private(tmp_path / "other", tiny())
    assert path.read_bytes() == ANNA.content()
    assert [p.name for p in tmp_path.iterdir()] == ["anna.key"]
    monkeypatch.undo()
    replace_private(path, tiny())
    assert path.read_bytes() == tiny()
    assert path.stat().st_mode & 0o777 == 0o600 or os.name != "posix"


def test_an_error_about_a_damaged_file_carries_none_of_its_text(tmp_path: Path) -> None:
    text = ANNA.content().decode().replace("}", "", 1)
    with pytest.raises(BadKeyFile, match="is damaged") as caught:
        Identity.load(written(tmp_path / "anna.key", text.encode()))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


# --- what is altered -----------------------------------------------------------------------------------------------------------


def test_no_flipped_bit_of_the_header_leaves_a_file_that_opens() -> None:
    made = tiny()
    header = len(read_protection(made).text)
    for at in range(header):
        for bit in range(8):
            spoilt = bytearray(made)
            spoilt[at] ^= 1 << bit
            with pytest.raises(KeysError):
                unprotect(bytes(spoilt), passphrase=PHRASE)


@pytest.mark.parametrize("place", ["nonce", "content", "tag"])
def test_no_flipped_bit_of_the_rest_leaves_a_file_that_opens(place: str) -> None:
    made = tiny()
    header = len(read_protection(made).text)
    first, last = {"nonce": (0, 12), "content": (12, 23), "tag": (23, 39)}[place]
    assert len(made) == header + 39
    for at in range(header + first, header + last):
        spoilt = bytearray(made)
        spoilt[at] ^= 1
        with pytest.raises(WrongPassphrase, match="or it was altered"):
            unprotect(bytes(spoilt), passphrase=PHRASE)


def test_a_file_cut_anywhere_or_with_something_behind_it_does_not_open() -> None:
    made = tiny()
    for length in range(len(made)):
        with pytest.raises(KeysError):
            unprotect(made[:length], passphrase=PHRASE)
    with pytest.raises(WrongPassphrase):
        unprotect(made + b"\n", passphrase=PHRASE)


def test_the_header_of_one_file_does_not_serve_another() -> None:
    other = protect(b"another", passphrase=PHRASE, randomness=os.urandom, cost=TINY)
    mine = tiny()
    cut = len(read_protection(mine).text)
    with pytest.raises(WrongPassphrase):
        unprotect(other[:cut] + mine[cut:], passphrase=PHRASE)


def test_salt_and_nonce_are_new_each_time() -> None:
    made = [protect(b"x", passphrase=PHRASE, randomness=os.urandom, cost=TINY) for _ in range(20)]
    headers = {read_protection(m).text for m in made}
    assert len(headers) == 20
    assert len({m[-29:-17] for m in made}) == 20


# --- what a file may ask for ---------------------------------------------------------------------------------------------------

ASKED = {
    "a terabyte": (b"memory=1073741824 passes=3 lanes=4", "1,073,741,824 KiB of memory"),
    "a little over the most memory": (b"memory=2097153 passes=1 lanes=1", "2,097,153 KiB of memory"),
    "too little memory for its lanes": (b"memory=127 passes=1 lanes=16", "127 KiB of memory; from 128"),
    "no memory": (b"memory=0 passes=1 lanes=1", "0 KiB of memory"),
    "a billion passes": (b"memory=64 passes=1000000000 lanes=1", "1000000000 passes"),
    "no pass": (b"memory=64 passes=0 lanes=1", "0 passes"),
    "a thousand lanes": (b"memory=65536 passes=1 lanes=1000", "1000 lanes"),
    "no lane": (b"memory=64 passes=1 lanes=0", "0 lanes"),
    "a number of eleven digits": (b"memory=10000000000 passes=1 lanes=1", "no linkage-protected/v1 file"),
    "a number with a zero in front": (b"memory=064 passes=1 lanes=1", "no linkage-protected/v1 file"),
    "a negative number": (b"memory=-64 passes=1 lanes=1", "no linkage-protected/v1 file"),
    "digits of another script": ("memory=٦٤ passes=1 lanes=1".encode(), "no linkage-protected/v1 file"),
    "another order": (b"passes=1 memory=64 lanes=1", "no linkage-protected/v1 file"),
}  # fmt: skip


@pytest.fixture
def nothing_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    def derive(**_: Any) -> None:
        raise AssertionError("a key was derived")

    monkeypatch.setattr(keys.passphrase, "Argon2id", derive)


@pytest.mark.parametrize("what", ASKED)
def test_a_file_that_asks_for_what_is_not_accepted_is_refused_before_anything_is_derived(
    nothing_derived: None, what: str
) -> None:
    asked, saying = ASKED[what]
    content = b"linkage-protected/v1\nargon2id " + asked + b" salt=" + SALT + b"\n\n" + bytes(60)
    with pytest.raises(BadKeyFile, match=re.escape(saying)):
        unprotect(content, passphrase=PHRASE)


@pytest.mark.parametrize(
    "salt", [b"A" * 21 + b"B==", b"A" * 20 + b"==", b"A" * 23 + b"=", b"A" * 21 + b"-==", b"", b"A" * 22]
)
def test_a_salt_that_is_not_sixteen_bytes_of_plain_base64_is_refused(
    nothing_derived: None, salt: bytes
) -> None:
    content = b"linkage-protected/v1\nargon2id memory=64 passes=1 lanes=1 salt=" + salt + b"\n\n" + bytes(60)
    with pytest.raises(BadKeyFile):
        unprotect(content, passphrase=PHRASE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"linkage-protected/v2\n",
        b"linkage-protected/v1",
        b"linkage-protected/v1\r\nargon2id memory=64 passes=1 lanes=1 salt=" + SALT + b"\r\n\r\n" + bytes(60),
        b"linkage-protected/v1\nargon2id memory=64 passes=1 lanes=1 salt=" + SALT + b"\nmore\n\n" + bytes(60),
        b"linkage-protected/v1\nscrypt memory=64 passes=1 lanes=1 salt=" + SALT + b"\n\n" + bytes(60),
    ],
)
def test_a_header_that_is_written_otherwise_is_refused(nothing_derived: None, content: bytes) -> None:
    with pytest.raises(BadKeyFile):
        unprotect(content, passphrase=PHRASE)


def test_a_machine_without_the_memory_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short:
        def __init__(self, **_: Any) -> None:
            pass

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    made = tiny()
    monkeypatch.setattr(keys.passphrase, "Argon2id", Short)
    with pytest.raises(BadKeyFile, match="takes 32 KiB of memory to open: this machine has not so much"):
        unprotect(made, passphrase=PHRASE)


def test_what_is_protected_says_so_in_its_first_line_alone() -> None:
    assert is_protected(tiny())
    assert not is_protected(ANNA.content())
    assert not is_protected(b"linkage-protected/v10\n")


def test_a_digest_too_short_for_the_words_is_refused() -> None:
    with pytest.raises(ValueError, match="a digest of 9 bytes has no 80 bits"):
        in_words(bytes(9))
