"""Votes and adoptions by commands: whose they are, and what is not voted on."""

import shutil
from datetime import timedelta
from typing import Any

from keys import Identity
from service.demonstration.cast import ANALYST, NOW
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED, REFUSED
from tests.desk_answers import refused


def test_a_vote_is_a_members_and_can_be_counted(partnership: Any) -> None:
    p, votes = partnership, partnership.shared / "votes"
    stranger = Identity.make("board/lay-1", randomness=p.randomness)
    refused(p.vote("board/lay-1", "--vote", "maybe"), BAD_INPUT, "--vote takes one of approve, ")
    refused(p.vote("board/lay-1", "--vote", "refuse"), NOT_APPROVED, "says why")
    refused(p.vote(ANALYST), BAD_KEY, "does not hold the role board-member")
    (p.key("board/lay-1").parent / "other").mkdir()
    stranger.save(p.key("board/lay-1").parent / "other" / "identity.key")
    p.home("other").mkdir()
    shutil.move(p.key("board/lay-1").parent / "other" / "identity.key", p.home("other"))
    refused(p.vote("other"), BAD_KEY, "not that of board/lay-1 in the trust register")
    assert list(votes.iterdir()) == []
    p.well(p.vote("board/lay-1", "--vote", "approve-with-conditions", "--because", "once a year"))
    refused(p.vote("board/lay-1"), BAD_INPUT, "exists already: name another with --out")
    p.well(p.vote("board/police-analyst", "--vote", "approve", "--conflicted"))
    tally = p.run("board", "tally", "--shared", p.shared, "--root", p.root)
    assert tally.code == NOT_APPROVED
    assert tally.err.startswith("policy.yaml: 1 approve, 0 send back, 0 refuse, 1 conflicted\n")


def test_a_member_whose_term_is_over_gets_no_vote_that_would_spoil_the_count(
    partnership: Any, set_clock: Any
) -> None:
    set_clock(NOW + timedelta(days=40 * 365))
    refused(partnership.vote("board/lay-1"), NOT_APPROVED, "does not sit on the board on 2066-")
    assert list((partnership.shared / "votes").iterdir()) == []


def test_a_controller_adopts_clauses_of_the_policy_for_its_own_data_and_withdraws_them(
    allowed: Any, set_clock: Any
) -> None:
    p = allowed
    refused(
        p.adopt("schools", "SNA-1,SNA-99", out="x"), BAD_INPUT, "policy.yaml has no clause 'SNA-99'; it has "
    )
    refused(p.adopt("schools"), BAD_INPUT, "schools.note exists already: name another with --out")
    assert not (p.shared / "adoptions" / "x.note").exists()
    told = p.well(p.adopt("schools", "none", out="schools-2"))
    assert told.out.startswith("schools adopts no clause of ")
    denied = p.decide(p.request("second", use_until="2027-03-01"), "request-2")
    assert (denied.code, "adopted" in denied.out) == (REFUSED, True)
    refused_later = p.release(*p.keeper)
    assert (refused_later.code, refused_later.out) == (REFUSED, "")
    set_clock(NOW + timedelta(hours=2))
    p.well(p.adopt("schools", " SNA-1 ", out="schools-3"))
    p.well(p.release(*p.keeper))


def test_nobody_approves_or_adopts_a_policy_whose_own_tests_fail(partnership: Any) -> None:
    p = partnership
    path = p.shared / "policy.yaml"
    text = path.read_text("utf-8")
    assert "expect: allow" in text
    path.write_text(text.replace("expect: allow", "expect: deny"), "utf-8")
    for told in (p.vote("board/lay-1"), p.adopt("schools")):
        refused(told, BAD_INPUT, "does not do what its own tests say")
    p.well(p.vote("board/lay-1", "--vote", "send-back", "--because", "its tests fail"))
    p.well(p.adopt("schools", "none"))
