"""The wire between desk and custodian: strangers, spies, vandals and faulty programs get no key, and harm nobody else's call."""

import base64
import json
import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from keys import BadSeal, Identity, sign_note
from keys.columns import unwrap_column_key
from keys.notes import split_note
from keys.trust import Entry
from service.custody.protocol import (
    ANSWER_FORMAT,
    CALL_FORMAT,
    MAX_LINE,
    UNREADABLE,
    call_digest,
    call_line,
    order_text,
    read_answer,
    read_call,
    sha256,
    sign_call,
    unwrap_answer,
)
from service.custody.server import MOST_CONNECTIONS
from service.demonstration.cast import SINCE
from service.errors import BadCall, CustodianRefused, CustodianUnavailable
from service.release import release

SUSPENDED = "vpp-demo/1/schools/suspended"


def stranger(name: str) -> Identity:
    return Identity.make(name, randomness=np.random.default_rng(9).bytes)


def works(served: Any) -> None:
    """An honest call is answered."""
    assert len(served.office.open_suspended(served.office.order(), of=served.custody())) == 32


def genuine(served: Any, between: Any) -> tuple[bytes, bytes]:
    """A call of the desk as it went over the wire, and its answer."""
    with between() as wire:
        served.office.open_suspended(served.office.order(), of=served.custody(path=wire.path))
    return wire.calls[0], wire.answers[0]


def malformed(line: bytes, *, by: Identity) -> Iterator[bytes]:
    """Lines that are no call, though some come close; the last ones are signed by the desk."""
    yield from (
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"1\n",
        b'"call"\n',
        b"call\n",
        b"\x00\n",
        b"\xff\xfe\n",
        b"{\n",
    )
    yield b"[" * 100_000 + b"\n"
    yield b'{"call":' * 100_000 + b"\n"
    yield b'{"call": "\\ud800", "order": null}\n'
    yield b'{"call": 1e999999, "order": null}\n'
    yield b'{"call": ' + b"9" * 100_000 + b', "order": null}\n'
    yield np.random.default_rng(3).bytes(10_000).replace(b"\n", b"") + b"\n"
    yield line[: len(line) // 2] + b"\n"
    yield line.replace(CALL_FORMAT.encode(), ANSWER_FORMAT.encode())
    whole = json.loads(line)

    def with_(**changes: Any) -> bytes:
        return json.dumps(whole | changes).encode() + b"\n"

    yield with_(more=1)
    yield with_(order=None)
    yield with_(order={"request": "x"})
    yield with_(order="{}")
    yield with_(call="")
    yield with_(call=whole["call"].rpartition("\n\n")[0] + "\n")
    body = json.loads(split_note(whole["call"])[0].partition("\n")[2])
    for changes in (
        {"at": "2026-12-01T11:00:00"}, {"at": "yesterday"}, {"method": "open-everything"}, {"method": "status"}, {"method": "open-spine"},
        {"nonce": "x"}, {"nonce": "../../etc/passwd"}, {"key": ""}, {"key": "x" * 401}, {"wrapped": "%%%"}, {"wrapped": ""}, {"order": "0" * 64},
        {"header": "linkage-sealed/v1\n"}, {"method": "open-spine", "key": "", "wrapped": "", "header": "x"}, {"more": 1}, {"desk": ""},
    ):  # fmt: skip
        note = sign_note(f"{CALL_FORMAT}\n{json.dumps(body | changes)}\n", by=by)
        yield with_(call=note)


def test_what_is_no_call_is_told_so_and_nothing_else_and_the_next_call_is_answered(
    served: Any, between: Any
) -> None:
    served.start()
    line, _ = genuine(served, between)
    before = len(served.office.trace())
    sent = list(malformed(line, by=served.office.desk.identity))
    for one in sent:
        assert served.send(one) == UNREADABLE, one[:100]
    for cut_off in (b"", b"{", line[:-1]):
        assert served.send(cut_off) == b"", cut_off[:100]
    works(served)
    served.stop()
    assert served.office.trace()[before:] == [
        *[("column-key-refused", "unreadable")] * len(sent),
        ("column-key-opened", ""),
    ]
    last = list(served.office.custodian.state.log.events())[before:-1]
    assert {(e.details["partner"], e.details["attribute"]) for e in last} == {("unnamed", "unnamed")}


def test_an_order_with_missing_or_mistyped_documents_is_no_order(served: Any, between: Any) -> None:
    served.start()
    line, _ = genuine(served, between)
    sent = read_call(line).body
    whole = json.loads(order_text(served.office.order()))
    for changes in (
        {"release": "Jane Roe"}, {"release": ""}, {"release": 1}, {"request": None}, {"dossier": None}, {"more": 1},
        {"dossier": whole["dossier"] | {"votes": "x"}}, {"dossier": whole["dossier"] | {"votes": [1]}}, {"dossier": whole["dossier"] | {"x": "y"}},
        {"dossier": {k: v for k, v in whole["dossier"].items() if k != "trust"}},
    ):  # fmt: skip
        text = json.dumps(whole | changes)
        body = sent.model_copy(update={"order": sha256(text), "nonce": os.urandom(16).hex()})
        note = sign_call(body, by=served.office.desk.identity)
        assert served.send(call_line(note, order=text)) == UNREADABLE, changes
    works(served)


@pytest.mark.parametrize(
    ("key_id", "wrapped"),
    [("x" * 401, b"x"), ("", b"x"), (SUSPENDED, b""), (SUSPENDED, b"x" * 8192)],
    ids=["long name", "no name", "no key", "long key"],
)
def test_what_a_file_names_and_no_custodian_reads_is_refused_and_not_tried_again_and_again(
    served: Any, key_id: str, wrapped: bytes
) -> None:
    """The names of keys and the wrapped keys are what the partner wrote into its file."""
    with pytest.raises(CustodianRefused) as caught:
        served.custody().open_column(served.office.order(), key_id=key_id, wrapped=wrapped)
    assert caught.value.reasons == ("unreadable",)


def test_documents_that_cannot_be_read_are_refused_and_logged(served: Any) -> None:
    """The desk is genuine, and its documents are rubbish."""
    served.start()
    office = served.office
    for changes in (
        {"policy": ""}, {"policy": "a: &b [*b]"}, {"policy": "[" * 5_000}, {"policy": "\x00"}, {"catalogue": "x"}, {"evidence": "x"},
        {"evidence": "linkage-evidence/v1\nx\n\n— secretariat/1 AAAA\n"}, {"constitution": "x"}, {"votes": ("x",)}, {"adoptions": ("x",)},
    ):  # fmt: skip
        order = office.order()
        with pytest.raises(CustodianRefused, match="stays shut"):
            office.open_suspended(
                replace(order, dossier=replace(order.dossier, **changes)), of=served.custody()
            )
    for trust in ("", "x", office.cast.root.digest.hex(), office.order().dossier.trust.replace("a", "b", 1)):
        order = office.order()
        with pytest.raises(CustodianRefused) as caught:
            office.open_suspended(
                replace(order, dossier=replace(order.dossier, trust=trust)), of=served.custody()
            )
        assert caught.value.reasons == ("bad-signature",)
    works(served)
    assert "not answered" not in served.said()


@pytest.mark.parametrize(
    "what", [b"x" * (MAX_LINE + 2), b"x" * (8 * MAX_LINE), b"{" + b" " * MAX_LINE + b"}\n"]
)
def test_an_oversized_line_is_cut_off(served: Any, what: bytes) -> None:
    served.start()
    assert served.send(what) in (b"", UNREADABLE)
    works(served)


def test_slow_and_silent_callers_are_cut_off_and_keep_nobody_waiting(served: Any, between: Any) -> None:
    served.start(seconds=1.0)
    wires = [socket.socket(socket.AF_UNIX) for _ in range(12)]
    try:
        for wire in wires:
            wire.settimeout(10)
            wire.connect(str(served.socket))
            wire.sendall(b"{")
        started = time.monotonic()
        works(served)
        assert time.monotonic() - started < 0.9
        # One of them sends a byte now and then: what counts is when the whole line is there.
        with suppress(OSError):
            while time.monotonic() - started < 5:
                wires[0].sendall(b" ")
                time.sleep(0.05)
        assert time.monotonic() - started < 2.5
        for wire in wires[1:]:
            assert wire.recv(100) == b""
    finally:
        for wire in wires:
            wire.close()


def test_more_callers_than_it_takes_at_once_are_turned_away_until_some_are_gone(served: Any) -> None:
    served.start(seconds=60.0)
    wires = [socket.socket(socket.AF_UNIX) for _ in range(MOST_CONNECTIONS)]
    try:
        for wire in wires:
            wire.connect(str(served.socket))
            wire.sendall(b"{")
        with pytest.raises(CustodianUnavailable):
            served.custody().status()
    finally:
        for wire in wires:
            wire.close()
    works(served)


CALLERS: dict[str, tuple[Callable[[Any], Identity], str]] = {
    "the linker": (lambda o: o.cast.people["linker/1"], "not-trusted"),
    "the analyst": (lambda o: o.cast.people["analyst/vpp-1"], "not-trusted"),
    "the custodian itself": (lambda o: o.cast.people["custodian/1"], "not-trusted"),
    "a stranger": (lambda o: stranger("stranger/1"), "not-trusted"),
    "a stranger in the desk's name": (lambda o: stranger("desk/1"), "bad-signature"),
}


@pytest.mark.parametrize("who", CALLERS)
def test_nobody_but_a_desk_of_the_register_is_answered(served: Any, who: str) -> None:
    made, code = CALLERS[who]
    served.start()
    office, before = served.office, len(served.office.trace())
    custody = served.custody(identity=made(office))
    for ask in (
        lambda: office.open_suspended(office.order(), of=custody),
        lambda: custody.open_spine(office.order(), header=office.spine()),
        custody.status,
    ):
        with pytest.raises(CustodianRefused) as caught:
            ask()
        assert caught.value.reasons == (code,)
    served.stop()
    assert office.trace()[before:] == [("column-key-refused", code)] * 3


def test_a_desk_whose_role_has_ended_is_not_answered_nor_is_one_with_an_old_register(served: Any) -> None:
    served.start()
    office = served.office
    old = office.order()
    works(served)
    (entry,) = (e for e in office.cast.entries if e.identity.name == "desk/1")
    second = stranger("desk/2")
    new = Entry(second.public, "centre", frozenset({"desk"}), SINCE)
    office.reissue(version=2, drop="desk/1", add=(replace(entry, until=office.now), new))
    with pytest.raises(CustodianRefused) as caught:
        office.open_suspended(office.order(), of=served.custody())
    assert caught.value.reasons == ("not-trusted",)
    assert office.open_suspended(office.order(), of=served.custody(identity=second))
    with pytest.raises(CustodianRefused) as caught:
        office.open_suspended(old, of=served.custody())
    assert caught.value.reasons == ("rolled-back",)
    served.stop()
    last = list(office.custodian.state.log.events())[-1]
    assert (last.details["reasons"], last.details["attribute"]) == ("rolled-back", "unnamed")


def test_a_register_older_than_the_custodians_own_copy_serves_nobody(served: Any) -> None:
    """A custodian that has answered nothing yet knows what its own shared folder says."""
    office = served.office
    old = office.order()
    office.reissue(version=2, drop="analyst/vpp-1")
    served.start()
    with pytest.raises(CustodianRefused) as caught:
        office.open_suspended(old, of=served.custody())
    assert caught.value.reasons == ("rolled-back",)


def test_an_answer_altered_in_any_place_gives_no_key(
    served: Any, between: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.start()
    office = served.office
    order = office.order()
    custody = served.custody(randomness=lambda count: b"n" * count)
    lines: list[bytes] = []
    exchange = custody._exchange
    with monkeypatch.context() as patched:
        patched.setattr(custody, "_exchange", lambda line: lines.append(exchange(line)) or lines[-1])
        key = office.open_suspended(order, of=custody)
    (answer,) = lines
    wrapped = office.wrapped("schools", "suspended")[SUSPENDED]

    def taking(line: bytes) -> bytes:
        with monkeypatch.context() as patched:
            patched.setattr(custody, "_exchange", lambda _: line)
            return bytes(custody.open_column(order, key_id=SUSPENDED, wrapped=wrapped))

    assert taking(answer) == key
    harmless = 0
    for at in range(0, len(answer), 5):
        altered = bytes([*answer[:at], answer[at] ^ 1 << at % 7, *answer[at + 1 :]])
        try:
            assert taking(altered) == key
            harmless += (
                1  # a bit that says nothing: the last one of a base64 text, or of a stranger's signature
            )
        except CustodianUnavailable:
            pass
    assert harmless <= 2
    for cut in (b"", b"\n", answer[:100] + b"\n", UNREADABLE, b"{}\n", b'{"answer": ""}\n'):
        with pytest.raises(CustodianUnavailable):
            taking(cut)


def test_a_call_altered_in_any_place_is_answered_to_nobody(served: Any, between: Any) -> None:
    served.start()
    line, _ = genuine(served, between)
    custodian = served.office.cast.people["custodian/1"].public
    for at in range(0, len(line) - 1, len(line) // 60):
        altered = bytes([*line[:at], line[at] ^ 2, *line[at + 1 :]])
        said = served.send(altered)
        if said != UNREADABLE:
            digest = call_digest(read_call(altered).note)
            assert not read_answer(said, custodian=custodian, call=digest, desk="desk/1").key
    works(served)


def test_somebody_else_at_the_socket_is_not_taken_for_the_custodian(served: Any, between: Any) -> None:
    """The impostor holds another identity, and even the right name; what it sends back is well signed."""
    served.start()
    office = served.office
    for impostor in (stranger("custodian/1"), stranger("custodian/2"), office.cast.people["linker/1"]):

        def answers(line: bytes, by: Identity = impostor) -> bytes:
            text, _ = split_note(json.loads(line)["answer"])
            return json.dumps({"answer": sign_note(text, by=by)}).encode() + b"\n"

        with (
            between(on_answer=answers) as wire,
            pytest.raises(CustodianUnavailable, match="is not custodian/1"),
        ):
            office.open_suspended(office.order(), of=served.custody(path=wire.path))


def test_whoever_records_the_whole_wire_of_a_release_learns_no_key(served: Any, between: Any) -> None:
    served.start()
    office = served.office
    with between() as wire:
        assert release(office.asked(), by=office.analyst.public, desk=served.desk(path=wire.path)).id
    seen = b"".join([*wire.calls, *wire.answers])
    assert len(wire.answers) == len(wire.calls) == 5
    custodian = office.cast.people["custodian/1"]
    keys = [
        unwrap_column_key(kept, key_id=key_id, by=custodian).expose()
        for key_id, kept in office.wrapped("schools", "suspended", "free_school_meals").items()
    ]
    assert len(keys) == 4
    for key in keys:
        for form in (key, key.hex().encode(), base64.b64encode(key)[:40], base64.urlsafe_b64encode(key)[:40]):
            assert form not in seen
    digests = [call_digest(read_call(one).note) for one in wire.calls]
    bodies = [
        read_answer(one, custodian=custodian.public, call=digest, desk="desk/1")
        for one, digest in zip(wire.answers, digests, strict=True)
    ]
    opened = {
        unwrap_answer(b.key, by=office.desk.identity, call=d).expose()
        for b, d in zip(bodies, digests, strict=True)
    }
    assert opened > set(keys)
    for name, other in office.cast.people.items():
        if name != "desk/1":
            with pytest.raises(BadSeal):
                unwrap_answer(bodies[0].key, by=other, call=digests[0])
    with pytest.raises(BadSeal):
        unwrap_answer(bodies[0].key, by=office.desk.identity, call=digests[1])
    with pytest.raises(BadCall):
        read_answer(wire.answers[0], custodian=custodian.public, call=digests[1], desk="desk/1")


def test_the_status_says_how_much_of_its_limits_is_used_and_no_more(served: Any, between: Any) -> None:
    served.start("--openings-per-hour", "9", "--requests-per-day", "3")
    works(served)
    with between() as wire:
        found = served.custody(path=wire.path).status()
    assert (found.openings_within_an_hour, found.openings_an_hour) == (1, 9)
    assert (found.requests_within_a_day, found.requests_a_day) == (2, 3)
    assert b'"key":""' in wire.answers[0].replace(b'\\"', b'"')


def test_the_socket_is_its_owners_alone_and_its_folder_must_be(served: Any) -> None:
    served.start()
    assert stat.S_IMODE(served.socket.stat().st_mode) == 0o600
    served.stop()
    for mode in (0o755, 0o750, 0o701, 0o777):
        os.chmod(served.folder, mode)  # noqa: PTH101
        served.launch()
        served.ended(10)
        assert not served.socket.exists()
    assert "use a folder of your own with mode 700" in served.said()
    served.folder.chmod(0o700)
    served.start()
    works(served)


def test_a_custodian_that_the_register_does_not_name_does_not_start(served: Any) -> None:
    served.office.reissue(version=2, drop="custodian/1")
    served.launch()
    served.ended(11)
    assert "custodian/1 is not in the trust register" in served.said()
