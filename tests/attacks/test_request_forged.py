"""A request that the analyst did not make: neither the desk takes it, nor does a desk that made it up get a key with it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keys import BadSignature, Identity, KeysError, sign_note
from keys.notes import add_signature, split_note
from keys.trust import Entry
from policies.load import load_request
from service.analyst.signed_requests import REQUEST_KIND, sign_request, text_of
from service.custody.asked import Order
from service.demonstration.cast import ALLOWED_REQUEST, ANALYST, SINCE
from service.dossier import Dossier
from service.errors import BAD_KEY, OutOfOrder
from service.release import ask, release

Forge = Callable[[Any], str]


def stranger(name: str) -> Identity:
    return Identity.make(name, randomness=np.random.default_rng(8).bytes)


def signed(text: str, *, like: str) -> str:
    """The text with the signatures of another note below it."""
    return text + "\n" + "".join(f"{line}\n" for line in split_note(like)[1])


def altered(office: Any) -> str:
    return str(office.request()).replace("local-partnership", "ward", 1)


FORGERIES: dict[str, tuple[Forge, str]] = {
    "without a signature": (lambda o: o.request_text(), "not signed"),
    "with an empty signature": (lambda o: o.request_text() + f"\n— {ANALYST} \n", "not as analyst/vpp-1 signed"),
    "signed by the desk": (lambda o: o.request(by=o.desk.identity), "not as analyst/vpp-1 signed"),
    "signed by the custodian": (lambda o: o.request(by=o.cast.people["custodian/1"]), "not as analyst/vpp-1 signed"),
    "signed by another key of her name": (lambda o: o.request(by=stranger(ANALYST)), "not as analyst/vpp-1 signed"),
    "altered after she signed": (altered, "not as analyst/vpp-1 signed"),
    "with her signature of another request": (lambda o: signed(o.request_text(form="rate-table"), like=o.request()), "not as analyst/vpp-1 signed"),
    "signed as something else": (lambda o: sign_note(o.request_text().replace("-request/", "-vote/", 1), by=o.analyst), "not as analyst/vpp-1 signed"),
    "with a line below her signature": (lambda o: o.request() + "area: ward\n", "not signed"),
    "by somebody who is no analyst, in her own name": (lambda o: o.request(requester="desk/1", by=o.desk.identity), "does not hold the role analyst"),
    "by a name that nobody has": (lambda o: o.request(requester="analyst/vpp-9", by=stranger("analyst/vpp-9")), "not in the trust register"),
}  # fmt: skip


@pytest.mark.parametrize("how", FORGERIES)
def test_the_desk_takes_no_request_that_its_requester_did_not_sign(office: Any, how: str) -> None:
    forge, saying = FORGERIES[how]
    before = office.desk.state.log.head()
    with pytest.raises(KeysError, match=saying):
        ask(forge(office), request_id="request-9", desk=office.desk)
    assert office.desk.state.log.head() == before
    with pytest.raises(OutOfOrder, match="no request request-9"):
        office.desk.state.request("request-9")


@pytest.mark.parametrize("how", FORGERIES)
def test_the_custodian_opens_nothing_for_a_request_that_a_dishonest_desk_made_up(office: Any, how: str) -> None:
    forge, saying = FORGERIES[how]
    order = Order(forge(office), Dossier.read(office.shared), "release-a")
    code = "not-trusted" if "role" in saying or "register" in saying else "bad-signature"
    office.stays_shut(lambda: office.open_suspended(order), saying=saying, because=code)
    office.stays_shut(
        lambda: office.custodian.open_spine(order, header=office.spine()), saying=saying, because=code
    )


def test_a_request_exchanged_at_rest_in_the_desks_database_is_not_released(office: Any) -> None:
    request = office.asked()
    for text in (office.request_text(), office.request(by=office.desk.identity), altered(office)):
        office.desk.state.connection.execute("UPDATE requests SET text = ? WHERE id = ?", (text, request))
        with pytest.raises(BadSignature):
            release(request, by=office.analyst.public, desk=office.desk)
    office.desk.state.connection.execute(
        "UPDATE requests SET text = ? WHERE id = ?", (office.request(), request)
    )
    assert release(request, by=office.analyst.public, desk=office.desk).id


def test_an_analyst_whose_role_has_ended_asks_no_more_with_what_she_signed_before(office: Any) -> None:
    note = office.request()
    (entry,) = (e for e in office.cast.entries if e.identity.name == ANALYST)
    office.reissue(version=2, drop=ANALYST, add=(replace(entry, until=office.now),))
    with pytest.raises(KeysError, match="does not hold the role analyst"):
        ask(note, request_id="request-9", desk=office.desk)
    order = Order(note, Dossier.read(office.shared), "release-a")
    office.stays_shut(
        lambda: office.open_suspended(order), saying="does not hold the role analyst", because="not-trusted"
    )


def test_another_analyst_cannot_ask_in_her_name(office: Any) -> None:
    other = stranger("analyst/vpp-2")
    office.reissue(version=2, add=(Entry(other.public, "vpp", frozenset({"analyst"}), SINCE),))
    with pytest.raises(BadSignature, match="not as analyst/vpp-1 signed"):
        ask(office.request(by=other), request_id="request-9", desk=office.desk)
    assert ask(office.request(requester="analyst/vpp-2", by=other), request_id="request-9", desk=office.desk)


def test_a_strangers_signature_beside_hers_changes_nothing(office: Any) -> None:
    note = add_signature(office.request(), by=stranger("stranger/1"))
    assert ask(note, request_id="request-9", desk=office.desk).allowed
    assert office.open_suspended(Order(note, Dossier.read(office.shared), "release-a"))


def test_what_she_signs_is_the_request_as_it_reads_and_nobody_elses(demo: Any) -> None:
    analyst = demo.cast.people[ANALYST]
    note = sign_request(ALLOWED_REQUEST.removeprefix(f"{REQUEST_KIND}\n"), by=analyst)
    assert text_of(note) == ALLOWED_REQUEST
    assert load_request(text_of(note)).digest == load_request(ALLOWED_REQUEST).digest
    with pytest.raises(KeysError, match="signed by whoever makes it"):
        sign_request(ALLOWED_REQUEST, by=demo.cast.people["desk/1"])


def test_the_commands_sign_a_request_and_check_it_with_or_without_its_signature(
    demo: Any, shared: Path, tmp_path: Path, command: Any
) -> None:
    plain, note = demo.places.analyst / "requests" / "table.yaml", tmp_path / "table.note"
    key = demo.places.analyst / "identity.key"
    told = command("analyst", "sign", plain, "--identity", key, "--out", note)
    assert (told.code, told.out) == (0, "table.note is table.yaml, signed by analyst/vpp-1\n")
    again = command("analyst", "sign", plain, "--identity", key, "--out", note)
    assert (again.code, "exists already" in again.err) == (10, True)
    not_hers = command("analyst", "sign", plain, "--identity", demo.places.centre / "identity.key", "--out", tmp_path / "x.note")  # fmt: skip
    assert not_hers.code == 11
    assert not (tmp_path / "x.note").exists()
    mine = shutil.copy(key, tmp_path / "identity.key")
    where = (
        "--identity",
        mine,
        "--shared",
        shared,
        "--root",
        shared / "root.json",
        "--at",
        "2026-12-01T10:00Z",
    )
    assert command("analyst", "check", plain, *where, "--note", tmp_path / "a.note").code == 0
    assert command("analyst", "check", note, *where).code == 0
    note.write_text(note.read_text("utf-8").replace("in", "on", 1), encoding="utf-8")
    spoilt = command("analyst", "check", note, *where)
    assert spoilt.code in (10, 11)
    assert "Traceback" not in spoilt.err


def test_by_command_a_request_that_was_altered_after_it_was_signed_is_not_decided(allowed: Any) -> None:
    p = allowed
    note = p.request("second")
    text = note.read_text("utf-8")
    note.write_text(text.replace("aggregate-table", "public-document", 1), "utf-8")
    told = p.decide(note, request_id="request-2")
    assert (told.code, told.out) == (BAD_KEY, "")
    assert "is not as analyst/vpp-1 signed it" in told.err
    note.write_text(text, "utf-8")
    p.well(p.decide(note, request_id="request-2"))
