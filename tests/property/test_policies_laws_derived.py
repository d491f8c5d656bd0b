"""Laws of the engine: what is made from something is as sensitive as that, and what is offered instead asks for less."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policies.catalogue_document import load_catalogue
from policies.terms import words
from tests.mended_requests import apply
from tests.property import policies_worlds as worlds
from tests.property.policies_drawn import answer, chance, drawn, laws

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
        f"vocabulary: {worlds.POLICY.vocabulary}",
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
    derived = rng.choice([name for name in worlds.NAMES if name.startswith("derived.")])
    wanted = request.attributes[0]

    def asked(names):
        rows = tuple(wanted.model_copy(update={"attribute": name}) for name in sorted(names))
        return request.model_copy(update={"attributes": rows, "population": (), "group_by": ()})

    sources = world.facts.catalogue.closure({derived}) - {derived}
    bare = {name: replace(row, dated=False) for name, row in world.facts.catalogue.attributes.items()}
    plain = worlds.World(
        world.policy,
        replace(world.facts, catalogue=replace(world.facts.catalogue, attributes=bare)),
    )
    assert answer(asked({derived}), plain).allowed <= answer(asked(sources), plain).allowed


@laws
@given(chance)
def test_patient_information_reaches_nobody_without_its_own_gateway(rng):
    """Not even where whoever holds it now declares it under every other gateway."""
    world, request = drawn(rng, wild=0)
    law = {name: row for name, row in worlds.GATEWAYS.items() if not name.startswith("COPI")}
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
        {"use_until": max(request.asked_on, worlds.NOW.date())},
    ]
    tried = [request.model_copy(update=change) for change in changes]
    tried += [request.without({name}) for name in sorted(request.requested)]
    assert not any(answer(one, world).allowed for one in tried)
