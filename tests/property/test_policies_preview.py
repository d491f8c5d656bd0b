"""The preview of a change, held to the engine: over a small space every request is asked, one by one."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.diff import diff
from policies.diff_fields import Effect
from policies.engine import decide
from policies.facts import Facts, Requester
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.reach import reach
from policies.space import Standing, whole_space
from policies.terms import AREAS, words
from tests.property.policies_small_space import (
    FRAMEWORK,
    GATEWAYS,
    KIND,
    NOW,
    PERSON,
    PROJECT,
    SHIPPED,
    SMALL,
    SPACE,
    hold_to_the_engine,
    pairs,
    records,
    request,
    some,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_told_as_newly_allowed_or_refused_is_exactly_what_the_engine_answers_otherwise(data):
    old, new = (Standing(one, data.draw(records(one)), NOW, PROJECT) for one in data.draw(pairs))
    hold_to_the_engine(old, new, data.draw(st.sampled_from([0, 0, 0, 100, 101, 150, 151, 200, 201, 366])))


def test_the_drawn_documents_permit_and_refuse_and_change():
    """The test above would hold of documents that permit nothing."""
    seen = []

    @settings(max_examples=30, deadline=None, database=None, derandomize=True)
    @given(st.data())
    def collect(data):
        old, new = data.draw(pairs)
        both = [Standing(one, data.draw(records(one)), NOW, PROJECT) for one in (old, new)]
        seen.append(preview(*both, space=SPACE))

    collect()
    assert sum(one.counts.before > 20 for one in seen) > 8
    assert sum(bool(one.newly_allowed) for one in seen) > 5
    assert sum(bool(one.newly_refused) for one in seen) > 5
    assert sum(bool(one.stricter) for one in seen) > 2
    assert sum(bool(one.laxer) for one in seen) > 2
    assert any(any(moved.sets.any_of for moved in one.newly_allowed) for one in seen)


@settings(max_examples=40, deadline=None)
@given(pairs)
def test_if_no_difference_is_wider_nothing_is_newly_allowed_and_the_other_way_round(pair):
    asker = {PERSON: Requester(frozenset({"analyst"}), PROJECT, KIND)}
    bare = Facts(SMALL, GATEWAYS, requesters=asker)
    old, new = (
        Standing(
            one, with_paperwork(bare, policy=one, projects=[PROJECT], until=date(2027, 6, 2)), NOW, PROJECT
        )
        for one in pair
    )
    effects = {one.effect for one in diff(*pair)}
    seen = preview(old, new, space=SPACE)
    assert Effect.WIDER in effects or not seen.newly_allowed
    assert Effect.NARROWER in effects or not seen.newly_refused


ROLES = words("role")


@pytest.fixture(scope="module")
def shipped():
    asker = {PERSON: Requester(frozenset(ROLES) - {"linkage-operator"}, PROJECT, KIND)}
    facts = with_paperwork(
        Facts(SHIPPED, GATEWAYS, requesters=asker), policy=FRAMEWORK, projects=[PROJECT], until=date(2027, 4, 1)
    )
    return reach(Standing(FRAMEWORK, facts, NOW, PROJECT), attributes=tuple(sorted(SHIPPED.attributes)))


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_the_shipped_document_permits_a_request_exactly_if_a_clause_of_it_grants_the_whole(shipped, data):
    dates = {name for name in shipped.attributes if SHIPPED.attributes[name].dated}
    plain = [name for name in shipped.attributes if name not in dates]
    purpose = data.draw(st.sampled_from(words("purpose")))
    form = data.draw(st.sampled_from(["aggregate-table", *words("form")]))
    role = data.draw(st.sampled_from(["analyst", "analyst", *[r for r in ROLES if r != "linkage-operator"]]))
    area = data.draw(st.sampled_from(AREAS))
    days = data.draw(st.sampled_from([0, 183, 184, 366, 367]))
    attributes = data.draw(some(plain, min_size=1, max_size=4))
    mask = sum(1 << shipped.attributes.index(name) for name in attributes)
    granted = any(
        mask & grant.most == mask and days <= grant.days
        for grant in shipped.grants(purpose, form, role, area, KIND)
    )
    asked = request(purpose, form, role, area, attributes, days)
    assert decide(asked, FRAMEWORK, facts=shipped.standing.facts, now=NOW).allowed == granted


def test_the_same_document_changes_nothing_and_the_order_of_its_rules_neither(shipped):
    turned = FRAMEWORK.model_copy(
        update={"clauses": FRAMEWORK.clauses[::-1], "prohibit": FRAMEWORK.prohibit[::-1]}
    )
    both = [Standing(one, shipped.standing.facts, NOW, PROJECT) for one in (FRAMEWORK, turned)]
    seen = preview(*both, space=whole_space([KIND]))
    assert seen.newly_allowed == seen.newly_refused == seen.stricter == seen.laxer == ()
    assert seen.counts.before == seen.counts.after > 0
    assert diff(FRAMEWORK, turned) == ()
