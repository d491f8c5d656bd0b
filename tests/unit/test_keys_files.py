"""Secrets, identities, notes and the trust register: what they hold, what they refuse, and what they never show."""

import copy
import json
import os
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import (
    BadSeal,
    BadSignature,
    Identity,
    NotTrusted,
    PublicIdentity,
    Root,
    Secret,
    TrustRegister,
    derive,
    encode,
    label,
    open_sealed,
    seal,
    sign_note,
    verify_note,
)
from keys.ceremony import load_secret, make_secret, save_secret
from keys.derive import LABELS
from keys.errors import BadKeyFile
from keys.identity import IDENTITY_FORMAT
from keys.notes import add_signature, split_note
from keys.trust import TRUST_FORMAT, Entry, digest_of_text, issue_register, read_register

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROOT, ANNA, BEN = (
    Identity.make(n, randomness=np.random.default_rng([8, at]).bytes)
    for at, n in enumerate(("root", "anna", "ben"))
)
KIND = "test-note/v1"
TEXT = f"{KIND}\nsome text\n"


# --- secrets -------------------------------------------------------------------------------------------------------------------


def test_a_secret_shows_its_name_alone_and_does_not_leave_by_pickle_or_key() -> None:
    one = Secret(b"hidden bytes", name="project")
    assert "hidden" not in f"{one} {one!r} {[one]}"
    assert "project" in repr(one)
    for leave in (pickle.dumps, copy.deepcopy, hash):
        with pytest.raises(TypeError):
            leave(one)
    assert one == Secret(b"hidden bytes", name="other")
    assert one != Secret(b"hidden byte", name="project")
    assert one != b"hidden bytes"


def test_an_identity_prints_without_its_keys() -> None:
    assert all(s.expose().hex() not in repr(ANNA) for s in ANNA.seeds.values())
    assert repr(ANNA) == "Identity(name='anna')"


def test_only_registered_labels_derive_keys_and_each_gives_another() -> None:
    secret = Secret(bytes(32), name="s")
    with pytest.raises(KeyError, match="not registered"):
        derive(secret, "made-up")
    made = [
        derive(secret, name, *context).expose()
        for name in LABELS
        for context in ((), ("a",), ("b",), ("a", "b"), ("ab",))
    ]
    assert len(set(made)) == len(made)
    assert derive(secret, "row-ref", "p") == derive(secret, "row-ref", "p")
    assert label("row-ref", "a", "b") != label("row-ref", "ab")


@given(st.lists(st.text() | st.binary(), max_size=4), st.lists(st.text() | st.binary(), max_size=4))
def test_no_two_different_tuples_are_encoded_alike(a: list[str | bytes], b: list[str | bytes]) -> None:
    raw = [[p.encode() if isinstance(p, str) else p for p in parts] for parts in (a, b)]
    assert (encode(a) == encode(b)) == (raw[0] == raw[1])


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_what_is_sealed_is_opened(data: bytes, context: bytes) -> None:
    sealed = seal(data, to=ANNA.public, context=context)
    assert open_sealed(sealed, by=ANNA, context=context) == data
    with pytest.raises(BadSeal):
        open_sealed(sealed, by=ANNA, context=context + b"x")


# --- files ---------------------------------------------------------------------------------------------------------------------


def test_an_identity_is_saved_and_loaded_and_its_file_is_its_owners_alone(tmp_path: Path) -> None:
    ANNA.save(tmp_path / "anna.key")
    assert Identity.load(tmp_path / "anna.key").public == ANNA.public
    if os.name == "posix":
        assert (tmp_path / "anna.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadKeyFile, match="never overwritten"):
        BEN.save(tmp_path / "anna.key")
    assert [p.name for p in tmp_path.iterdir()] == ["anna.key"]


def test_a_secret_is_saved_and_loaded(tmp_path: Path) -> None:
    one = make_secret(name="project", randomness=np.random.default_rng(1).bytes)
    assert len(one.expose()) == 32
    save_secret(one, tmp_path / "secret")
    assert load_secret(tmp_path / "secret", name="project") == one


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    ANNA.save(tmp_path / "anna.key")
    save_secret(Secret(bytes(32), name="s"), tmp_path / "secret")
    for name in ("anna.key", "secret"):
        (tmp_path / name).chmod(mode)
    with pytest.raises(BadKeyFile, match="can be read by others"):
        Identity.load(tmp_path / "anna.key")
    with pytest.raises(BadKeyFile, match="can be read by others"):
        load_secret(tmp_path / "secret", name="s")


def private(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def test_a_damaged_key_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    ANNA.save(tmp_path / "anna.key")
    good = (tmp_path / "anna.key").read_text("utf-8")
    value = json.loads(good.partition("\n")[2])
    short = {**value, "seeds": {**value["seeds"], "x25519": "AAAA"}}
    lacking = {**value, "seeds": {"x25519": value["seeds"]["x25519"]}}
    unnamed = {**value, "name": "Anna!"}
    texts = [good[: len(good) // 2], f"{IDENTITY_FORMAT}\n[]\n", f"{IDENTITY_FORMAT}\n"]
    texts += [f"{IDENTITY_FORMAT}\n{json.dumps(v)}\n" for v in (short, lacking, unnamed)]
    for at, text in enumerate(texts):
        with pytest.raises(BadKeyFile, match="is damaged") as caught:
            Identity.load(private(tmp_path / f"{at}.key", text))
        assert not any(seed in str(caught.value) for seed in value["seeds"].values())
    with pytest.raises(BadKeyFile, match="is no identity file"):
        Identity.load(private(tmp_path / "other", "something else\n"))
    with pytest.raises(BadKeyFile, match=r"no key file absent\.key"):
        Identity.load(tmp_path / "absent.key")
    for text in ("", "linkage-secret/v1\nAAAA\n", "linkage-secret/v1\n!\n", "other\n" + "A" * 43 + "=\n"):
        path = tmp_path / "secret"
        path.unlink(missing_ok=True)
        with pytest.raises(BadKeyFile, match="is no secret file"):
            load_secret(private(path, text), name="s")


@pytest.mark.parametrize("name", ["", "A", "a b", "a\n", "-a", "a-", "a" * 65, "é", "a+b"])
def test_a_name_that_cannot_stand_in_a_signature_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no identity name"):
        Identity.make(name)


# --- notes ---------------------------------------------------------------------------------------------------------------------


def test_a_note_is_verified_with_the_names_of_the_known_who_signed() -> None:
    note = add_signature(sign_note(TEXT, by=ANNA), by=BEN)
    assert verify_note(note, known=[ANNA.public, BEN.public, ROOT.public], kind=KIND).signers == {"anna", "ben"}
    one = verify_note(note, known=[BEN.public], kind=KIND)
    assert (one.signers, one.text, one.kind, one.body) == (frozenset({"ben"}), TEXT, KIND, "some text\n")
    assert add_signature(note, by=ANNA) == note


def test_a_note_altered_in_any_character_is_refused() -> None:
    note = sign_note(TEXT, by=ANNA)
    taken = []
    for at in range(len(note)):
        for other in ("x", "\n", "=", "—"):
            altered = note[:at] + other + note[at + 1 :]
            try:
                if altered != note and verify_note(altered, known=[ANNA.public], kind=KIND).text:
                    taken.append(at)
            except BadSignature:
                continue
    assert taken == []


def test_a_note_of_another_kind_by_a_stranger_or_by_nobody_is_refused() -> None:
    note = sign_note(TEXT, by=ANNA)
    with pytest.raises(BadSignature, match="expected a note of kind other/v1"):
        verify_note(note, known=[ANNA.public], kind="other/v1")
    with pytest.raises(BadSignature, match="no signature by anyone who is known"):
        verify_note(note, known=[BEN.public], kind=KIND)
    renamed = replace(BEN.public, name="anna")
    with pytest.raises(BadSignature, match="no signature by anyone who is known"):
        verify_note(note, known=[renamed], kind=KIND)
    with pytest.raises(BadSignature, match="no signature by anyone"):
        verify_note(note, known=[], kind=KIND)


def test_a_known_keys_wrong_signature_spoils_a_note_that_another_signed_rightly() -> None:
    stray = sign_note(f"{KIND}\nother text\n", by=BEN).rpartition("\n\n")[2]
    with pytest.raises(BadSignature, match="signature of ben does not fit"):
        verify_note(sign_note(TEXT, by=ANNA) + stray, known=[ANNA.public, BEN.public], kind=KIND)


def test_a_note_has_at_most_99_signatures() -> None:
    line = sign_note(TEXT, by=ANNA).rpartition("\n\n")[2]
    verify_note(TEXT + "\n" + line * 99, known=[ANNA.public], kind=KIND)
    with pytest.raises(BadSignature, match="no signed note"):
        verify_note(TEXT + "\n" + line * 100, known=[ANNA.public], kind=KIND)


@pytest.mark.parametrize("text", ["", "a", "a\n\n", "a\r\n", "a\tb\n", "a\0\n"])
def test_a_text_that_a_note_cannot_hold_is_not_signed(text: str) -> None:
    with pytest.raises(BadSignature, match="cannot be signed"):
        sign_note(text, by=ANNA)


# --- trust register --------------------------------------------------------------------------------------------------------------

ENTRIES = (
    Entry(ANNA.public, "police", frozenset({"data-officer", "approver"}), NOW, NOW + timedelta(days=10)),
    Entry(BEN.public, "centre", frozenset({"linker"}), NOW - timedelta(days=5)),
)


BEFORE = "0" * 64


def alone(one: Identity) -> Root:
    return Root((one.public,), 1)


def issued(*roots: Identity) -> str:
    return issue_register(ENTRIES, project="p", version=3, issued_at=NOW, previous=BEFORE, roots=roots)


def register(**change: object) -> TrustRegister:
    note = issued(ROOT)
    return read_register(note, root=alone(ROOT), **change)  # type: ignore[arg-type]


def test_a_register_survives_its_journey_and_says_who_holds_what_when() -> None:
    found = register(at_least=3)
    assert (found.project, found.version, found.entries) == ("p", 3, ENTRIES)
    assert (found.issued_at, found.previous) == (NOW, BEFORE)
    assert found.digest == digest_of_text(split_note(issued(ROOT))[0])
    assert found.require("anna", role="data-officer", at=NOW) == ANNA.public
    assert found.only("linker", at=NOW) == BEN.public
    for name, role, at in (
        ("anna", "linker", NOW),
        ("anna", "data-officer", NOW - timedelta(seconds=1)),
        ("anna", "data-officer", NOW + timedelta(days=10)),
        ("carl", "linker", NOW),
    ):
        with pytest.raises(NotTrusted):
            found.require(name, role=role, at=at)
    with pytest.raises(NotTrusted, match="should be held by one, and 0 hold it"):
        found.only("custodian", at=NOW)


def test_an_older_register_is_refused_once_a_newer_was_seen() -> None:
    with pytest.raises(NotTrusted, match="version 3 is older than version 4"):
        register(at_least=4)


def test_a_register_that_the_root_did_not_sign_is_refused() -> None:
    note = issued(BEN)
    with pytest.raises(BadSignature):
        read_register(note, root=alone(ROOT))
    with pytest.raises(BadSignature):
        read_register(note.replace('"linker"', '"custodian"'), root=alone(BEN))


def test_a_signed_register_with_impossible_content_is_refused() -> None:
    good = json.loads(issued(ROOT).rpartition("\n\n")[0].partition("\n")[2])
    person = good["entries"][0]
    naive = {**person, "since": "2026-03-01T00:00:00"}
    short = {**person, "identity": {**person["identity"], "ed25519": "AAAA"}}
    for body, saying in (
        ({**good, "entries": [naive]}, "not readable as"),
        ({**good, "entries": [short]}, "not readable as"),
        ({**good, "version": "three"}, "not readable as"),
        ({**good, "version": 0}, "not readable as"),
        ({**good, "previous": "abc"}, "not readable as"),
        ({**good, "issued_at": "2026-03-01T00:00:00"}, "not readable as"),
        ({**good, "previous": None}, "does not say which version it follows"),
        ({**good, "version": 1}, "first version follows one"),
        ({**good, "more": 1}, "says more than this version reads"),
        ({**good, "entries": [{**person, "nickname": "x"}]}, "says more than this version reads"),
        ({"project": "p"}, "not readable as"),
        ({**good, "entries": [person, person]}, "names someone twice"),
    ):
        note = sign_note(f"{TRUST_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n", by=ROOT)
        with pytest.raises(BadSignature, match=saying):
            read_register(note, root=alone(ROOT))


def test_a_public_identity_survives_its_journey_and_its_fingerprint_is_its_own() -> None:
    assert PublicIdentity.from_json(ANNA.public.to_json()) == ANNA.public
    changed = [replace(ANNA.public, name="ben"), replace(ANNA.public, ed25519=BEN.public.ed25519)]
    changed += [
        replace(ANNA.public, x25519=BEN.public.x25519),
        replace(ANNA.public, mlkem768=BEN.public.mlkem768),
    ]
    assert len({one.fingerprint for one in (ANNA.public, *changed)}) == 5
