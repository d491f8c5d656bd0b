"""What holds of every proposal, whichever notes somebody leaves out or adds."""

import copy
import runpy
from datetime import date
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ethics.acts import DETAILS, LEAVES, read_act
from ethics.errors import EthicsError
from ethics.lifecycle import LIVING, TRANSITIONS, State, Step
from keys import KeysError

B = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_board.py")))
WHOLE = B.Papers().in_force()
PLACES = list(range(len(WHOLE.notes)))
FAULTS = (EthicsError, KeysError)
ACTORS = (B.SECRETARIAT, B.CHAIR, "board/lay-1", B.PROPOSER)
ways = {(row.before, row.step): row for row in TRANSITIONS}


def copy_of(papers: Any, *, notes: int) -> Any:
    """The first notes of these papers, as they were then."""
    made = B.Papers()
    made.notes, made.adoptions = papers.notes[:notes], list(papers.adoptions)
    acts = [read_act(note, trust=B.TRUST) for note in made.notes]
    chain = [one for one in acts if one.step not in LEAVES]
    made.place = chain[-1].digest
    made.sent = next((one.digest for one in chain if one.step is Step.CIRCULATE), "none")
    made.now = papers.now
    return made


@given(st.sets(st.sampled_from(PLACES)))
@settings(max_examples=60, deadline=None)
def test_with_any_notes_left_out_nothing_is_in_force(left_out: set[int]) -> None:
    notes = [note for place, note in enumerate(WHOLE.notes) if place not in left_out]
    try:
        in_force = WHOLE.stands(notes=notes).in_force
    except FAULTS:
        in_force = frozenset()
    assert bool(in_force) == (not left_out)


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(PLACES), max_size=6))
@settings(max_examples=20, deadline=None)
def test_order_and_repetition_change_nothing(chance: Any, again: list[int]) -> None:
    notes = [*WHOLE.notes, *(WHOLE.notes[place] for place in again)]
    chance.shuffle(notes)
    assert WHOLE.stands(notes=notes) == WHOLE.stands()


def details(step: Step, papers: Any) -> dict[str, str]:
    """Details with which the step could succeed."""
    values = {
        **B.DIGESTS,
        "tests": "3",
        "until": date(2026, 12, 1).isoformat(),
        "conflict": "no",
        "vote": "approve",
        "because": "For a reason.",
        "counted": papers.counted(),
        "clauses": "SNA-1",
    }
    return {name: values[name] for name in DETAILS[step]}


def test_no_single_act_by_anybody_brings_clauses_into_force_but_the_one_after_the_dry_run() -> None:
    reached = set()
    chain = [n for n, note in enumerate(WHOLE.notes, 1) if read_act(note, trust=B.TRUST).step not in LEAVES]
    bases = {length: copy_of(WHOLE, notes=length) for length in (chain[0], *chain[3:], chain[3] + 14)}
    stood = {length: base.stands() for length, base in bases.items()}
    for length, step, actor in product(bases, DETAILS, ACTORS):
        papers, before = copy.copy(bases[length]), stood[length]
        papers.notes = list(papers.notes)
        papers.act(step, actor, **details(step, papers))
        try:
            after = papers.stands()
        except FAULTS:
            continue
        reached.add((before.state, step, after.state))
        row = ways[before.state, step]
        assert after.state in (row.after, State.ADOPTED)
        gained = after.in_force - before.in_force
        assert not gained or (before.state, step) == (State.DRY_RUN, Step.PUT_IN_FORCE)
        assert gained or before.state in LIVING or not after.in_force
    assert (State.DRY_RUN, Step.PUT_IN_FORCE, State.IN_FORCE) in reached
    assert (State.IN_FORCE, Step.SUSPEND, State.SUSPENDED) in reached
    assert len({step for _, step, _ in reached}) >= 7
