"""Laws of the engine: more is never easier, later is never easier, and what comes with a yes is the strictest of everything that applies."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.gateways import Need
from policies.obligations import NEVER, Obligations
from policies.terms import FORM_DUTIES, words
from tests.property import policies_worlds as worlds
from tests.property.policies_drawn import (
    answer,
    chance,
    codes,
    drawn,
    everything_begun,
    granted,
    laws,
    with_policy,
)

# More is never easier, and later is never easier.


@laws
@given(chance, st.sampled_from(["shown", "grouped", "selected"]))
def test_adding_an_attribute_never_widens(rng, how):
    world, request = drawn(rng, wild=0.02)
    bare = request.model_copy(update={"attributes": request.attributes[:1], "population": (), "group_by": ()})
    for asked in (request, bare):
        before = answer(asked, world).allowed
        for name in (*worlds.NAMES, "police.unknown"):
            assert answer(more_of(asked, name, how), world).allowed <= before


def more_of(request, name, how):
    row = worlds.CATALOGUE.attributes.get(name)
    value = row.values[0] if row and row.values else "x"
    wanted = request.attributes[0].model_copy(update={"attribute": name})
    return request.model_copy(
        update={
            "shown": {"attributes": (*request.attributes, wanted)},
            "grouped": {"group_by": (*request.group_by, name)},
            "selected": {"population": (*request.population, worlds.a_condition(name, value))},
        }[how]
    )


@laws
@given(chance, st.integers(0, 60), st.integers(0, 500))
def test_a_later_date_never_widens_once_everything_has_begun(rng, first, more):
    world, request = drawn(rng)
    if not everything_begun(world, request):
        return
    early = worlds.NOW + timedelta(days=first)
    late = early + timedelta(days=more)
    assert answer(request, world, late).allowed <= answer(request, world, early).allowed


@laws
@given(chance, st.integers(0, 400))
def test_a_permit_serves_no_longer_than_the_engine_would_say_yes(rng, days):
    """On every day until a permit ends, the same question is still answered with yes."""
    found = granted(rng)
    if found is None or not everything_begun(*found):
        return
    world, request = found
    ending = {
        name: replace(row, until=worlds.NOW.date() + timedelta(days=rng.randint(0, 60)))
        for name, row in world.facts.gateways.items()
    }
    for facts in (world.facts, replace(world.facts, gateways=ending)):
        known = worlds.World(world.policy, facts)
        permit = answer(request, known).permit
        if permit is None:
            continue
        last = datetime(permit.expires.year, permit.expires.month, permit.expires.day, 23, tzinfo=UTC)
        for moment in (worlds.NOW + timedelta(days=days), last):
            assert not permit.valid_on(moment) or answer(request, known, moment).allowed


@laws
@given(chance)
def test_a_clause_permits_nothing_after_its_review_its_assessment_or_the_document_ended(rng):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    for name in answer(request, world).clauses:
        clause = next(one for one in world.policy.clauses if one.id == name)
        for last in (clause.review, world.facts.dpia[name], world.policy.expires):
            moment = datetime(last.year, last.month, last.day, 23, tzinfo=UTC) + timedelta(hours=2)
            fresh = request.model_copy(update={"asked_on": moment.date(), "use_until": moment.date()})
            assert name not in answer(fresh, world, moment).clauses


def test_evidence_of_something_done_counts_from_the_day_it_was_done():
    """A check dated tomorrow is no evidence today, and a day that has not come never holds anything open."""
    need = Need("checked_on", "not-older-than", "partner", 30, frozenset({"release"}))
    rng = worlds.Draws(3)
    world, request = granted(rng)
    law = {name: replace(row, needs=(need,)) for name, row in world.facts.gateways.items()}

    def asked(day):
        papers = {partner: {"checked_on": day} for partner in world.facts.catalogue.partners}
        return answer(request, world, gateways=law, evidence=papers)

    today = worlds.NOW.date()
    assert asked(today).allowed
    assert asked((today - timedelta(days=30)).isoformat()).allowed
    for day in (today + timedelta(days=1), today + timedelta(days=400), date.max, "9999-12-31"):
        assert not asked(day).allowed
        assert "evidence-missing" in codes(asked(day))
    assert "evidence-lapsed" in codes(asked(today - timedelta(days=31)))


# What comes with a yes is the strictest of everything that applies.


@laws
@given(chance)
def test_the_obligations_of_all_permitting_clauses_apply_merged_to_the_strictest(rng):
    found = granted(rng, clauses=14)
    if found is None:
        return
    world, request = found
    permit = answer(request, world).require()
    floors = world.policy.floors.obligations()
    clauses = {clause.id: clause for clause in world.policy.clauses}
    each = [clauses[name].obligations.on_top_of(floors) for name in permit.clauses]
    merged = permit.obligations
    assert all(merged.at_least(one) for one in (*each, floors))
    for field in ("suppress", "round_to", "k_anonymity", "l_diversity", "overlap"):
        assert getattr(merged, field) == max(getattr(one, field) for one in each)
    assert merged.use_within_days == min(one.use_within_days for one in each)
    assert merged.duties == FORM_DUTIES[request.form].union(*(one.duties for one in each))


@laws
@given(chance)
def test_a_permit_ends_on_the_earliest_day_that_anything_it_rests_on_ends(rng):
    found = granted(rng, clauses=14)
    if found is None:
        return
    world, request = found
    permit = answer(request, world).require()
    clauses = [clause for clause in world.policy.clauses if clause.id in permit.clauses]
    alone = [answer(request, with_policy(world, clauses=(clause,))).require() for clause in clauses]
    assert permit.expires == min(one.expires for one in alone)
    reviews = [clause.review for clause in clauses]
    assessed = [world.facts.dpia[clause.id] for clause in clauses]
    last = request.asked_on + timedelta(days=permit.obligations.use_within_days)
    assert permit.expires <= min([*reviews, *assessed, world.policy.expires, request.use_until, last])


@laws
@given(chance)
def test_a_clause_more_never_loosens_what_comes_with_a_yes(rng):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    extra = worlds.a_clause(rng, 99)
    facts = world.facts
    known = replace(
        facts,
        recommended=facts.recommended | {extra.id},
        adoptions={partner: ids | {extra.id} for partner, ids in facts.adoptions.items()},
        dpia={**facts.dpia, extra.id: date(2027, 6, 1)},
    )
    before = answer(request, world).require()
    more = worlds.World(world.policy.model_copy(update={"clauses": (*world.policy.clauses, extra)}), known)
    after = answer(request, more).require()
    assert after.obligations.at_least(before.obligations)
    assert after.expires <= before.expires
    assert set(before.clauses) <= set(after.clauses)


obligations = st.builds(
    Obligations,
    suppress=st.integers(0, 20),
    round_to=st.sampled_from([5, 10, 50, 100]),
    k_anonymity=st.integers(0, 20),
    l_diversity=st.integers(0, 5),
    overlap=st.integers(0, 20),
    use_within_days=st.integers(1, 400),
    duties=st.frozensets(st.sampled_from(words("duty"))),
    exact_from=st.one_of(st.integers(2, 100), st.just(NEVER)),
)


@given(obligations, obligations, obligations)
def test_merging_obligations_keeps_the_strictest_in_any_order(a, b, c):
    assert a.strictest(b) == b.strictest(a)
    assert a.strictest(b).strictest(c) == a.strictest(b.strictest(c))
    assert a.strictest(a) == a
    assert a.strictest(b).at_least(a)
    assert a.strictest(b).duties == a.duties | b.duties
    assert a.strictest(b).use_within_days == min(a.use_within_days, b.use_within_days)
    assert a.strictest(b).exact == (a.exact and b.exact)
    for field in ("suppress", "round_to", "k_anonymity", "l_diversity", "overlap", "exact_from"):
        assert getattr(a.strictest(b), field) == max(getattr(a, field), getattr(b, field))
