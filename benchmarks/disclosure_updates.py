"""How often a table that is asked for again after an update of the linked data is refused, and how long reading both together takes. `python benchmarks/disclosure_updates.py`"""

import time
from itertools import product

import numpy as np

from policies.disclosure import Change, CountTable, Layout, PublishedTable, Rule, suppress_and_round
from policies.disclosure.exact import show_exactly
from policies.disclosure.updates import across_update

SHAPE = (9, 2)
TABLES = 60
CATEGORIES = (tuple(f"area {n}" for n in range(SHAPE[0])), ("female", "male"))
CHANGES = ((10, 5, 0), (30, 15, 0), (30, 15, 60), (150, 75, 0), (150, 75, 300), (600, 300, 0))
"""How many people came, how many left, and how many changed category besides."""


def printed(counts: np.ndarray, *, population: str, exact: bool) -> PublishedTable:
    """The table by area and sex, as the desk prints it."""
    table = CountTable(Layout(population, ("area", "sex"), CATEGORIES), counts.reshape(SHAPE))
    if exact:
        return show_exactly(table, least=8, width=6, hide_zeros=False)
    return suppress_and_round(table, rule=Rule(7, 5, hide_zeros=False))


def refused(seed: int, *, came: int, left: int, moved: int, exact: bool) -> bool:
    """Whether the table after the update is refused beside the one before it."""
    rng = np.random.default_rng(seed)
    before = rng.poisson(rng.gamma(1, 150, SHAPE)).astype(np.int64).ravel()
    share = before / before.sum()
    gone = np.minimum(rng.multinomial(left, share), before)
    away = np.minimum(rng.multinomial(moved, share), before - gone)
    after = before - gone - away + rng.multinomial(came, share) + rng.multinomial(away.sum(), share)
    tables = [
        [("", printed(counts, population=population, exact=exact))]
        for counts, population in ((after, "after"), (before, "before"))
    ]
    return bool(across_update(tables[0], before=tables[1], change=Change(came, int(gone.sum()))))


if __name__ == "__main__":
    print(
        f"| counts | came | left | changed category | refused of {TABLES} | CPU s each |\n|---|---|---|---|---|---|"
    )
    for exact, (came, left, moved) in product((False, True), CHANGES):
        start = time.process_time()
        count = sum(refused(s, came=came, left=left, moved=moved, exact=exact) for s in range(TABLES))
        each = (time.process_time() - start) / TABLES
        print(
            f"| {'exact' if exact else 'rounded'} | {came} | {left} | {moved} | {count} | {each:.2f} |",
            flush=True,
        )
