"""Ways to get a permit without the engine, and ways to make the engine say yes when it cannot tell."""

import ast
import copy
import dataclasses
import pickle
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files

import numpy as np
import pytest

from policies.catalogue_document import load_catalogue
from policies.decision import Permit, genuine, permit_text
from policies.disclosure import CountTable, DisclosureError, Layout, Ledger, SafeTable, protect
from policies.engine import decide
from policies.errors import PermitForged
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
FACTS = perfect_facts(POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW)
REQUEST = Request(
    project=PROJECT,
    requester=PERSON,
    role="analyst",
    organisation=PROJECT,
    purpose="strategic-needs-assessment",
    form="aggregate-table",
    attributes={"police.area": "where"},
    area="local-partnership",
    benefit="earlier help",
    asked_on=NOW.date(),
    use_until=NOW.date(),
)


def real():
    return decide(REQUEST, POLICY, facts=FACTS, now=NOW).require()


def as_fields(permit):
    return {field.name: getattr(permit, field.name) for field in dataclasses.fields(Permit) if field.init}


def hollow():
    """An object of the right type with every public field filled in, made without its constructor."""
    fake = object.__new__(Permit)
    for name, value in as_fields(real()).items():
        object.__setattr__(fake, name, value)
    return fake


@pytest.mark.parametrize("seal", [None, object(), "seal", True])
def test_a_permit_cannot_be_constructed(seal):
    with pytest.raises(PermitForged):
        Permit(**as_fields(real()), seal=seal)


def test_a_permit_cannot_be_changed_widened_copied_or_stored():
    permit = real()
    with pytest.raises(dataclasses.FrozenInstanceError):
        permit.expires = date(2099, 1, 1)
    for attempt in (
        lambda: dataclasses.replace(permit, expires=date(2099, 1, 1)),
        lambda: copy.copy(permit),
        lambda: copy.deepcopy(permit),
        lambda: pickle.dumps(permit),
    ):
        with pytest.raises(PermitForged):
            attempt()


@pytest.mark.parametrize("fake", [hollow(), None, True, "permit", 1, object()])
def test_nothing_else_passes_for_a_permit(fake):
    table = CountTable(Layout("people", ("police.area",), (("a", "b"),)), np.array([20, 30]))
    for use in (
        lambda: genuine(fake),
        lambda: permit_text(fake),
        lambda: protect(table, obligations=real().obligations, ledger=Ledger(), permit=fake),
    ):
        with pytest.raises(PermitForged):
            use()


def test_a_lookalike_class_does_not_pass():
    class Permit2(Permit):
        pass

    with pytest.raises(PermitForged):
        genuine(object.__new__(Permit2))


def test_a_decision_turned_from_no_to_yes_gives_no_permit():
    denied = decide(REQUEST.model_copy(update={"form": "person-list"}), POLICY, facts=FACTS, now=NOW)
    with pytest.raises(PermitForged):
        dataclasses.replace(denied, allowed=True).require()
    borrowed = decide(REQUEST, POLICY, facts=FACTS, now=NOW).permit
    with pytest.raises(PermitForged, match="another decision"):
        dataclasses.replace(denied, allowed=True, permit=borrowed).require()


def test_a_safe_table_cannot_be_constructed():
    safe = protect(
        CountTable(Layout("people", ("police.area",), (("a", "b"),)), np.array([20, 30])),
        obligations=real().obligations,
        ledger=Ledger(),
        permit=real(),
    )
    with pytest.raises(DisclosureError):
        SafeTable(safe.published, safe.audit, safe.obligations, safe.permit)
    with pytest.raises(DisclosureError):
        dataclasses.replace(safe, permit="another")


def test_only_the_engine_names_the_seal_of_a_permit():
    users = set()
    for module in sorted(files("policies").iterdir(), key=lambda entry: entry.name):
        if module.name.endswith(".py"):
            names = {
                node.name
                for node in ast.walk(ast.parse(module.read_text("utf-8")))
                if isinstance(node, ast.alias)
            }
            users |= {module.name} if "_SEAL" in names else set()
    assert users == {"engine.py"}


class Failing(Mapping):
    """A table of facts that fails as soon as it is asked: a broken link to where the facts are kept."""

    def __getitem__(self, key):
        raise RuntimeError("no answer")

    def __iter__(self):
        raise RuntimeError("no answer")

    def __len__(self):
        return 1


@pytest.mark.parametrize("part", ["partners", "attributes"])
def test_a_catalogue_that_fails_denies(part):
    facts = dataclasses.replace(FACTS, catalogue=dataclasses.replace(CATALOGUE, **{part: Failing()}))
    decision = decide(REQUEST, POLICY, facts=facts, now=NOW)
    assert not decision.allowed
    assert decision.errors
    assert all("no answer" not in reason.sentence for reason in decision.reasons)


def test_gateways_that_fail_deny():
    assert decide(REQUEST, POLICY, facts=dataclasses.replace(FACTS, gateways=Failing()), now=NOW).errors


@pytest.mark.parametrize(
    "rule",
    [
        {"areas_finer_than": "no-such-area"},
        {"flags": 5},
    ],
)
def test_a_prohibition_that_cannot_be_evaluated_denies_and_says_which(rule):
    broken = POLICY.prohibit[0].model_copy(update={"forms": frozenset(), "flags": frozenset(), **rule})
    policy = POLICY.model_copy(update={"prohibit": (broken,)})
    decision = decide(REQUEST, policy, facts=FACTS, now=NOW)
    assert not decision.allowed
    assert any(
        "Prohibition NO-ASSESSMENT-ROWS could not be evaluated" in error.sentence for error in decision.errors
    )


def test_a_prohibition_about_an_attribute_nobody_declared_denies():
    """The known failure of engines that skip a rule when a field is missing: the prohibition would be skipped, and the clause allow."""
    request = REQUEST.model_copy(update={"group_by": ("police.undeclared",)})
    decision = decide(request, POLICY, facts=FACTS, now=NOW)
    assert not decision.allowed
    assert any("Prohibition NO-TERRORISM could not be evaluated" in error.sentence for error in decision.errors)


def test_a_clause_that_cannot_be_evaluated_denies_although_another_permits():
    broken = POLICY.clauses[1].model_copy(update={"permit": None})
    policy = POLICY.model_copy(update={"clauses": (POLICY.clauses[0], broken)})
    decision = decide(REQUEST, policy, facts=FACTS, now=NOW)
    assert not decision.allowed
    assert decision.errors


def test_a_document_in_ruins_denies():
    assert not decide(REQUEST, POLICY.model_copy(update={"clauses": None}), facts=FACTS, now=NOW).allowed
    assert not decide(REQUEST, POLICY.model_copy(update={"prohibit": None}), facts=FACTS, now=NOW).allowed
    assert not decide(REQUEST, POLICY.model_copy(update={"floors": None}), facts=FACTS, now=NOW).allowed


def test_a_moment_without_a_time_zone_denies():
    decision = decide(REQUEST, POLICY, facts=FACTS, now=NOW.replace(tzinfo=None))
    assert not decision.allowed
    assert decision.errors
