"""Windows that lie inside one another: the attacker of the disclosure rules knows it, as every reader does."""

import numpy as np

from policies.cohort import Window
from policies.disclosure import CountTable, Layout, Restriction, Rule, audit, suppress_and_round, view


def window(days: int, op: str = "within-days-after") -> Window:
    return Window.model_validate(
        {"attribute": "police.arrested_on", "op": op, "of": "schools.excluded_on", "days": days}
    )


def published(counts: list[int], one: Window, *, suppress: int) -> object:
    restriction = Restriction(one.dimension, one.kept, one.pieces)
    layout = Layout("people", ("schools.suspended",), (("yes", "no"),), (restriction,))
    table = CountTable(layout, np.array(counts, dtype=np.int64))
    return suppress_and_round(table, rule=Rule(suppress, 5, hide_zeros=False))


def findings(*tables: object) -> set[str]:
    views = [view(one, name=f"table {n}") for n, one in enumerate(tables)]  # type: ignore[arg-type]
    return {finding.code for finding in audit(views).findings}


def test_a_hidden_count_of_the_shorter_window_is_at_most_what_the_longer_shows() -> None:
    """22 or fewer by its own rule; at most 12 once the longer window, which holds the shorter, shows 10."""
    shorter, longer = (
        published([12, 100], window(182), suppress=20),
        published([10, 110], window(365), suppress=7),
    )
    assert findings(shorter, longer) == {"narrowed"}


def test_a_hidden_count_of_the_longer_window_is_at_least_what_the_shorter_shows() -> None:
    longer, shorter = (
        published([12, 100], window(365), suppress=20),
        published([10, 80], window(182), suppress=7),
    )
    assert findings(longer, shorter) == {"narrowed"}


def test_a_window_that_does_not_lie_inside_the_other_narrows_nothing() -> None:
    after, before = window(182), window(365, "within-days-before")
    assert findings(published([12, 100], after, suppress=20), published([10, 80], before, suppress=7)) == set()


def test_windows_of_one_pair_of_events_are_pieces_of_one_dimension() -> None:
    assert window(30).dimension == window(1825).dimension != window(30, "within-days-before").dimension
    assert set(window(30).kept) < set(window(60).kept)
