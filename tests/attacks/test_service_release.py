"""The only door out: who may walk through it, what it refuses, and what is left when it is slammed at any of its steps."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

import service.desk.people
import service.release
from ethics.adoptions import adopt
from ethics.approvals import cast_vote
from ethics.ballots import Vote
from ethics.proofs import verify_proof
from keys import BadSeal, Identity, KeysError, NotTrusted, sign_note
from keys.trust import Entry
from linkage.errors import BadSubmission
from policies.disclosure import Unsafe
from policies.errors import DocumentInvalid, Refused
from policies.load import load_request
from service.desk.shapes import Described
from service.errors import CustodianRefused, OutOfOrder
from service.release import ask, collect, open_release, release

FILES = {
    "table.csv", "table.parquet", "metadata.json", "note.txt", "decision.json", "audit-entry.json", "audit-proof.txt",
}  # fmt: skip


def asked(office: Any, request_id: str = "request-9", **changes: Any) -> str:
    """The id of a new request that was allowed."""
    assert ask(office.request(**changes), request_id=request_id, desk=office.desk).allowed
    return request_id


def let_out(office: Any, request_id: str) -> Any:
    return release(request_id, by=office.analyst.public, desk=office.desk)


def events(office: Any) -> list[Any]:
    return list(office.desk.state.log.events())


def kinds(office: Any) -> list[str]:
    return [e.kind for e in events(office)]


def rows(office: Any, table: str) -> int:
    (count,) = office.desk.state.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  fixed words
    return int(count)


def nothing_left(office: Any, before: tuple[int, list[str]]) -> None:
    releases, log = before
    assert rows(office, "releases") == releases
    assert kinds(office).count("release-made") == log.count("release-made")


def now(office: Any) -> tuple[int, list[str]]:
    return rows(office, "releases"), kinds(office)


def test_an_allowed_request_leaves_once_protected_logged_and_sealed_to_the_analyst(office: Any) -> None:
    made = let_out(office, asked(office))
    opened = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.analyst)
    assert set(opened) == FILES
    assert opened["table.csv"].startswith(b"schools.suspended,schools.free_school_meals,count\r\n")
    proven = verify_proof(
        opened["audit-proof.txt"].decode(), opened["audit-entry.json"], log=office.desk.log_identity.public
    )
    assert (proven.event.kind, proven.event.details["release"]) == ("release-made", made.id)
    for other in (office.desk.identity, office.cast.people["linker/1"], office.cast.people["schools/officer"]):
        with pytest.raises(BadSeal):
            open_release(made.files, release_id=made.id, one=office.desk.one, by=other)


def test_releasing_twice_is_refused_and_the_files_can_be_fetched_again(office: Any) -> None:
    made = let_out(office, asked(office))
    before = now(office)
    with pytest.raises(OutOfOrder, match="not an allowed and unreleased request"):
        let_out(office, "request-9")
    nothing_left(office, before)
    again = collect("request-9", by=office.analyst.public, desk=office.desk)
    first = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.analyst)
    second = open_release(again.files, release_id=again.id, one=office.desk.one, by=office.analyst)
    assert {n: c for n, c in first.items() if n != "audit-proof.txt"} == {
        n: c for n, c in second.items() if n != "audit-proof.txt"
    }


@pytest.mark.parametrize("state", ["request-1", "request-77"])
def test_a_refused_request_and_one_that_nobody_made_release_nothing(office: Any, state: str) -> None:
    before = now(office)
    with pytest.raises(OutOfOrder):
        let_out(office, state)
    with pytest.raises(OutOfOrder):
        collect(state, by=office.analyst.public, desk=office.desk)
    nothing_left(office, before)


def test_a_release_by_another_analyst_is_refused(office: Any) -> None:
    request = asked(office)
    other = Identity.make("analyst/vpp-2", randomness=np.random.default_rng(3).bytes)
    entry = Entry(other.public, "vpp", frozenset({"analyst"}), office.now - timedelta(days=1))
    office.reissue(version=2, add=(entry,))
    before = now(office)
    with pytest.raises(OutOfOrder, match="analyst/vpp-2"):
        release(request, by=other.public, desk=office.desk)
    nothing_left(office, before)


def test_a_key_that_only_bears_the_analysts_name_gets_nothing(office: Any) -> None:
    request = asked(office)
    thief = Identity.make("analyst/vpp-1", randomness=np.random.default_rng(4).bytes)
    before = now(office)
    with pytest.raises(NotTrusted, match="not that of analyst/vpp-1"):
        release(request, by=thief.public, desk=office.desk)
    nothing_left(office, before)
    assert let_out(office, request).id


def test_a_request_id_is_used_once(office: Any) -> None:
    asked(office)
    with pytest.raises(OutOfOrder, match="made already"):
        ask(office.request(use_until="2027-03-01"), request_id="request-9", desk=office.desk)
    assert "2027-04-01" in office.desk.state.request("request-9").text


def test_a_request_that_was_altered_at_rest_is_not_what_was_allowed(office: Any) -> None:
    """The desk's own database is altered: the custodian and the engine judge the text that is there, not the word 'allowed'."""
    request = asked(office)
    text = office.request(form="pseudonymised-extract")
    office.desk.state.connection.execute("UPDATE requests SET text = ? WHERE id = ?", (text, request))
    before = now(office)
    with pytest.raises(Refused):
        let_out(office, request)
    nothing_left(office, before)
    assert kinds(office)[-1] == "release-refused"


def test_a_desk_whose_engine_says_yes_to_everything_still_gets_no_key(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(office)
    permit = service.release.decide(
        load_request(office.request_text()),
        office.desk.verified().policy,
        facts=office.desk.verified().facts,
        now=office.now,
    )
    (office.shared / "votes" / "lay-1.note").unlink()
    (office.shared / "votes" / "lay-2.note").unlink()
    monkeypatch.setattr(service.release, "decide", lambda *a, **k: permit)
    with pytest.raises(CustodianRefused, match="stays shut"):
        let_out(office, request)


def test_an_adoption_withdrawn_between_request_and_release_stops_the_release(office: Any) -> None:
    request = asked(office)
    note = adopt(
        office.policy(),
        clauses=[],
        partner="schools",
        by=office.cast.people["schools/controller"],
        at=office.now,
    )
    (office.shared / "adoptions" / "schools-withdrawn.note").write_text(note, encoding="utf-8")
    before = now(office)
    with pytest.raises(Refused, match="adopted"):
        let_out(office, request)
    nothing_left(office, before)
    assert "not-adopted" in events(office)[-1].details["reasons"].split(",")


def test_votes_taken_away_or_forged_between_request_and_release_stop_it(office: Any) -> None:
    request = asked(office)
    before = now(office)
    forger = Identity.make("board/lay-1", randomness=np.random.default_rng(5).bytes)
    forged = cast_vote(office.policy(), vote=Vote.APPROVE, conflicted=False, by=forger, at=office.now)
    (office.shared / "votes" / "lay-1.note").write_text(forged, encoding="utf-8")
    with pytest.raises(KeysError, match="signature"):
        let_out(office, request)
    for name in ("lay-1", "lay-2"):
        (office.shared / "votes" / f"{name}.note").unlink()
    with pytest.raises(Refused, match="recommended"):
        let_out(office, request)
    nothing_left(office, before)


def test_an_attribute_file_exchanged_at_the_centre_is_not_counted(office: Any) -> None:
    request = asked(office)
    folder = office.places.centre / "desk"
    (folder / "schools" / "attributes.parquet").write_bytes(
        (folder / "police" / "attributes.parquet").read_bytes()
    )
    before = now(office)
    with pytest.raises(BadSubmission, match=r"attributes\.parquet of schools is not the file of its manifest"):
        let_out(office, request)
    nothing_left(office, before)
    assert events(office)[-1].details["reasons"] == "bad-submission"


def test_a_cohort_that_differs_from_a_released_one_by_a_few_people_stays_in(office: Any) -> None:
    """The demonstration released pupils of 10 to 17; these are the same without the handful whose suspension is not written."""
    ages = {"attribute": "schools.age_band", "op": "in", "values": ["10-14", "15-17"]}
    written = {"attribute": "schools.suspended", "op": "in", "values": ["yes", "no"]}
    reasons = dict.fromkeys(("schools.age_band", "schools.suspended", "schools.free_school_meals"), "needed")
    shape = {"attributes": reasons, "group_by": ["schools.free_school_meals"]}
    asked(office, "request-9", population=[ages, written], **shape)
    before = now(office)
    with pytest.raises(Unsafe, match=r"differs from that of release-\w+ by fewer than 10 people"):
        let_out(office, "request-9")
    nothing_left(office, before)
    assert events(office)[-1].details["reasons"] == "disclosure-rules"
    asked(office, "request-10", population=[ages], **shape)
    assert let_out(office, "request-10").people > 400


def test_an_empty_cohort_is_compared_as_empty(office: Any) -> None:
    """An empty set written as lines of text must not come back as one nameless person."""
    sealed = service.desk.people.seal_described(Described(frozenset()), "release-x", office.desk)
    assert service.desk.people.open_described(sealed, "release-x", office.desk) == Described(frozenset())


def test_a_release_that_came_in_between_is_noticed(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two desks at work at once: what the slower one checked its table against is no longer all there is."""
    asked(office, "request-9")
    asked(office, "request-10", use_until="2027-03-01")
    honest = service.release.refuse_overlap

    def meanwhile(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(service.release, "refuse_overlap", honest)
        let_out(office, "request-10")

    monkeypatch.setattr(service.release, "refuse_overlap", meanwhile)
    with pytest.raises(OutOfOrder, match="another table was released"):
        let_out(office, "request-9")
    monkeypatch.undo()
    assert let_out(office, "request-9").id


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"purpose": "Jane Roe of 1 Mill Lane"}, "unknown"),
        ({"purpose": "jane-roe"}, "unknown"),
        ({"form": "jane-roe"}, "unknown"),
    ],
)
def test_a_word_outside_the_vocabulary_is_refused_and_never_reaches_the_log(
    office: Any, changes: dict[str, str], word: str
) -> None:
    decision = ask(office.request(**changes), request_id="request-9", desk=office.desk)
    assert not decision.allowed
    assert kinds(office)[-2:] == ["request-made", "request-refused"]
    assert events(office)[-2].details[next(iter(changes))] == word
    logged = b"".join(office.desk.state.log.entry(n) for n in range(len(kinds(office))))
    assert b"jane" not in logged.lower()


def test_a_request_for_another_project_is_not_even_stored(office: Any) -> None:
    before = kinds(office)
    with pytest.raises(OutOfOrder, match="another project"):
        ask(office.request(project="other-project"), request_id="request-9", desk=office.desk)
    with pytest.raises(DocumentInvalid):
        ask(
            sign_note(office.request_text() + "sudo: yes\n", by=office.analyst),
            request_id="request-9",
            desk=office.desk,
        )
    assert kinds(office) == before
    with pytest.raises(OutOfOrder):
        office.desk.state.request("request-9")


def test_the_decision_that_travels_with_the_table_says_what_was_allowed(office: Any) -> None:
    made = let_out(office, asked(office))
    opened = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.analyst)
    record = json.loads(opened["decision.json"])
    assert record["permit"]["requester"] == "analyst/vpp-1"
    assert "Allowed by clause SNA-1." in record["explanation"]
