"""Extracts against an outside judge: pyCANON (Sáinz-Pardo and López, 2022) measures k-anonymity and l-diversity of made-up tables as we do."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.disclosure import Unsafe
from policies.disclosure.extracts import (
    QUASI,
    SENSITIVE,
    Column,
    Rows,
    generalise,
    hierarchy_of,
    k_anonymity,
    l_diversity,
)

anonymity = pytest.importorskip("pycanon.anonymity", reason="pyCANON is not installed here")
QUASIS, FACTS = ["q0", "q1"], ["s0", "s1"]


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Up to 120 people, two quasi-identifiers of up to six values, two sensitive columns of up to three."""
    size = draw(st.integers(20, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = [draw(st.integers(1, 6)) for _ in QUASIS] + [draw(st.integers(2, 3)) for _ in FACTS]
    columns = tuple(
        Column(name, QUASI if name in QUASIS else SENSITIVE, tuple(f"v{n}" for n in range(count)), draw(st.integers(0, count)))
        for name, count in zip((*QUASIS, *FACTS), shapes, strict=True)
    )  # fmt: skip
    # Skewed, so that some combinations are rare.
    codes = np.stack([np.minimum(rng.geometric(0.5, size) - 1, count - 1) for count in shapes], axis=1)
    return Rows(tuple(f"p{n}" for n in range(size)), columns, codes)


def frame(quasi: np.ndarray, sensitive: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(np.column_stack([quasi, sensitive]), columns=[*QUASIS, *FACTS])


@given(tables())
@settings(max_examples=60, deadline=None)
def test_both_measure_the_same(rows: Rows) -> None:
    quasi, sensitive = rows.codes[:, :2], rows.codes[:, 2:]
    table = frame(quasi, sensitive)
    assert k_anonymity(quasi) == anonymity.k_anonymity(table, QUASIS)
    # pyCANON takes one group for each sensitive column and the least over them, as we do.
    assert l_diversity(quasi, sensitive=sensitive) == anonymity.l_diversity(table, QUASIS, FACTS)


@given(tables(), st.integers(2, 12), st.integers(1, 2))
@settings(max_examples=60, deadline=None)
def test_what_comes_out_is_as_safe_as_was_asked_by_the_other_measure_too(rows: Rows, k: int, l: int) -> None:  # noqa: E741
    try:
        made = generalise(rows, k=k, l=l)
    except Unsafe:
        everything = np.zeros((len(rows.people), 2), dtype=np.int64)
        assert len(rows.people) < k or l_diversity(everything, sensitive=rows.codes[:, 2:]) < l
        return
    table = frame(made.codes, rows.codes[made.kept][:, 2:])
    assert anonymity.k_anonymity(table, QUASIS) >= k
    assert anonymity.l_diversity(table, QUASIS, FACTS) >= l
    assert made.kept.mean() >= 0.95


@given(tables(), st.integers(2, 12))
@settings(max_examples=40, deadline=None)
def test_no_other_way_loses_less(rows: Rows, k: int) -> None:
    """Every node of the lattice by hand, one row at a time."""
    try:
        made = generalise(rows, k=k, l=1)
    except Unsafe:
        assume(False)
    best = 1.0
    for one, two in product(*(hierarchy_of(rows.columns[place]).levels for place in rows.quasi)):
        places = [(int(one.into[a]), int(two.into[b])) for a, b in rows.codes[:, :2]]
        kept = [places.count(place) >= k for place in places]
        if sum(kept) < 0.95 * len(places):
            continue
        lost = [
            (one.lost[a] + two.lost[b]) / 2 if stays else 1.0
            for (a, b), stays in zip(rows.codes[:, :2].tolist(), kept, strict=True)
        ]
        best = min(best, sum(lost) / len(lost))
    assert made.loss == pytest.approx(best)
