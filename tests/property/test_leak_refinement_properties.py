"""Colour refinement against the definition carried out slowly, on small random graphs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.leak.refinement import Incidence, name_alike, refine


@st.composite
def graphs(draw: st.DrawFn) -> Incidence:
    """Up to seven records, five blocks and twelve labelled edges; some edges twice."""
    records, blocks = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    edges = draw(
        st.lists(
            st.tuples(st.integers(0, records - 1), st.integers(0, blocks - 1), st.integers(0, 1)), max_size=12
        )
    )
    record, block, label = (np.array([e[at] for e in edges], dtype=np.int64) for at in range(3))
    return Incidence(record, block, label.astype(np.uint64), records, blocks)


def slowly(g: Incidence) -> list[object]:
    """The stable colours of the records by the definition: a node's colour is its colour before and the multiset of its neighbours' colours, each
    with its edge's label, for as many rounds as there are nodes."""
    edges = list(zip(g.record.tolist(), g.block.tolist(), g.label.tolist(), strict=True))
    record: list[object] = [0] * g.records
    block: list[object] = [0] * g.blocks
    for _ in range(g.records + g.blocks):
        around = [sorted((e[2], repr(record[e[0]])) for e in edges if e[1] == b) for b in range(g.blocks)]
        block = shortened([(block[b], around[b]) for b in range(g.blocks)])
        near = [sorted((e[2], repr(block[e[1]])) for e in edges if e[0] == r) for r in range(g.records)]
        record = shortened([(record[r], near[r]) for r in range(g.records)])
    return record


def shortened(colours: list[object]) -> list[object]:
    """The colours as running numbers of their distinct values, sorted, so that they do not grow with the rounds."""
    kinds = sorted({repr(c) for c in colours})
    return [kinds.index(repr(c)) for c in colours]


def partition(colours: list[object]) -> set[frozenset[int]]:
    return {frozenset(at for at, c in enumerate(colours) if c == kind) for kind in colours}


def start(g: Incidence) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.zeros(g.records, dtype=np.uint64)


@given(graphs())
def test_refinement_parts_the_records_as_the_definition_does(g: Incidence) -> None:
    fast = refine([g], starts=[start(g)])[0]
    assert partition([int(c) for c in fast]) == partition(slowly(g))


@given(graphs(), st.randoms(use_true_random=False))
def test_names_of_nodes_and_the_order_of_edges_do_not_matter(g: Incidence, random: object) -> None:
    rng = np.random.default_rng(random.randrange(1 << 30))  # type: ignore[attr-defined]
    records, blocks, edges = (
        rng.permutation(g.records),
        rng.permutation(g.blocks),
        rng.permutation(len(g.record)),
    )
    other = Incidence(records[g.record][edges], blocks[g.block][edges], g.label[edges], g.records, g.blocks)
    a, b = refine([g, other], starts=[start(g), start(other)])
    assert (b[records] == a).all()
    claim = name_alike(a, b, record=np.arange(g.records))
    assert set(claim[claim >= 0]) <= set(records[claim >= 0])
    assert all(claim[r] in (-1, records[r]) for r in range(g.records))


@given(graphs(), st.data())
def test_a_record_that_is_known_at_the_start_has_a_colour_of_its_own(g: Incidence, data: st.DataObject) -> None:
    one = data.draw(st.integers(0, g.records - 1))
    begin = start(g)
    begin[one] = 1
    colours = refine([g], starts=[begin])[0]
    assert (colours == colours[one]).sum() == 1
