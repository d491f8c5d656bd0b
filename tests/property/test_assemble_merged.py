"""Pairs put together: every pair once, with its best probability, against a dictionary; and pseudonyms found whether or not they came in order."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.central.assembly.pairs import Rows, ScoredRecords, merged, with_few
from linkage.central.assembly.records import Finder, byte_order

SCORES = (0.1, 0.5, 0.9)
Pairs = list[tuple[int, int, float, bool]]
some_pairs = st.lists(
    st.tuples(st.integers(0, 4), st.integers(5, 8), st.sampled_from(SCORES), st.booleans()), max_size=12
)


def scored(pairs: Pairs) -> ScoredRecords:
    left, right, probability, conflict = zip(*pairs, strict=True) if pairs else ((), (), (), ())
    return ScoredRecords(
        np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), np.array(probability, dtype=np.float64), np.array(conflict, dtype=np.bool_)
    )  # fmt: skip


def listed(pairs: ScoredRecords) -> Pairs:
    its = zip(pairs.left, pairs.right, pairs.probability, pairs.conflict, strict=True)
    return [(int(a), int(b), float(p), bool(c)) for a, b, p, c in its]


def best(pairs: Pairs) -> Pairs:
    """Each pair with its best probability; it has a conflict if all that gave that probability saw one."""
    out = []
    for a, b in sorted({pair[:2] for pair in pairs}):
        most = max(p for x, y, p, _ in pairs if (x, y) == (a, b))
        out.append((a, b, most, all(c for x, y, p, c in pairs if (x, y, p) == (a, b, most))))
    return out


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.lists(some_pairs, max_size=4))
def test_every_pair_is_there_once_with_its_best_probability(parts: list[Pairs]) -> None:
    together = [pair for part in parts for pair in part]
    assert listed(merged(scored(part) for part in parts)) == best(together)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(some_pairs, some_pairs)
def test_a_few_more_pairs_are_put_in_as_if_all_were_merged(many: Pairs, few: Pairs) -> None:
    both = with_few(merged([scored(many)]), merged([scored(few)]))
    assert listed(both) == best([*many, *few])


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.sets(st.binary(min_size=16, max_size=16), max_size=8), st.lists(st.binary(min_size=16, max_size=16)))
def test_pseudonyms_that_came_in_order_are_found_like_others(known: set[bytes], more: list[bytes]) -> None:
    def refs(values: list[bytes]) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.frombuffer(b"".join(values), dtype=np.uint8).reshape(-1, 16)

    ordered, wanted = sorted(known), [*known, *more]
    for values in (ordered, ordered[::-1]):
        expected = [values.index(w) if w in known else -1 for w in wanted]
        assert Finder(refs(values)).find(refs(wanted)).tolist() == expected
        assert [values[n] for n in byte_order(refs(values))] == ordered


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.sets(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_rows_are_found_in_whatever_order_they_are_asked_for(known: set[int], asked: list[int]) -> None:
    row_ref = np.array(sorted(known), dtype=np.int64)
    rows = Rows(row_ref, (row_ref + 100).astype(np.uint32))
    expected = [row + 100 if row in known else -1 for row in asked]
    assert rows.find(np.array(asked, dtype=np.int64)).tolist() == expected
