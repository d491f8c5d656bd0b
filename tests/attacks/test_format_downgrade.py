"""Every file says which version of its format it is, and a reader takes that version alone: an older, a newer or a nameless one is refused, also when the
right key signed or sealed it. There is no fallback."""

import base64
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import keys.passphrase
import keys.sealing
import service.board.voting
from keys import Secret, encode, sign_note
from keys.ceremony import deliver_secret, save_secret
from keys.notes import split_note
from keys.passphrase import Cost
from linkage.central.assembly.sealed_files import sealed_whole
from service.custody.protocol import read_answer, read_call
from service.custody.shapes import AnswerBody, CallBody, Ended, Method
from service.demonstration.cast import ANALYST, NOW
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED, NOT_VERIFIED, REFUSED, BadCall
from service.evidence import VOUCHED

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r'"(?:# )?((?:linkage|vpp|cosignature|c2sp\.org)[a-z/-]*[/@]v?[0-9]+)"')
CHEAP = Cost(memory=32, passes=1, lanes=1)
Act = Callable[[Any], Any]


def others(name: str) -> tuple[str, ...]:
    """The name with an older version, a newer one, one written otherwise, and none."""
    stem, version = re.fullmatch(r"(.*?)([0-9]+)", name).groups()  # type: ignore[union-attr]
    one = int(version)
    return f"{stem}{one - 1}", f"{stem}{one + 1}", f"{stem}0{one}", stem.rstrip("v").rstrip("/@")


def refused(told: Any, *codes: int) -> None:
    assert told.code in codes, told
    assert "Traceback" not in told.err
    assert told.err.count("\n") == 1, told.err


def receive(p: Any) -> Any:
    return p.receive(p.sent("police"), receipt="new.note")


def tally(p: Any) -> Any:
    return p.run("board", "tally", "--shared", p.shared, "--root", p.root)


def decide(p: Any) -> Any:
    return p.decide(p.folder / "request.note", "request-2")


def release(p: Any) -> Any:
    return p.release(*p.keeper)


def assemble_anew(p: Any) -> Any:
    shutil.rmtree(p.home("assembler/1") / "people")
    return p.assemble()


def assemble(p: Any) -> Any:
    return p.assemble()


def link(p: Any) -> Any:
    return p.link()


def test_a_note_of_another_version_is_refused_though_the_right_one_signed_it(
    allowed: Any, signed_kind: Any
) -> None:
    path = signed_kind.find(allowed)
    text = split_note(path.read_text("utf-8"))[0]
    name = text.partition("\n")[0]
    for other in (*others(name), f"{name} "):
        changed = text.replace(name, other, 1)
        path.write_text(sign_note(changed, by=allowed.people[signed_kind.signer]), "utf-8")
        refused(signed_kind.read(allowed), *signed_kind.codes)


def test_a_note_is_no_note_of_another_kind_whoever_signed_it(allowed: Any, signed_kind: Any) -> None:
    path = signed_kind.find(allowed)
    kind = path.read_text("utf-8").partition("\n")[0]
    other = (allowed.folder / ("request.note" if "receipt" in kind else "police.receipt")).read_text("utf-8")
    signer = allowed.people[signed_kind.signer]
    path.write_text(sign_note(split_note(other)[0], by=signer), "utf-8")
    refused(signed_kind.read(allowed), *signed_kind.codes, BAD_INPUT)


# Files that the program itself writes, told for that moment that the format has another name.
def forge(p: Any) -> None:
    p.well(p.submit("police", out="forged"))


def take_in(p: Any) -> None:
    """The forged submission comes in, in place of the one before."""
    p.well(p.run("desk", "withdraw", "police", *p.desk, "--reason", "replaced"))
    p.well(p.receive(p.home("police/officer") / "forged", receipt="forged.note"))


def take_in_and_link(p: Any) -> None:
    take_in(p)
    p.well(p.link())


def take_in_and_spine(p: Any) -> None:
    take_in_and_link(p)
    p.well(p.assemble())


def forge_update(p: Any) -> None:
    ledger = p.home("police/officer") / "ledger"
    p.well(p.submit("police", out="forged", ledger=ledger))
    p.well(p.submit("police", out="update", update=ledger))


def take_in_update(p: Any) -> None:
    take_in(p)
    p.well(p.receive(p.home("police/officer") / "update", receipt="update.note"))


def forge_ledger(p: Any) -> None:
    p.well(p.submit("police", out="forged", ledger=p.home("police/officer") / "ledger"))


def update(p: Any) -> Any:
    return p.submit("police", out="update", update=p.home("police/officer") / "ledger")


def deliver(p: Any) -> None:
    coded = (p.home("police/officer") / "project.secret").read_text("utf-8").split("\n")[1]
    secret = Secret(base64.b64decode(coded), name="s")
    sealed = deliver_secret(secret, project="vpp-demo", epoch=1, to=p.people["police/officer"].public)
    (p.folder / "delivered.sealed").write_bytes(sealed)


def accept(p: Any) -> Any:
    return p.accept("police", p.folder / "delivered.sealed", out="new.secret")


def rotate(p: Any) -> None:
    closes = (NOW + timedelta(days=1)).isoformat()
    p.well(p.custodian(1, "rotate", "--closes-earlier", closes, "--out", p.folder / "second"))


def sign_record(p: Any) -> Any:
    return p.custodian(1, "sign-record", p.folder / "second")


def let_out(p: Any) -> None:
    p.well(release(p))


def open_release(p: Any) -> Any:
    (folder,) = (p.folder / "out").iterdir()
    return p.open(folder)


def new_identity(p: Any) -> None:
    p.key("desk/1").unlink()
    p.people["desk/1"].save(p.key("desk/1"))


def new_salt(p: Any) -> None:
    path = p.home("desk/1") / "ledger.salt"
    path.unlink()
    save_secret(Secret(b"s" * 32, name="salt"), path)


def protect(p: Any) -> None:
    path, passphrase = p.key("desk/1"), Secret(b"correct horse", name="passphrase")
    content = keys.passphrase.protect(
        path.read_bytes(), passphrase=passphrase, randomness=p.randomness, cost=CHEAP
    )
    path.write_bytes(content)


def ask_again(p: Any) -> None:
    p.well(p.decide(p.request("second", use_until="2027-03-01"), "request-2"))


def verify_log(p: Any) -> Any:
    p.well(p.publish_log(p.folder / "public" / "audit"))
    return p.run("audit", "verify", p.folder / "public" / "audit", "--root", p.root)


def nothing(_: Any) -> None:
    pass


def sealing_as(other: str) -> Callable[..., bytes]:
    """Seals as a program of that version would."""

    def seal(data: bytes, **words: Any) -> bytes:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keys.sealing, "SEAL_FORMAT", other)
            return keys.sealing.seal(data, **words)

    return seal


def sealing_whole_as(other: str) -> Callable[..., Any]:
    """The same for what is written a little at a time: its header comes first."""

    @contextlib.contextmanager
    def sealed(path: Path, **words: Any) -> Iterator[Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keys.sealing, "SEAL_FORMAT", other)
            with sealed_whole(path, **words) as file:
                patch.undo()
                yield file

    return sealed


def column_context_as(other: str) -> Callable[[str], bytes]:
    return lambda key_id: encode([other, key_id])


def named(other: str) -> str:
    return other


# Of each file: its format, what is exchanged while it is written, and for what; what writes it, what is done then, what reads it, the exit code, and why.
NO_SEAL, NO_KEY = "this is no linkage-sealed/v1 file", "for someone else, altered, or not what it is said to be"
FILES: dict[str, tuple[str, str, Callable[[str], Any], Act, Act, Act, int, str]] = {
    "tokens": ("linkage-tokens/v2", "linkage.partner.sealed_files.TOKENS_FORMAT", named, forge, take_in, link, BAD_INPUT, "should be linkage-tokens/v2"),
    "maps": ("linkage-map/v1", "linkage.partner.sealed_files.MAP_FORMAT", named, forge, take_in_and_link, assemble, BAD_INPUT, "should be linkage-map/v1"),
    "what is gone": ("linkage-gone/v1", "linkage.gone.GONE_FORMAT", named, forge_update, take_in_update, link, BAD_INPUT, "should be linkage-gone/v1"),
    "a ledger": ("linkage-ledger/v1", "linkage.partner.ledger.ledger.LEDGER_FORMAT", named, forge_ledger, nothing, update, BAD_INPUT, "this ledger does not open here"),
    "pairs": ("linkage-pairs/v2", "linkage.central.pairs.sealed_pairs.PAIRS_FORMAT", named, link, nothing, assemble, BAD_INPUT, "should be linkage-pairs/v2"),
    "a spine": ("linkage-spine/v2", "linkage.central.assemble.SPINE_FORMAT", named, assemble, nothing, release, BAD_INPUT, "should be linkage-spine/v2"),
    "what the assembler keeps": ("linkage-kept-table/v1", "linkage.central.assembly.kept.TABLE_FORMAT", named, assemble_anew, nothing, assemble, BAD_INPUT, "should be linkage-kept-table/v1"),
    "the seals of a submission": ("linkage-sealed/v1", "keys.sealing.SEAL_FORMAT", named, forge, take_in, link, BAD_KEY, NO_SEAL),
    "the seals of pairs": ("linkage-sealed/v1", "linkage.central.pairs.sealed_pairs.seal", sealing_as, link, nothing, assemble, BAD_KEY, NO_SEAL),
    "the seal of a spine": ("linkage-sealed/v1", "service.centre.assembler.sealed_whole", sealing_whole_as, assemble, nothing, release, BAD_KEY, NO_SEAL),
    "the seals of a release": ("linkage-sealed/v1", "service.desk.package.seal", sealing_as, let_out, nothing, open_release, BAD_KEY, NO_SEAL),
    "the seal of a delivery": ("linkage-sealed/v1", "keys.sealing.SEAL_FORMAT", named, deliver, nothing, accept, BAD_KEY, NO_SEAL),
    "what a delivery is bound to": ("linkage-secret/v1", "keys.ceremony.SECRET_FORMAT", named, deliver, nothing, accept, BAD_KEY, NO_KEY),
    "what a share is bound to": ("linkage-share/v1", "keys.round_keys.SHARE_FORMAT", named, rotate, nothing, sign_record, BAD_KEY, NO_KEY),
    "what a column key is bound to": ("linkage-column/v1", "keys.columns.column_context", column_context_as, forge, take_in_and_spine, release, REFUSED, NO_KEY),
    "an identity": ("linkage-identity/v1", "keys.identity.IDENTITY_FORMAT", named, new_identity, nothing, receive, BAD_KEY, "should be linkage-identity/v1"),
    "a secret": ("linkage-secret/v1", "keys.ceremony.SECRET_FORMAT", named, new_salt, nothing, receive, BAD_KEY, "should be linkage-secret/v1"),
    "a protected file": ("linkage-protected/v1", "keys.passphrase.PROTECTED_FORMAT", named, protect, nothing, receive, BAD_KEY, "should be linkage-identity/v1"),
    "an event": ("linkage-event/v1", "ethics.events.EVENT_FORMAT", named, ask_again, nothing, verify_log, NOT_VERIFIED, "linkage-event/v1"),
    "a proof": ("c2sp.org/tlog-proof@v1", "ethics.proofs.PROOF_FORMAT", named, let_out, nothing, open_release, NOT_VERIFIED, "should be c2sp.org/tlog-proof@v1"),
}  # fmt: skip


@pytest.mark.parametrize(("what", "version"), [(what, at % 2) for at, what in enumerate(FILES)])
def test_a_file_of_an_older_or_newer_version_is_refused_though_it_was_properly_made(
    allowed: Any, monkeypatch: pytest.MonkeyPatch, what: str, version: int
) -> None:
    """The one and the other in turn."""
    name, target, instead, write, then, act, code, saying = FILES[what]
    monkeypatch.setenv("LINKAGE_PASSPHRASE", "correct horse")
    with monkeypatch.context() as patch:
        patch.setattr(target, instead(others(name)[version]))
        write(allowed)
    then(allowed)
    told = act(allowed)
    refused(told, code)
    assert saying in told.err, told.err


# Files of text that name their format in an entry. What the secretariat vouches for is vouched for anew.
def check_mapping(p: Any) -> Any:
    home = p.home("police/officer")
    words = ("--mapping", home / "mapping.yaml", "--shared", p.shared)
    return p.run("partner", "check", home / "export.csv", *words)


TEXTS: dict[str, tuple[str, Act, tuple[int, ...]]] = {
    "linkage-root/v1": ("root.json", receive, (BAD_INPUT,)),
    "linkage-project/v1": ("shared/project.json", receive, (BAD_INPUT,)),
    "linkage-schema/v1": ("shared/schema.yaml", receive, (BAD_INPUT,)),
    "linkage-catalogue/v1": ("shared/catalogue.yaml", receive, (BAD_INPUT,)),
    "linkage-gateways/v1": ("shared/gateways.yaml", receive, (BAD_INPUT,)),
    "linkage-board/v1": ("shared/board.yaml", tally, (NOT_APPROVED,)),
    "linkage-policy/v1": ("shared/policy.yaml", decide, (BAD_INPUT,)),
    "linkage-seen/v1": ("desk-1/seen.json", receive, (BAD_INPUT,)),
    "linkage-mapping/v1": ("police-officer/mapping.yaml", check_mapping, (BAD_INPUT,)),
}


def vouched(p: Any) -> None:
    """The secretariat's note again, for the documents as they are now."""
    path = p.shared / "evidence.note"
    text = split_note(path.read_text("utf-8"))[0]
    for name, file in VOUCHED.items():
        digest = hashlib.sha256((p.shared / file).read_bytes()).hexdigest()
        text = re.sub(rf"(  {name}: )[0-9a-f]{{64}}", rf"\g<1>{digest}", text)
    path.write_text(sign_note(text, by=p.people["secretariat/1"]), "utf-8")


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_that_names_another_version_is_refused_though_it_is_vouched_for(
    allowed: Any, name: str
) -> None:
    p, (place, act, codes) = allowed, TEXTS[name]
    path = p.folder / place
    true = path.read_text("utf-8")
    entry = re.compile(rf'^("?\s*[^#\n]*){re.escape(name)}', re.MULTILINE)
    assert len(entry.findall(true)) == 1
    for other in others(name):
        path.write_text(entry.sub(rf"\g<1>{other}", true), "utf-8")
        vouched(p)
        refused(act(p), *codes)
    path.write_text(true, "utf-8")
    vouched(p)
    if act is not decide:
        assert act(p).code == 0


def test_a_request_that_names_another_version_inside_is_refused_though_she_signed_it(allowed: Any) -> None:
    p, path = allowed, allowed.folder / "request.note"
    text = split_note(path.read_text("utf-8"))[0]
    assert 'format: "linkage-request/v1"' in text
    for other in others("linkage-request/v1"):
        changed = text.replace('format: "linkage-request/v1"', f'format: "{other}"')
        path.write_text(sign_note(changed, by=p.people[ANALYST]), "utf-8")
        refused(decide(p), BAD_INPUT)


def test_a_policy_in_another_vocabulary_permits_nothing_though_all_have_agreed_to_it(
    allowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever approves it with this program is told that its own tests fail.
    monkeypatch.setattr(service.board.voting, "check_tests", lambda *_, **__: None)
    p, path = allowed, allowed.shared / "policy.yaml"
    text = path.read_text("utf-8")
    assert text.count("vpp-vocab@2") == 1
    path.write_text(text.replace("vpp-vocab@2", "vpp-vocab@1"), "utf-8")
    for folder in ("votes", "adoptions"):
        shutil.rmtree(p.shared / folder)
    p.agree()
    told = p.decide(p.request("second", use_until="2027-03-01"), "request-2")
    assert (told.code, "vpp-vocab@1" in told.out) == (REFUSED, True)
    assert "vocabulary-differs" in p.events("desk/1")[-1].details["reasons"]


def test_a_table_of_another_version_in_the_ledger_stops_the_next_release(allowed: Any) -> None:
    """What left before cannot be attacked with, so nothing leaves any more."""
    p = allowed
    let_out(p)
    ask_again(p)
    with contextlib.closing(sqlite3.connect(p.home("desk/1") / "office.db")) as state, state:
        ((text,),) = state.execute("SELECT ledger FROM releases").fetchall()
        assert "linkage-table/v1" in text
        state.execute("UPDATE releases SET ledger = ?", (text.replace("linkage-table/v1", "linkage-table/v0"),))
    refused(p.release(*p.keeper, request_id="request-2"), BAD_INPUT)
    assert len(list((p.folder / "out").iterdir())) == 1


def test_calls_and_answers_of_another_version_are_none(partnership: Any) -> None:
    """Between desk and custodian; the bytes that go over the socket are those that are read here."""
    desk, custodian = partnership.people["desk/1"], partnership.people["custodian/1"]
    call = CallBody(at=NOW, custodian="custodian/1", desk="desk/1", method=Method.STATUS, nonce="0" * 32)
    answer = AnswerBody(at=NOW, call="0" * 64, custodian="custodian/1", desk="desk/1", outcome=Ended.STATUS)

    def line(kind: str, body: Any, by: Any) -> bytes:
        note = sign_note(f"{kind}\n{json.dumps(body.model_dump(mode='json'))}\n", by=by)
        what = {"call": note, "order": None} if "call" in kind else {"answer": note}
        return json.dumps(what).encode() + b"\n"

    def answered(kind: str) -> Any:
        return read_answer(
            line(kind, answer, custodian), custodian=custodian.public, call="0" * 64, desk="desk/1"
        )

    assert read_call(line("linkage-custody-call/v1", call, desk)).body == call
    assert answered("linkage-custody-answer/v1") == answer
    for other in others("linkage-custody-call/v1"):
        with pytest.raises(BadCall):
            read_call(line(other, call, desk))
    for other in others("linkage-custody-answer/v1"):
        with pytest.raises(BadCall):
            answered(other)


TRIED = {
    *(one[0] for one in FILES.values()), *TEXTS, "linkage-request/v1", "linkage-table/v1",
    "linkage-custody-call/v1", "linkage-custody-answer/v1", "vpp-vocab@2", "vpp-vocab@3",
    "linkage-model/v3", "linkage-work/v1", "linkage-journal/v1", "linkage-compared/v1",  # in test_linker_desk.py and test_linker_killed.py
    "linkage-rows/v4",  # in test_flow_updates_linked.py
    "linkage-subgroups/v1",  # in test_subgroup_codes.py
    "linkage-act/v1", "linkage-standing/v1", "linkage-prepared/v1", "linkage-output-vote/v1", "linkage-withdrawal/v1",  # in test_format_downgrade_board_and_checkers.py
    "linkage-case/v1",  # in test_board_pack.py
    "linkage-witnessed/v1", "linkage-decided/v1",  # in test_audit_witness_attacks.py and test_audit_replay.py
}  # fmt: skip
NO_READER = {
    "linkage/v1": "the first part of every label from which a key is derived: another gives other keys",
    "linkage-decision/v1": "what a decision's digest is made of",
    "linkage-permit/v1": "beside a table, for people",
    "linkage-release/v1": "beside a table, for people",
    "linkage-leak/v1": "a report",
    "linkage-impact/v1": "a report",
    "linkage-policy-diff/v1": "a report",
    "linkage-replay/v1": "a report",
    "linkage-explanation/v1": "a report",
    "linkage-lint/v1": "a report",
    "linkage-proposals/v1": "a report",
    "linkage-reviews-due/v1": "a report",
    "linkage-quality/v1": "a report",
    "linkage-board-shown/v1": "a report",
    "linkage-framework-shown/v1": "a report",
    "linkage-release-metadata/v1": "beside a table, for other programs",
    "linkage-check-sheet/v1": "sealed to the desk and to checkers, and fixed by the digest in the desk's signed statement",
    "linkage-facts/v1": "one's own file to try the engine on, of which nothing follows",
    "linkage-log-keys/v1": "written for those who have no trust register",
    "vpp-ethical-framework/v1": "comes with the program",
    "vpp-vocab@1": "the digest of words that are used no more",
    "cosignature/v1": "stands in what a witness signs, and nowhere in a file",
}


def test_no_format_of_the_program_was_left_out(kinds_of_notes: dict[str, Any]) -> None:
    packages = ("keys", "linkage", "policies", "ethics", "service")
    texts = [path.read_text("utf-8") for package in packages for path in (ROOT / package).rglob("*.py")]
    found = {name for text in texts for name in NAME.findall(text)}
    assert "linkage-trust/v2" in found
    assert found - TRIED - set(kinds_of_notes) - set(NO_READER) == set()
