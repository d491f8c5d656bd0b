"""Past requests under a draft: each on its own day, and nothing but the text of the documents makes a difference."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest

from policies.catalogue_document import load_catalogue
from policies.engine import decide
from policies.facts import Facts, Requester
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.paperwork import with_paperwork
from policies.replay import Outcome, Past, explain_replay, replay
from policies.request import Request

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
PERSON, PROJECT = "a-person", "a-project"
BARE = Facts(
    CATALOGUE,
    GATEWAYS,
    requesters={PERSON: Requester(frozenset({"analyst"}), PROJECT, "local-policing-body")},
)


def ask(day=date(2026, 12, 1), **changes):
    body = {
        "project": PROJECT,
        "requester": PERSON,
        "role": "analyst",
        "organisation": PROJECT,
        "purpose": "strategic-needs-assessment",
        "form": "aggregate-table",
        "attributes": {"schools.suspended": "needed"},
        "area": "local-partnership",
        "benefit": "earlier help",
        "asked_on": day,
        "use_until": day + timedelta(days=30),
    }
    return Request.model_validate(body | changes)


def changed(clause, **parts):
    """The framework with another version of one clause."""
    clauses = {one.id: one for one in POLICY.clauses}
    one = clauses[clause]
    for name, update in parts.items():
        one = one.model_copy(update={name: getattr(one, name).model_copy(update=update)})
    clauses[clause] = one
    return POLICY.model_copy(update={"version": 2, "clauses": tuple(clauses.values())})


def only(request, new, old=POLICY, facts=BARE):
    (found,) = replay([Past("one", request)], old=old, new=new, facts=facts)
    return found


def test_the_same_document_gives_the_same_answers():
    past = [Past("allowed", ask()), Past("refused", ask(form="pseudonymised-extract"))]
    assert [one.outcome for one in replay(past, old=POLICY, new=POLICY, facts=BARE)] == [Outcome.SAME] * 2
    assert [one.allowed_now for one in replay(past, old=POLICY, new=POLICY, facts=BARE)] == [True, False]


def test_a_form_that_a_draft_takes_away_is_refused_with_the_reason_and_what_is_left():
    found = only(ask(), changed("SNA-1", permit={"forms": frozenset({"flag-count"})}))
    assert (found.outcome, found.allowed_before, found.allowed_now) == (Outcome.NOW_REFUSED, True, False)
    assert "Clause SNA-1 does not allow a table of counts; it allows a single count." in found.why
    assert "Ask for a single count instead of a table of counts." in found.why


def test_a_form_that_a_draft_adds_is_allowed_with_what_stood_in_the_way_before():
    request = ask(form="area-map")
    forms = next(one for one in POLICY.clauses if one.id == "SNA-1").permit.forms | {"area-map"}
    found = only(request, changed("SNA-1", permit={"forms": forms}))
    assert found.outcome is Outcome.NOW_ALLOWED
    assert found.why[0] == "Allowed by clause SNA-1."
    assert any(line.startswith("Before: Clause SNA-1 does not allow a map by area") for line in found.why)


def test_other_conditions_are_told_one_by_one():
    mine = next(one for one in POLICY.clauses if one.id == "SNA-1").obligations
    duties = (mine.duties | {"hide-zeros"}) - {"publish-summary"}
    found = only(ask(), changed("SNA-1", obligations={"suppress": 12, "duties": duties}))
    assert found.outcome is Outcome.OTHER_CONDITIONS
    assert found.why == (
        "Counts from 1 to 12 are hidden; before: 7.",
        "A duty less: to publish a summary.",
        "A duty more: to hide zeros.",
    )


def test_limits_of_rows_are_no_other_condition_of_a_table():
    assert only(ask(), changed("SNA-1", obligations={"k_anonymity": 50})).outcome is Outcome.SAME


def test_each_request_is_judged_on_the_day_it_was_asked():
    new = POLICY.model_copy(
        update={
            "clauses": tuple(
                one.model_copy(update={"review": date(2026, 11, 15)}) if one.id == "SNA-1" else one
                for one in POLICY.clauses
            )
        }
    )
    past = [Past("early", ask(date(2026, 11, 15))), Past("late", ask(date(2026, 11, 16)))]
    early, late = replay(past, old=POLICY, new=new, facts=BARE)
    assert (early.outcome, late.outcome) == (Outcome.SAME, Outcome.NOW_REFUSED)
    assert "The review of clause SNA-1 was due on 2026-11-15." in late.why


@pytest.mark.parametrize("day", [date(2025, 3, 1), date(2026, 12, 1), date(2028, 2, 1)])
def test_documents_count_as_in_force_on_every_day_that_was_asked_on(day):
    """A draft takes effect after the requests were made, and an old version may have come after them too."""
    new = POLICY.model_copy(update={"effective": date(2027, 1, 1), "expires": date(2027, 12, 31)})
    forever = POLICY.model_copy(
        update={"clauses": tuple(one.model_copy(update={"review": date(2029, 1, 1)}) for one in POLICY.clauses)}
    )
    found = only(ask(day), forever.model_copy(update={"effective": new.effective}), old=forever)
    assert (found.outcome, found.allowed_now) == (Outcome.SAME, True)


def test_what_is_on_record_makes_no_difference():
    lapsed = replace(
        BARE,
        adoptions={"schools": frozenset({"SNA-1"})},
        recommended=frozenset({"SNA-1"}),
        dpia={"SNA-1": date(2020, 1, 1)},
    )
    new = changed("SNA-1", permit={"forms": frozenset({"flag-count"})})
    assert only(ask(), new, facts=lapsed) == only(ask(), new)


def test_the_answers_are_those_of_the_engine():
    new = changed("EVAL-1", permit={"purposes": frozenset({"strategic-needs-assessment"})})
    requests = [
        ask(date(2026, 12, 1) - timedelta(days=days), purpose=purpose, form=form, attributes={name: "needed"})
        for days in (0, 40)
        for purpose in ("strategic-needs-assessment", "intervention-evaluation", "commercial", "typo")
        for form in ("aggregate-table", "model-summary", "person-list")
        for name in ("schools.suspended", "nhs.ae_visits", "schools.unheard_of")
    ]
    past = [Past(str(n), request) for n, request in enumerate(requests)]
    found = replay(past, old=POLICY, new=new, facts=BARE)
    assert [one.id for one in found] == [one.id for one in past]
    for one, request in zip(found, requests, strict=True):
        answers = []
        for policy in (POLICY, new):
            facts = with_paperwork(BARE, policy=policy, projects=[PROJECT], until=date(2026, 12, 2))
            now = datetime(request.asked_on.year, request.asked_on.month, request.asked_on.day, 9, tzinfo=UTC)
            answers.append(decide(request, policy, facts=facts, now=now).allowed)
        assert (one.allowed_before, one.allowed_now) == tuple(answers)
    assert {one.outcome for one in found} == set(Outcome)


def test_no_requests_no_answers():
    assert replay([], old=POLICY, new=POLICY, facts=BARE) == ()
    assert explain_replay(())[-1] == "Same answer under both: 0."
