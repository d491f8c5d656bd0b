"""The way of a proposal from a draft to its end, one state after the other, and the page that shows it."""

import re
import runpy
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

import pytest

from ethics.acts import DETAILS, read_act
from ethics.checks import CHECKS
from ethics.errors import BadAct
from ethics.kinds import KINDS
from ethics.lifecycle import LIVING, NEEDS, TRANSITIONS, WHO, State, Step, Transition

B = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_board.py")))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "board.md"
HISTORY = [
    State.DRAFT,
    State.CHECKED,
    State.PREVIEWED,
    State.CIRCULATED,
    State.RECOMMENDED,
    State.ADOPTED,
    State.DRY_RUN,
    State.IN_FORCE,
    State.REVIEW_DUE,
    State.SUSPENDED,
    State.EXPIRED,
]


def test_a_proposal_goes_through_every_state_in_its_order() -> None:
    papers = B.Papers()
    seen = []

    def look() -> None:
        seen.append(papers.stands().state)

    papers.act(Step.PROPOSE, B.PROPOSER, case=B.DIGESTS["case"])
    look()
    papers.act(
        Step.CHECK, B.SECRETARIAT, catalogue=B.DIGESTS["catalogue"], gateways=B.DIGESTS["gateways"], tests="12"
    )
    look()
    papers.act(Step.PREVIEW, B.SECRETARIAT, preview=B.DIGESTS["preview"])
    look()
    papers.act(Step.CIRCULATE, B.SECRETARIAT, **B.SHOWN, until="2026-09-15")
    look()
    papers.voted()
    papers.close()
    look()
    papers.adopt()
    look()
    papers.dry_run()
    look()
    papers.now += 15 * B.DAY
    papers.act(Step.PUT_IN_FORCE, B.CHAIR)
    look()
    papers.now = datetime(2027, 5, 2, tzinfo=UTC)
    look()
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="A complaint.")
    look()
    papers.now = datetime(2028, 1, 1, tzinfo=UTC)
    look()
    assert seen == HISTORY


def test_clauses_are_in_force_in_the_living_states_alone() -> None:
    papers = B.Papers().circulated().voted()
    papers.close()
    papers.adopt()
    assert papers.stands().in_force == frozenset()
    papers.dry_run()
    assert papers.stands().in_force == frozenset()
    papers.now += 15 * B.DAY
    papers.act(Step.PUT_IN_FORCE, B.CHAIR)
    assert papers.stands().in_force == B.CLAUSES
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="A complaint.")
    assert papers.stands().in_force == B.CLAUSES - {"SNA-1"}
    papers.act(Step.SUSPEND, B.CHAIR, clauses="PLAN-1", because="Another.")
    stands = papers.stands()
    assert (stands.in_force, stands.suspended) == (B.CLAUSES - {"SNA-1", "PLAN-1"}, {"SNA-1", "PLAN-1"})


@pytest.mark.parametrize(
    ("how", "step", "state"),
    [("refuse", Step.REFUSE, State.REFUSED), ("send-back", Step.SEND_BACK, State.SENT_BACK)],
)
def test_a_vote_that_does_not_recommend_ends_the_proposal(how: str, step: Step, state: State) -> None:
    papers = B.Papers().circulated().voted(how=how)
    papers.close(step)
    stands = papers.stands()
    assert (stands.state, stands.in_force, stands.next) == (state, frozenset(), ())


def test_dissent_and_conditions_stay_on_record_after_the_recommendation() -> None:
    papers = B.Papers().circulated().voted(B.MEMBERS[2:])
    for name, how, why in (
        (B.MEMBERS[0], "refuse", "The harm outweighs it."),
        (B.MEMBERS[1], "approve-with-conditions", "Report in six months."),
    ):
        papers.declare(name)
        papers.vote(name, how, because=why)
    papers.close()
    approval = papers.stands().approval
    assert approval is not None
    assert dict(approval.record) == {
        B.MEMBERS[0]: "The harm outweighs it.",
        B.MEMBERS[1]: "Report in six months.",
    }


def test_a_member_with_a_conflict_counts_neither_to_the_quorum_nor_to_the_majority() -> None:
    papers = B.Papers().circulated(days=3).voted(B.MEMBERS[:5])
    papers.declare(B.MEMBERS[4], "yes", because="I work there.")
    approval = papers.stands().approval
    assert approval is not None
    assert (approval.present, approval.conflicted) == (tuple(sorted(B.MEMBERS[:4])), (B.MEMBERS[4],))
    assert not approval.recommended
    papers.now += 4 * B.DAY
    papers.close()
    with pytest.raises(BadAct, match="4 of at least 5 members without a conflict"):
        papers.stands()


def test_the_vote_stays_open_until_its_last_day_or_until_everybody_has_voted() -> None:
    papers = B.Papers().circulated().voted(B.MEMBERS[2:])
    papers.close()
    with pytest.raises(BadAct, match="the vote is open until 2026-09-15, and board/ethicist"):
        papers.stands()
    later = B.Papers().circulated().voted(B.MEMBERS[2:])
    later.now += 15 * B.DAY
    later.close()
    assert later.stands().state is State.RECOMMENDED


def test_without_an_adoption_nothing_is_in_force_and_it_comes_back_with_one() -> None:
    papers = B.Papers().in_force()
    without = papers.stands(adoptions=[])
    assert (without.state, without.in_force) == (State.RECOMMENDED, frozenset())
    assert without.missing == ("no partner has adopted a clause",)
    papers.adoptions.clear()
    papers.adopt("schools", ["SNA-1"])
    assert papers.stands().state is State.IN_FORCE


def test_the_review_is_announced_thirty_days_before_the_first_review_date() -> None:
    papers = B.Papers().in_force()
    assert papers.stands(now=datetime(2027, 4, 30, 23, 59, tzinfo=UTC)).state is State.IN_FORCE
    due = papers.stands(now=datetime(2027, 5, 1, tzinfo=UTC))
    assert (due.state, due.in_force) == (State.REVIEW_DUE, B.CLAUSES)
    assert papers.stands(now=datetime(2027, 6, 1, tzinfo=UTC)).state is State.EXPIRED


def test_the_proposer_can_withdraw_until_it_is_in_force() -> None:
    papers = B.Papers().circulated()
    papers.act(Step.WITHDRAW, B.PROPOSER, because="We found a fault.")
    assert papers.stands().state is State.WITHDRAWN
    late = B.Papers().in_force()
    late.act(Step.WITHDRAW, B.PROPOSER, because="We found a fault.")
    with pytest.raises(BadAct, match="out of order: the proposal was in-force"):
        late.stands()


def test_the_order_in_which_notes_lie_in_the_folder_changes_nothing() -> None:
    papers = B.Papers().in_force()
    assert papers.stands(notes=[*reversed(papers.notes), *papers.notes]) == papers.stands()


def test_an_act_reads_as_it_is_signed() -> None:
    papers = B.Papers().circulated()
    papers.declare(B.MEMBERS[0])
    note = papers.vote(B.MEMBERS[0], "refuse", because="Say how long – and where.")
    text = note.split("\n\n—")[0]
    assert text.startswith(
        "linkage-act/v1\nMy vote on version 1 of the policy tvvpp-ethical-framework is: refuse. "
        "I have read the pack and the preview that are named below.\n\nact: vote\nproject: demo\n"
    )
    assert text.endswith(
        f"preview: {B.SHOWN['preview']}\npack: {B.SHOWN['pack']}\nvote: refuse\nbecause: Say how long – and where.\n"
        f"by: {B.MEMBERS[0]}\nat: {papers.now:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert read_act(note, trust=B.TRUST).details["because"] == "Say how long – and where."


def test_every_row_of_the_table_has_known_words_and_every_condition_a_check() -> None:
    assert CHECKS.keys() == NEEDS.keys() == {one for row in TRANSITIONS for one in row.needs}
    assert {who for row in TRANSITIONS for who in row.who} == WHO.keys()
    assert {row.event for row in TRANSITIONS if row.event} <= KINDS.keys()
    assert {row.step for row in TRANSITIONS} == set(Step)
    assert set(DETAILS) == set(Step) - {Step.ADOPT, Step.NOTICE, Step.EXPIRE}
    assert len({(row.before, row.step) for row in TRANSITIONS}) == len(TRANSITIONS)


def test_every_state_is_reached_and_only_the_ends_lead_nowhere() -> None:
    assert {row.after for row in TRANSITIONS} == set(State) - {State.NEW}
    ends = set(State) - {row.before for row in TRANSITIONS}
    assert ends == {State.SENT_BACK, State.REFUSED, State.EXPIRED, State.WITHDRAWN}


def test_nothing_but_a_board_s_act_leads_into_force_and_nothing_leads_out_of_suspension_but_its_end() -> None:
    into = {row.step for row in TRANSITIONS if row.after in LIVING and row.before not in LIVING}
    assert into == {Step.PUT_IN_FORCE}
    out = {row.after for row in TRANSITIONS if row.before is State.SUSPENDED}
    assert out == {State.SUSPENDED, State.EXPIRED}


def diagram() -> str:
    """The table as a Mermaid state diagram; what leads from one state back to itself is left to the table."""
    ids = {state: state.value.replace("-", "_") for state in State}
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{one.value}" as {ids[one]}' for one in State if "-" in one.value]
    moves = [row for row in TRANSITIONS if row.before is not row.after]
    lines += [
        f"    {'[*]' if row.before is State.NEW else ids[row.before]} --> {ids[row.after]}: {row.step.value}"
        for row in moves
    ]
    ends = [one for one in State if not any(row.before is one for row in TRANSITIONS)]
    lines += [f"    {ids[one]} --> [*]" for one in ends]
    return "\n".join(lines)


def table() -> str:
    """The table as Markdown: rows that differ in their first state alone stand together, and the conditions are told below."""
    lines = ["| From | Act | By | If | To | Event |", "|---|---|---|---|---|---|"]
    for (step, who, needs, after, event), rows in groupby(TRANSITIONS, key=_sort_of):
        states = ", ".join(row.before.value for row in rows)
        named = ", ".join(needs)
        logged = f"`{event}`" if event else ""
        lines.append(f"| {states} | {step.value} | {' or '.join(who)} | {named} | {after} | {logged} |")
    return "\n".join([*lines, "", *(f"- **{name}**: {says}." for name, says in NEEDS.items())])


def _sort_of(row: Transition) -> tuple[Step, tuple[str, ...], tuple[str, ...], str, str]:
    stays = row.before is row.after and row.step is Step.ADOPT
    return (row.step, row.who, row.needs, "as before" if stays else row.after.value, row.event)


def test_the_page_shows_the_diagram_and_the_table_that_the_code_makes() -> None:
    text = PAGE.read_text("utf-8")
    shown = re.search(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    assert shown is not None
    assert shown[1] == diagram()
    assert f"\n{table()}\n" in text


def test_acts_dated_after_now_are_refused() -> None:
    papers = B.Papers().circulated()
    with pytest.raises(BadAct, match="is dated after"):
        papers.stands(now=B.START)
    assert B.BOARD.dry_run_days * B.DAY == timedelta(days=14)
