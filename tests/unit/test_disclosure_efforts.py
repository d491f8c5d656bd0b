"""The effort of one attack: each question has a part that none before it can take, what a question leaves is for the next ones, and no program takes more than it may."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from policies.disclosure import (
    CountTable,
    Layout,
    PublishedTable,
    Restriction,
    Rule,
    progress,
    suppress_and_round,
)
from policies.disclosure import arrangement as arranging
from policies.disclosure.arrangement import arrangement, people
from policies.disclosure.programs import Programs
from policies.disclosure.progress import Effort
from policies.disclosure.system import System
from policies.disclosure.together import audit_together
from policies.disclosure.updates import Change, across_update
from policies.disclosure.whole import best_whole, some_whole

AREAS, AGES = tuple("abcdef"), ("young", "middle", "old")
PEOPLE = np.random.default_rng(7).poisson(9, (2, len(AREAS), len(AGES)))


def cohort(kept: int, *, population: str = "before") -> PublishedTable:
    """Rounded, of the first so many of two cohorts."""
    every = ("first", "second")
    conditions = () if kept == len(every) else (Restriction("cohort", every[:kept], every),)
    layout = Layout(population, ("area", "age"), (AREAS, AGES), conditions)
    return suppress_and_round(CountTable(layout, PEOPLE[:kept].sum(axis=0)), rule=Rule(7, 5, hide_zeros=False))


def cube(seed: int) -> tuple[System, np.ndarray]:
    """Three dimensions of which every line is told."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(3, (4, 4, 4)).astype(float)
    cells = np.arange(64).reshape(4, 4, 4)
    rows = np.zeros((48, 64))
    lines = np.concatenate([np.moveaxis(cells, axis, -1).reshape(-1, 4) for axis in range(3)])
    for row, line in enumerate(lines):
        rows[row, line] = 1.0
    told = rows @ counts.ravel()
    return System(csr_array(rows), told, told), counts.ravel()


def test_questions_in_turn_share_what_is_left_and_what_one_leaves_is_for_the_next() -> None:
    effort = Effort(until=120, taken=20)
    parts = []
    for share, takes in zip(effort.in_turn(4), (25, 5, 80, 0), strict=True):
        parts.append(share.left)
        share.took(takes)
    assert parts == [25, 25, 35, 0]
    assert effort.taken == 130
    assert effort.left == 0
    assert list(effort.in_turn(0)) == []


def test_groups_are_looked_for_although_hidden_cells_took_all_that_they_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And what is looked for after that is refused once nothing is left, never let out."""
    tables = [("new", cohort(1)), ("earlier", cohort(2))]
    effort = Effort(progress.MOST_SPENT)
    assert audit_together(tables, effort=effort).findings == ()
    assert 0 < effort.taken < progress.MOST_SPENT
    assert effort.until == progress.WITH_GROUPS
    for spent, passes in ((progress.MOST_SPENT, False), (progress.MOST_SPENT - effort.taken, True)):
        again = Effort(progress.MOST_SPENT, taken=spent)
        assert (audit_together(tables, effort=again).findings == ()) == passes
    monkeypatch.setattr(progress, "WITH_GROUPS", effort.taken // 2)
    codes = {one.code for one in audit_together(tables, effort=Effort(progress.MOST_SPENT)).findings}
    assert codes == {"left-out"}


def test_an_update_is_refused_where_the_questions_before_it_took_all() -> None:
    after = [("after", cohort(2, population="after"))]
    before, change = [("before", cohort(2))], Change(40, 40)
    effort = Effort(progress.WITH_UPDATES)
    assert across_update(after, before=before, change=change, effort=effort) == ()
    assert effort.taken > 0
    none = Effort(progress.WITH_UPDATES, taken=progress.WITH_UPDATES)
    assert across_update(after, before=before, change=change, effort=none) != ()


def test_programs_end_with_what_all_of_them_may_take() -> None:
    system, _ = cube(1)
    least, most = np.zeros(64), np.full(64, 50.0)
    free = Programs(system, least=least, most=most)
    rng = np.random.default_rng(2)
    objectives = [rng.choice([-1.0, 1.0], 64) for _ in range(20)]
    for one in objectives:
        assert free.push(one).counts is not None
    bounded = Programs(system, least=least, most=most, may=free.taken // 4)
    found = [bounded.push(one) for one in objectives]
    assert found[0].counts is not None
    assert found[-1].counts is None
    assert not any(one.impossible for one in found)
    assert bounded.taken < free.taken // 2
    assert bounded.hopeless


def test_programs_that_may_begin_again_have_the_same_optimum() -> None:
    system, _ = cube(3)
    least, most = np.zeros(64), np.full(64, 50.0)
    one, other = (Programs(system, least=least, most=most, may=may) for may in (None, 10**9))
    rng = np.random.default_rng(4)
    for changes in (64, 64, 2, 64, 1):
        objective = np.zeros(64)
        objective[rng.choice(64, changes, replace=False)] = rng.choice([-1.0, 1.0], changes)
        assert one.push(objective).bound == pytest.approx(other.push(objective).bound)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_people_are_whole_and_none_are_better_and_none_are_looked_for_without_effort(
    seed: int,
) -> None:
    system, counts = cube(seed)
    objective = np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], 64)
    least, most = np.zeros(64), np.full(64, 50.0)
    best = best_whole(system, objective, least=least, most=most)
    some = some_whole(system, objective, least=least, most=most)
    assert best.counts is not None
    assert some.counts is not None
    for found in (best.counts, some.counts):
        assert np.allclose(found, np.round(found), atol=1e-6)
        assert np.allclose(system.matrix @ found, system.low)
        assert best.bound <= objective @ found + 1e-6
    assert best.bound == pytest.approx(objective @ best.counts)
    assert best.bound <= objective @ counts + 1e-6
    for search in (best_whole, some_whole):
        nothing = search(system, objective, least=least, most=most, may=1)
        assert nothing.counts is None
        assert not nothing.impossible
        assert nothing.bound == -np.inf


@pytest.mark.parametrize("large", [1, 1_000])
def test_whole_people_are_found_in_what_it_may_take_or_not_at_all(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By going down first where they are many, and by branching where they are few."""
    monkeypatch.setattr(arranging, "LARGE", large)
    system, _ = cube(5)
    assert people(system).counts is not None
    assert people(system, may=0).counts is None
    objective = np.random.default_rng(5).choice([-1.0, 1.0], 64)
    found = arrangement(system, objective, least=np.zeros(64), most=np.full(64, 50.0))
    assert found.counts is not None
    assert (system.matrix @ found.counts == system.low).all()
    assert found.spent > 0
