"""Somebody tries to bring a policy into force, or to keep it there, against the board's procedure."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from ethics.acts import read_act, sign_act
from ethics.board import Constitution
from ethics.errors import BadAct, EthicsError
from ethics.lifecycle import State, Step
from keys import BadSignature, Identity, KeysError, NotTrusted, TrustRegister, sign_note
from keys.notes import add_signature, split_note
from keys.trust import Entry

B = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_board.py")))
FIVE = B.MEMBERS[2:]


def refused(papers: Any, saying: str, fault: type[Exception] = BadAct, **changes: Any) -> None:
    with pytest.raises(fault, match=saying):
        papers.stands(**changes)


def with_entries(*more: Entry, drop: str = "") -> TrustRegister:
    return TrustRegister(B.PROJECT, 2, (*(e for e in B.ENTRIES if e.identity.name != drop), *more))


def board(**changes: Any) -> Constitution:
    return Constitution.model_validate(B.BOARD.model_dump() | changes)


def seats(name: str, **changes: Any) -> list[dict[str, Any]]:
    """The members with one seat changed."""
    return [m.model_dump() | (changes if m.id == name else {}) for m in B.BOARD.members]


# Forged notes


def test_an_act_that_names_somebody_who_did_not_sign_it_is_refused() -> None:
    papers = B.Papers().circulated().voted()
    text = split_note(papers.close())[0]
    for signer in (Identity.make(B.CHAIR), B.key("board/lay-2"), B.key(B.PROPOSER)):
        papers.notes[-1] = sign_note(text, by=signer)
        refused(papers, "sign", BadSignature)


def test_a_second_signature_under_an_act_makes_no_second_act() -> None:
    papers = B.Papers().circulated().voted()
    papers.close()
    papers.notes.append(add_signature(papers.notes[-2], by=B.key("board/lay-1")))
    assert papers.stands().state is State.RECOMMENDED


def test_every_flipped_byte_of_a_vote_spoils_it_or_leaves_what_was_signed() -> None:
    papers = B.Papers().circulated()
    papers.declare("board/lay-1")
    note = papers.vote("board/lay-1", "refuse")
    rest, signed = papers.notes[:-1], split_note(note)[0]
    for place in range(len(note.encode())):
        raw = bytearray(note.encode())
        raw[place] ^= 1
        try:
            text = raw.decode()
            papers.stands(notes=[*rest, text])
        except (EthicsError, KeysError, UnicodeDecodeError):
            continue
        assert split_note(text)[0] == signed


def test_words_that_say_something_else_than_the_fields_are_refused_even_when_signed() -> None:
    papers = B.Papers().circulated()
    papers.declare("board/lay-1")
    text = split_note(papers.vote("board/lay-1", "refuse"))[0]
    for changed in (
        text.replace("is: refuse.", "is: approve."),
        text.replace("vote: refuse", "vote: approve"),
        text.replace("linkage-act/v1\n", "linkage-act/v1\nPlease read: "),
        text.replace("act: vote", "act: vote\nact: vote"),
        text.replace("\n\n", "\n\n\n", 1),
    ):
        assert changed != text
        papers.notes[-1] = sign_note(changed, by=B.key("board/lay-1"))
        refused(papers, "not the text of an act")


def test_a_key_that_was_taken_out_of_the_register_no_longer_acts() -> None:
    papers = B.Papers().in_force()
    for gone in ("board/lay-1", B.CHAIR, B.SECRETARIAT, B.PROPOSER):
        refused(papers, "is not in the trust register", NotTrusted, trust=with_entries(drop=gone))


@pytest.mark.parametrize(
    ("step", "by", "details"),
    [
        (Step.PROPOSE, "police/witness", {"case": B.DIGESTS["case"]}),
        (
            Step.CHECK,
            B.PROPOSER,
            {"catalogue": B.DIGESTS["catalogue"], "gateways": B.DIGESTS["gateways"], "tests": "1"},
        ),
        (Step.CIRCULATE, B.CHAIR, {**B.SHOWN, "until": "2026-09-10"}),
        (Step.VOTE, B.SECRETARIAT, {**B.SHOWN, "vote": "approve", "because": ""}),
        (Step.RECOMMEND, "police/controller", {"counted": "0" * 64}),
        (Step.SUSPEND, B.SECRETARIAT, {"clauses": "SNA-1", "because": "No."}),
    ],
)
def test_nobody_acts_without_the_role_for_it(step: Step, by: str, details: dict[str, str]) -> None:
    trust = with_entries(Entry(B.key("police/witness").public, "police", frozenset({"witness"}), B.SINCE))
    note = sign_act(
        step, policy=B.REF, project=B.PROJECT, after="none", by=B.key(by), at=B.START, details=details
    )
    with pytest.raises(NotTrusted, match="holds none of the roles"):
        read_act(note, trust=trust)


def test_a_board_member_who_is_not_the_chair_neither_closes_nor_suspends() -> None:
    papers = B.Papers().circulated().voted()
    papers.close(by="board/lay-1")
    refused(papers, "only the chair or the secretariat may do that")
    papers = B.Papers().in_force()
    papers.act(Step.SUSPEND, "board/lay-1", clauses="SNA-1", because="No.")
    refused(papers, "only the chair may do that")


def test_a_chair_whose_term_is_over_suspends_nothing() -> None:
    ended = board(members=seats(B.CHAIR, until="2026-09-10"))
    papers = B.Papers().in_force()
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="No.")
    refused(papers, "cannot count", constitution=ended)


# Conflicts, and one person under two names


def test_a_vote_by_a_member_with_a_conflict_spoils_the_count() -> None:
    papers = B.Papers().circulated()
    papers.declare("board/lay-1", "yes", because="My sister works there.")
    papers.vote("board/lay-1")
    refused(papers, "declared a conflict of interest")


def test_a_conflict_cannot_be_taken_back() -> None:
    papers = B.Papers().circulated()
    papers.declare("board/lay-1", "yes", because="My sister works there.")
    papers.declare("board/lay-1", "no")
    refused(papers, "is not taken back")


def test_a_vote_without_a_declaration_does_not_count() -> None:
    papers = B.Papers().circulated()
    papers.vote("board/lay-1")
    refused(papers, "have not declared")


def test_a_conflict_that_comes_to_light_after_the_vote_sets_the_vote_aside() -> None:
    papers = B.Papers().circulated().voted(FIVE)
    assert papers.stands().approval.recommended
    papers.declare(FIVE[0], "yes", because="I was offered a post there.")
    status = papers.stands().approval
    assert (status.recommended, status.conflicted) == (False, (FIVE[0],))


@pytest.mark.parametrize("how", ["a seat", "a signing key", "a sealing key"])
def test_two_members_who_are_one_person_are_not_counted_as_two(how: str) -> None:
    one, two = "board/lay-1", "board/lay-2"
    if how == "a seat":
        with pytest.raises(ValidationError, match="sits on the board twice"):
            board(members=seats(one, also=[two]))
        return
    public, theirs = B.key(two).public, B.key(one).public
    shared = (
        type(public)(two, theirs.ed25519, public.x25519, public.mlkem768)
        if how == "a signing key"
        else type(public)(two, public.ed25519, theirs.x25519, public.mlkem768)
    )
    trust = with_entries(Entry(shared, "board", frozenset({"board-member"}), B.SINCE), drop=two)
    papers = B.Papers().circulated()
    papers.declare(one)
    papers.vote(one)
    papers.declare(two)
    if how == "a signing key":
        text = split_note(papers.notes[-1])[0]
        twin = Identity(two, B.key(one).seeds)
        papers.notes[-1] = sign_note(text, by=twin)
    refused(papers, "cannot be one key", NotTrusted, trust=trust)


@pytest.mark.parametrize("under", ["its own name", "a second name", "the same key"])
def test_nobody_votes_on_what_they_proposed(under: str) -> None:
    member = "board/statistician"
    constitution, trust = B.BOARD, B.TRUST
    proposer = member if under == "its own name" else B.PROPOSER
    if under == "a second name":
        constitution = board(members=seats(member, also=[B.PROPOSER]))
    if under == "the same key":
        public, theirs = B.key(B.PROPOSER).public, B.key(member).public
        same = type(public)(B.PROPOSER, public.ed25519, theirs.x25519, public.mlkem768)
        trust = with_entries(Entry(same, "vpp", frozenset({"analyst"}), B.SINCE), drop=B.PROPOSER)
    papers = B.Papers().circulated(by=proposer)
    papers.declare(member)
    refused(papers, "nobody approves their own", constitution=constitution, trust=trust)


def test_nobody_closes_the_vote_on_what_they_proposed_nor_brings_it_into_force() -> None:
    papers = B.Papers().circulated(by=B.SECRETARIAT).voted()
    papers.close(by=B.SECRETARIAT)
    refused(papers, "nobody approves their own")
    papers = B.Papers().circulated(by=B.SECRETARIAT).voted()
    papers.close(by=B.CHAIR)
    papers.adopt()
    papers.dry_run()
    papers.now += 15 * B.DAY
    papers.act(Step.PUT_IN_FORCE, B.SECRETARIAT)
    refused(papers, "nobody approves their own")


def test_a_controller_who_proposed_does_not_adopt_its_own_proposal() -> None:
    papers = B.Papers().circulated(by="police/controller").voted()
    papers.close()
    papers.adopt("police")
    assert (papers.stands().state, papers.stands().adoptions) == (State.RECOMMENDED, {})
    papers.adopt("schools")
    assert papers.stands().adoptions == {"schools": B.CLAUSES}
    deputy = Entry(B.key("police/deputy").public, "police", frozenset({"controller-approver"}), B.SINCE)
    papers.adopt("police", by="police/deputy")
    assert set(papers.stands(trust=with_entries(deputy)).adoptions) == {"police", "schools"}


# Suspension


def test_a_second_suspension_that_names_fewer_clauses_gives_none_back() -> None:
    papers = B.Papers().in_force()
    papers.act(Step.SUSPEND, B.CHAIR, clauses="PLAN-1,SNA-1", because="A complaint.")
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="Only this one.")
    assert papers.stands().suspended == {"PLAN-1", "SNA-1"}


@pytest.mark.parametrize("clauses", ["SNA-9", "none", "SNA-1,SNA-9"])
def test_a_suspension_names_clauses_of_the_policy_and_nothing_else(clauses: str) -> None:
    papers = B.Papers().in_force()
    papers.act(Step.SUSPEND, B.CHAIR, clauses=clauses, because="A complaint.")
    refused(papers, "the policy has no clause")


@pytest.mark.parametrize("step", [Step.PUT_IN_FORCE, Step.RECOMMEND, Step.DRY_RUN])
def test_no_act_leads_out_of_a_suspension(step: Step) -> None:
    papers = B.Papers().in_force()
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="A complaint.")
    details = {Step.RECOMMEND: {"counted": papers.counted()}, Step.DRY_RUN: {"until": "2026-12-01"}}
    papers.act(step, B.CHAIR, **details.get(step, {}))
    refused(papers, "out of order: the proposal was suspended")


def test_a_suspension_that_is_left_out_leaves_a_shorter_chain() -> None:
    papers = B.Papers().in_force()
    before = len(papers.stands().acts)
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="A complaint.")
    assert len(papers.stands().acts) == before + 1
