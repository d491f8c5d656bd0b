"""The laws of the engine, over generated requests, policies and facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import Obligations, Request, decide, load_catalogue, load_gateways, load_policy
from policies.alternative import apply
from policies.document import Prohibition
from policies.selftest import PERSON, PROJECT, perfect_facts
from policies.terms import AREAS, words

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
BEGUN = datetime(2026, 12, 1, tzinfo=UTC)
PERFECT = perfect_facts(
    POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=datetime(2027, 4, 1, tzinfo=UTC)
)
CLAUSES = sorted(clause.id for clause in POLICY.clauses)
NAMES = sorted(CATALOGUE.attributes)

laws = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def mostly(usual, rest):
    """Draws that are often ordinary, so that many requests are allowed, and sometimes anything."""
    return st.one_of(st.sampled_from(usual), st.sampled_from(usual), st.sampled_from(rest))


attribute_sets = st.sets(
    mostly([n for n in NAMES if n.startswith(("police", "schools", "youth"))], [*NAMES, "police.unknown"]),
    min_size=1,
    max_size=4,
)


@st.composite
def requests(draw):
    asked = BEGUN.date() - timedelta(days=draw(st.integers(0, 20)))
    return Request(
        project=PROJECT,
        requester=draw(mostly([PERSON], ["nobody"])),
        role=draw(mostly(["analyst"], words("role"))),
        organisation=PROJECT,
        purpose=draw(
            mostly(
                ["strategic-needs-assessment", "intervention-evaluation"],
                [*words("purpose"), *words("never-purpose"), "typo"],
            )
        ),
        form=draw(mostly(["aggregate-table"], [*words("form"), *words("never-form"), "typo"])),
        attributes=dict.fromkeys(sorted(draw(attribute_sets)), "needed"),
        area=draw(mostly(["whole-area", "local-partnership"], [*AREAS, "typo"])),
        benefit="earlier help",
        asked_on=asked,
        use_until=asked + timedelta(days=draw(st.integers(21, 240))),
    )


@st.composite
def facts(draw):
    """Facts in which some things are missing or lapsed."""
    some = st.sets(st.sampled_from(CLAUSES), max_size=2)
    partners = sorted(CATALOGUE.partners)
    lapsed = draw(some)
    return replace(
        PERFECT,
        recommended=PERFECT.recommended - draw(some),
        adoptions={
            p: ids - draw(some)
            for p, ids in PERFECT.adoptions.items()
            if p not in draw(st.sets(st.sampled_from(partners), max_size=1))
        },
        dpia={c: (date(2026, 11, 1) if c in lapsed else day) for c, day in PERFECT.dpia.items()},
        evidence={
            p: e
            for p, e in PERFECT.evidence.items()
            if p not in draw(st.sets(st.sampled_from([*partners, PROJECT]), max_size=1))
        },
    )


prohibitions = st.builds(
    Prohibition,
    id=st.just("MADE-UP"),
    because=st.just("the test says so."),
    principles=st.just(frozenset({"confidentiality"})),
    purposes=st.frozensets(st.sampled_from(words("purpose")), min_size=1, max_size=9),
    forms=st.frozensets(st.sampled_from(words("form")), max_size=3),
    flags=st.frozensets(st.sampled_from(words("flag")), max_size=1),
    classes=st.frozensets(st.sampled_from(["C2", "C3", "C5"]), max_size=1),
    attributes=st.frozensets(st.sampled_from(NAMES), max_size=2),
)


def answer(request, policy=POLICY, known=PERFECT, now=BEGUN):
    return decide(request, policy, facts=known, now=now)


@laws
@given(requests(), facts())
def test_what_no_clause_permits_is_denied(request, known):
    empty = POLICY.model_copy(update={"clauses": ()})
    decision = answer(request, empty, known)
    assert not decision.allowed
    assert "no-clause" in {reason.code for reason in decision.reasons}


@laws
@given(requests(), facts())
def test_an_answer_is_a_permit_or_a_reason_and_never_both(request, known):
    decision = answer(request, known=known)
    assert decision.allowed == (decision.permit is not None) == (not decision.reasons)
    if decision.allowed:
        assert decision.permit.attributes == request.requested
        assert BEGUN.date() <= decision.permit.expires <= request.use_until
        assert decision.permit.obligations.at_least(POLICY.floors.obligations())


@laws
@given(requests(), facts(), prohibitions)
def test_adding_a_prohibition_never_widens(request, known, rule):
    wider = POLICY.model_copy(update={"prohibit": (*POLICY.prohibit, rule)})
    assert answer(request, wider, known).allowed <= answer(request, known=known).allowed


@laws
@given(requests(), facts())
def test_a_prohibition_that_matches_beats_every_clause(request, known):
    rule = Prohibition(
        id="MADE-UP",
        because="the test says so.",
        principles=frozenset({"confidentiality"}),
        attributes=request.requested,
    )
    strict = POLICY.model_copy(update={"prohibit": (rule,)})
    assert not answer(request, strict, known).allowed


@laws
@given(requests(), facts(), st.randoms(use_true_random=False), st.booleans())
def test_order_and_repetition_of_rules_change_nothing(request, known, shuffler, twice):
    clauses, prohibited = list(POLICY.clauses) * (1 + twice), list(POLICY.prohibit) * (1 + twice)
    shuffler.shuffle(clauses)
    shuffler.shuffle(prohibited)
    shuffled = answer(
        request, POLICY.model_copy(update={"clauses": tuple(clauses), "prohibit": tuple(prohibited)}), known
    )
    assert replace(shuffled, policy="") == replace(answer(request, known=known), policy="")


@laws
@given(requests(), facts(), st.sampled_from([*NAMES, "police.unknown"]))
def test_adding_an_attribute_never_widens(request, known, name):
    more = request.model_copy(update={"group_by": (*request.group_by, name)})
    assert answer(more, known=known).allowed <= answer(request, known=known).allowed


@laws
@given(requests(), facts(), st.integers(0, 500))
def test_a_later_date_never_widens(request, known, days):
    later = answer(request, known=known, now=BEGUN + timedelta(days=days))
    assert later.allowed <= answer(request, known=known).allowed


@laws
@given(requests(), facts(), st.sampled_from(["recommended", "adoptions", "dpia", "evidence", "requesters"]))
def test_a_fact_that_goes_missing_never_widens(request, known, name):
    less = replace(known, **{name: frozenset() if name == "recommended" else {}})
    without = answer(request, known=less).allowed
    assert without <= answer(request, known=known).allowed
    assert not without or name == "evidence"  # some gateways ask for none


@laws
@given(requests(), facts())
def test_whatever_cannot_be_evaluated_denies(request, known):
    broken = POLICY.prohibit[-1].model_copy(update={"forms": frozenset(), "areas_finer_than": "no-such-area"})
    decision = answer(request, POLICY.model_copy(update={"prohibit": (broken,)}), known)
    assert not decision.allowed
    assert "evaluation-error" in {error.code for error in decision.errors}


@laws
@given(requests(), facts())
def test_what_is_offered_instead_is_allowed(request, known):
    decision = answer(request, known=known)
    if decision.alternative:
        mended = apply(request, changes=decision.alternative.changes)
        assert answer(mended, known=known).allowed
        assert (mended.purpose, mended.role, mended.requester) == (
            request.purpose,
            request.role,
            request.requester,
        )
        assert mended.requested <= request.requested


@laws
@given(requests(), st.sampled_from(words("never-purpose")))
def test_no_clause_can_switch_on_a_never_allowed_purpose(request, purpose):
    opened = [
        c.model_copy(update={"permit": c.permit.model_copy(update={"purposes": c.permit.purposes | {purpose}})})
        for c in POLICY.clauses
    ]
    law = {name: replace(row, purposes=row.purposes | {purpose}) for name, row in GATEWAYS.items()}
    decision = answer(
        request.model_copy(update={"purpose": purpose}),
        POLICY.model_copy(update={"clauses": tuple(opened)}),
        replace(PERFECT, gateways=law),
    )
    assert "never-allowed-purpose" in {reason.code for reason in decision.reasons}


obligations = st.builds(
    Obligations,
    suppress=st.integers(0, 20),
    round_to=st.sampled_from([5, 10, 50, 100]),
    k_anonymity=st.integers(0, 20),
    l_diversity=st.integers(0, 5),
    overlap=st.integers(0, 20),
    use_within_days=st.integers(1, 400),
    duties=st.frozensets(st.sampled_from(words("duty"))),
)


@given(obligations, obligations, obligations)
def test_merging_obligations_keeps_the_strictest_in_any_order(a, b, c):
    assert a.strictest(b) == b.strictest(a)
    assert a.strictest(b).strictest(c) == a.strictest(b.strictest(c))
    assert a.strictest(a) == a
    assert a.strictest(b).at_least(a)
    assert a.strictest(b).use_within_days == min(a.use_within_days, b.use_within_days)
    assert a.strictest(b).suppress == max(a.suppress, b.suppress)


@laws
@given(requests())
def test_patient_information_reaches_nobody_without_its_own_gateway(request):
    known = replace(PERFECT, gateways={name: row for name, row in GATEWAYS.items() if name != "COPI-s251"})
    tainted = {name for name in NAMES if "patient_information" in CATALOGUE.attributes[name].flags}
    decision = answer(request, known=known)
    assert not (decision.allowed and CATALOGUE.closure(request.requested) & tainted)


def test_the_generated_requests_are_often_allowed():
    """Laws that say 'never widens' would hold of an engine that denies everything."""
    seen = []

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(requests())
    def collect(request):
        seen.append(answer(request).allowed)

    collect()
    assert sum(seen) >= 10
