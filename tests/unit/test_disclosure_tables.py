from datetime import UTC, datetime
from importlib.resources import files

import numpy as np
import pytest

from policies.catalogue_document import load_catalogue
from policies.disclosure import (
    CountTable,
    Layout,
    Ledger,
    NotPermitted,
    PublishedTable,
    Restriction,
    Rule,
    TableInvalid,
    Unsafe,
    commit_population,
    csv_text,
    notes,
    parse_table,
    protect,
    refuse_overlap,
    rows,
    suppress_and_round,
    table_text,
)
from policies.disclosure.margins import margins_of
from policies.engine import decide
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.obligations import Obligations
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
RULE = Rule(7, 5, False)
AREA, ARRESTED = "police.area", "police.arrested_violence"


def permit(*attributes, **changes):
    body = {
        "project": PROJECT,
        "requester": PERSON,
        "role": "analyst",
        "organisation": PROJECT,
        "purpose": "strategic-needs-assessment",
        "form": "aggregate-table",
        "attributes": dict.fromkeys(attributes or (AREA, ARRESTED), "needed"),
        "area": "local-partnership",
        "benefit": "earlier help",
        "asked_on": NOW.date(),
        "use_until": NOW.date(),
    }
    facts = perfect_facts(POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW)
    return decide(Request.model_validate(body | changes), POLICY, facts=facts, now=NOW).require()


def table(counts, names=(AREA, ARRESTED), **more):
    counts = np.array(counts)
    categories = tuple(
        tuple(f"{name}{i}" for i in range(n)) for name, n in zip("abcdef", counts.shape, strict=False)
    )
    return CountTable(
        Layout("people", names[: counts.ndim], categories, more.pop("restrictions", ())), counts, **more
    )


def printed(counts, rule=RULE, **more):
    return suppress_and_round(table(counts, **more), rule=rule).cells


def safe(counts, ledger=None, obligations=None, **more):
    given = permit()
    return protect(
        table(counts, **more),
        obligations=obligations or given.obligations,
        ledger=ledger or Ledger(),
        permit=given,
    )


def test_one_to_seven_is_hidden_and_the_rest_is_rounded_to_five():
    assert printed([1, 7, 8, 12, 13, 0, 100]) == ("[c]", "[c]", "10", "10", "15", "0", "100")


def test_a_count_that_would_round_to_nothing_is_hidden_and_not_shown_as_zero():
    assert printed([8, 24, 25, 60], rule=Rule(7, 50, False)) == ("[c]", "[c]", "50", "50")


def test_zeros_are_shown_unless_they_tell_about_everybody_else():
    assert printed([[0, 20], [30, 40]]) == (
        "[c]",
        "20",
        "30",
        "40",
    )  # everyone in the first row is in one column
    assert printed([[0, 20, 20], [30, 40, 0], [9, 9, 9]]) == (
        "0",
        "20",
        "20",
        "30",
        "40",
        "0",
        "10",
        "10",
        "10",
    )
    assert printed([0, 20, 30], rule=Rule(7, 5, True)) == ("[c]", "20", "30")


def test_one_telling_line_hides_every_zero_so_that_the_rule_cannot_be_run_backwards():
    assert printed([[0, 0], [0, 40]]) == ("[c]", "[c]", "[c]", "40")


def test_what_cannot_occur_has_a_marker_of_its_own_and_tells_nothing_about_a_class():
    shown = printed([[0, 20], [30, 40]], not_applicable=np.array([[True, False], [False, False]]))
    assert shown == ("[z]", "20", "30", "40")


def test_totals_are_sums_of_what_is_printed():
    result = suppress_and_round(table([[1, 8, 0], [3, 2, 0], [12, 13, 0]]), rule=RULE)
    told = dict(margins_of(result))
    assert [told[f"a{n}", "Total"] for n in range(3)] == ["10", "0", "25"]
    assert [told["Total", f"b{n}"] for n in range(3)] == ["10", "25", "0"]
    assert told["Total", "Total"] == "35"
    told = dict(margins_of(suppress_and_round(table([[1, 2], [20, 30]]), rule=RULE)))
    assert (told["a0", "Total"], told["a1", "Total"]) == ("[c]", "50")


def test_the_strictest_obligations_apply_whoever_brings_them():
    lax = Obligations(1, 5, 2, 1, 1, 999, frozenset())
    strict = Obligations(20, 10, 2, 1, 1, 1, frozenset({"hide-zeros"}))
    assert safe([5, 18, 0, 25, 40], obligations=lax).published.cells == ("[c]", "20", "0", "25", "40")
    assert safe([5, 18, 0, 25, 40], obligations=strict).published.cells == ("[c]", "[c]", "[c]", "30", "40")


def test_a_table_needs_a_permit_for_each_dimension_and_restriction():
    given = permit(AREA)
    with pytest.raises(NotPermitted, match=ARRESTED):
        protect(table([[9, 9], [9, 9]]), obligations=given.obligations, ledger=Ledger(), permit=given)
    restricted = table([9, 9], restrictions=(Restriction("nhs.ae_assault", ("yes",), ("yes", "no")),))
    with pytest.raises(NotPermitted, match="ae_assault"):
        protect(restricted, obligations=given.obligations, ledger=Ledger(), permit=given)


def test_a_permit_for_rows_is_not_one_for_tables():
    given = permit("schools.suspended", purpose="research", form="pseudonymised-extract")
    with pytest.raises(NotPermitted, match="pseudonymised-extract"):
        protect(
            table([9, 9], names=("schools.suspended",)),
            obligations=given.obligations,
            ledger=Ledger(),
            permit=given,
        )


def test_a_single_count_is_a_table_without_dimensions():
    assert safe(np.array(6)).published.cells == ("[c]",)
    assert rows(safe(np.array(23))) == (("count",), ("25",))


def test_rows_and_csv_print_cells_then_totals():
    result = safe([[1, 8], [20, 13]])
    assert rows(result) == (
        (AREA, ARRESTED, "count"),
        ("a0", "b0", "[c]"),
        ("a0", "b1", "10"),
        ("a1", "b0", "20"),
        ("a1", "b1", "15"),
        ("a0", "All", "10"),
        ("a1", "All", "35"),
        ("All", "b0", "20"),
        ("All", "b1", "25"),
        ("All", "All", "45"),
    )
    assert csv_text(rows(result)).splitlines()[1] == "a0,b0,[c]"
    assert any("rounded to the nearest 5" in note for note in notes(result))


def test_a_category_that_a_spreadsheet_would_run_is_made_harmless():
    formula = CountTable(Layout("people", (AREA,), (("=1+1", 'a "quoted", b'),)), np.array([20, 30]))
    given = permit(AREA)
    text = csv_text(rows(protect(formula, obligations=given.obligations, ledger=Ledger(), permit=given)))
    assert text.splitlines()[1:3] == ["'=1+1,20", '"a ""quoted"", b",30']


@pytest.mark.parametrize(
    "make",
    [
        lambda: table([-1, 3]),
        lambda: table([1.5, 3.0]),
        lambda: CountTable(Layout("people", (AREA,), (("a", "b"),)), np.array([1, 2, 3])),
        lambda: table([1, 3], not_applicable=np.array([True, False])),
        lambda: table([0, 3], not_applicable=np.array([1, 0])),
        lambda: Layout("people", (AREA, AREA), (("a",), ("b",))),
        lambda: Layout("people", (AREA,), (("a", "a"),)),
        lambda: Layout("people", (AREA,), ()),
        lambda: Layout("people", (), (), (Restriction(AREA, ("x",), ("a",)),)),
        lambda: PublishedTable(Layout("people", (AREA,), (("a", "b"),)), RULE, ("10",)),
        lambda: PublishedTable(Layout("people", (AREA,), (("a", "b"),)), RULE, ("10", "<8")),
    ],
)
def test_a_table_that_does_not_hang_together_is_refused(make):
    with pytest.raises(TableInvalid):
        make()


def test_a_table_cannot_be_changed_after_it_was_made():
    counts = np.array([10, 20])
    made = CountTable(Layout("people", (AREA,), (("a", "b"),)), counts)
    counts[0] = 1
    assert made.counts.tolist() == [10, 20]
    with pytest.raises(ValueError, match="read-only"):
        made.counts[0] = 1


def test_a_commitment_names_a_set_of_people_only_to_who_has_the_salt():
    people = ["p1", "p2", "p3"]
    commitment = commit_population(people, salt=b"s" * 32)
    assert commitment == commit_population(["p3", "p1", "p2", "p1"], salt=b"s" * 32)
    assert commitment != commit_population(people, salt=b"t" * 32)
    assert commit_population(["ab", "c"], salt=b"s" * 32) != commit_population(["a", "bc"], salt=b"s" * 32)


@pytest.mark.parametrize(("differing", "refused"), [(0, False), (1, True), (9, True), (10, False)])
def test_cohorts_that_differ_by_a_few_people_are_refused(differing, refused):
    earlier = {f"p{i}" for i in range(100)}
    here = {f"p{i}" for i in range(differing, 100)}
    if refused:
        with pytest.raises(Unsafe, match="release-7"):
            refuse_overlap(here, earlier={"release-7": earlier}, floor=10)
    else:
        refuse_overlap(here, earlier={"release-7": earlier}, floor=10)


def test_swapping_a_few_people_counts_as_differing_too():
    with pytest.raises(Unsafe):
        refuse_overlap({"a", "b", "c"}, earlier={"r": {"a", "b", "d"}}, floor=10)


def test_the_ledger_keeps_each_release_once_and_by_population():
    published = safe([20, 30]).published
    ledger = Ledger().add("r1", table=published)
    assert [entry.release for entry in ledger.on("people")] == ["r1"]
    assert ledger.on("others") == ()
    with pytest.raises(TableInvalid, match="r1"):
        ledger.add("r1", table=published)


def test_a_published_table_reads_back_as_it_was_written():
    published = suppress_and_round(
        table([[1, 8], [20, 0]], restrictions=(Restriction("nhs.ae_assault", ("yes",), ("yes", "no")),)),
        rule=RULE,
    )
    assert parse_table(table_text(published)) == published
    for broken in (
        "",
        "[]",
        "{}",
        table_text(published).replace("table/v1", "table/v9"),
        table_text(published).replace('"10"', '"x"'),
    ):
        with pytest.raises(TableInvalid):
            parse_table(broken)
