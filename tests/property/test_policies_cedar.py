"""Our engine and Cedar, which other people made, are given the same document, facts and requests, and permit by the same clauses."""

import json
import runpy
from collections import defaultdict
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from types import SimpleNamespace

import cedarpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import cedar
from policies.catalogue_document import load_catalogue
from policies.document import Prohibition
from policies.engine import decide
from policies.facts import Requester
from policies.selftest import PROJECT, perfect_facts
from policies.terms import words

HERE = Path(__file__).parent
W = SimpleNamespace(**runpy.run_path(str(HERE / "policies_worlds.py")))
T = SimpleNamespace(**runpy.run_path(str(HERE / "policies_cedar_twin.py")))

FACTS = perfect_facts(W.POLICY, catalogue=W.SHIPPED, gateways=W.GATEWAYS, role="analyst", now=W.NOW)
BODY = "local-policing-body"
EVERYBODY = replace(
    FACTS, requesters={role: Requester(frozenset({role}), PROJECT, BODY) for role in words("role")}
)
"""For each role one person who holds it, and no other."""
RULES = cedar.rules(W.POLICY, gateways=W.GATEWAYS)
SCHEMA = cedar.schema(gateways=W.GATEWAYS)
SOMETHING = W.a_request(W.Draws(1), wild=0)


def ours(requests, policy, facts, now=W.NOW):
    return [frozenset(decide(request, policy, facts=facts, now=now).clauses) for request in requests]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 2**32).map(W.Draws), st.sampled_from([0, 1, 8, 12]), st.sampled_from([0, 3]), st.booleans()
)
def test_any_document_facts_and_request_get_the_same_answer(rng, clauses, prohibitions, later):
    world = W.a_world(rng, clauses=clauses, prohibitions=prohibitions)
    now = W.NOW.replace(year=2027) if later else W.NOW
    requests = [W.a_request(rng, wild=wild) for wild in (0.02, 0.1, 0.1, 0.1, 0.3)]
    theirs = T.twin(world.policy, world.facts).clauses(requests, now=now)
    assert theirs == ours(requests, world.policy, world.facts, now)


def point(purpose, form, role, area, attributes):
    """One request; what it asks for is not checked again, for the words are the vocabulary's own."""
    wanted = tuple(SOMETHING.attributes[0].model_copy(update={"attribute": name}) for name in attributes)
    said = {"purpose": purpose, "form": form, "role": role, "requester": role, "area": area}
    changes = {"attributes": wanted, "population": (), "group_by": (), "use_until": SOMETHING.asked_on}
    return SOMETHING.model_copy(update={**said, **changes, "asked_on": W.NOW.date(), "use_until": W.NOW.date()})


def alike(items, look):
    """One of each group of things that look the same."""
    groups = defaultdict(list)
    for item in items:
        groups[look(item)].append(item)
    return [group[0] for group in groups.values()]


def named_anywhere(word):
    """Whether the document or the law says a word."""
    text = json.dumps(
        [W.POLICY.model_dump(mode="json", exclude={"tests"}), [repr(row) for row in W.GATEWAYS.values()]]
    )
    return f'"{word}"' in text or f"'{word}'" in text


def looks_of(name):
    """Everything that a rule can see of an attribute, and of what it is made from."""
    row = W.SHIPPED.attributes[name]
    sources = frozenset(looks_of(one) for one in row.sources)
    return (
        row.partner,
        row.sensitivity,
        row.flags,
        row.subjects,
        row.gateways,
        row.dated,
        sources,
        named_anywhere(name) and name,
    )


PURPOSES = alike((*words("purpose"), *words("never-purpose")), lambda word: named_anywhere(word) and word)
FORMS = alike((*words("form"), *words("never-form")), lambda word: named_anywhere(word) and word)
SAID = {role for rule in W.POLICY.prohibit for role in rule.roles}.union(
    *(clause.permit.roles for clause in W.POLICY.clauses), {"linkage-operator"}
)
ROLES = alike(words("role"), lambda role: role in SAID and role)
ATTRIBUTES = alike(sorted(W.SHIPPED.attributes), looks_of)


def test_the_whole_space_of_the_shipped_document_gets_the_same_answer():
    """Every purpose, form, role, area and attribute, alone; and in pairs wherever one of the two is permitted alone.

    Of words and attributes that no rule can tell apart one is asked; `benchmarks/decide_cedar.py` asks all of them.
    """
    twin = T.twin(W.POLICY, EVERYBODY)
    places = list(product(PURPOSES, FORMS, ROLES, words("area")))
    alone = [(place, name) for place in places for name in ATTRIBUTES]
    requests = [point(*place, [name]) for place, name in alone]
    theirs = dict(zip(alone, twin.clauses(requests, now=W.NOW), strict=True))
    assert list(theirs.values()) == ours(requests, W.POLICY, EVERYBODY)
    permitted = {place for place, name in alone if theirs[place, name]}
    assert len(permitted) > 50
    assert {clause for found in theirs.values() for clause in found} == {c.id for c in W.POLICY.clauses}
    pairs = [(place, pair) for place in sorted(permitted) for pair in combinations(ATTRIBUTES, 2)]
    expected = [theirs[place, one] & theirs[place, other] for place, (one, other) in pairs]
    assert expected == ours([point(*place, pair) for place, pair in pairs], W.POLICY, EVERYBODY)


def test_cedar_finds_nothing_wrong_with_what_the_shipped_document_compiles_to():
    result = cedarpy.validate_policies(RULES, SCHEMA)
    assert result.validation_passed, [str(error) for error in result.errors]


def test_cedar_reads_the_ids_of_clauses_and_prohibitions():
    read = json.loads(cedarpy.policies_to_json_str(RULES))["staticPolicies"].values()
    found = {(one["effect"], one["annotations"]["id"]) for one in read}
    assert {name for effect, name in found if effect == "permit"} == {c.id for c in W.POLICY.clauses}
    assert {rule.id for rule in W.POLICY.prohibit} < {name for effect, name in found if effect == "forbid"}


def test_a_document_with_a_word_that_nobody_knows_does_not_fit_the_schema():
    clause = W.POLICY.clauses[0]
    typo = clause.permit.model_copy(update={"purposes": frozenset({"strategic-need-assessment"})})
    policy = W.POLICY.model_copy(update={"clauses": (clause.model_copy(update={"permit": typo}),)})
    result = cedarpy.validate_policies(cedar.rules(policy, gateways=W.GATEWAYS), SCHEMA)
    assert not result.validation_passed


def test_the_comparison_notices_a_rule_that_one_of_the_two_lacks():
    """Comparisons that hold whatever the engines do would be worth nothing."""
    rng = W.Draws(7)
    requests = [W.a_request(rng, wild=0.05) for _ in range(150)]
    facts = W.facts_in_order(W.POLICY)
    right = ours(requests, W.POLICY, facts)
    assert T.twin(W.POLICY, facts).clauses(requests, now=W.NOW) == right
    tables = Prohibition(
        id="NO-TABLES", because="it says so.", principles={"confidentiality"}, forms={"aggregate-table"}
    )
    stricter = W.POLICY.model_copy(update={"prohibit": (*W.POLICY.prohibit, tables)})
    for other in (
        stricter,
        W.POLICY.model_copy(update={"clauses": W.POLICY.clauses[1:]}),
        W.POLICY.model_copy(update={"expires": W.POLICY.effective}),
    ):
        assert T.twin(other, facts).clauses(requests, now=W.NOW) != right
    assert T.twin(W.POLICY, replace(facts, evidence={})).clauses(requests, now=W.NOW) != right


PERMIT_ALL = '@id("ALL-1") permit (principal, action, resource);'


def asked_of_cedar(text, request, entities, schema=None):
    (question, *_) = cedar.questions(request, name="0", facts=FACTS)
    return cedarpy.is_authorized(question, text, entities, schema)


def test_cedar_alone_allows_where_a_prohibition_cannot_be_evaluated_and_ours_denies():
    """Nobody declared the attribute, so what it is about is not known. Cedar goes on without the rules that ask."""
    request = point("service-planning", "aggregate-table", "analyst", "whole-area", ["police.undeclared"])
    entities = [
        *cedar.entities(EVERYBODY, policy=W.POLICY),
        cedar.asked(request, name="0", facts=FACTS, now=W.NOW),
    ]
    forbids = RULES[: RULES.index('@id("SNA-1")')]
    alone = asked_of_cedar(forbids + PERMIT_ALL, request, json.dumps(entities))
    assert alone.allowed
    assert any("does not exist" in error for error in alone.diagnostics.errors)
    assert cedar.verdict([T.answer(alone)]) == frozenset()
    decision = decide(request, W.POLICY, facts=EVERYBODY, now=W.NOW)
    assert not decision.allowed
    said = [reason.sentence for reason in decision.errors]
    assert any("Prohibition NO-TERRORISM could not be evaluated" in sentence for sentence in said)


def test_cedar_alone_allows_where_an_attribute_says_nothing_of_its_flags_and_ours_denies():
    """The attribute is declared, but without its flags: the prohibition of matters of terrorism has nothing to look at."""
    request = point("service-planning", "aggregate-table", "analyst", "whole-area", ["police.area"])
    row = FACTS.catalogue.attributes["police.area"]
    silent = json.loads(json.dumps(cedar.entities(EVERYBODY, policy=W.POLICY)))
    for entity in silent:
        if entity["uid"]["id"] == "police.area":
            del entity["attrs"]["flags"]
    silent.append(cedar.asked(request, name="0", facts=FACTS, now=W.NOW))
    forbids = RULES[: RULES.index('@id("SNA-1")')]
    alone = asked_of_cedar(forbids + PERMIT_ALL, request, json.dumps(silent))
    assert alone.allowed
    assert alone.diagnostics.errors
    with pytest.raises(ValueError, match="conform"):
        cedarpy.Entities.from_json_str(json.dumps(silent), SCHEMA)
    attributes = {**FACTS.catalogue.attributes, "police.area": replace(row, flags=None)}
    facts = replace(EVERYBODY, catalogue=replace(FACTS.catalogue, attributes=attributes))
    decision = decide(request, W.POLICY, facts=facts, now=W.NOW)
    assert not decision.allowed
    assert decision.errors


def test_nothing_asked_and_any_failure_are_a_no():
    yes = cedar.Answer(allowed=True, policies=frozenset({"SNA-1"}), failed=False)
    assert cedar.verdict([]) == frozenset()
    assert cedar.verdict([yes, yes]) == {"SNA-1"}
    assert cedar.verdict([yes, replace(yes, failed=True)]) == frozenset()
    assert cedar.verdict([yes, replace(yes, allowed=False)]) == frozenset()
    assert cedar.verdict([yes, replace(yes, policies=frozenset({"PLAN-1"}))]) == frozenset()


def test_texts_are_quoted_so_that_they_stay_texts():
    text = (W.LIBRARY / "catalogue.yaml").read_text("utf-8").replace('["yes", "no"]', '[yes, "n\\"o\\\\"]', 1)
    catalogue = load_catalogue(text)
    facts = replace(FACTS, catalogue=catalogue)
    json.dumps(cedar.entities(facts, policy=W.POLICY))
    from policies.cedar.expressions import quoted

    hard = 'a "quoted" \\ line\nbreak'
    rule = f"permit (principal, action, resource) when {{ {quoted(hard)} == context.text }};"
    question = {"principal": 'User::"u"', "action": 'Action::"a"', "resource": 'Thing::"t"'}
    assert cedarpy.is_authorized({**question, "context": {"text": hard}}, rule, []).allowed
