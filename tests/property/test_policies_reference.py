"""The engine answers from indexes; it says the same as one that asks every rule of every clause (`policies_reference`)."""

import runpy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.case import Case
from policies.clauses import examine
from policies.engine import decide
from policies.index import KEPT
from policies.survey import survey

HERE = Path(__file__).parent
REFERENCE = SimpleNamespace(**runpy.run_path(str(HERE / "policies_reference.py")))
W = SimpleNamespace(**runpy.run_path(str(HERE / "policies_worlds.py")))

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
chance = st.integers(0, 2**32).map(W.Draws)
clauses = st.sampled_from([0, 1, 3, 8, 12])
moments = st.sampled_from([0, 0, 0, -3, 100, 400]).map(lambda days: W.NOW + timedelta(days))


def same_answer(request, policy, facts, now):
    decision = decide(request, policy, facts=facts, now=now)
    expected, permit = REFERENCE.decide(request, policy, facts=facts, now=now)
    assert decision == expected
    assert decision.digest() == expected.digest()
    assert (decision.permit is None) == (permit is None)
    if decision.permit:
        assert (decision.permit.opens, decision.permit.expires) == permit
        assert decision.permit.obligations == expected.obligations
    return decision


def said(decision):
    """The decision but for the alternative, which is looked for in documents and facts of the right shape alone."""
    return replace(decision, alternative=None, searched=False)


@many
@given(chance, clauses, st.sampled_from([0, 2, 5]), moments)
def test_decisions_reasons_and_alternatives_are_those_of_the_plain_engine(rng, count, prohibitions, now):
    world = W.a_world(rng, clauses=count, prohibitions=prohibitions)
    for wild in (0.05, 0.2, 0.2, 0.5):
        same_answer(W.a_request(rng, wild=wild), world.policy, world.facts, now)


def test_the_drawn_requests_meet_every_kind_of_answer():
    """Equal answers mean little where all are of one kind."""
    rng, seen = W.Draws(1), []
    for _ in range(12):
        world = W.a_world(rng, clauses=12, prohibitions=3)
        seen += [same_answer(W.a_request(rng, wild=0.15), world.policy, world.facts, W.NOW) for _ in range(25)]
    assert sum(d.allowed for d in seen) >= 10
    assert sum(d.alternative is not None for d in seen) >= 30
    assert sum(not d.allowed and d.alternative is None for d in seen) >= 30
    assert any(d.errors for d in seen)
    changed = {change.field for d in seen if d.alternative for change in d.alternative.changes}
    assert changed == {"attributes", "form", "area", "use_until"}


def test_five_hundred_clauses_are_answered_like_eight():
    rng = W.Draws(2)
    world = W.a_world(rng, clauses=500, prohibitions=50)
    same_answer(W.a_request(rng, wild=0.05), world.policy, world.facts, W.NOW)


BROKEN_CLAUSES = (
    {"permit": None},
    {"attributes": None},
    {"gateways": None},
    {"obligations": None},
    {"basis": None},
    {"review": datetime(2027, 1, 1, tzinfo=UTC)},
    {"review": "2027-01-01"},
    {"gateways": ("CDA-s115",)},
)


@many
@given(chance, st.sampled_from(BROKEN_CLAUSES))
def test_a_clause_of_the_wrong_shape_gets_the_plain_answer(rng, change):
    world = W.a_world(rng, clauses=4)
    first, *rest = world.policy.clauses
    policy = world.policy.model_copy(update={"clauses": (first.model_copy(update=change), *rest)})
    request = W.a_request(rng, wild=0.1)
    decision = decide(request, policy, facts=world.facts, now=W.NOW)
    expected, _ = REFERENCE.decide(request, policy, facts=world.facts, now=W.NOW)
    assert said(decision) == said(expected)
    assert decision.searched or not decision.alternative


@pytest.mark.parametrize(
    "change",
    [
        {"areas_finer_than": "no-such-area", "forms": frozenset()},
        {"flags": 5, "forms": frozenset()},
        {"classes": frozenset({"C9"})},
        {"purposes": ("research",)},
    ],
)
def test_a_prohibition_of_the_wrong_shape_gets_the_plain_answer(change):
    rng = W.Draws(3)
    for _ in range(10):
        world = W.a_world(rng, clauses=8)
        broken = world.policy.prohibit[0].model_copy(update=change)
        policy = world.policy.model_copy(update={"prohibit": (broken, *world.policy.prohibit[1:])})
        request = W.a_request(rng, wild=0.1)
        decision = decide(request, policy, facts=world.facts, now=W.NOW)
        expected, _ = REFERENCE.decide(request, policy, facts=world.facts, now=W.NOW)
        assert said(decision) == said(expected)
    assert decision.searched or not decision.alternative


def broken_facts(facts, how):
    partners = {name: row for name, row in facts.catalogue.partners.items() if name != "police"}
    return {
        "evidence of another type": lambda: replace(
            facts, evidence={**facts.evidence, "nhs": dict.fromkeys(facts.evidence.get("nhs", {}), 7)}
        ),
        "a partner nobody knows": lambda: replace(facts, catalogue=replace(facts.catalogue, partners=partners)),
        "an assessment until a moment": lambda: replace(facts, dpia=dict.fromkeys(facts.dpia, W.NOW)),
        "recommended as a list": lambda: replace(facts, recommended=sorted(facts.recommended)),
        "flags in a list": lambda: replace(
            facts,
            catalogue=replace(
                facts.catalogue,
                attributes={
                    name: replace(row, flags=sorted(row.flags))
                    for name, row in facts.catalogue.attributes.items()
                },
            ),
        ),
        "adopted by nothing": lambda: replace(facts, adoptions={**facts.adoptions, "police": None}),
    }[how]()


@many
@given(
    chance,
    st.sampled_from(
        [
            "evidence of another type",
            "a partner nobody knows",
            "an assessment until a moment",
            "recommended as a list",
            "flags in a list",
            "adopted by nothing",
        ]
    ),
)
def test_facts_of_the_wrong_shape_get_the_plain_answer(rng, how):
    world = W.a_world(rng, clauses=8)
    facts, request = broken_facts(world.facts, how), W.a_request(rng, wild=0.1)
    decision = decide(request, world.policy, facts=facts, now=W.NOW)
    expected, _ = REFERENCE.decide(request, world.policy, facts=facts, now=W.NOW)
    assert said(decision) == said(expected)
    assert decision.searched or not decision.alternative


@many
@given(chance, st.sampled_from([date(9999, 12, 1), date(9999, 6, 1), date(1, 1, 1)]))
def test_days_at_the_ends_of_the_calendar_get_the_plain_answer(rng, day):
    world = W.a_world(rng, clauses=8)
    request = W.a_request(rng, wild=0.1).model_copy(update={"asked_on": day, "use_until": date.max})
    same_answer(request, world.policy, world.facts, W.NOW)
    same_answer(request, world.policy, world.facts, W.NOW.replace(tzinfo=None))


@many
@given(chance)
def test_what_the_index_says_of_a_clause_is_what_the_clause_says(rng):
    world = W.a_world(rng, clauses=12)
    case = Case(W.a_request(rng, wild=0.2), world.policy, world.facts, W.NOW)
    surveyed = survey(case)
    assert surveyed.index is not None
    found = {clause.id: examine(clause, case) for clause in surveyed.clauses}
    assert {clause.id for clause in surveyed.permits()} == {name for name, f in found.items() if f.permits}
    if surveyed.permitting:
        limits = [limit for f in found.values() if f.permits for limit in f.limits]
        days = surveyed.obligations().use_within_days
        assert min([*surveyed.limits(), case.request.asked_on + timedelta(days)]) == min(limits)


def test_a_document_or_facts_that_differ_never_share_an_index():
    """Many documents and facts, each asked before and after all of the others, are answered alike."""
    rng = W.Draws(4)
    worlds = [W.a_world(rng, clauses=3) for _ in range(KEPT + 5)]
    request = W.a_request(rng, wild=0)

    def answers():
        return [decide(request, w.policy, facts=w.facts, now=W.NOW) for w in worlds]

    first = answers()
    assert answers() == first == answers()
    crossed = [decide(request, w.policy, facts=worlds[0].facts, now=W.NOW) for w in worlds]
    expected = [REFERENCE.decide(request, w.policy, facts=worlds[0].facts, now=W.NOW)[0] for w in worlds]
    assert crossed == expected


def test_facts_cannot_be_changed_behind_the_engines_back():
    rng = W.Draws(5)
    world = W.a_world(rng, clauses=8)
    adoptions = {"police": {"SNA-1"}, "nhs": {"SNA-1"}}
    evidence = {"nhs": {"cag_ref": "26/CAG/1"}}
    facts = replace(world.facts, adoptions=adoptions, evidence=evidence, recommended={"SNA-1"})
    adoptions["police"].add("EVAL-1")
    evidence["nhs"]["caldicott_approval"] = "C-1"
    assert facts.adoptions["police"] == {"SNA-1"}
    assert facts.evidence["nhs"] == {"cag_ref": "26/CAG/1"}
    with pytest.raises(AttributeError):
        facts.recommended.add("EVAL-1")


@pytest.mark.parametrize("field", ["purpose", "form", "role", "area", "requester", "project"])
@pytest.mark.parametrize("value", [None, 5, ["research"], {}])
def test_a_request_of_the_wrong_shape_is_denied_and_breaks_nothing(field, value):
    world = W.a_world(W.Draws(6), clauses=8)
    request = W.a_request(W.Draws(7), wild=0).model_copy(update={field: value})
    decision = decide(request, world.policy, facts=world.facts, now=W.NOW)
    assert not decision.allowed
    assert decision.reasons
