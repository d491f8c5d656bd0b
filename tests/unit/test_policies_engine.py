from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files

import pytest

from policies.catalogue_document import load_catalogue
from policies.document import Prohibition
from policies.engine import decide
from policies.errors import Refused
from policies.explain import explain, explain_near_misses
from policies.facts import Requester
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts, run_tests
from tests.mended_requests import apply

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
FACTS = perfect_facts(
    POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=datetime(2027, 11, 30, tzinfo=UTC)
)
TABLE = ("police.area", "police.arrested_violence", "nhs.ae_assault", "schools.suspended")


def ask(*attributes, **changes):
    body = {
        "project": PROJECT,
        "requester": PERSON,
        "role": "analyst",
        "organisation": PROJECT,
        "purpose": "strategic-needs-assessment",
        "form": "aggregate-table",
        "attributes": dict.fromkeys(attributes or TABLE, "needed"),
        "area": "local-partnership",
        "benefit": "earlier help",
        "asked_on": NOW.date(),
        "use_until": date(2027, 3, 1),
    }
    return Request.model_validate(body | changes)


def answer(request=None, facts=FACTS, policy=POLICY, now=NOW):
    return decide(request or ask(), policy, facts=facts, now=now)


def codes(decision):
    return {reason.code for reason in decision.reasons}


def test_the_tests_inside_the_framework_pass():
    outcomes = run_tests(POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, now=NOW)
    assert len(outcomes) >= 10
    assert [outcome for outcome in outcomes if not outcome.passed] == []


def test_a_permitted_request_gets_a_permit_that_says_what_it_is_for():
    permit = answer().require()
    assert permit.attributes == set(TABLE)
    assert (permit.clauses, permit.form, permit.expires) == (("SNA-1",), "aggregate-table", date(2027, 3, 1))
    assert permit.policy == POLICY.digest
    assert permit.request == ask().digest
    assert permit.obligations.suppress == 7
    assert "no-reid" in permit.obligations.duties


def test_a_derived_attribute_opens_the_columns_it_is_made_from_and_shows_none_of_them():
    permit = answer(ask("derived.violence_any_source")).require()
    assert permit.attributes == {"derived.violence_any_source"}
    assert permit.opens == {"police.victim_violence", "nhs.ae_assault"}


def test_a_refusal_raises_its_explanation():
    with pytest.raises(Refused, match="ethics board has not recommended") as caught:
        answer(facts=replace(FACTS, recommended=frozenset())).require()
    assert "not-recommended" in caught.value.reasons


def test_a_controller_who_has_not_adopted_takes_away_only_that_partners_attributes():
    facts = replace(
        FACTS, adoptions={partner: ids for partner, ids in FACTS.adoptions.items() if partner != "nhs"}
    )
    decision = answer(facts=facts)
    (reason,) = (r for r in decision.reasons if r.code == "not-adopted")
    assert reason.attributes == ("nhs.ae_assault",)
    assert "NHS trust has not adopted clause SNA-1" in reason.sentence
    mended = apply(ask(), changes=decision.alternative.changes)
    assert mended.requested == set(TABLE) - {"nhs.ae_assault"}
    assert answer(mended, facts=facts).allowed


def test_a_controller_also_holds_back_what_is_derived_from_its_attributes():
    facts = replace(FACTS, adoptions={**FACTS.adoptions, "nhs": frozenset()})
    decision = answer(ask("derived.violence_any_source", "police.area"), facts=facts)
    assert not decision.allowed
    assert apply(
        ask("derived.violence_any_source", "police.area"), changes=decision.alternative.changes
    ).requested == {"police.area"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "predictive-scoring-individual"}, "never-allowed-purpose"),
        ({"form": "ranked-person-list"}, "never-allowed-form"),
        ({"purpose": "fortune-telling"}, "unknown-word"),
        ({"form": "poster"}, "unknown-word"),
        ({"area": "street"}, "unknown-word"),
        ({"role": "wizard"}, "unknown-word"),
        ({"role": "auditor"}, "role-not-held"),
        ({"organisation": "Another body"}, "organisation-differs"),
        ({"requester": "nobody"}, "unknown-requester"),
        ({"area": "LSOA"}, "finer-than-floor"),
        ({"area": "ward"}, "area-too-fine"),
        ({"form": "model-summary"}, "form-not-covered"),
        ({"asked_on": date(2026, 12, 2)}, "asked-in-the-future"),
        ({"asked_on": date(2026, 6, 1), "use_until": date(2026, 11, 30)}, "use-has-ended"),
        ({"use_until": date(2027, 12, 1)}, "use-too-long"),
        ({"attributes": {"police.shoe_size": "curious"}}, "unknown-attribute"),
        (
            {"population": [{"attribute": "schools.suspended", "op": "is", "values": ["maybe"]}]},
            "unknown-value",
        ),
        ({"attributes": {}}, "nothing-asked"),
    ],
)
def test_each_fault_of_a_request_denies_with_its_own_reason(changes, code):
    decision = answer(ask(**changes))
    assert not decision.allowed
    assert code in codes(decision)
    assert decision.permit is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"dpia": {}}, "dpia-missing"),
        ({"dpia": dict.fromkeys(FACTS.dpia, date(2026, 11, 30))}, "dpia-lapsed"),
        ({"adoptions": {}}, "not-adopted"),
        ({"recommended": frozenset()}, "not-recommended"),
        ({"evidence": {}}, "evidence-missing"),
        ({"requesters": {}}, "unknown-requester"),
        ({"gateways": {}}, "gateway-unknown"),
        (
            {"requesters": {PERSON: Requester(frozenset({"analyst"}), PROJECT, "university")}},
            "gateway-recipient",
        ),
        (
            {
                "requesters": {
                    PERSON: Requester(
                        frozenset({"analyst", "linkage-operator"}), PROJECT, "local-policing-body"
                    )
                }
            },
            "linker-may-not-ask",
        ),
    ],
)
def test_a_missing_fact_denies_with_its_own_reason(changes, code):
    decision = answer(facts=replace(FACTS, **changes))
    assert not decision.allowed
    assert code in codes(decision)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2026, 5, 31, 23, tzinfo=UTC), "not-yet-effective"),
        (datetime(2028, 1, 1, tzinfo=UTC), "expired"),
        (datetime(2027, 6, 1, tzinfo=UTC), "review-passed"),
    ],
)
def test_a_policy_permits_only_between_its_dates(now, code):
    today = now.date()
    assert code in codes(answer(ask(asked_on=today, use_until=today), now=now))


def test_a_clause_permits_on_the_day_of_its_review_and_not_after():
    day = POLICY.clauses[0].review
    assert answer(
        ask(asked_on=day, use_until=day), now=datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    ).allowed


@pytest.mark.parametrize(
    ("rule", "prohibited"),
    [
        ({"forms": ["aggregate-table"]}, True),
        ({"forms": ["rate-table"]}, False),
        ({"forms": ["aggregate-table"], "purposes": ["strategic-needs-assessment"]}, True),
        ({"forms": ["aggregate-table"], "purposes": ["research"]}, False),
        ({"roles": ["analyst"], "areas_finer_than": "whole-area"}, True),
        ({"roles": ["analyst"], "areas_finer_than": "local-partnership"}, False),
        ({"roles": ["auditor"]}, False),
        ({"flags": ["under_18"]}, True),
        ({"flags": ["under_18"], "classes": ["C2"]}, False),
        ({"classes": ["C5"], "attributes": ["nhs.ae_assault", "police.area"]}, True),
        ({"classes": ["C5"], "attributes": ["police.area"]}, False),
    ],
)
def test_a_prohibition_applies_when_everything_it_names_matches(rule, prohibited):
    made = Prohibition.model_validate(
        {"id": "MADE-UP", "because": "the test says so.", "principles": ["confidentiality"], **rule}
    )
    decision = answer(policy=POLICY.model_copy(update={"prohibit": (made,)}))
    assert decision.allowed is not prohibited
    assert ("prohibited" in codes(decision)) is prohibited


def test_a_direct_identifier_is_never_released():
    text = (LIBRARY / "catalogue.yaml").read_text("utf-8").replace("custody, class: C3", "custody, class: C6")
    facts = replace(FACTS, catalogue=load_catalogue(text))
    assert "never-released-class" in codes(answer(ask("police.custody_episodes"), facts=facts))


def test_a_policy_in_another_vocabulary_permits_nothing():
    assert "vocabulary-differs" in codes(answer(policy=POLICY.model_copy(update={"vocabulary": "vpp-vocab@1"})))


def test_obligations_of_several_clauses_merge_to_the_strictest():
    sna = POLICY.clauses[0]
    stricter = sna.obligations.model_copy(
        update={"suppress": 10, "round": None, "use_within_days": 100, "duties": frozenset({"hide-zeros"})}
    )
    second = sna.model_copy(update={"id": "SNA-2", "obligations": stricter})
    policy = POLICY.model_copy(update={"clauses": (*POLICY.clauses, second)})
    facts = perfect_facts(policy, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW)
    permit = answer(ask(use_until=date(2027, 1, 15)), policy=policy, facts=facts).require()
    assert permit.clauses == ("SNA-1", "SNA-2")
    assert (permit.obligations.suppress, permit.obligations.round_to, permit.obligations.use_within_days) == (
        10,
        5,
        100,
    )
    assert {"hide-zeros", "no-onward"} <= permit.obligations.duties


def test_a_permit_ends_with_the_first_thing_it_rests_on():
    soon = {**FACTS.evidence, "nhs": {**FACTS.evidence["nhs"], "next_review": "2027-01-10"}}
    assert answer(facts=replace(FACTS, evidence=soon)).require().expires == date(2027, 1, 10)
    assert answer(
        facts=replace(FACTS, dpia={**FACTS.dpia, "SNA-1": date(2027, 1, 9)})
    ).require().expires == date(2027, 1, 9)


def test_the_alternative_never_changes_who_asks_or_what_for():
    for changes in ({"purpose": "commercial"}, {"role": "auditor"}, {"requester": "nobody"}):
        assert answer(ask(**changes)).alternative is None


@pytest.mark.parametrize(
    "changes",
    [
        {"form": "person-list"},
        {"form": "pseudonymised-extract"},
        {"area": "LSOA"},
        {"area": "ward", "form": "model-summary"},
        {"use_until": date(2028, 1, 1)},
    ],
)
def test_the_alternative_is_a_request_that_is_allowed(changes):
    request = ask(**changes)
    mended = apply(request, changes=answer(request).alternative.changes)
    assert mended.requested == request.requested
    assert answer(mended).allowed


def test_the_nearest_clauses_say_exactly_what_each_lacks():
    decision = answer(ask(purpose="intervention-evaluation"))
    assert decision.nearest[0].clause == "EVAL-1"
    assert {lack.code for lack in decision.nearest[0].lacks} == {
        "class-not-covered",
        "flag-not-covered",
        "gateway-not-accepted",
    }
    assert all("nhs.ae_assault" in lack.attributes for lack in decision.nearest[0].lacks)
    assert explain_near_misses(decision)[0].startswith("EVAL-1 (Evaluation of an intervention): nhs.ae_assault")


def test_decisions_are_explained_in_sentences():
    yes, no = explain(answer()), explain(answer(ask(form="person-list")))
    assert yes[0] == "Allowed by clause SNA-1."
    assert yes[-1] == "The permit ends on 1 March 2027."
    assert no[:2] == (
        "Denied.",
        "Never produced: a list of people. A list of named or recognisable people is never produced.",
    )
    assert no[-2:] == (
        "It would be allowed by clause SNA-1 like this:",
        "Ask for a table of counts instead of “person-list”.",
    )


def test_equal_questions_get_equal_answers_with_equal_digests():
    assert answer() == answer()
    assert answer().digest() == answer().digest()
    assert answer().require().text() == answer().require().text()
    assert answer().digest() != answer(ask(benefit="something else")).digest()


def test_the_day_is_the_day_in_utc_wherever_the_clock_stands():
    last_day = answer().require()
    east = datetime(2027, 3, 2, 1, tzinfo=timezone(timedelta(hours=2)))  # still 1 March in UTC
    assert last_day.valid_on(east)
    assert not last_day.valid_on(datetime(2027, 3, 2, 0, tzinfo=UTC))
