"""Exact counts that leave by a permit, attacked alone, beside rounded tables and over the levels of a hierarchy."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from policies.catalogue_document import load_catalogue
from policies.disclosure import (
    CountTable,
    Layout,
    Ledger,
    Unsafe,
    csv_text,
    notes,
    parse_table,
    protect,
    rows,
    table_text,
)
from policies.disclosure.table import Levels, Restriction
from policies.engine import decide
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts

LIBRARY = Path(__file__).parents[2] / "policies" / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
TEXT = (LIBRARY / "framework.yaml").read_text("utf-8").replace("vpp-vocab@2", "vpp-vocab@3")
EXACT = load_policy(
    TEXT.replace("finest-area: ward}", "finest-area: ward, exact-counts: 8}", 1).replace(
        "      suppress: 7\n", "      suppress: 7\n      exact-counts: 8\n", 1
    )
)
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
AREA, ARRESTED, SUSPENDED = "police.area", "police.arrested_violence", "schools.suspended"
WITHIN = {"a1": "A", "a2": "A", "b1": "B", "b2": "B"}


def permit(policy=EXACT):
    body = {
        "project": PROJECT, "requester": PERSON, "role": "analyst", "organisation": PROJECT, "purpose": "strategic-needs-assessment",
        "form": "aggregate-table", "attributes": dict.fromkeys((AREA, ARRESTED, SUSPENDED), "needed"), "area": "local-partnership",
        "benefit": "earlier help", "asked_on": NOW.date(), "use_until": NOW.date(),
    }  # fmt: skip
    facts = perfect_facts(policy, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW)
    return decide(Request.model_validate(body), policy, facts=facts, now=NOW).require()


def table(counts, names=(AREA, ARRESTED), categories=None, **more):
    counts = np.array(counts)
    given = categories or tuple(
        tuple(f"{n}{i}" for i in range(size)) for n, size in zip("ab", counts.shape, strict=False)
    )
    return CountTable(Layout("people", names, given, **more), counts)


def safe(one, ledger=None, policy=EXACT):
    p = permit(policy)
    return protect(one, obligations=p.obligations, ledger=ledger or Ledger(), permit=p)


COUNTS = [[3, 40, 22], [31, 25, 18], [52, 17, 60]]


def test_exact_counts_leave_with_others_hidden_so_that_no_total_gives_the_small_one_away():
    result = safe(table(COUNTS)).published
    shown = np.array(result.cells).reshape(3, 3)
    hidden = np.argwhere(shown == "[c]")
    assert shown[0, 0] == "[c]"
    assert {c for c in result.cells if c != "[c]"} <= {str(n) for row in COUNTS for n in row}
    # All totals are shown and four cells at the corners of a rectangle are hidden: what can move is one number, the small count.
    assert dict(result.margins)[("Total", "Total")] == "268"
    assert all(said != "[c]" for _, said in result.margins)
    rows, columns = sorted({int(i) for i, _ in hidden}), sorted({int(j) for _, j in hidden})
    assert (len(hidden), len(rows), len(columns)) == (4, 2, 2)
    block = np.array(COUNTS)[np.ix_(rows, columns)]
    moved = [block + t * np.array([[1, -1], [-1, 1]]) for t in range(-60, 60)]
    possible = [int(one[0, 0]) for one in moved if (one >= 1).all()]
    assert max(possible) - min(possible) >= 6


def test_a_document_without_the_word_still_rounds():
    result = safe(table(COUNTS), policy=load_policy(TEXT))
    assert not result.published.exact
    assert "40" in result.published.cells
    assert "31" not in result.published.cells


def test_what_the_reader_is_told_of_exact_counts_is_true():
    result = safe(table(COUNTS))
    assert any("Other counts, and totals, are exact." in line for line in notes(result))
    assert "All,All,268" in csv_text(rows(result))
    assert parse_table(table_text(result.published)) == result.published


def test_a_single_number_is_exact_or_hidden():
    assert safe(CountTable(Layout("people", (), ()), np.array(23))).published.cells == ("23",)
    assert safe(CountTable(Layout("people", (), ()), np.array(7))).published.cells == ("[c]",)


def test_an_exact_table_after_a_rounded_one_that_together_narrow_a_hidden_count_is_refused():
    # Rounded, the cell is from 8 to 12; where the clause asks for 11, the exact table says that it is below 11.
    strict = load_policy(
        TEXT.replace("finest-area: ward}", "finest-area: ward, exact-counts: 11}", 1).replace(
            "      suppress: 7\n", "      suppress: 7\n      exact-counts: 11\n", 1
        )
    )
    one = table([[9, 40], [33, 28]])
    rounded = safe(one, policy=load_policy(TEXT)).published
    with pytest.raises(Unsafe, match="narrow"):
        safe(one, Ledger().add("release-1", table=rounded), policy=strict)


def test_an_exact_total_beside_rounded_parts_is_refused_in_either_order():
    # 43 in all less one of 38 to 42 leaves 1 to 5, which is narrower than the 1 to 7 that a small count keeps.
    one = table([[3, 40], [33, 28]])
    rounded, exact = (safe(one, policy=policy).published for policy in (load_policy(TEXT), EXACT))
    with pytest.raises(Unsafe, match="narrow"):
        safe(one, Ledger().add("release-1", table=rounded))
    with pytest.raises(Unsafe, match="narrow"):
        safe(one, Ledger().add("release-1", table=exact), policy=load_policy(TEXT))


def test_exact_and_rounded_tables_mix_where_nothing_small_follows():
    one = table([[13, 40], [33, 28]])
    rounded = safe(one, policy=load_policy(TEXT)).published
    exact = safe(one, Ledger().add("release-1", table=rounded)).published
    assert exact.cells == ("13", "40", "33", "28")
    assert safe(one, Ledger().add("release-1", table=exact), policy=load_policy(TEXT)).published == rounded


def test_an_exact_total_of_other_people_does_not_help_and_one_of_the_same_does():
    inside = table([21, 40], names=(AREA,), categories=(("a0", "a1"),))
    ledger = Ledger().add("release-1", table=safe(inside).published)
    # By area and arrest: a0 is 21 in all, so that a cell of 18 beside a hidden one gives that away unless it is hidden too.
    result = safe(table([[3, 18], [19, 21]]), ledger).published
    assert result.cells.count("[c]") == 4
    other = table([[3, 18], [19, 21]])
    elsewhere = CountTable(replace(other.layout, population="other people"), other.counts)
    assert safe(elsewhere, ledger).published.exact


@pytest.mark.parametrize("policy", [EXACT, load_policy(TEXT)], ids=["exact", "rounded"])
def test_levels_are_printed_and_the_attack_knows_them(policy):
    levels = (Levels(AREA, tuple(WITHIN.items())),)
    fine = table(
        [[3, 40], [22, 31], [25, 18], [52, 17]], categories=(tuple(WITHIN), ("no", "yes")), levels=levels
    )
    result = safe(fine, policy=policy)
    margins = dict(result.published.margins) if policy is EXACT else {}
    assert policy is not EXACT or (("A", "yes") in margins and ("A", "Total") in margins)
    assert "\r\nA,yes," in csv_text(rows(result))
    coarse = table([[25, 71], [77, 35]], categories=(("A", "B"), ("no", "yes")))
    ledger = Ledger().add("release-1", table=result.published)
    if policy is EXACT:
        # The wards' exact counts next to their parts would be the very totals that are hidden in the first table.
        hidden = {
            cell
            for cell, said in margins.items()
            if said == "[c]" and cell in {(u, v) for u in "AB" for v in ("no", "yes")}
        }
        if hidden:
            with pytest.raises(Unsafe):
                safe(coarse, ledger, policy=policy)
        else:
            assert safe(coarse, ledger, policy=policy).published.exact
    else:
        assert safe(coarse, ledger, policy=policy).published.cells == ("25", "70", "75", "35")


def test_a_condition_on_small_areas_is_read_together_with_an_earlier_table_by_wards():
    levels = (Levels(AREA, tuple(WITHIN.items())),)
    fine = table([4, 21, 40, 37], names=(AREA,), categories=(tuple(WITHIN),), levels=levels)
    first = safe(fine).published
    assert (first.cells[0], dict(first.margins)[("Total",)]) == ("[c]", "102")
    kept = tuple(one for one in WITHIN if one != "a1")
    condition = (Restriction(AREA, kept, tuple(WITHIN)),)
    without = CountTable(Layout("people", (AREA,), (("A", "B"),), condition, levels), np.array([21, 77]))
    with pytest.raises(Unsafe):  # 102 less 21 and 77 are the four people of a1
        safe(without, Ledger().add("release-1", table=first))


def test_a_table_that_can_count_nobody_is_no_clue_and_no_obstacle():
    nobody = (Restriction(SUSPENDED, ("yes",), ("no", "yes")), Restriction(SUSPENDED, ("no",), ("no", "yes")))
    empty = CountTable(Layout("people", (AREA,), (("a0", "a1"),), nobody), np.array([0, 0]))
    first = safe(empty).published
    assert safe(table([[13, 40], [33, 28]]), Ledger().add("release-1", table=first)).published.exact


def test_exact_counts_of_two_cohorts_are_not_subtracted_down_to_a_few_people():
    """Forty-three within a year and forty within half a year leave three between, whom no table prints and none hides."""
    condition = (Restriction(SUSPENDED, ("yes",), ("no", "yes", "no record")),)
    everybody = table([43, 61], names=(AREA,), categories=(("a0", "a1"),))
    suspended = table([40, 30], names=(AREA,), categories=(("a0", "a1"),), restrictions=condition)
    first = safe(everybody).published
    with pytest.raises(Unsafe, match="those of release-1 whom this table leaves out, a0"):
        safe(suspended, Ledger().add("release-1", table=first))
    rounded = safe(everybody, policy=load_policy(TEXT)).published
    # Beside a rounded table the difference is known to within five, which is still closer than small counts are.
    with pytest.raises(Unsafe, match="those of release-1 whom this table leaves out, a0"):
        safe(suspended, Ledger().add("release-1", table=rounded))
    assert not safe(
        suspended, Ledger().add("release-1", table=rounded), policy=load_policy(TEXT)
    ).published.exact
    fewer = table([30, 30], names=(AREA,), categories=(("a0", "a1"),), restrictions=condition)
    assert safe(fewer, Ledger().add("release-1", table=first)).published.exact


def exactly_by_area(counts, population="people"):
    one = table(list(counts), names=(AREA,), categories=(("a0", "a1"),))
    return CountTable(replace(one.layout, population=population), np.array(counts))


def before_the_update(**policy):
    return Ledger().add("release-1", table=safe(exactly_by_area((43, 61)), **policy).published)


def test_exact_counts_before_and_after_an_update_do_not_tell_how_few_came_to_an_area():
    """Thirty-three came in all, so that the cohorts differ by enough; three of them live in a0."""
    with pytest.raises(Unsafe, match="release-1 could be subtracted"):
        safe(exactly_by_area((46, 91), "people after the update"), before_the_update())


def test_exact_counts_before_and_after_an_update_do_not_tell_how_few_went():
    with pytest.raises(Unsafe, match="could be subtracted"):
        safe(exactly_by_area((41, 20), "people after the update"), before_the_update())


def test_an_exact_count_after_the_update_and_a_rounded_one_before_it_are_not_subtracted_to_a_few():
    # Shown as 45, it was 43 to 47, so that at least one and at most five came.
    with pytest.raises(Unsafe, match="could be subtracted"):
        safe(exactly_by_area((48, 91), "people after the update"), before_the_update(policy=load_policy(TEXT)))


def test_exact_counts_leave_after_an_update_in_which_nobody_or_many_came():
    after = exactly_by_area((43, 91), "people after the update")
    assert safe(after, before_the_update()).published.cells == ("43", "91")
    assert safe(after, before_the_update(policy=load_policy(TEXT))).published.cells == ("43", "91")


def test_rounded_counts_leave_after_every_update():
    after = exactly_by_area((46, 91), "people after the update")
    assert safe(
        after, before_the_update(policy=load_policy(TEXT)), policy=load_policy(TEXT)
    ).published.cells == ("45", "90")
