"""The programs behind insiders of sums: kept ones answer as new ones do, what no statement connects is moved at once, and what could not be found out says so."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from policies.disclosure.programs import Programs
from policies.disclosure.reader import Attack, Bounded, Narrow
from policies.disclosure.sums import result
from policies.disclosure.sums.insiders import Arrangements
from policies.disclosure.sums.moves import Inside, Moves
from policies.disclosure.system import System


def inside(count, *, up, alone=True):
    sums = np.full(count, 10.0)
    return Inside(
        np.arange(count), sums, sums, np.full(count, up), sums / 2, np.full(count, alone), np.full(count, -1)
    )


def test_kept_programs_with_other_ends_find_what_a_program_of_its_own_finds():
    random = np.random.default_rng(3)
    matrix = random.integers(-1, 2, (6, 9)).astype(float)
    low, high = np.full(6, -np.inf), np.full(6, 8.0)
    kept = Programs(System(csr_array(matrix), low, high, whole=False), least=np.zeros(9), most=np.full(9, 20.0))
    found = []
    for _ in range(60):
        low, high, cost = (
            np.where(random.random(6) < 0.4, random.integers(-4, 12, 6), -np.inf),
            np.full(6, 12.0),
            random.uniform(0.1, 2.0, 9),
        )
        kept.limited(low, high)
        limits = np.isfinite(low)
        alone = linprog(
            cost,
            A_ub=np.vstack([matrix, -matrix[limits]]),
            b_ub=np.append(high, -low[limits]),
            bounds=(0, 20),
        )
        done = kept.push(cost)
        found.append(done.counts is not None)
        assert found[-1] == (alone.status == 0)
        assert done.impossible == (alone.status == 2)
        if found[-1]:
            assert abs(done.bound - alone.fun) < 1e-6
    assert {True, False} == set(found)


def test_sums_that_no_statement_connects_are_moved_in_one_program_each_way(monkeypatch):
    tried = []
    least = Moves.least
    monkeypatch.setattr(Moves, "least", lambda self, *a, **k: tried.append(a) or least(self, *a, **k))
    matrix = csr_array(np.eye(40))
    system = System(matrix, np.zeros(40), np.full(40, np.inf), whole=False)
    told = Arrangements(matrix, inside=inside(40, up=3.0), start=np.full(40, 10.0))
    assert told.told(system, most=60) == []
    assert len(tried) == 2


def test_two_who_are_alone_below_one_total_tell_each_other_and_nobody_below_another():
    rows = np.vstack([np.eye(4), [1, 1, 0, 0], [0, 0, 1, 1]])
    low, high = np.append(np.zeros(4), [20, 0]), np.append(np.full(4, np.inf), [20, np.inf])
    told = Arrangements(csr_array(rows), inside=inside(4, up=3.0), start=np.full(4, 10.0))
    found = told.told(System(csr_array(rows), low, high, whole=False), most=60)
    assert {(one.insider, one.target) for one in found} == {(0, 1), (1, 0)}


def test_a_count_that_was_not_settled_is_told_as_such_beside_sums():
    cells = (Bounded(("a",), "hidden", None, 0, 4),)
    found = [Narrow("t", ("area",), ("a",), 0, 4, (), settled=settled) for settled in (True, False)]
    told = result.counts_told(Attack(cells, tuple(found), 1, 1))
    assert [one.settled for one in told] == [True, False]
