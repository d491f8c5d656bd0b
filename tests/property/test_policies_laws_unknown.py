"""Laws of the engine: what cannot be evaluated, is missing or is not known refuses."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policies.document import Prohibition
from policies.engine import decide
from policies.gateways import Need
from policies.selftest import PROJECT
from tests.property import policies_worlds as worlds
from tests.property.policies_drawn import answer, chance, drawn, granted, laws, opening, with_policy


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
    decision = decide(request, world.policy, facts=facts, now=worlds.NOW)
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
        return replace(facts, recommended=facts.recommended - worlds.some(rng, facts.recommended))
    if table == "attributes":
        rows = facts.catalogue.attributes
        kept = {name: row for name, row in rows.items() if name != rng.choice(sorted(rows))}
        return replace(facts, catalogue=replace(facts.catalogue, attributes=kept))
    rows = dict(getattr(facts, table))
    if not rows:
        return facts
    name = rng.choice(sorted(rows))
    if table == "adoptions":
        rows[name] = rows[name] - worlds.some(rng, rows[name], least=0)
    elif table == "evidence":
        rows[name] = {key: paper for key, paper in sorted(rows[name].items()) if rng.random() < 0.5}
    else:
        del rows[name]
    return replace(facts, **{table: rows})


@laws
@given(chance)
def test_a_fact_that_goes_missing_never_widens(rng):
    world, request = drawn(rng)
    fewer = worlds.World(world.policy, less(rng, world.facts))
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
        "value": {"population": (worlds.a_condition(row.attribute, "nobody has this value"),)},
        "vocabulary": {},
    }.get(kind, {kind: "not-a-word"})
    strange = with_policy(world, vocabulary="vpp-vocab@99") if kind == "vocabulary" else world
    if kind in ("purpose", "form", "role"):
        strange = opening(world, kind, "not-a-word")
    if kind == "value" and not world.facts.catalogue.attributes[row.attribute].values:
        return
    asked = request.model_copy(update=unknown)
    assert not answer(asked, strange).allowed
