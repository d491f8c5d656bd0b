"""The preview of a change, held to the engine: over a small space every request is asked, one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import chain, combinations, pairwise, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import Request, decide, load_catalogue, load_gateways, load_policy
from policies.conditions import conditions
from policies.diff import diff
from policies.diff_fields import Effect
from policies.document import Clause, Floors, Policy, Prohibition
from policies.facts import Facts, Requester
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.reach import reach
from policies.space import Space, Standing, whole_space
from policies.terms import AREAS, VERSION, AttributeClass, words

LIBRARY = files("policies") / "library"
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
SHIPPED = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
FRAMEWORK = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, tzinfo=UTC)
PROJECT, PERSON, KIND = "a-project", "a-person", "local-policing-body"
SMALL = load_catalogue(
    f"""
format: linkage-catalogue/v1
catalogue: small
version: 1
vocabulary: {VERSION}
partners:
  schools:
    name: Schools
    kind: school
    declared_by: somebody
    attributes:
      area: {{says: area, class: C0, values: any, gateways: [PCSC-s16, CDA-s115, DEA-s64]}}
      suspended: {{says: suspended, class: C3, flags: [under_18], values: ["yes", "no"], gateways: [PCSC-s16, CDA-s115, DEA-s64]}}
      suspended_on: {{says: day of suspension, class: C3, flags: [under_18], values: date, gateways: [CDA-s115, DEA-s64]}}
      excluded_on: {{says: day of exclusion, class: C3, values: date, gateways: [PCSC-s16, CDA-s115, DEA-s64]}}
  nhs:
    name: NHS trust
    kind: nhs-trust
    declared_by: somebody
    attributes:
      visits: {{says: visits, class: C5, values: any, gateways: [COPI-s251]}}
derived:
  either: {{says: either, made_from: [schools.suspended, nhs.visits], values: ["yes", "no"]}}
"""
)
NAMES = tuple(sorted(SMALL.attributes))
DATES = frozenset(name for name in NAMES if SMALL.attributes[name].dated)
SPACE = Space(
    purposes=("strategic-needs-assessment", "research"),
    forms=("aggregate-table", "pseudonymised-extract"),
    roles=("analyst",),
    areas=("local-partnership", "ward"),
    kinds=(KIND,),
)
LIMITS = (100, 200)


def some(values, **kwargs):
    return st.frozensets(st.sampled_from(list(values)), **kwargs)


def mostly_all(values):
    """Often every value, so that much is permitted, and sometimes some of them."""
    return rarely(some(values, min_size=1), st.just(frozenset(values)))


def rarely(strange, usual):
    """One draw in six is strange."""
    return st.integers(0, 5).flatmap(lambda n: strange if n == 5 else usual)


@st.composite
def clauses(draw, name):
    permit = {
        "purposes": draw(mostly_all(SPACE.purposes)),
        "forms": draw(mostly_all(SPACE.forms)),
        "roles": draw(st.sampled_from([frozenset({"analyst"}), frozenset({"analyst", "auditor"})])),
        "finest_area": draw(rarely(st.sampled_from(["local-partnership", "whole-area"]), st.just("ward"))),
    }
    coverage = {
        "classes": draw(mostly_all(["C0", "C3", "C5"])),
        "flags": draw(mostly_all(["under_18", "patient_information", "health_or_social_care"])),
        "only": draw(rarely(some(NAMES, min_size=3), st.just(frozenset()))),
        "leave_out": draw(rarely(some(NAMES, min_size=1, max_size=2), some(NAMES, max_size=1))),
    }
    obligations = {
        "suppress": draw(st.sampled_from([0, 6, 10])),
        "round": draw(st.sampled_from([None, 10])),
        "k_anonymity": draw(st.sampled_from([0, 20])),
        "use_within_days": draw(st.sampled_from([None, *LIMITS])),
        "duties": draw(some(["no-onward", "publish-summary"])),
        "exact_counts": draw(st.sampled_from([None, 10, 12])),
    }
    return Clause(
        id=name,
        title="made up",
        permit=permit,
        attributes=coverage,
        gateways=draw(mostly_all(["PCSC-s16", "CDA-s115", "COPI-s251", "DEA-s64"])),
        obligations=obligations,
        basis=draw(rarely(st.just(""), st.just("a law"))),
        principles=frozenset({"public-good"}),
        review=draw(rarely(st.sampled_from([date(2026, 11, 30), None]), st.just(date(2027, 5, 1)))),
    )


prohibitions = st.fixed_dictionaries(
    {
        "id": st.just("NO-1"),
        "because": st.just("the test says so."),
        "principles": st.just(frozenset({"confidentiality"})),
        "purposes": some(SPACE.purposes, max_size=1),
        "forms": some(SPACE.forms, min_size=1, max_size=1),
        "flags": some(["under_18", "patient_information"], max_size=1),
        "classes": some(["C0", "C3"], max_size=1),
        "attributes": some(NAMES, max_size=2),
        "areas-finer-than": st.sampled_from([None, None, "whole-area", "local-partnership"]),
    }
).map(Prohibition.model_validate)

floors = st.fixed_dictionaries(
    {
        "suppress": st.sampled_from([5, 7]),
        "round": st.just(5),
        "k": st.just(10),
        "l": st.just(2),
        "overlap": st.sampled_from([10, 12]),
        "use-within-days": st.sampled_from([150, 366]),
        "finest-area": st.sampled_from(["ward", "ward", "local-partnership"]),
        "exact-counts": st.sampled_from([None, 10]),
    }
).map(Floors.model_validate)


@st.composite
def documents(draw, version=1):
    return Policy(
        format="linkage-policy/v1",
        policy="made-up",
        title="made up",
        version=version,
        vocabulary=VERSION,
        effective=draw(rarely(st.sampled_from([NOW.date(), date(2026, 12, 2)]), st.just(date(2026, 6, 1)))),
        expires=date(2027, 6, 1),
        floors=draw(floors),
        prohibit=tuple(draw(st.lists(prohibitions, max_size=1))),
        clauses=tuple(draw(clauses(f"{letter}-1")) for letter in "ABC"[: draw(st.integers(1, 3))]),
    )


@st.composite
def amended(draw, old):
    """Another version of a document: one part of it as drawn anew, or all of it."""
    new = draw(documents(version=2))
    part = draw(st.sampled_from(["clauses", "prohibit", "floors", "effective", "one clause", "everything"]))
    if part == "everything":
        return new
    if part == "one clause":
        return old.model_copy(update={"version": 2, "clauses": (*old.clauses[1:], new.clauses[0])})
    return old.model_copy(update={"version": 2, part: getattr(new, part)})


pairs = documents().flatmap(lambda old: st.tuples(st.just(old), amended(old)))


@st.composite
def records(draw, policy):
    """Facts about a document in which some things may be missing."""
    asker = {PERSON: Requester(frozenset({"analyst"}), PROJECT, KIND)}
    whole = with_paperwork(
        Facts(SMALL, GATEWAYS, requesters=asker), policy=policy, projects=[PROJECT], until=date(2027, 6, 2)
    )
    ids = [clause.id for clause in policy.clauses]
    missing = rarely(some(ids, min_size=1, max_size=1), st.just(frozenset()))
    return replace(
        whole,
        recommended=whole.recommended - draw(missing),
        adoptions={partner: kept - draw(missing) for partner, kept in whole.adoptions.items()},
        evidence={who: kept for who, kept in whole.evidence.items() if draw(st.integers(0, 14)) != 14},
    )


def request(purpose, form, role, area, attributes, days):
    dates = sorted(DATES & attributes)
    windows = [
        {"attribute": one, "op": "within-days-after", "of": other, "days": 30} for one, other in pairwise(dates)
    ]
    return Request(
        project=PROJECT,
        requester=PERSON,
        role=role,
        organisation=PROJECT,
        purpose=purpose,
        form=form,
        attributes=dict.fromkeys(sorted(attributes), "needed"),
        population=windows,
        area=area,
        benefit="earlier help",
        asked_on=NOW.date(),
        use_until=NOW.date() + timedelta(days=days),
    )


SETS = [
    frozenset(some_of)
    for some_of in chain.from_iterable(combinations(NAMES, n) for n in range(1, len(NAMES) + 1))
    if len(DATES & set(some_of)) != 1  # a date is asked for beside another, or not at all
]
POINTS = [
    (purpose, form, role, area)
    for purpose, form, role, area in product(SPACE.purposes, SPACE.forms, SPACE.roles, SPACE.areas)
]


def asked_one_by_one(standing, days):
    """The answer of the engine to every request of the small space: the obligations of those it allows."""
    found = {}
    for point in POINTS:
        for attributes in SETS:
            decision = decide(
                request(*point, attributes, days), standing.policy, facts=standing.facts, now=standing.now
            )
            if decision.allowed:
                found[(*point, attributes)] = decision.obligations
    return found


def points_of(where, days):
    if where.shortest <= days <= where.longest:
        yield from product(where.purposes, where.forms, where.roles, where.areas)


def sets_of(sets):
    return {one for one in SETS if one <= set(sets.together) and not any(one <= set(a) for a in sets.apart)}


def told(moved, days, permitted):
    """The requests that the sentences are about; `permitted` are those of the version that permits more."""
    found = set()
    for one in moved:
        for point in points_of(one.where, days):
            if one.sets.any_of:
                assert not one.sets.together + one.sets.apart
                found |= {key for key in permitted if key[:4] == point and key[4] & set(one.sets.any_of)}
            else:
                found |= {(*point, attributes) for attributes in sets_of(one.sets)}
    return found


def hold_to_the_engine(old, new, days):
    """Everything that the preview says of a use of so many days is what the engine answers, and nothing is left unsaid."""
    before, after = (asked_one_by_one(standing, days) for standing in (old, new))
    seen = preview(old, new, space=SPACE)
    assert told(seen.newly_allowed, days, after) == after.keys() - before.keys()
    assert told(seen.newly_refused, days, before) == before.keys() - after.keys()

    stays = before.keys() & after.keys()
    moved = {
        (key, name, measure(before[key]), measure(after[key]))
        for key in stays
        for name, measure in conditions(key[1])
        if measure(before[key]) != measure(after[key])
    }
    shifted = {
        ((*point, attributes), one.what, one.old, one.new)
        for one in (*seen.stricter, *seen.laxer)
        for point in points_of(one.where, days)
        for attributes in (SETS if one.sets is None else sets_of(one.sets))
    }
    assert {row for row in shifted if row[0] in stays} == moved
    assert all(one.new > one.old for one in seen.stricter)
    assert all(one.new < one.old for one in seen.laxer)

    counts = seen.counts
    assert counts.all == len(POINTS) * len(SETS)
    if days == 0:
        assert (counts.before, counts.after) == (len(before), len(after))
        assert (counts.gained, counts.lost) == (len(after.keys() - before), len(before.keys() - after))
        assert counts.single_before == sum(len(key[4]) == 1 for key in before)
        assert counts.single_after == sum(len(key[4]) == 1 for key in after)
    return seen


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_told_as_newly_allowed_or_refused_is_exactly_what_the_engine_answers_otherwise(data):
    old, new = (Standing(one, data.draw(records(one)), NOW, PROJECT) for one in data.draw(pairs))
    hold_to_the_engine(old, new, data.draw(st.sampled_from([0, 0, 0, 100, 101, 150, 151, 200, 201, 366])))


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
