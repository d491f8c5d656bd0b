"""A number that no statement ties to another reaches both of its limits, and as whole people only what lies between them."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from policies.disclosure.sums.ranges import EFFORT, Demand
from policies.disclosure.sums.tied import tied_ranges
from policies.disclosure.system import System

FREE = np.full(1, np.inf)
DEMAND = Demand(np.zeros(1), np.ones(1), np.ones(1), FREE, -FREE)


@pytest.mark.parametrize(
    ("low", "high", "people", "found"),
    [
        (3.2, 7.9, 0, (3.2, 7.9)),
        (3.2, 7.9, 1, (4.0, 7.0)),
        (3.2, 3.8, 0, (3.2, 3.8)),
        (3.2, 3.8, 1, None),
        (2.0, np.inf, 1, (2.0, np.inf)),
    ],
)
def test_a_number_alone_lies_between_its_limits_and_whole_people_contradict_them_where_none_do(
    low: float, high: float, people: int, found: tuple[float, float] | None
) -> None:
    system = System(csr_array(np.eye(1)), np.array([low]), np.array([high]), whole=False)
    rows = np.array([0])
    ranges = tied_ranges(system, rows, by=np.ones(1), demand=DEMAND, people=people, effort=EFFORT)
    assert (None if ranges is None else (ranges.low[0], ranges.high[0])) == found
