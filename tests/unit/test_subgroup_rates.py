"""Subgroup codes folded before they leave, counted at the centre, and told with what chance and rounding explain, by hand on small numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.assembly.people import Linkage
from linkage.central.assembly.records import Records
from linkage.central.report.subgroups import KindCounts, SubgroupCounts, by_subgroup
from linkage.errors import BadSubmission
from linkage.partner.records import Column
from linkage.partner.subgroups import SubgroupColumn, SubgroupRows, too_few
from linkage.subgroups import SUBGROUPS_KNOWN, read_subgroups, write_subgroups
from policies.disclosure import HIDDEN
from service.centre.quality_guild import answers
from service.centre.quality_subgroups import subgroup_rows


@pytest.mark.parametrize(
    ("counts", "go"),
    [
        ([0, 100, 50, 0, 0, 0], []),
        ([12, 100, 9, 0, 0, 0], [2]),
        ([5, 100, 5, 0, 0, 0], [2]),
        ([4, 100, 5, 60, 0, 0], [2, 3]),
        ([0, 100, 4, 5, 3, 0], [2, 3, 4]),
        ([0, 100, 4, 0, 0, 0], [1, 2]),
        ([3, 100, 60, 0, 0, 0], []),
        ([0, 0, 4, 0, 0, 0], [2]),
        ([0, 10, 10, 10, 10, 10], []),
    ],
)
def test_a_code_of_fewer_than_ten_goes_as_unknown_and_never_as_the_only_unknown_of_few(
    counts: list[int], go: list[int]
) -> None:
    assert np.flatnonzero(too_few(np.array(counts))).tolist() == go


def test_the_codes_of_all_portions_leave_in_the_order_of_references() -> None:
    wanted = {"sex": SubgroupColumn("gender", {"F": "female", "M": "male", "X": "unknown"})}
    rows = SubgroupRows(wanted)
    for texts in (["F"] * 11 + [None], ["M"] * 12 + ["X"]):
        rows.add({"gender": Column.of(pa.array(texts, pa.string()))})
    refs = np.random.default_rng(3).integers(0, 256, (25, 16), dtype=np.uint8)
    leaving = rows.leaving(refs)
    expected = dict(zip(map(bytes, refs), [1] * 11 + [0] + [2] * 12 + [0], strict=True))
    assert [expected[bytes(r)] for r in leaving.record_ref] == leaving.codes["sex"].tolist()
    assert sorted(map(bytes, refs)) == list(map(bytes, leaving.record_ref))
    (told,) = rows.counts()
    assert (dict(told.records), told.folded) == ({"unknown": 2, "female": 11, "male": 12}, 0)
    again = read_subgroups(write_subgroups(leaving, partner="a"), kinds={"sex": "x"}, partner="a")
    assert again.codes["sex"].tolist() == leaving.codes["sex"].tolist()
    assert (again.record_ref == leaving.record_ref).all()


def test_every_list_of_codes_begins_with_unknown_and_is_short() -> None:
    for codes in SUBGROUPS_KNOWN.values():
        assert codes[0] == "unknown"
        assert 3 <= len(set(codes)) == len(codes) <= 6


# Police 0, 1, 2; schools 3, 4. People: {0, 3}, {1, 2}, {4}.
RECORDS = Records(
    ("police", "schools"), np.array([0, 0, 0, 1, 1]), np.arange(80, dtype=np.uint8).reshape(5, 16)
)
PAIRS = ScoredRecords(np.array([0, 1, 1, 2]), np.array([3, 2, 4, 4]), np.array([0.9, 0.8, 0.4, 0.1]))
LINKAGE = Linkage(RECORDS, np.array([0, 1, 1, 0, 2]), 0.5, PAIRS)


def test_records_are_linked_if_another_partner_knows_their_person() -> None:
    codes = {"sex": np.array([1, 2, 1], dtype=np.uint8)}
    its = by_subgroup(LINKAGE, codes={"police": codes})["police"]
    one = its.kinds["sex"]
    assert (one.linked.tolist(), one.not_linked.tolist()) == ([0, 1, 0], [0, 1, 1])
    assert one.expected.tolist() == pytest.approx([0, 0.9 + 0.1, 0.4])
    assert one.missed.tolist() == pytest.approx([0, 0.1, 0.4])
    assert (its.known.tolist(), its.person.tolist()) == ([True, False, False], [0, 1, 1])


def test_codes_of_another_number_of_records_are_not_counted() -> None:
    with pytest.raises(BadSubmission, match="other records than subgroup codes"):
        by_subgroup(LINKAGE, codes={"police": {"sex": np.array([1], dtype=np.uint8)}})


def told(
    linked: list[int], not_linked: list[int], *, kind: str = "sex", each: int = 1
) -> dict[str, dict[str, Any]]:
    """The rows of one partner with these counts; of every person there are so many records."""
    hits, of = sum(linked), sum(linked) + sum(not_linked)
    nothing = np.zeros(len(linked))
    counts = SubgroupCounts(
        {kind: KindCounts(np.array(linked), np.array(not_linked), nothing + 10, nothing + 1)},
        np.arange(of) < hits,
        np.arange(of) // each,
    )
    linked_shown = 5 * round(hits / 5)
    shown = {"records": 5 * round(of / 5), "linked": linked_shown, "linked_with": {"b": linked_shown}}
    rows = subgroup_rows({"a": counts}, gateways={"a": {kind: "PCSC-s16"}}, partners={"a": shown})
    return {row["code"]: row for row in rows}


def test_a_difference_is_to_all_the_partners_records_and_marked_where_chance_does_not_explain_it() -> None:
    """50 of 200 women against 150 of 200 men: 50 % in all."""
    rows = told([0, 50, 150], [0, 150, 50])
    assert (rows["female"]["linked_rate"], rows["male"]["linked_rate"]) == (25.0, 75.0)
    assert (rows["female"]["difference"], rows["male"]["difference"]) == (-25.0, 25.0)
    assert (rows["female"]["beyond_chance"], rows["male"]["beyond_chance"]) == ("lower", "higher")
    assert rows["female"]["low"] < -25 < rows["female"]["high"] < 0
    assert rows["female"]["missed"] == 10
    assert rows["unknown"]["records"] == 0
    assert rows["unknown"]["difference"] is None


def test_the_interval_is_newcombes_of_the_group_against_the_rest_scaled_by_the_rest() -> None:
    """Large counts, where rounding does not show. Newcombe (1998), method 10, by hand."""

    def wilson(hits: float, of: float) -> tuple[float, float]:
        z, p = 1.959964, hits / of
        half = z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
        middle = p + z * z / (2 * of)
        return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)

    row = told([0, 30_000, 70_000], [0, 30_000, 30_000])["female"]
    (low, high), (low_rest, high_rest) = wilson(30_000, 60_000), wilson(70_000, 100_000)
    gap = 0.5 - 0.7
    down, up = np.hypot(0.5 - low, high_rest - 0.7), np.hypot(high - 0.5, 0.7 - low_rest)
    weight = 100_000 / 160_000
    assert row["difference"] == pytest.approx(100 * weight * gap, abs=0.06)
    assert row["low"] == pytest.approx(100 * weight * (gap - down), abs=0.06)
    assert row["high"] == pytest.approx(100 * weight * (gap + up), abs=0.06)


def test_a_difference_that_chance_explains_is_not_marked() -> None:
    rows = told([0, 55, 60], [0, 45, 40])
    assert all(row["beyond_chance"] is None for row in rows.values())


def test_two_records_of_every_person_count_as_one() -> None:
    counts = [0, 600, 1_000], [0, 600, 600]
    once, twice = told(*counts)["female"], told(*counts, each=2)["female"]
    assert once["difference"] == twice["difference"]
    assert twice["high"] - twice["low"] > 1.3 * (once["high"] - once["low"])


def test_with_more_comparisons_it_takes_more_to_be_marked() -> None:
    """The interval of 95 % leaves zero out, and one of thirty such differences would by chance."""
    nothing = np.zeros(3)

    def marks(many: int) -> list[str | None]:
        kind = KindCounts(np.array([0, 85, 200]), np.array([0, 135, 180]), nothing, nothing)
        counts = SubgroupCounts({"sex": kind}, np.arange(600) < 285, np.arange(600))
        names = [f"p{n}" for n in range(many)]
        rows = subgroup_rows(
            dict.fromkeys(names, counts),
            gateways={n: {"sex": "x"} for n in names},
            partners={n: {"records": 600, "linked": 285, "linked_with": {"b": 285}} for n in names},
        )
        (row,) = (r for r in rows if (r["partner"], r["code"]) == ("p0", "female"))
        assert row["high"] < 0
        return [row["beyond_chance"]]

    assert marks(1) == ["lower"]
    assert marks(30) == [None]


def test_a_hidden_group_says_nothing_but_that_it_is_hidden() -> None:
    row = told([0, 3, 200], [0, 90, 100])["female"]
    assert row["linked"] == row["records"] == HIDDEN
    assert [row[n] for n in ("linked_rate", "missed", "difference", "low", "high", "beyond_chance")] == [
        None
    ] * 6


def test_guild_is_told_by_which_groups_and_of_whom() -> None:
    rows = list(told([0, 50, 150], [0, 150, 50]).values())
    body = {
        "link_type": "link_only", "partners": {}, "expected": {"precision": 1.0, "missed": 0.0, "never_met": 0}, "threshold": 0.5,
        "subgroups": rows,
    }  # fmt: skip
    says = dict(answers(body))["Errors by group of people"]
    assert "by sex, of the records of a: above. 2 differ" in says
    assert "no partner sends anything" in dict(answers({**body, "subgroups": []}))["Errors by group of people"]


def test_where_no_other_partner_is_there_is_nothing_to_be_linked_with() -> None:
    alone = Records(("police",), np.zeros(2, dtype=np.int64), np.arange(32, dtype=np.uint8).reshape(2, 16))
    nobody = ScoredRecords(*(np.empty(0, dtype=np.int64),) * 2, np.empty(0))
    codes = {"police": {"sex": np.array([1, 2], dtype=np.uint8)}}
    assert by_subgroup(Linkage(alone, np.arange(2), 0.5, nobody), codes=codes) == {}
