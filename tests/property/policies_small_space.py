"""A small space of documents and requests, over which the engine can be asked every request one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import chain, combinations, pairwise, product

from hypothesis import strategies as st

from policies.catalogue_document import load_catalogue
from policies.conditions import conditions
from policies.document import Clause, Floors, Policy, Prohibition
from policies.engine import decide
from policies.facts import Facts, Requester
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.request import Request
from policies.space import Space
from policies.terms import VERSION

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
