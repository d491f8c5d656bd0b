"""A report's exact counts, by hand on a handful of records, and Splink's charts from a small model."""

import json
from collections.abc import Iterator
from math import log2
from typing import Any

import numpy as np
import pytest

from linkage.central.assembly.pairs import ScoredRecords, merged
from linkage.central.assembly.people import Linkage
from linkage.central.assembly.records import Records
from linkage.central.pairs.model import MODEL_FORMAT
from linkage.central.report.from_model import made_up_pair, read_model
from linkage.central.report.report import evidence_of, report_of
from linkage.central.report.splink_charts import histogram, m_u_parameters, match_weights, waterfall
from linkage.errors import BadModel
from service.demonstration.pictures import reliability_plot

# Police 0, 1, 2; schools 3, 4, 5. People: {0, 3}, {1, 4, 5}, {2}.
RECORDS = Records(
    ("police", "schools"), np.array([0, 0, 0, 1, 1, 1]), np.arange(96, dtype=np.uint8).reshape(6, 16)
)
PASSES = [
    ScoredRecords(np.array([0, 1]), np.array([3, 4]), np.array([0.999, 0.8])),
    ScoredRecords(np.array([0, 1, 1, 2]), np.array([3, 4, 5, 5]), np.array([0.9, 0.95, 0.9, 0.1])),
]
STANDS = np.array([2, 2, 1, 1, 2, 1])


def test_the_report_counts_who_shares_a_person_with_whom() -> None:
    person = np.array([0, 1, 2, 0, 1, 1])
    evidence = evidence_of(PASSES, records=RECORDS, stands=STANDS - 1, passes=2)
    report = report_of(Linkage(RECORDS, person, 0.5, evidence.pairs), evidence=evidence)
    police, schools = report.partners["police"], report.partners["schools"]
    assert (police.records, police.linked, police.people, police.without_match_key) == (3, 2, 3, 1)
    assert (schools.records, schools.linked, schools.people, schools.without_match_key) == (3, 3, 2, 2)
    assert (police.linked_with, schools.linked_with) == ({"schools": 2}, {"police": 3})
    assert report.by_records == {1: 1, 2: 1, 3: 1}
    assert report.by_partners == {1: 1, 2: 2}
    assert (report.scored, report.linked) == (4, 3)
    assert sum(b.pairs for b in report.bins) == 4
    assert report.expected.precision == pytest.approx((0.999 + 0.95 + 0.9) / 3)
    assert report.expected.missed == pytest.approx(0.1 / (0.999 + 0.95 + 0.9 + 0.1))
    # 1.0 expected matches met once, 1.949 twice, of two passes.
    assert report.expected.never_met == pytest.approx(0.5 * 1.0 * 1.0 / (2 * 1.949))


def test_a_link_between_two_people_counts_as_none() -> None:
    """The rules of the assembler may overrule a pair above the threshold."""
    evidence = evidence_of(PASSES, records=RECORDS, stands=STANDS, passes=2)
    report = report_of(Linkage(RECORDS, np.array([0, 1, 2, 0, 1, 3]), 0.5, evidence.pairs), evidence=evidence)
    assert (report.scored, report.linked) == (4, 2)
    assert report.expected.precision == pytest.approx((0.999 + 0.95) / 2)
    assert report.expected.missed == pytest.approx((0.9 + 0.1) / (0.999 + 0.95 + 0.9 + 0.1))


def test_a_pair_keeps_its_best_score_and_counts_each_pass_once() -> None:
    first = PASSES[0]
    both = ScoredRecords(*(np.tile(x, 2) for x in (first.left, first.right, first.probability)))
    twice = [*PASSES, both]
    evidence = evidence_of(twice, records=RECORDS, stands=STANDS, passes=3)
    assert evidence.pairs.probability.tolist() == merged(PASSES).probability.tolist() == [0.999, 0.95, 0.9, 0.1]
    assert evidence.met.tolist() == [3, 3, 1, 1]
    assert evidence.weight[0] == pytest.approx(log2(999))


def test_a_conflict_is_believed_where_the_best_pass_saw_it() -> None:
    """A pass takes a missing number for a present one now and then; the conflict that it sees scores low."""
    one, other = np.array([0]), np.array([3])
    seen = ScoredRecords(one, other, np.array([0.4]), np.array([True]))
    unseen = ScoredRecords(one, other, np.array([0.9]), np.array([False]))
    both = merged([seen, unseen]), merged([unseen, seen])
    assert [(m.probability.tolist(), m.conflict.tolist()) for m in both] == [([0.9], [False])] * 2
    sure = ScoredRecords(one, other, np.array([0.95]), np.array([True]))
    assert merged([seen, sure, unseen]).conflict.tolist() == [True]


def test_a_linkage_without_any_pair_has_a_report() -> None:
    evidence = evidence_of([], records=RECORDS, stands=STANDS, passes=0)
    report = report_of(Linkage(RECORDS, np.arange(6), 0.5, evidence.pairs), evidence=evidence)
    assert (report.scored, report.bins, report.by_partners) == (0, [], {1: 6})


def comparison(name: str, *rates: tuple[float, float]) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": f"{name}_l IS NULL", "label_for_charts": "missing", "is_null_level": True}
    ]
    for at, (m, u) in enumerate(rates):
        last = at == len(rates) - 1
        condition = "ELSE" if last else f"{name}_l = {name}_r + {at}"
        levels.append(
            {
                "sql_condition": condition,
                "label_for_charts": f"level {at}",
                "m_probability": m,
                "u_probability": u,
            }
        )
    return {"output_column_name": name, "comparison_levels": levels, "comparison_description": name}


SETTINGS = {
    "link_type": "link_only", "unique_id_column_name": "row_ref", "probability_two_random_records_match": 0.5, "sql_dialect": "duckdb",
    "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.block = r.block", "sql_dialect": "duckdb"}],
    "comparisons": [comparison("forename", (0.8, 0.1), (0.15, 0.2), (0.05, 0.7)), comparison("sex", (0.9, 0.5), (0.1, 0.5))],
}  # fmt: skip
MODEL = f"{MODEL_FORMAT}\n" + json.dumps(
    {
        "passes": [
            {"key": k, "pairs": n, "prior": 0.5, "splink": SETTINGS} for k, n in (("few", 3), ("many", 9))
        ],
        "warnings": ["too few pairs"],
    }
)


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return list(spec["data"]["values"])


def words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    else:
        yield str(value)


def test_splinks_charts_say_what_the_model_says() -> None:
    its = {
        (r["comparison_name"], r["label_for_charts"]): r["log2_bayes_factor"]
        for r in rows(match_weights(SETTINGS))
    }
    assert its["forename", "level 0"] == pytest.approx(log2(8))
    assert its["sex", "level 1"] == pytest.approx(log2(0.2))
    both = {(r["comparison_name"], r["label_for_charts"]): r for r in rows(m_u_parameters(SETTINGS))}
    assert (both["forename", "level 1"]["m_probability"], both["forename", "level 1"]["u_probability"]) == (
        0.15,
        0.2,
    )


def test_a_waterfall_adds_up_to_its_weight_and_a_missing_value_adds_nothing() -> None:
    weight = log2(8) + log2(0.2)
    its = {
        r["column_name"]: r for r in rows(waterfall(SETTINGS, levels={"forename": 0, "sex": 1}, weight=weight))
    }
    assert its["forename"]["log2_bayes_factor"] + its["sex"]["log2_bayes_factor"] == pytest.approx(weight)
    assert its["Final score"]["log2_bayes_factor"] == pytest.approx(weight)
    missing = rows(waterfall(SETTINGS, levels={"forename": -1, "sex": 0}, weight=log2(1.8)))
    assert {r["column_name"]: r["bayes_factor"] for r in missing}["forename"] == 1.0


def test_no_chart_has_sql_or_anything_that_only_a_mouse_can_use() -> None:
    charts = [
        match_weights(SETTINGS),
        m_u_parameters(SETTINGS),
        waterfall(SETTINGS, levels={"forename": 0, "sex": 0}, weight=1.0),
        histogram([{"splink_score_bin_low": 0, "splink_score_bin_high": 2, "count_rows": 10}]),
    ]
    for chart in charts:
        said = set(words(chart))
        assert rows(chart)
        assert not said & {"tooltip", "sql_condition", "Use mousewheel to zoom", "wheel"}
        assert not [w for w in said if "_l = " in w]


def test_the_pass_with_most_pairs_comes_first() -> None:
    assert [p.key for p in read_model(MODEL).passes] == ["many", "few"]
    assert read_model(MODEL).warnings == ("too few pairs",)


@pytest.mark.parametrize(
    "text", ["", "linkage-model/v0\n{}", f"{MODEL_FORMAT}\n{{}}", f"{MODEL_FORMAT}\nnot json"]
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(BadModel, match="model"):
        read_model(text)


def test_a_made_up_pair_is_the_least_that_links_and_the_same_every_time() -> None:
    one = read_model(MODEL).passes[0]
    possible = sorted(
        (log2(a / b) + log2(c / d), p, q)
        for p, (a, b) in enumerate([(0.8, 0.1), (0.15, 0.2), (0.05, 0.7)])
        for q, (c, d) in enumerate([(0.9, 0.5), (0.1, 0.5)])
    )
    for near in (-1.0, 0.2, 3.0):
        weight, forename, sex = next(x for x in possible if x[0] >= near)
        pair = made_up_pair(one, near=near)
        assert pair.weight == pytest.approx(weight)
        assert dict(pair.levels) == {"forename": forename, "sex": sex}
        assert pair == made_up_pair(one, near=near)
    assert made_up_pair(one, near=99.0).weight == pytest.approx(possible[-1][0])


def test_a_reliability_diagram_has_a_picture_a_scale_and_names_its_sources() -> None:
    rows = [
        {"source": source, "scale": scale, "said": said, "true": said / 2, "pairs": 30}
        for source in ("one file", "another")
        for scale in ("as the passes say", "calibrated")
        for said in (0.2, 0.9)
    ]
    svg = str(reliability_plot(rows))
    assert svg.startswith("<svg")
    assert all(word in svg for word in ("one file", "another", "as the passes say", "calibrated"))
