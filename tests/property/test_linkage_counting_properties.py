"""Quality and assembly against slow, obvious counting on small random cases."""

import itertools
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret
from linkage.central.assemble import (
    Records,
    ScoredRecords,
    best_of,
    gather,
    people_of,
    person_ids,
    resolve,
    write_spine,
)
from linkage.central.pairs.model import LinkType
from linkage.central.report.quality import (
    assess,
    at_threshold,
    best_threshold,
    calibration,
    clusters,
    truth_pairs,
)
from linkage.errors import BadSubmission
from linkage.tokens import PassMap, read_table

LINK_TYPES = get_args(LinkType)
PROBABILITIES = st.sampled_from([0.05, 0.3, 0.5, 0.9, 0.95, 0.99, 1.0])


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Records of up to three partners, their true people, and scored pairs among them."""
    count = draw(st.integers(1, 12))
    partner = np.sort(
        np.array(draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)), dtype=np.int64)
    )
    raw = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    truth = pd.factorize(np.array(raw))[0].astype(np.int64)
    link_type = draw(st.sampled_from(LINK_TYPES))
    every = [
        (a, b)
        for a, b in itertools.combinations(range(count), 2)
        if link_type != "link_only" or partner[a] != partner[b]
    ]
    chosen = draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    probability = draw(st.lists(PROBABILITIES, min_size=len(chosen), max_size=len(chosen)))
    refs = np.arange(count * 16, dtype=np.uint8).reshape(count, 16)
    left, right = np.array(chosen, dtype=np.int64).reshape(-1, 2).T
    return {
        "records": Records(("a", "b", "c"), partner, refs),
        "truth": truth,
        "every": every,
        "pairs": ScoredRecords(left, right, np.array(probability, dtype=np.float64)),
        "link_type": link_type,
    }


def union_find(count: int, pairs: list[tuple[int, int]]) -> list[set[int]]:
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            one = parent[one]
        return one

    for a, b in pairs:
        parent[root(a)] = root(b)
    groups: dict[int, set[int]] = {}
    for one in range(count):
        groups.setdefault(root(one), set()).add(one)
    return list(groups.values())


def scored(case: dict[str, Any]) -> list[tuple[tuple[int, int], float]]:
    p = case["pairs"]
    return [((int(a), int(b)), float(x)) for a, b, x in zip(p.left, p.right, p.probability, strict=True)]


def by_counting(case: dict[str, Any], claimed: set[tuple[int, int]]) -> tuple[float, float, float]:
    true = {(a, b) for a, b in case["every"] if case["truth"][a] == case["truth"][b]}
    hits = len(claimed & true)
    return (
        hits / len(claimed) if claimed else 1.0,
        hits / len(true) if true else 1.0,
        2 * hits / (len(claimed) + len(true)) if claimed or true else 1.0,
    )


@settings(deadline=None, max_examples=80, derandomize=True)
@given(cases())
def test_true_pairs_are_those_of_one_person_among_the_pairs_compared(case: dict[str, Any]) -> None:
    counted = sum(case["truth"][a] == case["truth"][b] for a, b in case["every"])
    assert truth_pairs(case["truth"], partner=case["records"].partner, link_type=case["link_type"]) == counted


@settings(deadline=None, max_examples=80, derandomize=True)
@given(cases(), PROBABILITIES)
def test_precision_recall_and_f1_at_a_threshold_are_those_counted_by_hand(
    case: dict[str, Any], threshold: float
) -> None:
    right = case["truth"][case["pairs"].left] == case["truth"][case["pairs"].right]
    total = truth_pairs(case["truth"], partner=case["records"].partner, link_type=case["link_type"])
    found = at_threshold(case["pairs"], right=right, total=total, threshold=threshold)
    claimed = {pair for pair, p in scored(case) if p >= threshold}
    assert (found.precision, found.recall, found.f1) == pytest.approx(by_counting(case, claimed))
    assert found.threshold == threshold


@settings(deadline=None, max_examples=80, derandomize=True)
@given(cases())
def test_the_best_threshold_has_the_best_f1_of_all(case: dict[str, Any]) -> None:
    if not len(case["pairs"].left):
        return
    right = case["truth"][case["pairs"].left] == case["truth"][case["pairs"].right]
    total = truth_pairs(case["truth"], partner=case["records"].partner, link_type=case["link_type"])
    best = best_threshold(case["pairs"], right=right, total=total)
    every = {t: at_threshold(case["pairs"], right=right, total=total, threshold=t) for _, t in scored(case)}
    assert best.f1 == pytest.approx(max(s.f1 for s in every.values()))
    assert every[best.threshold].to_json() == best.to_json()


@settings(deadline=None, max_examples=80, derandomize=True)
@given(cases(), PROBABILITIES)
def test_people_are_parts_of_the_groups_that_the_kept_pairs_connect(
    case: dict[str, Any], threshold: float
) -> None:
    linkage = people_of(case["pairs"], records=case["records"], threshold=threshold)
    kept = [pair for pair, p in scored(case) if p >= threshold]
    groups = union_find(case["records"].count, kept)
    made = [set(np.flatnonzero(linkage.group == n).tolist()) for n in np.unique(linkage.group)]
    assert sorted(map(sorted, made)) == sorted(map(sorted, groups))
    people = [set(np.flatnonzero(linkage.person == n).tolist()) for n in range(linkage.people)]
    assert all(people)
    assert all(len(set(linkage.group[list(person)])) == 1 for person in people)
    ids = person_ids(linkage, secret=Secret(b"s" * 32, name="spine"))
    assert len(set(ids)) == linkage.people
    assert all(len({ids[n] for n in person}) == 1 for person in people)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(cases(), PROBABILITIES)
def test_clusters_are_measured_as_counted_by_hand(case: dict[str, Any], threshold: float) -> None:
    linkage = people_of(case["pairs"], records=case["records"], threshold=threshold)
    found = clusters(
        linkage.person, truth=case["truth"], partner=case["records"].partner, link_type=case["link_type"]
    )
    claimed = {(a, b) for a, b in case["every"] if linkage.person[a] == linkage.person[b]}
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(
        by_counting(case, claimed), abs=1e-5
    )
    people = [set(np.flatnonzero(linkage.person == n).tolist()) for n in range(linkage.people)]
    true = [set(np.flatnonzero(case["truth"] == n).tolist()) for n in range(case["truth"].max() + 1)]
    assert found["found"] == len(people)
    assert found["true"] == len(true)
    assert found["largest"] == max(map(len, people))
    assert found["exact"] == pytest.approx(sum(t in people for t in true) / len(true), abs=1e-5)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(cases())
def test_an_assessment_says_what_its_parts_say(case: dict[str, Any]) -> None:
    report = assess(
        case["pairs"], records=case["records"], truth=case["truth"], link_type=case["link_type"], threshold=0.9
    )
    claimed = {pair for pair, p in scored(case) if p >= 0.9}
    default = report["default"]
    assert (default["precision"], default["recall"], default["f1"]) == pytest.approx(
        by_counting(case, claimed), abs=1e-5
    )
    assert report["best"]["f1"] >= default["f1"] or not len(case["pairs"].left)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(cases())
def test_calibration_counts_each_pair_in_its_band(case: dict[str, Any]) -> None:
    bands = calibration(case["pairs"], truth=case["truth"], bounds=(0.0, 0.4, 0.93, 1.01))
    assert sum(b["pairs"] for b in bands) == len(case["pairs"].left)
    for band in bands:
        inside = [(pair, p) for pair, p in scored(case) if band["from"] <= p < band["to"]]
        assert band["pairs"] == len(inside)
        assert band["said"] == pytest.approx(sum(p for _, p in inside) / len(inside))
        assert band["true"] == pytest.approx(
            sum(case["truth"][a] == case["truth"][b] for (a, b), _ in inside) / len(inside)
        )


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(5, 9), PROBABILITIES), max_size=8), max_size=4)
)
def test_a_pair_keeps_its_best_probability_over_the_passes(passes: list[list[tuple[int, int, float]]]) -> None:
    best: dict[tuple[int, int], float] = {}
    for one in passes:
        for a, b, p in one:
            best[a, b] = max(p, best.get((a, b), 0.0))
    frames = [pd.DataFrame(one, columns=["left", "right", "probability"]) for one in passes]
    merged = best_of(frames)
    assert (
        dict(
            zip(
                zip(merged.left.tolist(), merged.right.tolist(), strict=True),
                merged.probability.tolist(),
                strict=True,
            )
        )
        == best
    )
    assert merged.left.dtype == np.int64


def some_map(key: str, records: list[int], *, first: int) -> PassMap:
    refs = np.array([[n] * 16 for n in records], dtype=np.uint8).reshape(-1, 16)
    return PassMap(key, np.arange(first, first + len(records), dtype=np.int64), refs)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.sets(st.integers(0, 99), min_size=1, max_size=8),
    st.sets(st.integers(100, 199), min_size=1, max_size=8),
    st.data(),
)
def test_scored_rows_become_scored_records_of_the_right_partners(
    a: set[int], b: set[int], data: st.DataObject
) -> None:
    order = {"alpha": data.draw(st.permutations(sorted(a))), "beta": data.draw(st.permutations(sorted(b)))}
    records = gather({p: some_map("records", order[p], first=0) for p in order})
    assert records.record_ref[:, 0].tolist() == sorted(a) + sorted(b)
    rows = {"alpha": data.draw(st.lists(st.sampled_from(order["alpha"]), min_size=1, max_size=6))}
    rows["beta"] = data.draw(st.lists(st.sampled_from(order["beta"]), min_size=1, max_size=6))
    maps = {p: some_map("k", rows[p], first=1000) for p in rows}
    wanted = data.draw(
        st.lists(
            st.tuples(*(st.tuples(st.just(p), st.integers(0, len(rows[p]) - 1)) for p in rows)), max_size=6
        )
    )
    flip = data.draw(st.booleans())
    sides = [[pair[flip] for pair in wanted], [pair[not flip] for pair in wanted]]
    table = pa.table(
        {
            f"{name}_{end}": pa.array(values, kind)
            for end, side in zip("lr", sides, strict=True)
            for name, values, kind in (
                ("source", [p for p, _ in side], pa.string()),
                ("row_ref", [1000 + at for _, at in side], pa.int64()),
            )
        }
        | {"match_probability": pa.array([0.5] * len(wanted), pa.float64())}
    )
    found = resolve(table, maps=maps, records=records)
    number = {int(r): at for at, r in enumerate(records.record_ref[:, 0])}
    expected = [(number[rows["alpha"][x]], number[rows["beta"][y]]) for (_, x), (_, y) in wanted]
    assert list(zip(found["left"].tolist(), found["right"].tolist(), strict=True)) == expected


def test_rows_of_one_record_are_no_pair() -> None:
    records = gather({"alpha": some_map("records", [1, 2], first=0)})
    maps = {"alpha": some_map("k", [1, 1, 2], first=10)}
    table = pa.table(
        {
            "source_l": ["alpha", "alpha"],
            "row_ref_l": [10, 11],
            "source_r": ["alpha", "alpha"],
            "row_ref_r": [11, 12],
            "match_probability": [0.9, 0.8],
        }
    )
    assert resolve(table, maps=maps, records=records).to_numpy().tolist() == [[0.0, 1.0, 0.8]]


def test_a_partner_that_lists_a_record_twice_is_refused() -> None:
    with pytest.raises(BadSubmission, match="alpha lists a record twice"):
        gather({"alpha": some_map("records", [1, 2, 1], first=0)})


def test_a_map_that_names_a_record_outside_the_list_is_refused() -> None:
    records = gather({"alpha": some_map("records", [1], first=0)})
    table = pa.table(
        {
            "source_l": ["alpha"],
            "row_ref_l": [10],
            "source_r": ["alpha"],
            "row_ref_r": [10],
            "match_probability": [0.9],
        }
    )
    with pytest.raises(BadSubmission, match="names a record that its list does not have"):
        resolve(table, maps={"alpha": some_map("k", [2], first=10)}, records=records)


def test_person_ids_hide_the_person_and_depend_on_the_secret() -> None:
    refs = np.arange(48, dtype=np.uint8).reshape(3, 16)
    records = Records(("a",), np.zeros(3, dtype=np.int64), refs)
    pairs = ScoredRecords(np.array([0]), np.array([2]), np.array([0.95]))
    linkage = people_of(pairs, records=records, threshold=0.9)
    one, other = (person_ids(linkage, secret=Secret(s * 32, name="spine")) for s in (b"a", b"b"))
    assert one[0] == one[2] != one[1]
    assert not set(one) & set(other)
    assert all(len(i) == 24 for i in one)
    table, meta = read_table(
        write_spine(linkage, secret=Secret(b"a" * 32, name="spine"), meta={"round": "3"}),
        kind="linkage-spine/v2",
    )
    assert [p.hex() for p in table.column("person_id").to_pylist()] == one.tolist()
    assert table.column("record_ref").to_pylist() == [bytes(r) for r in refs]
    assert set(meta) == {"round", "expected_wrong", "expected_missed", "weakest_link"}
    assert meta["round"] == "3"
