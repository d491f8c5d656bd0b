"""Exact counts: a word that the floors and every permitting clause have to say, and that changes nothing where nobody says it."""

from dataclasses import replace
from pathlib import Path

import pytest

from policies.canonical import digest
from policies.catalogue_document import load_catalogue
from policies.conditions import condition_in_words, obligations_in_words
from policies.diff import diff
from policies.diff_fields import Effect
from policies.errors import DocumentInvalid
from policies.gateways_document import load_gateways
from policies.linter import lint
from policies.load import load_policy
from policies.obligations import NEVER, Obligations

LIBRARY = Path(__file__).parents[2] / "policies" / "library"
TEXT = (LIBRARY / "framework.yaml").read_text("utf-8")
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
BEFORE = "sha256:d1c6a599419f6338aea4bf0b7f085fcf75b8fd23a45461b483c1f3e565659813"


def with_exact(*, floor=None, clause=None, vocabulary="vpp-vocab@3"):
    text = TEXT.replace("vpp-vocab@2", vocabulary)
    if floor is not None:
        text = text.replace("finest-area: ward}", f"finest-area: ward, exact-counts: {floor}}}", 1)
    if clause is not None:
        text = text.replace("      suppress: 7\n", f"      suppress: 7\n      exact-counts: {clause}\n", 1)
    return load_policy(text)


def asked(policy):
    return policy.clauses[0].obligations.on_top_of(policy.floors.obligations())


def test_a_document_that_was_signed_before_the_word_keeps_its_digest():
    assert load_policy(TEXT).digest == BEFORE


def test_exact_counts_need_the_floors_and_the_clause():
    assert not asked(with_exact()).exact
    assert not asked(with_exact(floor=10)).exact
    assert not asked(with_exact(clause=10)).exact
    assert asked(with_exact(floor=10, clause=12)).exact_from == 12
    assert asked(with_exact(floor=12, clause=10)).exact_from == 12


def test_rounding_beats_exact_counts_when_two_clauses_permit():
    exact = asked(with_exact(floor=10, clause=10))
    assert not exact.strictest(replace(exact, exact_from=NEVER)).exact
    assert exact.strictest(replace(exact, exact_from=20)).exact_from == 20


def test_an_older_vocabulary_does_not_have_the_word():
    with pytest.raises(DocumentInvalid, match="has no word exact-counts"):
        with_exact(floor=10, clause=10, vocabulary="vpp-vocab@2")


def test_what_is_signed_covers_the_word_once_it_is_said():
    said = {with_exact(floor=f, clause=c).digest for f in (None, 10, 11) for c in (None, 10, 11)}
    assert len(said) == 9
    rounded = Obligations(7, 5, 10, 2, 10, 183, frozenset())
    assert digest(rounded) != digest(replace(rounded, exact_from=10))


def test_a_clause_below_the_floor_is_a_fault():
    def codes(policy):
        return [one.code for one in lint(policy, catalogue=CATALOGUE, gateways=GATEWAYS)]

    assert "wider-than-floor" in codes(with_exact(clause=10))
    assert "wider-than-floor" in codes(with_exact(floor=12, clause=10))
    assert "wider-than-floor" not in codes(with_exact(floor=10, clause=10))


def test_the_difference_to_a_rounded_document_is_told_as_wider():
    plain, exact = with_exact(), with_exact(floor=10, clause=10)
    found = {one.field: one for one in diff(plain, exact)}
    assert found["floors.exact_counts"].effect is found["obligations.exact_counts"].effect is Effect.WIDER
    assert "Counts from 10 are shown as they are" in found["obligations.exact_counts"].sentence
    assert found["floors.exact_counts"].sentence.endswith("besides; before: none.")
    back = {one.field: one for one in diff(exact, plain)}
    assert back["floors.exact_counts"].effect is Effect.NARROWER
    assert "No count is shown as it is; before: 10." in back["obligations.exact_counts"].sentence
    assert condition_in_words("exact-counts", old=10, new=NEVER) == "No count is shown as it is; before: 10."


def test_who_is_allowed_exact_counts_is_not_told_of_rounding():
    exact = asked(with_exact(floor=10, clause=10))
    assert not any("rounded" in line for line in obligations_in_words(exact))
    assert any("rounded" in line for line in obligations_in_words(replace(exact, exact_from=NEVER)))
