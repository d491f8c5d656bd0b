"""The differences between two documents: none is missed, none is made up, and each says which way it goes."""

from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.conditions import LIMITS
from policies.diff import diff
from policies.diff_fields import CLAUSE, DOCUMENT, PROHIBITION, Effect
from policies.document import (
    Clause,
    ClauseObligations,
    Coverage,
    Floors,
    Permission,
    Policy,
    Prohibition,
    Requirements,
)
from policies.load import load_policy
from policies.terms import AREAS, words

FRAMEWORK = load_policy((files("policies") / "library" / "framework.yaml").read_text("utf-8"))
WIDER, NARROWER, NEITHER = Effect.WIDER, Effect.NARROWER, Effect.NEITHER
EXEMPT = {
    "format": "there is one format",
    "id": "a rule under another id is another rule",
    "dpia": "this format knows one word for it",
    "board": "this format knows one word for it",
    "adopted_by": "this format knows one word for it",
}


def set_at(document, path, value):
    """The document with another value at a path such as `clauses.0.permit.forms`."""
    head, _, rest = path.partition(".")
    if isinstance(document, tuple):
        place = int(head)
        inner = set_at(document[place], rest, value) if rest else value
        return (*document[:place], inner, *document[place + 1 :])
    inner = set_at(getattr(document, head), rest, value) if rest else value
    return document.model_copy(update={head: inner})


def only(old, new):
    (found,) = diff(old, new)
    return found


def test_every_field_of_a_document_is_in_the_tables_or_has_one_value():
    told = {row.field.split(".")[-1] for row in (*CLAUSE, *PROHIBITION, *DOCUMENT)}
    told |= {limit.field for limit in LIMITS}
    told |= {
        "version",
        "previous",
        "vocabulary",
        "prohibit",
        "clauses",
        "tests",
    }  # each has a function of its own
    told |= {"permit", "attributes", "requires", "obligations", "floors"}  # made of the others
    models = (Policy, Floors, Clause, Permission, Coverage, Requirements, ClauseObligations, Prohibition)
    fields = {name for model in models for name in model.model_fields}
    assert fields - told == EXEMPT.keys()
    assert told <= fields


CHANGES = [
    ("title", "Another title", NEITHER),
    ("policy", "another-name", NEITHER),
    ("version", 2, NEITHER),
    ("previous", FRAMEWORK.digest, NEITHER),
    ("vocabulary", "another-vocabulary", NARROWER),
    ("effective", date(2026, 7, 1), NARROWER),
    ("effective", date(2026, 5, 1), WIDER),
    ("expires", date(2028, 1, 1), WIDER),
    ("expires", date(2027, 7, 1), NARROWER),
    ("floors.suppress", 8, NARROWER),
    ("floors.suppress", 6, WIDER),
    ("floors.round", 10, NARROWER),
    ("floors.k_anonymity", 11, NARROWER),
    ("floors.l_diversity", 1, WIDER),
    ("floors.overlap", 12, NARROWER),
    ("floors.use_within_days", 400, WIDER),
    ("floors.finest_area", "LSOA", WIDER),
    ("floors.exact_counts", 10, WIDER),
    ("floors.finest_area", "local-partnership", NARROWER),
    ("clauses.0.title", "Another title", NEITHER),
    ("clauses.0.permit.purposes", FRAMEWORK.clauses[0].permit.purposes | {"research"}, WIDER),
    ("clauses.0.permit.purposes", frozenset({"strategy-monitoring"}), NARROWER),
    ("clauses.0.permit.forms", FRAMEWORK.clauses[0].permit.forms | {"area-map"}, WIDER),
    ("clauses.0.permit.roles", frozenset({"analyst", "auditor"}), WIDER),
    ("clauses.0.permit.finest_area", "ward", WIDER),
    ("clauses.0.permit.finest_area", "whole-area", NARROWER),
    ("clauses.0.attributes.classes", FRAMEWORK.clauses[0].attributes.classes | {"C4"}, WIDER),
    ("clauses.0.attributes.flags", frozenset(), NARROWER),
    ("clauses.0.attributes.only", frozenset({"police.area"}), NARROWER),
    ("clauses.0.attributes.leave_out", frozenset({"police.area"}), NARROWER),
    ("clauses.0.gateways", FRAMEWORK.clauses[0].gateways | {"DEA-s64"}, WIDER),
    ("clauses.0.requires.dpia_ref", "DPIA-2027-09", NEITHER),
    ("clauses.0.requires.eqia_ref", "", NEITHER),
    ("clauses.0.obligations.suppress", 10, NARROWER),
    ("clauses.0.obligations.suppress", 5, NEITHER),
    ("clauses.0.obligations.suppress", 0, NEITHER),
    ("clauses.0.obligations.round", 10, NARROWER),
    ("clauses.0.obligations.k_anonymity", 20, NARROWER),
    ("clauses.0.obligations.use_within_days", 200, WIDER),
    ("clauses.0.obligations.use_within_days", None, WIDER),
    ("clauses.0.obligations.use_within_days", 90, NARROWER),
    ("clauses.0.obligations.exact_counts", 10, NEITHER),
    ("clauses.0.obligations.duties", FRAMEWORK.clauses[0].obligations.duties | {"hide-zeros"}, NARROWER),
    ("clauses.0.obligations.duties", frozenset({"no-reid"}), WIDER),
    ("clauses.0.basis", "Another law", NEITHER),
    ("clauses.0.basis", "", NARROWER),
    ("clauses.0.principles", frozenset({"public-views"}), NEITHER),
    ("clauses.0.review", date(2027, 6, 1), WIDER),
    ("clauses.0.review", date(2027, 4, 1), NARROWER),
    ("clauses.0.review", None, NARROWER),
    ("clauses", FRAMEWORK.clauses[1:], NARROWER),
    ("prohibit.0.because", "another reason.", NEITHER),
    ("prohibit.0.principles", frozenset({"confidentiality"}), NEITHER),
    ("prohibit.0.forms", frozenset({"pseudonymised-extract", "area-map"}), NARROWER),
    ("prohibit.0.forms", frozenset(), NARROWER),
    ("prohibit.0.purposes", frozenset({"research"}), WIDER),
    ("prohibit.0.roles", frozenset({"auditor"}), WIDER),
    ("prohibit.0.flags", frozenset({"assessment", "under_18"}), NARROWER),
    ("prohibit.0.flags", frozenset(), NARROWER),
    ("prohibit.0.classes", frozenset({"C4"}), WIDER),
    ("prohibit.0.attributes", frozenset({"police.area"}), WIDER),
    ("prohibit.0.areas_finer_than", "ward", WIDER),
    ("prohibit.3.areas_finer_than", "whole-area", NARROWER),
    ("prohibit.3.areas_finer_than", "ward", WIDER),
    ("prohibit.3.areas_finer_than", None, NARROWER),
    ("prohibit", FRAMEWORK.prohibit[1:], WIDER),
    ("tests", FRAMEWORK.tests[1:], NEITHER),
]


@pytest.mark.parametrize(
    ("path", "value", "effect"), CHANGES, ids=lambda one: one if isinstance(one, str) else None
)
def test_each_change_of_one_field_is_one_difference_that_says_which_way_it_goes(path, value, effect):
    new = set_at(FRAMEWORK, path, value)
    found = diff(FRAMEWORK, new)
    assert {one.effect for one in found} == {effect}
    back = diff(new, FRAMEWORK)
    opposite = {WIDER: NARROWER, NARROWER: WIDER, NEITHER: NEITHER}[effect]
    assert {one.effect for one in back} == {opposite}
    for one in (*found, *back):
        assert one.sentence.endswith(".")
        assert one.sentence[0].isupper()
        assert "None" not in one.sentence
        assert one.before != one.after


def test_what_came_and_what_left_of_one_list_are_told_apart():
    new = set_at(FRAMEWORK, "clauses.0.permit.purposes", frozenset({"strategy-monitoring", "research"}))
    came, left = diff(FRAMEWORK, new)
    assert (came.effect, came.before, came.after) == (WIDER, (), ("research",))
    assert (left.effect, left.before, left.after) == (NARROWER, ("strategic-needs-assessment",), ())
    assert came.sentence == "Clause SNA-1 now also permits requests for research."
    assert left.sentence == "Clause SNA-1 no longer permits requests for a strategic needs assessment."
    assert came.principles == tuple(sorted(FRAMEWORK.clauses[0].principles))


def test_a_limit_below_the_floor_changes_nothing_and_the_sentence_says_so():
    found = only(FRAMEWORK, set_at(FRAMEWORK, "clauses.0.obligations.suppress", 5))
    assert (
        found.sentence
        == "Clause SNA-1: Counts from 1 to 5 are hidden; before: 7. The floor is stricter than either."
    )


def test_a_list_that_is_left_out_means_anything_so_filling_it_narrows():
    found = only(FRAMEWORK, set_at(FRAMEWORK, "prohibit.0.purposes", frozenset({"research"})))
    assert (
        found.sentence
        == "Prohibition NO-ASSESSMENT-ROWS now applies for research alone; before: for any purpose."
    )


def test_the_next_version_is_recognised_by_the_digest_it_names():
    right = only(FRAMEWORK, set_at(FRAMEWORK, "previous", FRAMEWORK.digest))
    wrong = only(FRAMEWORK, set_at(FRAMEWORK, "previous", "sha256:" + "0" * 64))
    assert right.sentence.startswith("It says that it follows exactly")
    assert wrong.sentence.startswith("It does not say")


words_of = {
    "clauses.0.permit.purposes": words("purpose"),
    "clauses.0.permit.forms": words("form"),
    "clauses.0.attributes.flags": words("flag"),
    "clauses.0.gateways": words("gateway"),
    "clauses.0.obligations.duties": words("duty"),
    "prohibit.0.purposes": words("purpose"),
    "prohibit.0.flags": words("flag"),
}
edits = st.one_of(
    *(
        st.tuples(st.just(path), st.frozensets(st.sampled_from(list(chosen)), min_size=1))
        for path, chosen in words_of.items()
    ),
    st.tuples(st.just("clauses.0.permit.finest_area"), st.sampled_from(AREAS)),
    st.tuples(st.just("floors.suppress"), st.integers(1, 20)),
    st.tuples(st.just("clauses.1.obligations.suppress"), st.integers(0, 20)),
    st.tuples(st.just("expires"), st.dates(date(2027, 1, 1), date(2028, 1, 1))),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(edits, max_size=5), st.lists(edits, max_size=5))
def test_there_is_a_difference_exactly_if_the_documents_differ(first, second):
    old = new = FRAMEWORK
    for path, value in first:
        old = set_at(old, path, value)
    for path, value in second:
        new = set_at(new, path, value)
    assert bool(diff(old, new)) == (old != new)


@settings(max_examples=60, deadline=None)
@given(st.lists(edits, max_size=5))
def test_going_back_undoes_every_difference(made):
    new = FRAMEWORK
    for path, value in made:
        new = set_at(new, path, value)

    def places(found):
        return sorted((one.rule, one.field, one.before, one.after) for one in found)

    there, back = diff(FRAMEWORK, new), diff(new, FRAMEWORK)
    assert places(there) == sorted((one.rule, one.field, one.after, one.before) for one in back)
