"""The preview of changes that are easily got wrong, held to the engine over a small space."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from policies.diff import diff
from policies.diff_fields import Effect
from policies.document import Clause
from policies.engine import decide
from policies.facts import Facts, Requester
from policies.paperwork import with_paperwork
from policies.reach import reach
from policies.space import Standing
from policies.terms import AttributeClass
from tests.property.policies_small_space import (
    DATES,
    FRAMEWORK,
    GATEWAYS,
    KIND,
    NAMES,
    NOW,
    PERSON,
    PROJECT,
    SMALL,
    hold_to_the_engine,
    request,
)


def clause_of(name, *attributes, suppress=0, days=None):
    return Clause(
        id=name,
        title="made up",
        permit={
            "purposes": ["research"],
            "forms": ["aggregate-table"],
            "roles": ["analyst"],
            "finest_area": "ward",
        },
        attributes={"classes": ["C0", "C3"], "flags": ["under_18"], "only": attributes},
        gateways=["DEA-s64"],
        obligations={"suppress": suppress, "use_within_days": days},
        basis="a law",
        principles=["public-good"],
        review=date(2027, 5, 1),
    )


def standing_of(*rules):
    one = FRAMEWORK.model_copy(update={"clauses": rules, "prohibit": ()})
    asker = {PERSON: Requester(frozenset({"analyst"}), PROJECT, KIND)}
    bare = Facts(SMALL, GATEWAYS, requesters=asker)
    facts = with_paperwork(bare, policy=one, projects=[PROJECT], until=date(2027, 6, 2))
    return Standing(one, facts, NOW, PROJECT)


def test_two_attributes_that_could_only_be_had_apart_are_told_as_newly_together():
    apart = (clause_of("A-1", "schools.area"), clause_of("B-1", "schools.suspended"))
    whole = clause_of("C-1", "schools.area", "schools.suspended")
    seen = hold_to_the_engine(standing_of(*apart), standing_of(*apart, whole), 0)
    (moved,) = seen.newly_allowed
    assert moved.sets.together == ("schools.area", "schools.suspended")
    assert set(moved.sets.apart) == {("schools.area",), ("schools.suspended",)}
    assert seen.counts.single_before == seen.counts.single_after


def test_narrowing_one_clause_can_loosen_what_another_permits_and_the_preview_says_so():
    wide, strict = clause_of("A-1", suppress=8), clause_of("B-1", suppress=12)
    old, new = standing_of(wide, strict), standing_of(wide)
    assert {one.effect for one in diff(old.policy, new.policy)} == {Effect.NARROWER}
    seen = hold_to_the_engine(old, new, 0)
    assert seen.newly_allowed == seen.newly_refused == seen.stricter == ()
    assert [(one.what, one.old, one.new, one.sets) for one in seen.laxer] == [("suppress", 12, 8, None)]
    assert seen.widens


def test_an_identifier_is_granted_by_no_clause_even_by_one_that_covers_its_class():
    row = replace(SMALL.attributes["derived.either"], sensitivity=AttributeClass.C6)
    catalogue = replace(SMALL, attributes={**SMALL.attributes, "derived.either": row})
    rule = FRAMEWORK.clauses[0]
    covers = rule.attributes.model_copy(update={"classes": rule.attributes.classes | {"C6"}})
    old = standing_of(rule.model_copy(update={"attributes": covers}))
    facts = replace(old.facts, catalogue=catalogue)
    point = ("strategic-needs-assessment", "aggregate-table", "analyst", "whole-area")
    (grant,) = reach(replace(old, facts=facts), attributes=NAMES).grants(*point, KIND)
    granted = {name for bit, name in enumerate(NAMES) if grant.most >> bit & 1}
    assert granted >= {"schools.suspended", "nhs.visits"}
    assert "derived.either" not in granted
    asked = request(*point, frozenset({"derived.either"}), 0)
    assert not decide(asked, old.policy, facts=facts, now=NOW).allowed
    assert decide(asked, old.policy, facts=old.facts, now=NOW).allowed


def with_facts(standing, **changes):
    return replace(standing, facts=replace(standing.facts, **changes))


def with_policy(standing, **changes):
    return replace(standing, policy=standing.policy.model_copy(update=changes))


YESTERDAY, TOMORROW = NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=1)
BOTH = clause_of("A-1", "schools.area", "schools.suspended")
WHOLE = standing_of(BOTH)


@pytest.mark.parametrize(
    "lacking",
    [
        with_facts(WHOLE, recommended=frozenset()),
        with_facts(WHOLE, adoptions={"nhs": frozenset({"A-1"})}),
        with_facts(WHOLE, dpia={}),
        with_facts(WHOLE, dpia={"A-1": YESTERDAY}),
        with_facts(WHOLE, evidence={}),
        with_facts(WHOLE, gateways={name: row for name, row in GATEWAYS.items() if name != "PCSC-s16"}),
        with_policy(WHOLE, clauses=(BOTH.model_copy(update={"basis": ""}),)),
        with_policy(WHOLE, clauses=(BOTH.model_copy(update={"review": None}),)),
        with_policy(WHOLE, clauses=(BOTH.model_copy(update={"review": YESTERDAY}),)),
        with_policy(WHOLE, effective=TOMORROW),
        with_policy(WHOLE, expires=YESTERDAY),
        with_policy(WHOLE, vocabulary="another"),
    ],
)
def test_whatever_is_missing_from_the_record_refuses_everything_that_was_allowed(lacking):
    seen = hold_to_the_engine(WHOLE, lacking, 0)
    assert seen.counts.before > seen.counts.after == 0
    assert len(seen.newly_refused) == 1


@pytest.mark.parametrize("last", [{"dpia": {"A-1": NOW.date()}}, {}])
def test_what_is_current_until_today_serves_today(last):
    today = with_policy(WHOLE, effective=NOW.date(), expires=NOW.date())
    rule = BOTH.model_copy(update={"review": NOW.date()})
    seen = hold_to_the_engine(WHOLE, with_facts(with_policy(today, clauses=(rule,)), **last), 0)
    assert seen.counts.before == seen.counts.after > 0


def test_one_date_alone_is_newly_allowed_to_nobody_and_two_are_together():
    one = clause_of("A-1", "schools.area", "schools.suspended_on")
    two = clause_of("A-1", "schools.area", "schools.suspended_on", "schools.excluded_on")
    nothing = clause_of("A-1", "schools.area")
    assert hold_to_the_engine(standing_of(nothing), standing_of(one), 0).newly_allowed == ()
    seen = hold_to_the_engine(standing_of(one), standing_of(two), 0)
    (moved,) = seen.newly_allowed
    assert set(moved.sets.any_of) == DATES


def test_a_condition_that_a_stricter_clause_hides_does_not_count_as_changed():
    strict = clause_of("B-1", "schools.suspended", suppress=12)
    old = standing_of(clause_of("A-1", "schools.area", "schools.suspended", suppress=8), strict)
    new = standing_of(clause_of("A-1", "schools.area", "schools.suspended", suppress=10), strict)
    seen = hold_to_the_engine(old, new, 0)
    (shifted,) = seen.stricter
    assert (shifted.old, shifted.new) == (8, 10)
    assert shifted.sets.together == ("schools.area", "schools.suspended")
    assert shifted.sets.apart == (("schools.suspended",),)


@pytest.mark.parametrize("days", [0, 100, 101, 200, 201])
def test_a_longer_use_is_newly_allowed_only_beyond_what_it_was(days):
    old, new = standing_of(clause_of("A-1", days=100)), standing_of(clause_of("A-1", days=200))
    seen = hold_to_the_engine(old, new, days)
    assert [(one.where.shortest, one.where.longest) for one in seen.newly_allowed] == [(101, 200)]
