"""Of every kind of signed note: one that its signer did not sign, or signed as something else, is taken by no command; one that she signed is, whatever
strangers write below it."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ethics.adoptions import adopt
from ethics.approvals import cast_vote
from ethics.ballots import PolicyRef, Vote
from keys import Identity, sign_note
from keys.notes import DASH, signature_line, split_note
from linkage.manifest import MANIFEST_FORMAT, MANIFEST_NAME
from policies.load import load_policy
from service.demonstration.cast import ANALYST
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED, REFUSED

STRANGER = Identity.make("stranger/1", randomness=np.random.default_rng(77).bytes)


def under(name: str, *, keys_of: Identity) -> Identity:
    """Somebody's keys under another name."""
    return Identity(name, keys_of.seeds)


def line(by: Identity, blob: bytes) -> str:
    """A signature line with these 64 bytes in the signature's place."""
    return f"{DASH}{by.name} {base64.b64encode(by.public.key_hash + blob).decode()}\n"


@dataclass(frozen=True)
class Signed:
    """A true note in parts: where it lies, its text, its signature line, its signer, and somebody else of the project."""

    path: Path
    text: str
    line: str
    signer: Identity
    else_: Identity

    @property
    def true(self) -> str:
        return f"{self.text}\n{self.line}"

    @property
    def altered(self) -> str:
        """Another text that reads as the same kind."""
        kind, _, body = self.text.partition("\n")
        at = next(n for n, c in enumerate(body) if c in "0123456789")
        return f"{kind}\n{body[:at]}{(int(body[at]) + 1) % 10}{body[at + 1 :]}"


def impostor(n: Signed) -> Identity:
    return under(n.signer.name, keys_of=STRANGER)


FORGERIES: dict[str, Callable[[Signed], str]] = {
    "the text alone": lambda n: n.text,
    "the text and an empty line": lambda n: n.text + "\n",
    "a signature line without a signature": lambda n: f"{n.text}\n{DASH}{n.signer.name} \n",
    "a signature of nothing": lambda n: n.text + "\n" + line(n.signer, b""),
    "a signature of zeros": lambda n: n.text + "\n" + line(n.signer, bytes(64)),
    "a signature of half its length": lambda n: n.text + "\n" + line(n.signer, base64.b64decode(n.line.split(" ")[2])[4:36]),
    "signed by a stranger": lambda n: sign_note(n.text, by=STRANGER),
    "signed by a stranger under the signer's name": lambda n: sign_note(n.text, by=impostor(n)),
    "signed by a stranger under the signer's name and key": lambda n: n.text + "\n" + line(n.signer, STRANGER.signer().sign(n.text.encode())),
    "signed by the signer under another name": lambda n: sign_note(n.text, by=under("stranger/1", keys_of=n.signer)),
    "signed by the signer under the name of somebody known": lambda n: sign_note(n.text, by=under(n.else_.name, keys_of=n.signer)),
    "signed by somebody known who may not": lambda n: sign_note(n.text, by=n.else_),
    "the signature of another text": lambda n: f"{n.altered}\n{n.line}",
    "a signature over the text without its last line end": lambda n: n.text + "\n" + line(n.signer, n.signer.signer().sign(n.text.rstrip("\n").encode())),
    "a signature over the body alone": lambda n: n.text + "\n" + line(n.signer, n.signer.signer().sign(n.text.partition("\n")[2].encode())),
    "a signature of the signer for another kind of note": lambda n: n.text + "\n" + signature_line(f"linkage-other/v1\n{n.text.partition(chr(10))[2]}", by=n.signer),
    "a true and a false signature of the signer": lambda n: n.true + line(n.signer, bytes(64)),
    "a true signature between others that are none": lambda n: n.true + "signed: everybody\n",
    "a true signature, then more text": lambda n: n.true + "\nand another thing\n",
    "a true signature above the text": lambda n: f"{n.line}\n{n.text}",
    "carriage returns for line ends": lambda n: n.true.replace("\n", "\r"),
    "a carriage return in the text": lambda n: n.true.replace("\n", "\r", 1),
    "another dash": lambda n: f"{n.text}\n{n.line.replace(DASH, '- ')}",
    "two blanks": lambda n: f"{n.text}\n{n.line.replace(DASH, DASH + ' ')}",
    "a blank at the end": lambda n: f"{n.text}\n{n.line[:-1]} \n",
    "base64 without its padding": lambda n: f"{n.text}\n{n.line.replace('=', '')}",
    "base64 in the other alphabet": lambda n: f"{n.text}\n{n.line.translate(str.maketrans('+/', '-_'))}" if set(n.line) & set("+/") else n.text,
    "base64 in another spelling": lambda n: f"{n.text}\n{respelt(n.line)}",
    "no line end after it": lambda n: n.true[:-1],
    "a hundred signatures": lambda n: n.true + line(STRANGER, bytes(64)) * 99,
    "nothing": lambda n: "",
}  # fmt: skip


def respelt(one: str) -> str:
    """The same signature with a bit set that means nothing in base64."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    head, last = one.rstrip("=\n")[:-1], one.rstrip("=\n")[-1]
    return f"{head}{letters[letters.index(last) + 1]}=\n"


def parts(p: Any, kind: Any) -> Signed:
    path = kind.find(p)
    text, lines = split_note(path.read_text("utf-8"))
    assert len(lines) == 1
    other = "secretariat/1" if kind.signer != "secretariat/1" else "desk/1"
    return Signed(path, text, lines[0] + "\n", p.people[kind.signer], p.people[other])


@pytest.fixture
def note(allowed: Any, signed_kind: Any) -> Signed:
    return parts(allowed, signed_kind)


EVERYWHERE = (
    "the text alone", "a signature line without a signature", "a signature of zeros", "signed by a stranger", "signed by a stranger under the signer's name",
    "signed by a stranger under the signer's name and key", "signed by the signer under the name of somebody known", "signed by somebody known who may not",
    "the signature of another text", "a signature of the signer for another kind of note", "a true and a false signature of the signer",
)  # fmt: skip


def test_a_note_that_its_signer_did_not_sign_is_taken_by_no_command(
    allowed: Any, signed_kind: Any, note: Signed
) -> None:
    logged = allowed.kinds()
    for what in EVERYWHERE:
        not_taken(allowed, signed_kind, note, what)
    assert [kind for kind in allowed.kinds() if kind != "submission-refused"] == logged


def not_taken(p: Any, kind: Any, note: Signed, what: str) -> None:
    note.path.write_text(FORGERIES[what](note), "utf-8", newline="")
    told = kind.read(p)
    assert told.code in (*kind.codes, BAD_INPUT), (what, told)
    assert told.out == "", what
    assert told.err.count("\n") == 1, (what, told)
    assert "Traceback" not in told.err


def test_a_note_whose_signature_is_not_written_as_one_is_none(
    allowed: Any, kinds_of_notes: dict[str, Any]
) -> None:
    """One function verifies all kinds; the receipt's command is the quickest that calls it."""
    kind = kinds_of_notes["linkage-receipt/v1"]
    note = parts(allowed, kind)
    for what in FORGERIES:
        not_taken(allowed, kind, note, what)


def test_a_note_that_its_signer_signed_is_taken_whatever_strangers_write_below_it(
    allowed: Any, signed_kind: Any, note: Signed
) -> None:
    """A signature of hers counts once however often it stands there, and one by nobody known counts nothing."""
    by_stranger = signature_line(note.text, by=STRANGER)
    note.path.write_text(note.text + "\n" + by_stranger + note.line * 3 + line(STRANGER, bytes(64)), "utf-8")
    told = signed_kind.read(allowed)
    assert told.code == 0, told


def test_line_ends_of_windows_are_read_as_the_text_that_was_signed_or_not_at_all(
    allowed: Any, signed_kind: Any, note: Signed
) -> None:
    """What one program writes for another is read byte for byte; what people copy about is read as text."""
    note.path.write_text(note.true.replace("\n", "\r\n"), "utf-8", newline="")
    told = signed_kind.read(allowed)
    if note.text.startswith(("linkage-manifest/v2\n", "linkage-run/v2\n")):
        assert (told.code, told.out) == (BAD_INPUT, ""), told
    else:
        assert told.code == 0, told


def test_a_signature_moved_between_two_notes_of_one_signer_fits_neither(allowed: Any) -> None:
    """Two members' votes, two votes of one member, two manifests of one officer: the lines are exchanged, the texts stay."""
    p = allowed
    p.well(p.submit("police", out="second"))
    first, second = (p.home("police/officer") / name / MANIFEST_NAME for name in ("sent", "second"))
    one, other = (split_note(path.read_text("utf-8")) for path in (first, second))
    second.write_text(f"{other[0]}\n{one[1][0]}\n", "utf-8")
    told = p.receive(second.parent, receipt="new.note")
    assert (told.code, "does not fit this linkage-manifest/v2" in told.err) == (BAD_INPUT, True)
    votes = [p.shared / "votes" / f"board-{name}.note" for name in ("lay-1", "lay-2")]
    texts = [split_note(path.read_text("utf-8")) for path in votes]
    for path, (text, _), (_, lines) in zip(votes, texts, reversed(texts), strict=True):
        path.write_text(f"{text}\n{lines[0]}\n", "utf-8")
    assert p.run("board", "tally", "--shared", p.shared, "--root", p.root).code in (BAD_KEY, NOT_APPROVED)


def ref(p: Any) -> PolicyRef:
    policy = load_policy((p.shared / "policy.yaml").read_text("utf-8"))
    return PolicyRef(policy.policy, policy.version, policy.digest)


def test_a_vote_or_an_adoption_in_somebody_elses_name_decides_nothing(allowed: Any) -> None:
    """Whoever may vote signs for somebody else who may: the name in the text and the name below it are two."""
    p = allowed
    path = p.shared / "votes" / "board-lay-1.note"
    true = path.read_text("utf-8")
    text = split_note(cast_vote(ref(p), vote=Vote.APPROVE, conflicted=False, by=under("board/lay-1", keys_of=p.people["board/lay-2"]), at=p.now))[0]  # fmt: skip
    path.write_text(sign_note(text, by=p.people["board/lay-2"]), "utf-8")
    told = p.decide(p.request("second", use_until="2027-03-01"), "request-2")
    assert (told.code, told.out, "who has not signed it" in told.err) == (BAD_KEY, "", True)
    path.write_text(true, "utf-8")
    path = p.shared / "adoptions" / "schools.note"
    clauses = [c.id for c in load_policy((p.shared / "policy.yaml").read_text("utf-8")).clauses]
    note = adopt(ref(p), clauses=clauses, partner="schools", by=p.people["police/controller"], at=p.now)
    path.write_text(note, "utf-8")
    told = p.decide(p.folder / "second.note", "request-2")
    assert (told.code, "acts for police and cannot adopt for schools" in told.err) == (NOT_APPROVED, True)
    path.unlink()
    told = p.decide(p.folder / "second.note", "request-2")
    assert (told.code, "has not adopted" in told.out or "adopt" in told.out) == (REFUSED, True)


def test_a_manifest_signed_by_another_partners_officer_or_by_both_does_not_come_in(partnership: Any) -> None:
    p = partnership
    path = p.sent("police") / MANIFEST_NAME
    text, lines = split_note(path.read_text("utf-8"))
    theirs = signature_line(text, by=p.people["schools/officer"])
    for note in (f"{text}\n{theirs}", f"{text}\n{lines[0]}\n{theirs}", f"{text}\n{theirs}{lines[0]}\n"):
        path.write_text(note, "utf-8")
        told = p.receive(p.sent("police"))
        assert (told.code, "officer of another organisation" in told.err) == (BAD_INPUT, True)
    value = json.loads(text.partition("\n")[2]) | {"partner": "schools", "submission": "schools-1-0123456789ab"}
    stolen = f"{MANIFEST_FORMAT}\n{json.dumps(value, indent=1, sort_keys=True)}\n"
    path.write_text(sign_note(stolen, by=p.people["police/officer"]), "utf-8")
    told = p.receive(p.sent("police"))
    assert (told.code, "officer of another organisation" in told.err) == (BAD_INPUT, True)
    assert not (p.home("desk/1") / "desk" / "schools").exists()
    assert not (p.home("desk/1") / "desk" / "police").exists()


def test_the_analyst_signs_for_herself_alone(allowed: Any) -> None:
    p = allowed
    text = p.folder / "request.yaml"
    for name in ("desk/1", "custodian/1", "board/lay-1"):
        told = p.run("analyst", "sign", text, "--identity", p.key(name), "--out", p.folder / "x.note")
        assert (told.code, "signed by whoever makes it" in told.err) == (BAD_KEY, True)
        assert not (p.folder / "x.note").exists()
    impostor = Identity.make(ANALYST, randomness=np.random.default_rng(5).bytes)
    p.home("thief").mkdir()
    impostor.save(p.key("thief"))
    p.well(p.run("analyst", "sign", text, "--identity", p.key("thief"), "--out", p.folder / "x.note"))
    told = p.decide(p.folder / "x.note", "request-2")
    assert (told.code, f"not as {ANALYST} signed it" in told.err) == (BAD_KEY, True)
