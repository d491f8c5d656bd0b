"""The desk's attack says which printed cells give a hidden one away, and reads a long ledger in time."""

from itertools import combinations

import numpy as np

from policies.disclosure import CountTable, Layout, Rule, audit, suppress_and_round, view

RULE = Rule(7, 5, False)


def published(counts, names):
    counts = np.array(counts)
    categories = tuple(
        tuple(f"{name}{n}" for n in range(size)) for name, size in zip(names, counts.shape, strict=True)
    )
    return suppress_and_round(CountTable(Layout("people", tuple(names), categories), counts), rule=RULE)


def test_a_finding_names_the_printed_cells_that_give_it_away():
    cells, total = published([[1, 8, 8, 8], [30, 30, 30, 30]], "xy"), published([25, 120], "x")
    (finding,) = audit([view(cells, name="cells"), view(total, name="sums")]).findings
    assert (finding.cell, finding.low, finding.high) == (("x0", "y0"), 1, 3)
    assert set(finding.because) == {("sums", ("x0",)), *(("cells", ("x0", f"y{n}")) for n in range(4))}


def test_a_ledger_of_fifty_releases_is_read_whole():
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.gamma(0.5, 30, (9, 2, 2, 5, 10))).astype(np.int64)
    released = []
    for kept in [axes for size in (1, 2) for axes in combinations(range(5), size)]:
        summed = counts.sum(axis=tuple(n for n in range(5) if n not in kept))
        released.append(published(summed, "".join("abcde"[n] for n in kept)))
    ledger = [view(one, name=f"release-{n}") for n, one in enumerate((released * 4)[:50])]
    result = audit([view(published(counts, "abcde"), name="this table"), *ledger])
    assert (result.tables, result.findings) == (51, ())
    assert result.hidden > 500
