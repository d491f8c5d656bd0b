"""The laws of the engine, over generated documents, facts and requests. Each is a promise that the design makes in bold.

Cedar's proofs name the first of them (default deny, forbid trumps permit, independence of order and repetition); the others are ours. That the
answers are right as well as lawful is held elsewhere: by the plain engine, and by Cedar.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policies.document import Prohibition
from policies.terms import words
from tests.property import policies_worlds as worlds
from tests.property.policies_drawn import (
    answer,
    chance,
    codes,
    drawn,
    everything_begun,
    granted,
    laws,
    opening,
    with_policy,
)


def test_the_generated_requests_are_often_allowed():
    """Laws that say 'never widens' would hold of an engine that denies everything."""
    found = [granted(worlds.Draws(seed)) for seed in range(40)]
    assert sum(one is not None for one in found) >= 30
    assert sum(one is not None and everything_begun(*one) for one in found) >= 20


# Default deny.


@laws
@given(chance)
def test_what_no_clause_permits_is_denied(rng):
    world, request = drawn(rng)
    decision = answer(request, with_policy(world, clauses=()))
    assert not decision.allowed
    assert "no-clause" in codes(decision)


@laws
@given(chance)
def test_a_request_is_allowed_exactly_if_some_clause_alone_would_allow_it(rng):
    world, request = drawn(rng)
    decision = answer(request, world)
    alone = [
        clause.id
        for clause in world.policy.clauses
        if answer(request, with_policy(world, clauses=(clause,))).allowed
    ]
    assert decision.allowed == bool(alone)
    assert list(decision.clauses) == sorted(alone)


@laws
@given(chance)
def test_an_answer_is_a_permit_or_a_reason_and_never_both(rng):
    world, request = drawn(rng)
    decision = answer(request, world)
    assert decision.allowed == (decision.permit is not None) == (not decision.reasons)
    if decision.allowed:
        assert decision.permit.attributes == request.requested
        assert worlds.NOW.date() <= decision.permit.expires <= request.use_until


# A prohibition beats every clause.


@laws
@given(chance)
def test_adding_a_prohibition_never_widens(rng):
    world, request = drawn(rng)
    more = with_policy(world, prohibit=(*world.policy.prohibit, worlds.a_prohibition(rng, 99)))
    assert answer(request, more).allowed <= answer(request, world).allowed


@laws
@given(chance, st.sampled_from(["attributes", "classes", "flags", "purposes", "forms", "roles"]))
def test_a_prohibition_that_matches_beats_every_clause(rng, named):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    rows = [world.facts.catalogue.attributes[name] for name in request.requested]
    said = {
        "attributes": request.requested,
        "classes": frozenset(row.sensitivity.name for row in rows),
        "flags": frozenset(flag for row in rows for flag in row.flags),
        "purposes": frozenset({request.purpose}),
        "forms": frozenset({request.form}),
        "roles": frozenset({request.role}),
    }[named]
    if not said:
        return
    rule = Prohibition(id="MADE-UP", because="it says so.", principles={"confidentiality"}, **{named: said})
    decision = answer(request, with_policy(world, prohibit=(rule,)))
    assert not decision.allowed
    assert "prohibited" in codes(decision)


@laws
@given(
    chance,
    st.sampled_from(
        [("purpose", w) for w in words("never-purpose")] + [("form", w) for w in words("never-form")]
    ),
)
def test_no_clause_and_no_law_can_switch_on_what_is_never_allowed(rng, never):
    kind, word = never
    world, request = drawn(rng)
    opened = opening(world, kind, word)
    decision = answer(request.model_copy(update={kind: word}), with_policy(opened, prohibit=()))
    assert not decision.allowed
    assert f"never-allowed-{kind}" in codes(decision)


# Neither order nor repetition matters, and nothing else than what was given.


@laws
@given(chance, st.booleans())
def test_order_and_repetition_of_rules_change_nothing(rng, twice):
    world, request = drawn(rng)
    clauses, prohibited = (
        list(world.policy.clauses) * (1 + twice),
        list(world.policy.prohibit) * (1 + twice),
    )
    rng.shuffle(clauses)
    rng.shuffle(prohibited)
    shuffled = answer(request, with_policy(world, clauses=tuple(clauses), prohibit=tuple(prohibited)))
    assert replace(shuffled, policy="") == replace(answer(request, world), policy="")


@laws
@given(chance)
def test_the_order_of_the_facts_changes_nothing(rng):
    world, request = drawn(rng)

    def turned(table):
        return dict(reversed(table.items()))

    facts = world.facts
    other = replace(
        facts,
        catalogue=replace(facts.catalogue, attributes=turned(facts.catalogue.attributes)),
        gateways=turned(facts.gateways),
        adoptions=turned(facts.adoptions),
        dpia=turned(facts.dpia),
        evidence=turned(facts.evidence),
        requesters=turned(facts.requesters),
    )
    assert answer(request, worlds.World(world.policy, other)) == answer(request, world)


@laws
@given(chance)
def test_equal_questions_get_equal_answers_whatever_was_asked_in_between(rng):
    world, request = drawn(rng, wild=0.2)
    first = answer(request, world)
    other, another = drawn(rng)
    answer(another, other)
    answer(another, world)
    answer(request, other)
    copied = worlds.World(world.policy.model_copy(deep=True), replace(world.facts))
    again = answer(request.model_copy(deep=True), copied)
    assert again == first
    assert again.digest() == first.digest()
    assert (again.permit and again.permit.text()) == (first.permit and first.permit.text())
