"""Documents, facts and requests drawn for the laws of the engine, and what the engine answers."""

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from policies.engine import decide
from tests.property import policies_worlds as worlds

laws = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
chance = st.integers(0, 2**32).map(worlds.Draws)


def drawn(rng, *, clauses=8, prohibitions=2, wild=0.05):
    """A document with its facts, and a request that is often allowed."""
    world = worlds.a_world(rng, clauses=clauses, prohibitions=prohibitions)
    return world, worlds.a_request(rng, wild=wild, most=3)


def granted(rng, **how):
    """The same, where the request is allowed: the first such of a few draws; none if there is none."""
    for _ in range(12):
        world, request = drawn(rng, wild=0.01, **how)
        if answer(request, world).allowed:
            return world, request
    return None


def answer(request, world, now=worlds.NOW, **facts):
    return decide(request, world.policy, facts=replace(world.facts, **facts) if facts else world.facts, now=now)


def with_policy(world, **changes):
    return worlds.World(world.policy.model_copy(update=changes), world.facts)


def codes(decision):
    return {reason.code for reason in decision.reasons}


def everything_begun(world, request):
    """Whether no day that something begins on lies ahead: of the document, the law, the request, and of what is on record."""
    today = worlds.NOW.date()
    begun = [
        world.policy.effective,
        request.asked_on,
        *(row.effective for row in world.facts.gateways.values()),
    ]
    done = [
        day
        for row in world.facts.gateways.values()
        for need in row.needs
        if need.kind == "not-older-than" and "release" in need.stages
        for record in world.facts.evidence.values()
        if (day := as_day(record.get(need.name))) is not None
    ]
    return max([*begun, *done]) <= today


def as_day(found):
    try:
        return date.fromisoformat(found) if isinstance(found, str) else found
    except ValueError:
        return None


def opening(world, kind, word):
    """The world in which every clause and every gateway has a word too many, and everybody holds it as a role."""
    named = f"{kind}s"
    clauses = tuple(
        clause.model_copy(
            update={"permit": clause.permit.model_copy(update={named: getattr(clause.permit, named) | {word}})}
        )
        for clause in world.policy.clauses
    )
    facts = world.facts
    law = {
        name: replace(row, **({named: getattr(row, named) | {word}} if kind != "role" else {}))
        for name, row in facts.gateways.items()
    }
    people = {name: replace(row, roles=row.roles | {word}) for name, row in facts.requesters.items()}
    opened = with_policy(world, clauses=clauses)
    return worlds.World(opened.policy, replace(facts, gateways=law, requesters=people))
