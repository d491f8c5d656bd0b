"""Shown counts by subgroup against an attacker who knows how many records have each code and solves for who is linked, with HiGHS. The code under test only adds and
subtracts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from linkage.central.report.subgroups import KindCounts
from linkage.subgroups import SUBGROUPS_KNOWN
from policies.disclosure import HIDDEN
from service.centre.quality_counts import RULE, shown
from service.centre.subgroup_tables import Range, ShownCounts, range_of, shown_counts

FEW = RULE.largest_hidden
Cell = tuple[str, str]
TOTAL = ("all", "all")


def counted(kind: str, linked: Any, not_linked: Any) -> KindCounts:
    nothing = np.zeros(len(SUBGROUPS_KNOWN[kind]))
    return KindCounts(np.array(linked, dtype=np.int64), np.array(not_linked, dtype=np.int64), nothing, nothing)


def tables_of(kinds: Mapping[str, KindCounts]) -> dict[str, ShownCounts]:
    return shown_counts(kinds, known=range_of(shown(int(next(iter(kinds.values())).linked.sum()))))


@st.composite
def partners(draw: st.DrawFn) -> dict[str, KindCounts]:
    """One partner's people spread over the codes of one to three kinds: mostly one large group, and small ones."""
    kinds = draw(st.lists(st.sampled_from(sorted(SUBGROUPS_KNOWN)), min_size=1, max_size=3, unique=True))
    totals = [draw(st.integers(0, 60) | st.integers(0, 2_000)) for _ in range(2)]
    return {
        kind: counted(kind, *(draw(spread(total, len(SUBGROUPS_KNOWN[kind]))) for total in totals))
        for kind in kinds
    }


@st.composite
def spread(draw: st.DrawFn, total: int, codes: int) -> list[int]:
    """So many people over so many codes, most of them small."""
    out, left = [], total
    for _ in range(codes - 1):
        out.append(draw(st.integers(0, min(left, 12)) | st.integers(0, left)))
        left -= out[-1]
    return draw(st.permutations([*out, left]))


def attacked(
    kinds: Mapping[str, KindCounts], tables: Mapping[str, ShownCounts], *, known: Range
) -> dict[Cell, Range]:
    """How many of each hidden group can be linked, and of all, for somebody who knows how many have each code, and all that is shown."""
    names = [(k, c) for k in tables for c in SUBGROUPS_KNOWN[k]]
    low, high, rows = np.zeros(len(names) + 1), np.zeros(len(names) + 1), []
    low[-1], high[-1] = known
    for at, (kind, code) in enumerate(names):
        place = SUBGROUPS_KNOWN[kind].index(code)
        of = int(kinds[kind].linked[place] + kinds[kind].not_linked[place])
        linked, others = tables[kind].linked[code], tables[kind].not_linked[code]
        hits, rest = ((0, of), (0, of)) if HIDDEN in (linked, others) else (range_of(linked), range_of(others))
        low[at], high[at] = max(hits[0], of - rest[1]), min(hits[1], of - rest[0])
    for kind in tables:
        rows.append([float(k == kind) for k, _ in names] + [-1.0])
    nothing = np.zeros(len(rows))
    constraint = LinearConstraint(np.array(rows), nothing, nothing)
    out = {}
    for at, name in enumerate([*names, TOTAL]):
        if name != TOTAL and tables[name[0]].linked[name[1]] != HIDDEN:
            continue
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(names) + 1)
            goal[at] = sign
            found = milp(goal, integrality=np.ones(len(goal)), bounds=Bounds(low, high), constraints=constraint)
            assert found.x is not None, "what is shown contradicts itself"
            ends.append(round(sign * found.fun))
        out[name] = ends[0], ends[1]
    return out


@settings(max_examples=60, deadline=None)
@given(partners())
def test_no_few_can_be_narrowed_down_by_whoever_knows_the_groups(kinds: dict[str, KindCounts]) -> None:
    """What is left is what the sum alone tells, and that they are few."""
    one = next(iter(kinds.values()))
    records = int(one.linked.sum() + one.not_linked.sum())
    known = range_of(shown(int(one.linked.sum())))
    found = attacked(kinds, tables_of(kinds), known=known)
    total = found.pop(TOTAL)
    for (kind, code), (low, high) in found.items():
        place = SUBGROUPS_KNOWN[kind].index(code)
        linked, of = int(kinds[kind].linked[place]), int((kinds[kind].linked + kinds[kind].not_linked)[place])
        least, most = max(0, total[0] - (records - of)), min(of, total[1])
        assert low <= linked <= high
        if linked <= FEW:
            assert low <= max(1, least)
            assert high >= min(FEW, most)
        if of - linked <= FEW:
            assert high >= min(of - 1, most)
            assert low <= max(of - FEW, least)


@settings(max_examples=200, deadline=None)
@given(partners())
def test_what_is_shown_is_rounded_and_few_are_never_shown(kinds: dict[str, KindCounts]) -> None:
    for kind, table in tables_of(kinds).items():
        for at, code in enumerate(SUBGROUPS_KNOWN[kind]):
            true = int(kinds[kind].linked[at]), int(kinds[kind].not_linked[at])
            both = table.linked[code], table.not_linked[code]
            assert (HIDDEN in both) == (both == (HIDDEN, HIDDEN))
            if HIDDEN in both:
                assert table.records(code) == HIDDEN
            else:
                assert both == (shown(true[0]), shown(true[1]))
                assert min(true) > FEW or max(true) == 0
                assert table.records(code) == sum(map(int, both))


def test_with_no_more_kinds_a_table_is_as_with_more_or_shows_more() -> None:
    """One kind can give another away: by sex all are shown, which says nearly how many are linked, so that the small ethnic group would follow."""
    group = counted("ethnic_group", [0, 0, 6, 0, 201, 0], [0, 0, 50, 0, 150, 0])
    sex = counted("sex", [0, 108, 99], [0, 102, 98])
    alone, both = tables_of({"ethnic_group": group}), tables_of({"ethnic_group": group, "sex": sex})
    assert (alone["ethnic_group"].linked["black"], alone["ethnic_group"].linked["white"]) == (HIDDEN, 200)
    assert (both["ethnic_group"].linked["black"], both["ethnic_group"].linked["white"]) == (HIDDEN, HIDDEN)
    assert HIDDEN not in both["sex"].linked.values()


def test_a_small_group_takes_a_large_one_with_it_where_the_sum_would_tell() -> None:
    """From 308 to 312 are known to be linked, 298 to 302 of them in the large group: 6 or more would be left for the small one."""
    (table,) = tables_of({"sex": counted("sex", [0, 302, 7], [0, 98, 43])}).values()
    assert table.linked == table.not_linked == {"unknown": 0, "female": HIDDEN, "male": HIDDEN}


def test_a_large_group_stays_shown_where_rounding_alone_hides_the_small_one() -> None:
    (table,) = tables_of({"sex": counted("sex", [0, 300, 4], [0, 100, 40])}).values()
    assert table.linked == {"unknown": 0, "female": 300, "male": HIDDEN}
    assert table.not_linked == {"unknown": 0, "female": 100, "male": HIDDEN}


def test_what_is_known_from_other_partners_counts() -> None:
    """305 says 303 to 307. That no more than 304 can be, as other partners' numbers add up, would leave 6 at most for the small group."""
    near = {"sex": counted("sex", [0, 300, 4], [0, 100, 40])}
    assert shown_counts(near, known=(303, 304))["sex"].linked["female"] == HIDDEN


def test_that_all_of_a_group_are_linked_or_none_is_not_told() -> None:
    """Nor by the number of those who are, for the partner knows how many there are."""
    (table,) = tables_of({"sex": counted("sex", [0, 300, 50], [0, 120, 0])}).values()
    assert (table.linked["male"], table.not_linked["male"]) == (HIDDEN, HIDDEN)
    (table,) = tables_of({"sex": counted("sex", [0, 300, 0], [0, 120, 50])}).values()
    assert (table.linked["male"], table.not_linked["male"]) == (HIDDEN, HIDDEN)
