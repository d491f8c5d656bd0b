"""Requests with windows of time around an event: how they are written, what they ask for, and what a date may not do."""

from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from itertools import pairwise

import pytest

from policies.canonical import canonical
from policies.catalogue_document import load_catalogue
from policies.cohort import OTHERWISE, Window, attributes_of
from policies.engine import decide
from policies.errors import DocumentInvalid
from policies.five_safes import SAFES, five_safes
from policies.gateways_document import load_gateways
from policies.load import load_policy, load_request
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts
from policies.terms import WINDOWS
from service.demonstration.cast import ALLOWED_REQUEST, REFUSED_REQUEST

LIBRARY = files("policies") / "library"
TEXT = (LIBRARY / "catalogue.yaml").read_text("utf-8")
DATED = TEXT.replace(
    "      suspended: {",
    "      excluded_on: {says: day of exclusion from school, class: C3, flags: [under_18], values: date, gateways: [PCSC-s16, CDA-s115]}\n"
    "      suspended: {",
).replace(
    "      custody_episodes: {",
    "      arrested_on: {says: day of arrest, class: C3, subject: [suspect], states: fact, values: date, gateways: [PCSC-s16, CDA-s115]}\n"
    "      custody_episodes: {",
)
CATALOGUE = load_catalogue(DATED)
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
FACTS = perfect_facts(
    POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=datetime(2027, 6, 1, tzinfo=UTC)
)
WINDOW = {
    "attribute": "police.arrested_on",
    "op": "within-days-after",
    "of": "schools.excluded_on",
    "days": 365,
}
WRITTEN = """\
format: linkage-request/v1
project: needs-2027
requester: asker
role: analyst
organisation: Partnership
purpose: strategic-needs-assessment
form: aggregate-table
attributes:
  police.area: where
  schools.excluded_on: when
  police.arrested_on: when
population:
  - {attribute: police.arrested_on, op: within-days-after, of: schools.excluded_on, days: 365}
group-by: [police.area]
area: local-partnership
benefit: earlier help
asked-on: 2026-12-01
use-until: 2027-03-01
"""


def ask(
    *population,
    group_by=("police.area",),
    names=("police.area", "police.arrested_on", "schools.excluded_on"),
    **changes,
):
    body = {
        "project": PROJECT, "requester": PERSON, "role": "analyst", "organisation": PROJECT,
        "purpose": "strategic-needs-assessment", "form": "aggregate-table", "attributes": dict.fromkeys(names, "needed"),
        "population": list(population), "group-by": list(group_by), "area": "local-partnership", "benefit": "earlier help",
        "asked_on": NOW.date(), "use_until": date(2027, 3, 1),
    }  # fmt: skip
    return Request.model_validate(body | changes)


def codes(request, facts=FACTS):
    return {reason.code for reason in decide(request, POLICY, facts=facts, now=NOW).reasons}


def test_requests_without_windows_keep_their_bytes_and_their_digests():
    """They stand in logs and under signatures. Recorded before windows were added."""
    assert (
        load_request(ALLOWED_REQUEST).digest
        == "sha256:3943fc58d508c5d711f1736709289c663e0ae4657f7aa878c6c85c3ae307351c"
    )
    assert (
        load_request(REFUSED_REQUEST).digest
        == "sha256:9e6074ec9875e21a7a49d6762f3a91fe9e88cc81e8974d1a80f294da77256967"
    )
    assert b'"population":[{"attribute":"schools.age_band","op":"in","values":["10-14","15-17"]}]' in canonical(
        load_request(ALLOWED_REQUEST)
    )


def test_a_window_is_read_and_both_of_its_attributes_count_as_requested():
    request = load_request(WRITTEN)
    assert request.population == (Window.model_validate(WINDOW),)
    assert request.requested == {"police.area", "police.arrested_on", "schools.excluded_on"}
    assert request.digest != load_request(WRITTEN.replace("days: 365", "days: 182")).digest
    assert request.without({"schools.excluded_on"}).population == ()


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("days: 365", "days: 364", "days", "Use one of 7, 14, 30, 60, 90, 182, 365"),
        ("days: 365", "days: -7", "days", "whole number"),
        ("days: 365", "days: 3.5", "days", "whole number"),
        (", days: 365", "", "attribute", "“days” is missing"),
        ("of: schools.excluded_on", "of: police.arrested_on", "of", "not set beside itself"),
        ("of: schools.excluded_on", "of: schools", "of", "Write it like police.age_band"),
        ("op: within-days-after", "op: within-hours-after", "attribute", "within-days-before"),
        ("op: within-days-after", "op: is", "of", "not a word that belongs here"),
        ("op: within-days-after, ", "", "attribute", "“op” is missing"),
        ("  schools.excluded_on: when\n", "", "attribute", "No reason is given for schools.excluded_on"),
        ("group-by: [police.area]", "group-by: [police.area, police.area]", "police.area", "grouped by twice"),
        ("group-by: [police.area]", "group-by: [police.age_band]", "police.age_band", "No reason is given"),
        ("asked-on: 2026-12-01", "asked-on: 01/12/2026", "asked-on", "Write it as 2026-12-01"),
        ("asked-on: 2026-12-01", "asked-on: 0", "asked-on", "Write it as 2026-12-01"),
        ("police.area: where\n", "police.area:\n", "police.area", "reason"),
        ("use-until: 2027-03-01", "measure: mean\nuse-until: 2027-03-01", "measure", "'count'"),
    ],
)
def test_what_is_written_otherwise_is_refused_where_it_stands(old, new, at, says):
    assert old in WRITTEN
    text = WRITTEN.replace(old, new)
    with pytest.raises(DocumentInvalid) as caught:
        load_request(text)
    problems = caught.value.problems
    assert says in " ".join(f"{problem.message} {problem.fix}" for problem in problems)
    assert any(
        text.splitlines()[p.line - 1][p.column - 1 :].startswith((at, "{" + at, "- {" + at)) for p in problems
    )


def test_a_window_on_dated_attributes_is_decided_by_the_ordinary_rules():
    assert decide(ask(WINDOW), POLICY, facts=FACTS, now=NOW).allowed
    unadopted = replace(FACTS, adoptions={**FACTS.adoptions, "schools": frozenset()})
    assert "not-adopted" in codes(ask(WINDOW), unadopted)
    stricter = load_catalogue(
        DATED.replace("exclusion from school, class: C3", "exclusion from school, class: C4")
    )
    assert "class-not-covered" in codes(ask(WINDOW), replace(FACTS, catalogue=stricter))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (ask(WINDOW, group_by=["police.arrested_on"]), "date-shown"),
        (ask(WINDOW, {"attribute": "police.arrested_on", "op": "is", "values": ["2026-01-01"]}), "date-shown"),
        (ask(), "date-shown"),
        (ask({**WINDOW, "of": "police.area"}, names=("police.area", "police.arrested_on")), "not-a-date"),
        (
            ask(
                {**WINDOW, "of": "police.lost_on"},
                names=("police.area", "police.arrested_on", "police.lost_on"),
            ),
            "unknown-attribute",
        ),
    ],
)
def test_a_date_selects_people_and_does_nothing_else(request_, code):
    assert code in codes(request_)


@pytest.mark.parametrize("op", ["within-days-after", "within-days-before"])
def test_windows_of_two_events_divide_time_into_the_same_pieces(op):
    windows = [Window.model_validate({**WINDOW, "op": op, "days": days}) for days in WINDOWS]
    assert {window.pieces for window in windows} == {windows[0].pieces}
    assert len({window.dimension for window in windows}) == 1
    assert windows[0].pieces[-1] == OTHERWISE
    for shorter, longer in pairwise(windows):
        assert set(shorter.kept) < set(longer.kept) < set(longer.pieces)
    assert attributes_of(windows[0].dimension) == windows[0].attributes
    assert attributes_of("police.area") == {"police.area"}


def test_after_begins_on_the_day_and_before_on_the_day_before():
    after, before = (
        Window.model_validate({**WINDOW, "op": f"within-days-{side}", "days": 7})
        for side in ("after", "before")
    )
    assert after.kept == ("0 to 7 days",)
    assert before.kept == ("1 to 7 days",)
    assert after.dimension != before.dimension


def test_a_request_answers_the_five_questions_in_sentences():
    answers = five_safes(
        ask(WINDOW, {"attribute": "police.area", "op": "in", "values": ["Reading", "Slough"]}),
        catalogue=CATALOGUE,
    )
    assert tuple(answers) == SAFES
    told = " ".join(sentence for part in answers.values() for sentence in part)
    assert (
        "“day of arrest” lies on the same day or up to 365 days after the first “day of exclusion from school”."
        in told
    )
    assert "is one of Reading or Slough." in told
    assert all(part and all(sentence.endswith((".", ":")) for sentence in part) for part in answers.values())
    assert (
        five_safes(ask(names=("police.area",)), catalogue=CATALOGUE)["output"][1]
        == "Everybody whom an agency knows is counted."
    )
