"""Connected components of records, against SciPy's."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linkage.central.assembly.components import components


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A number of records and ties among them; with few ties, chains and stars are as likely as not."""
    count = draw(st.integers(1, 40))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    return count, draw(st.lists(ends, max_size=2 * count))


def check(count: int, left: np.ndarray, right: np.ndarray) -> None:
    found = components(left, right, count=count)
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    many, said = connected_components(graph, directed=False)
    assert sorted(set(found.tolist())) == list(range(many))
    assert len(set(zip(found.tolist(), said.tolist(), strict=True))) == many


@given(graph=graphs())
@settings(max_examples=300, deadline=None)
def test_records_are_in_one_component_where_scipy_says_so(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, ties = graph
    ends = np.array(ties, dtype=np.int64).reshape(-1, 2)
    check(count, ends[:, 0], ends[:, 1])


def test_a_long_chain_in_any_order_is_one_component() -> None:
    rng = np.random.default_rng(5)
    for count in (2, 1_000, 60_000):
        chain = rng.permutation(count)
        order = rng.permutation(count - 1)
        check(count, chain[:-1][order], chain[1:][order])
        check(count, np.arange(count - 1), np.arange(1, count))
        check(count, np.arange(1, count)[::-1], np.arange(count - 1)[::-1])


def test_no_records_have_no_components() -> None:
    none = np.empty(0, dtype=np.int64)
    assert not len(components(none, none, count=0))
    assert components(none, none, count=3).tolist() == [0, 1, 2]
