"""Output checkers: who may be one, what a vote counts for, what nobody learns of it before the time, and what a package is that was approved."""

import dataclasses
import hashlib
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

import service.desk.checks
import service.desk.package
from keys import BadSeal, BadSignature, Identity, NotTrusted, sign_note
from keys.trust import Entry, TrustRegister
from linkage.errors import BadInput
from policies.disclosure import Unsafe
from service.checker.votes import (
    Prepared,
    cast_output_vote,
    read_output_vote,
    read_prepared,
    standing,
    state_prepared,
)
from service.demonstration.cast import ANALYST, NOW, SINCE
from service.desk.checks import SHEET_FILE, STATEMENT_FILE, copies_for_checkers, seal_vote, take_vote
from service.desk.checks_state import Checks
from service.desk.package import opened_by
from service.errors import OutOfOrder
from service.release import Release, Waiting, digest_of, let_out, release

CHECKED = {"purpose": "safeguarding-thematic"}
PEOPLE = {
    name: Identity.make(name, randomness=np.random.default_rng([77, n]).bytes)
    for n, name in enumerate(("checker/1", "checker/2", "checker/3", "desk/1", ANALYST, "analyst/vpp-2"))
}
WHERE = {"checker/1": "council", "checker/2": "nhs", "checker/3": "council", "desk/1": "centre", ANALYST: "vpp", "analyst/vpp-2": "vpp"}  # fmt: skip
PACKAGE = Prepared("vpp-demo", "release-a", "request-1", ANALYST, "a" * 64, "b" * 64, "desk/1", NOW)


def trust(**roles: str) -> TrustRegister:
    """A register of these names and roles; a name's underscore stands for its slash."""
    named = {"checker/1": "output-checker", "checker/2": "output-checker", "checker/3": "output-checker", "desk/1": "desk", ANALYST: "analyst"}  # fmt: skip
    named |= {n.replace("_", "/"): r for n, r in roles.items()}
    entries = tuple(
        Entry(PEOPLE[n].public, WHERE[n], frozenset(r.split(",")), SINCE) for n, r in named.items() if r
    )
    return TrustRegister("vpp-demo", 1, entries)


def vote(by: str, verdict: str = "approve", on: Prepared = PACKAGE, **more: Any) -> str:
    why: dict[str, Any] = {"reasons": ["small-count"], "because": "a row of one"} if verdict == "refuse" else {}
    given: dict[str, Any] = {"reasons": [], "because": "", "by": PEOPLE[by], "now": NOW} | why | more
    return cast_output_vote(on, verdict=verdict, **given)  # type: ignore[arg-type]


def stands(*votes: str, register: TrustRegister | None = None) -> Any:
    notes = {note.rpartition("\n\n")[2].split(" ")[1]: note for note in votes}
    return standing(notes, on=PACKAGE, trust=register or trust(), now=NOW)


def test_two_people_of_two_organisations_have_to_approve() -> None:
    assert stands(vote("checker/1"), vote("checker/2")).approved
    assert not stands().approved
    assert stands(vote("checker/1")).missing == ("1 of 2 approvals by output checkers are missing",)
    (missing,) = stands(vote("checker/1"), vote("checker/3")).missing
    assert missing.startswith("the approvals are all of council")


def test_one_refusal_outweighs_any_number_of_approvals() -> None:
    found = stands(vote("checker/1"), vote("checker/2"), vote("checker/3", "refuse"))
    assert (found.missing, found.refuse, found.approved) == ((), ("checker/3",), False)


def test_a_checker_whose_role_ended_or_whose_keys_were_replaced_does_not_count() -> None:
    ended = stands(vote("checker/1"), vote("checker/2"), register=trust(checker_2="auditor"))
    assert (ended.approve, set(ended.void)) == (("checker/1",), {"checker/2"})
    other = Identity.make("checker/2", randomness=np.random.default_rng(5).bytes)
    replaced = dataclasses.replace(
        trust(),
        entries=tuple(
            dataclasses.replace(e, identity=other.public) if e.identity.name == "checker/2" else e
            for e in trust().entries
        ),
    )
    assert not stands(vote("checker/1"), vote("checker/2"), register=replaced).approved


def test_whoever_asked_is_no_checker_under_this_name_or_another() -> None:
    both = trust(**{"analyst/vpp-1".replace("/", "_"): "analyst,output-checker"})
    with pytest.raises(NotTrusted, match="nobody checks what they asked for"):
        read_output_vote(vote(ANALYST), on=PACKAGE, trust=both, at=NOW)
    twin = dataclasses.replace(PEOPLE[ANALYST].public, name="checker/1")
    entries = (*(e for e in trust().entries if e.identity.name != "checker/1"), Entry(twin, "council", frozenset({"output-checker"}), SINCE))  # fmt: skip
    note = vote("checker/1")
    with pytest.raises(NotTrusted, match="has the keys of analyst/vpp-1"):
        read_output_vote(note, on=PACKAGE, trust=dataclasses.replace(trust(), entries=entries), at=NOW)


@pytest.mark.parametrize(
    "other", [{"release": "release-b"}, {"files": "c" * 64}, {"sheet": "c" * 64}, {"request": "request-2"}, {"at": NOW + timedelta(seconds=1)}]
)  # fmt: skip
def test_a_vote_on_one_package_is_none_on_another(other: dict[str, Any]) -> None:
    with pytest.raises(BadSignature, match="on another package"):
        read_output_vote(vote("checker/1"), on=dataclasses.replace(PACKAGE, **other), trust=trust(), at=NOW)


def test_a_vote_that_was_altered_or_signed_by_another_is_none() -> None:
    note = vote("checker/1", "refuse")
    with pytest.raises(BadSignature):
        read_output_vote(note.replace('"small-count"', '"differencing"'), on=PACKAGE, trust=trust(), at=NOW)
    text = vote("checker/1").rpartition("\n\n")[0] + "\n"
    with pytest.raises(BadSignature):
        read_output_vote(sign_note(text, by=PEOPLE["checker/2"]), on=PACKAGE, trust=trust(), at=NOW)


@pytest.mark.parametrize(
    ("given", "saying"),
    [
        ({"verdict": "refuse", "because": ""}, "a refusal says why"),
        ({"verdict": "refuse", "reasons": []}, "a refusal says why"),
        ({"verdict": "refuse", "reasons": ["because"]}, "reasons are some of"),
        ({"reasons": ["other"], "because": "x"}, "an approval gives no reason"),
        ({"verdict": "refuse", "because": "two\nlines"}, "one line of at most 500"),
        ({"verdict": "refuse", "because": "x" * 501}, "one line of at most 500"),
    ],
)
def test_a_vote_says_why_exactly_if_it_refuses(given: dict[str, Any], saying: str) -> None:
    with pytest.raises(BadInput, match=saying):
        vote("checker/1", **given)


def test_a_statement_that_no_desk_signed_is_none() -> None:
    assert read_prepared(state_prepared(PACKAGE, by=PEOPLE["desk/1"]), trust=trust()) == PACKAGE
    with pytest.raises(BadSignature):
        read_prepared(state_prepared(PACKAGE, by=PEOPLE["checker/1"]), trust=trust())
    forged = dataclasses.replace(PACKAGE, by="checker/1")
    with pytest.raises(NotTrusted):
        read_prepared(state_prepared(forged, by=PEOPLE["checker/1"]), trust=trust())


CHECKERS = ("checker/1", "checker/2", "checker/3")


@pytest.fixture
def waiting(office: Any) -> Any:
    """The office, in which a package waits for its three checkers under request-9."""
    entries = tuple(Entry(PEOPLE[n].public, WHERE[n], frozenset({"output-checker"}), SINCE) for n in CHECKERS)
    office.reissue(version=2, add=entries)
    office.asked(**CHECKED)
    assert isinstance(let_out("request-9", by=office.analyst.public, desk=office.desk), Waiting)
    return office


def kept(office: Any) -> Prepared:
    found = Checks(office.desk.state).prepared("request-9")
    assert found is not None
    return read_prepared(found.statement, trust=office.desk.verified().trust)


def sealed_vote(office: Any, by: str, verdict: str = "approve", *, to: Identity | None = None) -> bytes:
    note = vote(by, verdict, on=kept(office), now=office.now)
    return seal_vote(
        note, release_id=kept(office).release, to=(to or office.desk.identity).public, one=office.desk.one
    )


def bring(office: Any, by: str, verdict: str = "approve") -> Any:
    return take_vote(sealed_vote(office, by, verdict), request_id="request-9", desk=office.desk)


def out(office: Any, desk: Any = None) -> Any:
    return let_out("request-9", by=office.analyst.public, desk=desk or office.desk)


def count(office: Any, table: str) -> int:
    (found,) = office.desk.state.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  fixed words
    return int(found)


def test_nothing_in_the_log_or_at_rest_tells_a_vote_before_the_last_is_in(waiting: Any) -> None:
    bring(waiting, "checker/1")
    event = list(waiting.desk.state.log.events())[-1]
    assert event.kind == "output-vote-received"
    assert set(event.details) == {"request", "release", "note_digest"}
    # The digest covers the signature, so that it is not guessed from the two things that a vote can say.
    guesses = [vote("checker/1", v, on=kept(waiting), now=waiting.now).rpartition("\n\n")[0] + "\n" for v in ("approve", "refuse")]  # fmt: skip
    assert event.details["note_digest"] not in {hashlib.sha256(g.encode()).hexdigest() for g in guesses}
    (at_rest,) = Checks(waiting.desk.state).votes(kept(waiting).release)
    assert b"approve" not in at_rest.sealed
    told = out(waiting)
    assert isinstance(told, Waiting)
    assert "output-checked" not in {e.kind for e in waiting.desk.state.log.events()}


def test_what_leaves_is_byte_for_byte_what_the_checkers_read(waiting: Any) -> None:
    copies = copies_for_checkers("request-9", desk=waiting.desk)
    assert set(copies) == set(CHECKERS)
    read = {}
    for name in CHECKERS:
        files = {n: c for n, c in copies[name].items() if n != STATEMENT_FILE}
        read[name] = opened_by(
            files, by=PEOPLE[name], one=waiting.desk.one, place=("check", kept(waiting).release)
        )
        assert read[name].pop(SHEET_FILE)
    with pytest.raises(BadSeal):
        opened_by(files, by=PEOPLE["checker/1"], one=waiting.desk.one, place=("check", kept(waiting).release))
    assert digest_of(read["checker/1"]) == kept(waiting).files
    bring(waiting, "checker/1")
    bring(waiting, "checker/2")
    made = out(waiting)
    assert isinstance(made, Release)
    opened = service.desk.package.open_release(
        made.files, release_id=made.id, one=waiting.desk.one, by=waiting.analyst
    )
    assert {n: c for n, c in opened.items() if not n.startswith("audit-")} == read["checker/1"]


def test_votes_of_the_wrong_kind_change_nothing(waiting: Any) -> None:
    before = count(waiting, "output_votes")
    with pytest.raises(BadSeal):
        take_vote(
            sealed_vote(waiting, "checker/1", to=PEOPLE["checker/2"]), request_id="request-9", desk=waiting.desk
        )
    with pytest.raises(NotTrusted):
        bring(waiting, "analyst/vpp-2")
    with pytest.raises(OutOfOrder, match="nothing was prepared"):
        take_vote(sealed_vote(waiting, "checker/1"), request_id="request-1", desk=waiting.desk)
    assert count(waiting, "output_votes") == before
    bring(waiting, "checker/1")
    with pytest.raises(OutOfOrder, match="a vote is given once"):
        bring(waiting, "checker/1", "refuse")
    with pytest.raises(OutOfOrder, match="waits for its output checkers: 1 of 2"):
        release("request-9", by=waiting.analyst.public, desk=waiting.desk)


def test_an_approval_by_a_checker_who_left_meanwhile_lets_nothing_out(waiting: Any) -> None:
    bring(waiting, "checker/1")
    bring(waiting, "checker/2")
    left = Entry(PEOPLE["checker/2"].public, "nhs", frozenset({"output-checker"}), SINCE, until=NOW)
    still = tuple(Entry(PEOPLE[n].public, WHERE[n], frozenset({"output-checker"}), SINCE) for n in ("checker/1", "checker/3"))  # fmt: skip
    waiting.reissue(version=3, add=(left, *still))
    told = out(waiting)
    assert isinstance(told, Waiting)
    assert set(told.standing.void) == {"checker/2"}


def test_a_package_that_was_altered_at_rest_does_not_leave(waiting: Any) -> None:
    bring(waiting, "checker/1")
    bring(waiting, "checker/2")
    desk = waiting.desk
    other = service.desk.package.sealed_for(
        {"note.txt": b"nothing to see"},
        to=desk.identity.public,
        one=desk.one,
        place=("prepared", kept(waiting).release),
    )
    desk.state.connection.execute("UPDATE prepared_files SET sealed = ? WHERE name = 'note.txt.sealed'", (other["note.txt.sealed"],))  # fmt: skip
    with pytest.raises(OutOfOrder, match="are not those that were prepared"):
        out(waiting)
    assert count(waiting, "releases") == 1


def test_what_was_approved_is_attacked_again_with_what_left_meanwhile(waiting: Any) -> None:
    """The same table under a laxer rule leaves while the checkers look: together the two would give hidden cells away."""
    bring(waiting, "checker/1")
    bring(waiting, "checker/2")
    waiting.asked("request-10")
    release("request-10", by=waiting.analyst.public, desk=waiting.desk)
    with pytest.raises(Unsafe, match="earlier release"):
        out(waiting)
    assert count(waiting, "releases") == 2
    last = list(waiting.desk.state.log.events())[-1]
    assert (last.kind, last.details["reasons"]) == ("release-refused", "disclosure-rules")


def test_a_permit_that_ends_earlier_by_now_stops_what_was_approved(
    waiting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(waiting, "checker/1")
    bring(waiting, "checker/2")
    honest = service.desk.checks.stated_permit
    monkeypatch.setattr(service.desk.checks, "stated_permit", lambda c: honest(c) | {"expires": "2027-04-02"})
    with pytest.raises(OutOfOrder, match="on other terms than hold now"):
        out(waiting)
    assert count(waiting, "releases") == 1
