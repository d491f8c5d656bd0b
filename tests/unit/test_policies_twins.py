"""Every bad twin is rejected, for the reason it states, and differs from its good clause in little else."""

from importlib.resources import files
from itertools import product

import pytest

from policies.catalogue_document import load_catalogue
from policies.engine import decide
from policies.errors import DocumentInvalid, PolicyError
from policies.faults import CODES
from policies.gateways_document import load_gateways
from policies.linter import lint
from policies.load import load_policy
from policies.request import Request
from policies.selftest import PERSON, PROJECT, first_day, perfect_facts, run_tests
from policies.terms import words
from policies.twins import NEVER_READ, faults_of, read_twin

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
GOOD = {clause.id: clause for clause in load_policy((LIBRARY / "framework.yaml").read_text("utf-8")).clauses}
TWINS = {
    one.name: read_twin(one.read_text("utf-8"), name=one.name.removesuffix(".yaml"))
    for one in sorted((LIBRARY / "bad").iterdir(), key=lambda one: one.name)
}
twins = pytest.mark.parametrize("twin", TWINS.values(), ids=lambda twin: twin.name)
readable = pytest.mark.parametrize(
    "twin", [twin for twin in TWINS.values() if NEVER_READ not in twin.codes], ids=lambda twin: twin.name
)


@twins
def test_the_linter_rejects_a_twin_for_exactly_what_it_states(twin):
    found = faults_of(twin, catalogue=CATALOGUE, gateways=GATEWAYS)
    assert {code for code, _ in found} == set(twin.codes)


@twins
def test_a_twin_says_what_is_wrong_and_what_to_do_instead(twin):
    assert twin.of in GOOD
    assert twin.name.startswith(twin.of.lower())
    for said in (twin.wrong, twin.instead):
        assert len(said.split()) >= 4
        assert said.endswith(".")
        assert "#" not in said


@readable
def test_a_twin_differs_from_its_clause_in_little_else(twin):
    good = GOOD[twin.of].model_dump()
    bad = load_policy(twin.text).clauses[0].model_dump()
    assert bad["id"] == twin.of
    assert sum(good[name] != bad[name] for name in good) <= 2


def test_every_clause_of_the_framework_has_at_least_two_twins():
    of = [twin.of for twin in TWINS.values()]
    assert {clause: of.count(clause) >= 2 for clause in GOOD} == dict.fromkeys(GOOD, True)


def test_every_fault_that_the_shipped_tables_allow_has_a_twin():
    shown = {code for twin in TWINS.values() for code in twin.codes} - {NEVER_READ}
    assert set(CODES) - shown == {"gateway-unknown"}


@readable
def test_no_twin_lets_anything_through_that_its_clause_would_not(twin):
    """The engine is safe without the linter: what a twin still allows, its clause allows too."""
    policy = load_policy(twin.text)
    for outcome in run_tests(policy, catalogue=CATALOGUE, gateways=GATEWAYS, now=first_day(policy)):
        assert outcome.got == "deny" or outcome.expected == "allow"


def test_a_twin_that_asks_for_what_is_never_allowed_is_refused_where_it_stands():
    twin = TWINS["plan-1-never-allowed.yaml"]
    with pytest.raises(DocumentInvalid) as caught:
        load_policy(twin.text)
    (problem,) = caught.value.problems
    line = twin.text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith("individual-enforcement-targeting")
    assert "outside every clause" in problem.message


def test_a_file_without_its_header_is_no_twin():
    with pytest.raises(PolicyError, match="does not begin"):
        read_twin("format: linkage-policy/v1\n", name="it")


def test_every_fault_tells_why_it_matters():
    for twin in TWINS.values():
        if NEVER_READ not in twin.codes:
            for fault in lint(load_policy(twin.text), catalogue=CATALOGUE, gateways=GATEWAYS):
                assert fault.why.endswith(".")
                assert fault.fix.endswith((".", "”"))


def permitted(policy):
    """Every purpose, form, role and attribute that the engine permits on the first day, with the clauses that do."""
    now = first_day(policy)
    found = {}
    for role in ("analyst", "output-checker"):
        facts = perfect_facts(policy, catalogue=CATALOGUE, gateways=GATEWAYS, role=role, now=now)
        asked = {word for clause in policy.clauses for word in clause.permit.purposes}
        for purpose, form, name in product(sorted(asked), words("form"), sorted(CATALOGUE.attributes)):
            request = Request(
                project=PROJECT,
                requester=PERSON,
                role=role,
                organisation=PROJECT,
                purpose=purpose,
                form=form,
                attributes={name: "needed"},
                area="whole-area",
                benefit="help",
                asked_on=now.date(),
                use_until=now.date(),
            )
            decision = decide(request, policy, facts=facts, now=now)
            if decision.allowed:
                found[purpose, form, role, name] = decision.clauses
    return found


@pytest.mark.parametrize(
    "name",
    [
        "equity-1-unreachable",
        "safe-1-prohibited-throughout",
        "sna-1-no-basis",
        "eval-1-no-review-date",
        "sna-1-vocabulary-differs",
    ],
)
def test_the_engine_permits_nothing_by_a_clause_that_the_linter_calls_dead(name):
    assert permitted(load_policy(TWINS[f"{name}.yaml"].text)) == {}


def test_without_a_swallowed_clause_the_engine_permits_the_same():
    whole = load_policy(TWINS["sna-1-swallowed.yaml"].text)
    rest = whole.model_copy(update={"clauses": whole.clauses[:1]})
    assert permitted(rest).keys() == permitted(whole).keys() != set()


def test_a_word_that_no_request_can_use_is_never_permitted():
    policy = load_policy(TWINS["place-1-part-unreachable.yaml"].text)
    forms = {form for _, form, _, _ in permitted(policy)}
    assert "area-map" in policy.clauses[0].permit.forms
    assert forms == policy.clauses[0].permit.forms - {"area-map"}


def test_a_clause_inside_another_is_no_fault_where_it_tightens_or_outlives_it():
    whole = load_policy(TWINS["sna-1-swallowed.yaml"].text)
    inner = whole.clauses[1]
    stricter = inner.model_copy(update={"obligations": inner.obligations.model_copy(update={"suppress": 12})})
    longer = inner.model_copy(update={"review": inner.review.replace(month=6, day=1) if inner.review else None})
    for other in (stricter, longer):
        policy = whole.model_copy(update={"clauses": (whole.clauses[0], other)})
        assert "swallowed" not in {fault.code for fault in lint(policy, catalogue=CATALOGUE, gateways=GATEWAYS)}
