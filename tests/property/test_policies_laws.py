"""The laws of the engine, over generated documents, facts and requests. Each is a promise that the design makes in bold.

Cedar's proofs name the first of them (default deny, forbid trumps permit, independence of order and repetition); the others are ours. That the
answers are right as well as lawful is held elsewhere: by the plain engine, and by Cedar.
"""

import runpy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import Obligations, decide, load_catalogue
from policies.alternative import apply
from policies.document import Prohibition
from policies.gateways import Need
from policies.obligations import NEVER
from policies.selftest import PROJECT
from policies.terms import FORM_DUTIES, words

W = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "policies_worlds.py")))

laws = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
chance = st.integers(0, 2**32).map(W.Draws)


def drawn(rng, *, clauses=8, prohibitions=2, wild=0.05):
    """A document with its facts, and a request that is often allowed."""
    world = W.a_world(rng, clauses=clauses, prohibitions=prohibitions)
    return world, W.a_request(rng, wild=wild, most=3)


def granted(rng, **how):
    """The same, where the request is allowed: the first such of a few draws; none if there is none."""
    for _ in range(12):
        world, request = drawn(rng, wild=0.01, **how)
        if answer(request, world).allowed:
            return world, request
    return None


def answer(request, world, now=W.NOW, **facts):
    return decide(request, world.policy, facts=replace(world.facts, **facts) if facts else world.facts, now=now)


def with_policy(world, **changes):
    return W.World(world.policy.model_copy(update=changes), world.facts)


def codes(decision):
    return {reason.code for reason in decision.reasons}


def test_the_generated_requests_are_often_allowed():
    """Laws that say 'never widens' would hold of an engine that denies everything."""
    found = [granted(W.Draws(seed)) for seed in range(40)]
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
        assert W.NOW.date() <= decision.permit.expires <= request.use_until


# A prohibition beats every clause.


@laws
@given(chance)
def test_adding_a_prohibition_never_widens(rng):
    world, request = drawn(rng)
    more = with_policy(world, prohibit=(*world.policy.prohibit, W.a_prohibition(rng, 99)))
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
    return W.World(opened.policy, replace(facts, gateways=law, requesters=people))


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
    assert answer(request, W.World(world.policy, other)) == answer(request, world)


@laws
@given(chance)
def test_equal_questions_get_equal_answers_whatever_was_asked_in_between(rng):
    world, request = drawn(rng, wild=0.2)
    first = answer(request, world)
    other, another = drawn(rng)
    answer(another, other)
    answer(another, world)
    answer(request, other)
    copied = W.World(world.policy.model_copy(deep=True), replace(world.facts))
    again = answer(request.model_copy(deep=True), copied)
    assert again == first
    assert again.digest() == first.digest()
    assert (again.permit and again.permit.text()) == (first.permit and first.permit.text())


# What cannot be evaluated, is missing or is not known refuses.


@laws
@given(
    chance, st.sampled_from([{"permit": None}, {"attributes": None}, {"gateways": None}, {"obligations": None}])
)
def test_a_clause_that_cannot_be_evaluated_denies_what_others_permit(rng, broken):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    bad = world.policy.clauses[-1].model_copy(update={"id": "BROKEN-1", **broken})
    decision = answer(request, with_policy(world, clauses=(*world.policy.clauses, bad)))
    assert not decision.allowed
    assert any("Clause BROKEN-1" in error.sentence for error in decision.errors)


@laws
@given(chance, st.sampled_from([{"areas_finer_than": "no-such-area"}, {"flags": 5}, {"classes": 5}]))
def test_a_prohibition_that_cannot_be_evaluated_denies(rng, broken):
    world, request = drawn(rng, wild=0)
    rule = Prohibition(
        id="BROKEN-1", because="it says so.", principles={"confidentiality"}, purposes={request.purpose}
    ).model_copy(update=broken)
    decision = answer(request, with_policy(world, prohibit=(rule,)))
    assert not decision.allowed
    assert any("Prohibition BROKEN-1" in error.sentence for error in decision.errors)


class Silent(dict):
    """A table of facts that fails as soon as it is asked."""

    def __getitem__(self, key):
        raise RuntimeError("no answer")

    def get(self, key, default=None):
        raise RuntimeError("no answer")

    def __contains__(self, key):
        raise RuntimeError("no answer")


@laws
@given(chance, st.sampled_from(["gateways", "attributes", "partners"]))
def test_a_fact_that_cannot_be_read_denies(rng, name):
    world, request = drawn(rng, wild=0)
    facts = world.facts
    if name == "gateways":
        object.__setattr__(facts, "gateways", Silent(facts.gateways))
    else:
        silent = replace(facts.catalogue, **{name: Silent(getattr(facts.catalogue, name))})
        facts = replace(facts, catalogue=silent)
    decision = decide(request, world.policy, facts=facts, now=W.NOW)
    assert not decision.allowed
    assert decision.errors


@laws
@given(chance)
def test_evidence_of_no_known_kind_denies(rng):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    need = Need("odd_paper", "valid-until", "partner", 0, frozenset({"release"}))
    law = {name: replace(row, needs=(need,)) for name, row in world.facts.gateways.items()}
    holders = [*world.facts.catalogue.partners, PROJECT]
    decision = answer(request, world, gateways=law, evidence={one: {"odd_paper": 7} for one in holders})
    assert not decision.allowed


def less(rng, facts):
    """The facts without one of them, drawn from everything that they say."""
    table = rng.choice(["recommended", "adoptions", "dpia", "evidence", "requesters", "gateways", "attributes"])
    if table == "recommended":
        return replace(facts, recommended=facts.recommended - W.some(rng, facts.recommended))
    if table == "attributes":
        rows = facts.catalogue.attributes
        kept = {name: row for name, row in rows.items() if name != rng.choice(sorted(rows))}
        return replace(facts, catalogue=replace(facts.catalogue, attributes=kept))
    rows = dict(getattr(facts, table))
    if not rows:
        return facts
    name = rng.choice(sorted(rows))
    if table == "adoptions":
        rows[name] = rows[name] - W.some(rng, rows[name], least=0)
    elif table == "evidence":
        rows[name] = {key: paper for key, paper in sorted(rows[name].items()) if rng.random() < 0.5}
    else:
        del rows[name]
    return replace(facts, **{table: rows})


@laws
@given(chance)
def test_a_fact_that_goes_missing_never_widens(rng):
    world, request = drawn(rng)
    fewer = W.World(world.policy, less(rng, world.facts))
    assert answer(request, fewer).allowed <= answer(request, world).allowed


@laws
@given(chance)
def test_a_fact_that_every_permitting_clause_rests_on_denies_when_it_is_missing(rng):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    facts, decision = world.facts, answer(request, world)
    partners = {name.split(".")[0] for name in decision.permit.opens}
    without = [
        {"recommended": facts.recommended - set(decision.clauses)},
        {"dpia": {name: day for name, day in facts.dpia.items() if name not in decision.clauses}},
        {"requesters": {}},
        {"gateways": {}},
        {"catalogue": replace(facts.catalogue, attributes={})},
        *({"adoptions": {**facts.adoptions, partner: frozenset()}} for partner in sorted(partners)),
    ]
    for changes in without:
        assert not answer(request, world, **changes).allowed, sorted(changes)


@laws
@given(
    chance,
    st.sampled_from(["purpose", "form", "role", "area", "attribute", "value", "vocabulary", "requester"]),
)
def test_an_unknown_word_denies(rng, kind):
    found = granted(rng)
    if found is None:
        return
    world, request = found
    row = next(iter(request.attributes))
    unknown = {
        "attribute": {
            "attributes": (*request.attributes, row.model_copy(update={"attribute": "police.nobody_declared"}))
        },
        "value": {"population": (W.a_condition(row.attribute, "nobody has this value"),)},
        "vocabulary": {},
    }.get(kind, {kind: "not-a-word"})
    strange = with_policy(world, vocabulary="vpp-vocab@99") if kind == "vocabulary" else world
    if kind in ("purpose", "form", "role"):
        strange = opening(world, kind, "not-a-word")
    if kind == "value" and not world.facts.catalogue.attributes[row.attribute].values:
        return
    asked = request.model_copy(update=unknown)
    assert not answer(asked, strange).allowed


# More is never easier, and later is never easier.


@laws
@given(chance, st.sampled_from(["shown", "grouped", "selected"]))
def test_adding_an_attribute_never_widens(rng, how):
    world, request = drawn(rng, wild=0.02)
    bare = request.model_copy(update={"attributes": request.attributes[:1], "population": (), "group_by": ()})
    for asked in (request, bare):
        before = answer(asked, world).allowed
        for name in (*W.NAMES, "police.unknown"):
            assert answer(more_of(asked, name, how), world).allowed <= before


def more_of(request, name, how):
    row = W.CATALOGUE.attributes.get(name)
    value = row.values[0] if row and row.values else "x"
    wanted = request.attributes[0].model_copy(update={"attribute": name})
    return request.model_copy(
        update={
            "shown": {"attributes": (*request.attributes, wanted)},
            "grouped": {"group_by": (*request.group_by, name)},
            "selected": {"population": (*request.population, W.a_condition(name, value))},
        }[how]
    )


def everything_begun(world, request):
    """Whether no day that something begins on lies ahead: of the document, the law, the request, and of what is on record."""
    today = W.NOW.date()
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


@laws
@given(chance, st.integers(0, 60), st.integers(0, 500))
def test_a_later_date_never_widens_once_everything_has_begun(rng, first, more):
    world, request = drawn(rng)
    if not everything_begun(world, request):
        return
    early = W.NOW + timedelta(days=first)
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
        name: replace(row, until=W.NOW.date() + timedelta(days=rng.randint(0, 60)))
        for name, row in world.facts.gateways.items()
    }
    for facts in (world.facts, replace(world.facts, gateways=ending)):
        known = W.World(world.policy, facts)
        permit = answer(request, known).permit
        if permit is None:
            continue
        last = datetime(permit.expires.year, permit.expires.month, permit.expires.day, 23, tzinfo=UTC)
        for moment in (W.NOW + timedelta(days=days), last):
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
    rng = W.Draws(3)
    world, request = granted(rng)
    law = {name: replace(row, needs=(need,)) for name, row in world.facts.gateways.items()}

    def asked(day):
        papers = {partner: {"checked_on": day} for partner in world.facts.catalogue.partners}
        return answer(request, world, gateways=law, evidence=papers)

    today = W.NOW.date()
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
    extra = W.a_clause(rng, 99)
    facts = world.facts
    known = replace(
        facts,
        recommended=facts.recommended | {extra.id},
        adoptions={partner: ids | {extra.id} for partner, ids in facts.adoptions.items()},
        dpia={**facts.dpia, extra.id: date(2027, 6, 1)},
    )
    before = answer(request, world).require()
    more = W.World(world.policy.model_copy(update={"clauses": (*world.policy.clauses, extra)}), known)
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


# What is made from something is as sensitive as that.


ROW = "{{says: it, class: {0}, flags: [{1}], values: [x], gateways: [CDA-s115], subject: [{2}], states: fact}}"
rows = st.tuples(
    st.sampled_from(words("class")),
    st.lists(st.sampled_from(["under_18", "third_party", "terrorism"]), unique=True, max_size=2),
    st.lists(st.sampled_from(words("subject")), unique=True, min_size=1, max_size=2),
)


@laws
@given(st.lists(rows, min_size=2, max_size=4), st.data())
def test_what_is_derived_carries_the_strictest_class_and_every_taint_of_all_its_sources(sources, data):
    lines = [
        "format: linkage-catalogue/v1",
        "catalogue: made-up",
        "version: 1",
        f"vocabulary: {W.POLICY.vocabulary}",
        "partners:",
        "  police:",
        "    {name: Police, kind: police, declared_by: officer, attributes: {",
        ",\n".join(
            f"      a{n}: " + ROW.format(name, ", ".join(flags), ", ".join(subjects))
            for n, (name, flags, subjects) in enumerate(sources)
        ),
        "    }}",
        "derived:",
    ]
    names = [f"police.a{n}" for n in range(len(sources))]
    made = {}
    for n in range(3):
        of = data.draw(st.lists(st.sampled_from([*names, *made]), min_size=1, max_size=3, unique=True))
        lines.append(f"  d{n}: {{says: made, made_from: [{', '.join(of)}], values: [x]}}")
        made[f"derived.d{n}"] = of
    catalogue = load_catalogue("\n".join(lines))
    for name, of in made.items():
        row = catalogue.attributes[name]
        whole = [catalogue.attributes[one] for one in catalogue.closure({name})]
        assert row.sensitivity == max(one.sensitivity for one in whole)
        assert row.flags == frozenset().union(*(one.flags for one in whole))
        assert row.subjects == frozenset().union(*(one.subjects for one in whole))
        assert row.sources >= set(of)


@laws
@given(chance)
def test_what_is_derived_is_allowed_only_where_all_that_it_is_made_from_would_be(rng):
    world, request = drawn(rng)
    derived = rng.choice([name for name in W.NAMES if name.startswith("derived.")])
    wanted = request.attributes[0]

    def asked(names):
        rows = tuple(wanted.model_copy(update={"attribute": name}) for name in sorted(names))
        return request.model_copy(update={"attributes": rows, "population": (), "group_by": ()})

    sources = world.facts.catalogue.closure({derived}) - {derived}
    bare = {name: replace(row, dated=False) for name, row in world.facts.catalogue.attributes.items()}
    plain = W.World(
        world.policy,
        replace(world.facts, catalogue=replace(world.facts.catalogue, attributes=bare)),
    )
    assert answer(asked({derived}), plain).allowed <= answer(asked(sources), plain).allowed


@laws
@given(chance)
def test_patient_information_reaches_nobody_without_its_own_gateway(rng):
    """Not even where whoever holds it now declares it under every other gateway."""
    world, request = drawn(rng, wild=0)
    law = {name: row for name, row in W.GATEWAYS.items() if not name.startswith("COPI")}
    rows = {
        name: replace(row, gateways=tuple(law)) if row.gateways else row
        for name, row in world.facts.catalogue.attributes.items()
    }
    everybody = {name: replace(row, kind="police") for name, row in world.facts.catalogue.partners.items()}
    catalogue = replace(world.facts.catalogue, attributes=rows, partners=everybody)
    tainted = [name for name, row in rows.items() if "patient_information" in row.flags and not row.dated]
    for name in (*tainted, *request.requested):
        asked = request.model_copy(
            update={"attributes": (request.attributes[0].model_copy(update={"attribute": name}),)}
        )
        decision = answer(asked, world, gateways=law, catalogue=catalogue)
        assert not (decision.allowed and catalogue.closure(asked.requested) & set(tainted))


# What is offered instead.


@laws
@given(chance)
def test_what_is_offered_instead_is_allowed_and_asks_for_less(rng):
    world, request = drawn(rng, wild=0.15)
    decision = answer(request, world)
    if not decision.alternative:
        return
    mended = apply(request, changes=decision.alternative.changes)
    allowed = answer(mended, world)
    assert allowed.clauses == decision.alternative.clauses
    who = ("purpose", "role", "requester", "organisation", "project")
    assert all(getattr(mended, name) == getattr(request, name) for name in who)
    assert mended.requested <= request.requested
    assert mended.use_until <= request.use_until


@laws
@given(chance)
def test_where_nothing_is_offered_no_single_change_would_have_done(rng):
    world, request = drawn(rng, wild=0.15)
    decision = answer(request, world)
    if decision.allowed or decision.alternative or not decision.searched:
        return
    changes = [
        *({"form": form} for form in words("form")),
        *({"area": area} for area in words("area")),
        {"use_until": max(request.asked_on, W.NOW.date())},
    ]
    tried = [request.model_copy(update=change) for change in changes]
    tried += [request.without({name}) for name in sorted(request.requested)]
    assert not any(answer(one, world).allowed for one in tried)
