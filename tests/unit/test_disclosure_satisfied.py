"""Whatever found them, people count only if they satisfy every statement."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from policies.disclosure import arrangement as module
from policies.disclosure.arrangement import People, arrangement
from policies.disclosure.system import System, satisfies

THREE = System(csr_array(np.array([[1.0, 1.0], [0.0, 1.0]])), np.array([3.0, 1.0]), np.array([3.0, np.inf]))
NONE, ANY = np.zeros(2), np.full(2, 9.0)


@pytest.mark.parametrize(
    ("counts", "holds"),
    [((2, 1), True), ((0, 3), True), ((3, 0), False), ((2, 2), False), ((4, -1), False), ((1, 1), False)],
)
def test_counts_satisfy_statements_or_do_not(counts: tuple[int, int], holds: bool) -> None:
    assert satisfies(THREE, np.array(counts, dtype=float)) is holds


def test_counts_beyond_their_limits_do_not_satisfy() -> None:
    counts = np.array([1.0, 2.0])
    assert satisfies(THREE, counts, least=counts, most=counts)
    assert not satisfies(THREE, counts, least=counts + 1)
    assert not satisfies(THREE, counts, most=counts - 1)


@pytest.mark.parametrize(("found", "counts"), [((2.0, 1.0), [2.0, 1.0]), ((2.0, 2.0), None)])
def test_people_who_do_not_satisfy_the_statements_are_nobody(
    monkeypatch: pytest.MonkeyPatch, found: tuple[float, float], counts: list[float] | None
) -> None:
    monkeypatch.setattr(module, "_near", lambda *_, **__: People(np.array(found), 5))
    its = arrangement(THREE, np.ones(2), least=NONE, most=ANY)
    assert its.spent == 5
    assert (None if its.counts is None else its.counts.tolist()) == counts
