"""The policy engine by itself, on files: a decision, the tests inside a document, and the bad twins to learn from."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from policies.catalogue_document import load_catalogue
from policies.engine import decide
from policies.errors import PolicyError
from policies.explain import explain, explain_near_misses
from policies.facts_document import FactsDocument
from policies.faults import CODES
from policies.gateways_document import load_gateways
from policies.load import load_policy, load_request
from policies.reading import read
from policies.selftest import Outcome, first_day, run_tests
from policies.twins import Twin, faults_of, read_twin
from service import clock
from service.analyst.asking import decision_json
from service.evidence import VOUCHED
from service.texts import read_text


def policy_decide(
    policy: Path, *, facts: Path, request: Path, as_json: bool, at: str | None = None
) -> tuple[bool, str]:
    """Whether the engine allows the request by these files alone at that time, and its answer in words or as JSON.

    No signature is checked: the answer holds as far as the files are true. What leaves a project goes by `analyst check` and by the release desk, which
    verify everything.
    """
    now = clock.named(at)
    told = read(read_text(facts), model=FactsDocument, name=facts.name)
    known = told.build({name: read_text(facts.parent / name) for name in told.files})
    document = load_policy(read_text(policy), name=policy.name)
    asked = load_request(read_text(request), name=request.name)
    decision = decide(asked, document, facts=known, now=now)
    if as_json:
        return decision.allowed, json.dumps(decision_json(decision), indent=1)
    return decision.allowed, "\n".join([*explain(decision), *explain_near_misses(decision)])


def board_test(policy: Path, *, shared: Path, as_json: bool, at: str | None = None) -> tuple[bool, str]:
    """Whether every test inside the document passes, and what each gave. Without a time it is asked on the first day of the document."""
    document = load_policy(read_text(policy), name=policy.name)
    catalogue = load_catalogue(read_text(shared / VOUCHED["catalogue"]), name=VOUCHED["catalogue"])
    gateways = load_gateways(read_text(shared / VOUCHED["gateways"]), name=VOUCHED["gateways"])
    now = first_day(document) if at is None else clock.named(at)
    outcomes = run_tests(document, catalogue=catalogue, gateways=gateways, now=now)
    passed = bool(outcomes) and all(outcome.passed for outcome in outcomes)
    if as_json:
        body = {"policy": document.digest, "passed": passed, "tests": [_outcome_json(o) for o in outcomes]}
        return passed, json.dumps(body, indent=1)
    lines = [_outcome_in_words(outcome) for outcome in outcomes] or ["The document has no tests."]
    failed = sum(not outcome.passed for outcome in outcomes)
    return passed, "\n".join([*lines, f"{len(outcomes)} tests, {failed} failed"])


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "passed": outcome.passed,
        "expected": outcome.expected,
        "because": outcome.because,
        "got": outcome.got,
        "codes": list(outcome.codes),
    }


def _outcome_in_words(outcome: Outcome) -> str:
    wanted = f"{outcome.expected}{f' because {outcome.because}' if outcome.because else ''}"
    if outcome.passed:
        return f"{outcome.id}: passed ({wanted})"
    said = f" because {', '.join(outcome.codes)}" if outcome.codes else ""
    return f"{outcome.id}: FAILED: expected {wanted}, got {outcome.got}{said}"


def bad_twins() -> tuple[Twin, ...]:
    """The bad twins that come with this program, by name."""
    folder = resources.files("policies") / "library" / "bad"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return tuple(read_twin(one.read_text("utf-8"), name=one.name.removesuffix(".yaml")) for one in found)


def board_twins(name: str | None) -> str:
    """The list of bad twins; or one of them: its text, what is wrong, what to do instead, and what the linter says of it.

    Raises:
        PolicyError: there is none of that name.
    """
    twins = {twin.name: twin for twin in bad_twins()}
    if name is None:
        return "\n".join(f"{twin.name}: {twin.wrong}" for twin in twins.values())
    if name not in twins:
        raise PolicyError(f"there is no bad twin of that name: use one of {', '.join(twins)}")
    twin = twins[name]
    library = resources.files("policies") / "library"
    found = faults_of(
        twin,
        catalogue=load_catalogue((library / VOUCHED["catalogue"]).read_text("utf-8")),
        gateways=load_gateways((library / VOUCHED["gateways"]).read_text("utf-8")),
    )
    said = [f"{sentence} {CODES.get(code, '')}".rstrip() for code, sentence in found]
    return "\n".join([twin.text, f"Wrong: {twin.wrong}", f"Instead: {twin.instead}", "The linter says:", *said])
