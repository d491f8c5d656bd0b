"""A desk that would rather not know of a suspension: the custodian reads the acts for itself, and remembers how many there were."""

import runpy
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ethics.lifecycle import Step

B = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_board.py")))


@pytest.fixture
def papers(office: Any) -> Any:
    """The acts by which the demonstration's policy is in force by a proposal, in the office's shared folder."""
    trust = office.desk.verified().trust
    made = B.Papers(
        office.policy(),
        project=office.desk.one.project,
        start=datetime(2026, 10, 1, 9, tzinfo=office.now.tzinfo),
        people=office.cast.people.__getitem__,
    )
    made.circulated().voted()
    made.close(trust=trust)
    made.dry_run()
    made.now += timedelta(days=15)
    made.act(Step.PUT_IN_FORCE, B.CHAIR)
    put(office, made)
    return made


def put(office: Any, papers: Any) -> None:
    """The notes, and no others, lie in the shared folder."""
    folder = office.shared / "proposals" / "tvvpp-ethical-framework-1"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, note in enumerate(papers.notes):
        (folder / f"{number:02d}.note").write_text(note, "utf-8")


def suspended(office: Any, papers: Any) -> None:
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="A complaint came in.")
    put(office, papers)


def test_under_a_proposal_in_force_a_column_opens(office: Any, papers: Any) -> None:
    assert office.open_suspended(office.order())


def test_a_suspended_clause_opens_nothing_from_the_moment_it_is_signed(office: Any, papers: Any) -> None:
    suspended(office, papers)
    office.stays_shut(
        lambda: office.open_suspended(office.order()), saying="stays shut", because="not-recommended"
    )


@pytest.mark.parametrize("left_out", ["the suspension", "every act"])
def test_a_suspension_that_the_custodian_has_seen_cannot_be_left_out_later(
    office: Any, papers: Any, left_out: str
) -> None:
    suspended(office, papers)
    office.stays_shut(
        lambda: office.open_suspended(office.order()), saying="stays shut", because="not-recommended"
    )
    papers.notes.pop()
    put(office, papers)
    if left_out == "every act":
        shutil.rmtree(office.shared / "proposals")
    order = office.order(release="release-b")
    office.stays_shut(lambda: office.open_suspended(order), saying="older", because="rolled-back")


def test_an_act_that_breaks_the_table_opens_nothing(office: Any, papers: Any) -> None:
    papers.act(Step.WITHDRAW, B.PROPOSER, because="We think better of it.")
    put(office, papers)
    office.stays_shut(
        lambda: office.open_suspended(office.order()), saying="is out of order", because="not-approved"
    )
