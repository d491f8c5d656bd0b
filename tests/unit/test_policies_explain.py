"""What members read, held to the texts in tests/snapshots and to a reading age.

With UPDATE_SNAPSHOTS=1 in the environment the texts are written anew; read what changed before it is kept.
"""

import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from policies.catalogue_document import load_catalogue
from policies.conditions import LIMITS, obligations_in_words
from policies.diff import diff
from policies.document import Prohibition
from policies.engine import decide
from policies.explain import (
    explain,
    explain_attribute,
    explain_clause,
    explain_document,
    explain_gateway,
    explain_near_misses,
    explain_prohibition,
    vocabulary_in_words,
    words_in_words,
)
from policies.explain_change import explain_diff, explain_preview
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.preview import preview
from policies.replay import Past, explain_replay, replay
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts
from policies.space import Standing, whole_space
from policies.terms import term, words
from policies.wording import areas_in_words, attributes_in_words, joined, people, time_in_words

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
FACTS = perfect_facts(
    POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=datetime(2027, 5, 30, tzinfo=UTC)
)
SILENT = replace(FACTS, adoptions={who: ids for who, ids in FACTS.adoptions.items() if who != "nhs"})


def ask(*attributes, **changes):
    body = {
        "project": PROJECT,
        "requester": PERSON,
        "role": "analyst",
        "organisation": PROJECT,
        "purpose": "strategic-needs-assessment",
        "form": "aggregate-table",
        "attributes": dict.fromkeys(attributes, "needed"),
        "area": "local-partnership",
        "benefit": "earlier help",
        "asked_on": NOW.date(),
        "use_until": date(2027, 3, 1),
    }
    return Request.model_validate(body | changes)


def draft():
    """A second version that does a little of everything."""
    clauses = {clause.id: clause for clause in POLICY.clauses}
    sna, evaluation = clauses["SNA-1"], clauses["EVAL-1"]
    clauses["SNA-1"] = sna.model_copy(
        update={"obligations": sna.obligations.model_copy(update={"suppress": 10, "use_within_days": 366})}
    )
    clauses["EVAL-1"] = evaluation.model_copy(
        update={
            "permit": evaluation.permit.model_copy(update={"forms": evaluation.permit.forms | {"area-map"}})
        }
    )
    new = clauses["PLACE-1"].model_copy(
        update={
            "id": "PLACE-2",
            "title": "Places, for planning",
            "permit": clauses["PLACE-1"].permit.model_copy(
                update={"purposes": frozenset({"service-planning"})}
            ),
        }
    )
    del clauses["EQUITY-1"]
    strict = Prohibition(
        id="NO-CUSTODY",
        because="how often somebody was in custody says too little.",
        principles=frozenset({"methods-and-quality"}),
        attributes=frozenset({"police.custody_episodes"}),
    )
    return POLICY.model_copy(
        update={
            "version": 2,
            "previous": POLICY.digest,
            "clauses": (*clauses.values(), new),
            "prohibit": (*POLICY.prohibit, strict),
        }
    )


def standing(policy):
    later = datetime(2027, 5, 30, tzinfo=UTC)
    facts = perfect_facts(policy, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=later)
    return Standing(policy, facts, NOW, PROJECT)


def without_digests(lines):
    """A digest changes with every letter of a document, and nobody reads it."""
    return [re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", line) for line in lines]


def past():
    asked = (
        ("request-1", ask("schools.suspended")),
        ("request-2", ask("police.custody_episodes")),
        ("request-3", ask("schools.suspended", purpose="intervention-evaluation", form="area-map")),
        ("request-4", ask("schools.suspended", purpose="equity-audit")),
        ("request-5", ask("nhs.ae_visits", purpose="service-planning")),
        ("request-6", ask("nhs.ae_visits", purpose="research", form="pseudonymised-extract")),
    )
    return tuple(Past(name, request) for name, request in asked)


def told():
    """Every text that members read, by name."""
    yes = decide(ask("schools.suspended", "nhs.ae_assault"), POLICY, facts=FACTS, now=NOW)
    no = decide(ask("police.arrested_violence", form="pseudonymised-extract"), POLICY, facts=FACTS, now=NOW)
    waiting = decide(ask("nhs.ae_assault", "schools.suspended", area="ward"), POLICY, facts=SILENT, now=NOW)
    never = decide(ask("schools.suspended", purpose="commercial"), POLICY, facts=FACTS, now=NOW)
    second = draft()
    seen = preview(standing(POLICY), standing(second), space=whole_space(["local-policing-body"]))
    return {
        "decision-allowed": explain(yes),
        "decision-refused": (*explain(no), "", *explain_near_misses(no)),
        "decision-not-adopted": explain(waiting),
        "decision-never": explain(never),
        "clause": explain_clause(POLICY.clauses[0]),
        "document": explain_document(POLICY),
        "diff": explain_diff(diff(POLICY, second), new=second),
        "preview": explain_preview(seen, catalogue=CATALOGUE),
        "replay": explain_replay(replay(past(), old=POLICY, new=second, facts=FACTS)),
        "gateways": [explain_gateway(row) for row in GATEWAYS.values()],
        "attributes": [explain_attribute(name, catalogue=CATALOGUE) for name in sorted(CATALOGUE.attributes)],
        "vocabulary": vocabulary_in_words(),
    }


TOLD = {name: "\n".join(without_digests(lines)) + "\n" for name, lines in told().items()}


@pytest.mark.parametrize("name", sorted(TOLD))
def test_the_text_is_the_one_that_was_last_read(name):
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(TOLD[name], encoding="utf-8")
    assert path.read_text("utf-8") == TOLD[name], "if this is meant: UPDATE_SNAPSHOTS=1, and read what changed"


def test_every_snapshot_is_of_a_text_that_is_told():
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == TOLD.keys()


def syllables(word):
    """About how many: groups of vowels, without a silent e at the end."""
    plain = word.lower()
    count = len(re.findall(r"[aeiouy]+", plain))
    silent = plain.endswith("e") and not plain.endswith(("le", "ee"))
    silent |= plain.endswith("es") and not re.search(r"(s|x|z|ch|sh|c|g)es$", plain)
    silent |= plain.endswith("ed") and not re.search(r"[td]ed$", plain)
    return max(1, count - silent)


def grade(text):
    """The Flesch-Kincaid grade (Kincaid, Fishburne, Rogers and Chissom 1975): years of school in the United States; add five for the age."""
    sentences = [one for one in re.split(r"(?<=[.!?])\s+(?=[A-Z])|\n", text) if re.search("[A-Za-z]", one)]
    spoken = re.findall(r"[A-Za-z][A-Za-z'-]*|[0-9]+", text)
    return 0.39 * len(spoken) / len(sentences) + 11.8 * sum(map(syllables, spoken)) / len(spoken) - 15.59


def test_the_formula_gives_what_the_paper_says_of_known_sentences():
    assert syllables("suspended") == 3
    assert syllables("area") == 2
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)


LONGEST = 75
MOST_YEARS = {
    "document": 8.0,
    "clause": 8.0,
    "diff": 8.0,
    "replay": 9.0,
    "preview": 10.0,
    "decision-allowed": 8.0,
}


@pytest.mark.parametrize("name", sorted(MOST_YEARS))
def test_a_text_for_members_reads_no_harder_than_its_bound(name):
    assert grade(TOLD[name]) <= MOST_YEARS[name]


def test_no_sentence_is_endless():
    for name in ("document", "diff", "decision-allowed", "decision-refused"):
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])|\n", TOLD[name]):
            assert len(sentence.split()) <= LONGEST, sentence


@pytest.mark.parametrize("name", sorted(TOLD))
def test_every_line_is_a_sentence_a_heading_or_empty_and_no_field_shows_through(name):
    for line in TOLD[name].splitlines():
        assert not line or line.endswith((".", ":")), line
        assert not re.search(r"None(?! of it)|frozenset|\{|\}|\(\)|, ,|  +[^-]", line.lstrip()), line


def test_every_word_of_a_document_is_explained_below_it():
    below = "\n".join(words_in_words(POLICY))
    for kind, used in (
        ("form", {form for clause in POLICY.clauses for form in clause.permit.forms}),
        ("gateway", {name for clause in POLICY.clauses for name in clause.gateways}),
        ("class", {name for clause in POLICY.clauses for name in clause.attributes.classes}),
    ):
        assert all(term(word, kind=kind).sentence in below for word in used)
    assert all(line in TOLD["document"] for line in words_in_words(POLICY))


def test_what_every_clause_says_is_said_once_and_nothing_is_lost():
    document = TOLD["document"]
    for clause in POLICY.clauses:
        assert all(line in document for line in explain_clause(clause))
    assert document.count("It applies once the ethics board has recommended it.") == 1
    alone = "\n".join(explain_document(POLICY.model_copy(update={"clauses": POLICY.clauses[:1]})))
    assert "For every clause:" not in alone
    assert all(line in alone for line in explain_clause(POLICY.clauses[0]))


def test_a_change_of_any_part_of_a_clause_changes_its_text():
    clause = POLICY.clauses[0]
    permit, covers, mine = clause.permit, clause.attributes, clause.obligations
    others = [
        {"title": "Another"},
        {"permit": permit.model_copy(update={"purposes": frozenset({"research"})})},
        {"permit": permit.model_copy(update={"forms": frozenset({"area-map"})})},
        {"permit": permit.model_copy(update={"roles": frozenset({"auditor"})})},
        {"permit": permit.model_copy(update={"finest_area": "ward"})},
        {"attributes": covers.model_copy(update={"classes": frozenset({"C1"})})},
        {"attributes": covers.model_copy(update={"flags": frozenset()})},
        {"attributes": covers.model_copy(update={"only": frozenset({"police.area"})})},
        {"attributes": covers.model_copy(update={"leave_out": frozenset({"police.area"})})},
        {"gateways": frozenset({"DEA-s64"})},
        {"requires": clause.requires.model_copy(update={"dpia_ref": "DPIA-X"})},
        {"requires": clause.requires.model_copy(update={"eqia_ref": "EQIA-X"})},
        {"basis": ""},
        {"principles": frozenset({"public-views"})},
        {"review": None},
        {"obligations": mine.model_copy(update={"duties": frozenset()})},
        *({"obligations": mine.model_copy(update={limit.field: 50})} for limit in LIMITS),
    ]
    texts = {explain_clause(clause), *(explain_clause(clause.model_copy(update=one)) for one in others)}
    assert len(texts) == len(others) + 1


def test_a_prohibition_tells_each_of_its_conditions():
    rule = Prohibition(
        id="NO-X",
        because="the test says so.",
        principles=frozenset({"confidentiality"}),
        purposes=frozenset({"research"}),
        forms=frozenset({"area-map"}),
        roles=frozenset({"analyst"}),
        classes=frozenset({"C3"}),
        flags=frozenset({"under_18"}),
        attributes=frozenset({"police.area"}),
        areas_finer_than="ward",
    )
    says, reason = explain_prohibition(rule)
    assert says == (
        "NO-X: nothing leaves as a map by area for research to an analyst by areas finer than ward "
        "if it is about people under 18 if it is a sensitive event about police.area."
    )
    assert reason == "The reason: the test says so."


def test_limits_of_rows_are_told_only_where_rows_leave():
    obligations = POLICY.floors.obligations()
    assert any("look alike" in line for line in obligations_in_words(obligations))
    assert any("look alike" in line for line in obligations_in_words(obligations, form="pseudonymised-extract"))
    assert not any("look alike" in line for line in obligations_in_words(obligations, form="aggregate-table"))


def test_lists_days_and_areas_read_as_people_write_them():
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"], last="or") == "a, b or c"
    assert joined(["methods and quality", "public good"]) == "methods and quality; and public good"
    assert people(["analyst", "auditor"]) == "an analyst or an auditor"
    assert areas_in_words(["whole-area"]) == "for the whole area"
    assert areas_in_words(["ward", "whole-area", "local-partnership"]) == "by areas no finer than ward"
    assert areas_in_words(["ward", "LSOA"]) == "by ward or small area (LSOA)"
    assert time_in_words(0, 30) == "for use up to 30 days"
    assert time_in_words(31, 60) == "for use of 31 to 60 days"


def test_attributes_are_told_by_partner_and_a_whole_partner_in_one_word():
    police = [name for name in CATALOGUE.attributes if name.startswith("police.")]
    assert attributes_in_words(police, catalogue=CATALOGUE) == "Police (everything)"
    told = attributes_in_words([*police, "schools.suspended"], catalogue=CATALOGUE)
    assert told == "Police (everything) and Schools (“suspended from school”)"
    assert attributes_in_words(["police.gone"], catalogue=CATALOGUE) == "police.gone"


def test_every_kind_of_word_that_members_meet_is_in_the_printed_vocabulary():
    text = TOLD["vocabulary"]
    for kind in (
        "purpose",
        "never-purpose",
        "class",
        "flag",
        "form",
        "duty",
        "limit",
        "role",
        "area",
        "gateway",
    ):
        assert all(f"- {word}: " in text for word in words(kind))


def test_nothing_of_a_longer_use_than_was_asked_for_is_told_as_a_condition():
    longer = POLICY.model_copy(
        update={
            "clauses": tuple(
                clause.model_copy(
                    update={"obligations": clause.obligations.model_copy(update={"use_within_days": 366})}
                )
                for clause in POLICY.clauses
            )
        }
    )
    seen = preview(standing(POLICY), standing(longer), space=whole_space(["local-policing-body"]))
    assert seen.newly_allowed
    assert all(one.where.shortest == 184 for one in seen.newly_allowed)
    assert seen.stricter == seen.laxer == ()
