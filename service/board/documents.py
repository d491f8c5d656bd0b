"""A policy document read for whoever writes or votes on it: in sentences, or with its faults."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policies.catalogue import Catalogue
from policies.catalogue_document import load_catalogue
from policies.document import Policy
from policies.errors import PolicyError
from policies.explain import explain_document
from policies.explain_document import explain_clause, explain_prohibition, words_in_words
from policies.faults import Fault
from policies.gateways import Gateways
from policies.gateways_document import load_gateways
from policies.linter import lint
from policies.load import load_policy
from policies.selftest import Outcome, first_day, run_tests
from service.evidence import VOUCHED
from service.texts import read_text

EXPLANATION_FORMAT: Final = "linkage-explanation/v1"
LINT_FORMAT: Final = "linkage-lint/v1"


@dataclass(frozen=True, slots=True)
class Linted:
    """What is wrong with a document: its faults, and how its own tests went."""

    name: str
    digest: str
    faults: tuple[Fault, ...]
    tests: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is."""
        return not self.faults and all(test.passed for test in self.tests)

    @property
    def words(self) -> str:
        """Every fault on a line, or one line that says that there is none."""
        said = [
            *(str(fault) for fault in self.faults),
            *(f"test {test.id} failed" for test in self.tests if not test.passed),
        ]
        return "\n".join(said) or f"{self.name}: no faults; {len(self.tests)} tests inside the document pass"

    def to_json(self) -> str:
        """The same for other programs."""
        faults = [
            {"rule": f.rule, "code": f.code, "message": f.message, "fix": f.fix, "why": f.why}
            for f in self.faults
        ]
        tests = [{"id": test.id, "passed": test.passed} for test in self.tests]
        body = {
            "format": LINT_FORMAT,
            "policy": self.digest,
            "passed": self.passed,
            "faults": faults,
            "tests": tests,
        }
        return json.dumps(body, indent=1)


def board_explain(policy: Path, *, as_json: bool) -> str:
    """The policy in sentences, as text or rule by rule as JSON."""
    document = load_policy(read_text(policy), name=policy.name)
    if not as_json:
        return "\n".join(explain_document(document))
    clauses = [
        {"id": clause.id, "title": clause.title, "sentences": explain_clause(clause)}
        for clause in document.clauses
    ]
    rules = [{"id": rule.id, "sentences": explain_prohibition(rule)} for rule in document.prohibit]
    body = {
        "format": EXPLANATION_FORMAT,
        "policy": document.policy,
        "version": document.version,
        "digest": document.digest,
        "vocabulary": document.vocabulary,
        "clauses": clauses,
        "prohibitions": rules,
        "words": words_in_words(document),
        "document": explain_document(document),
    }
    return json.dumps(body, indent=1, ensure_ascii=False)


def board_lint(policy: Path, *, shared: Path) -> Linted:
    """What the linter and the document's own tests say of it, with the attributes and gateways of the shared folder."""
    document = load_policy(read_text(policy), name=policy.name)
    catalogue, gateways = _offered(shared)
    outcomes = run_tests(document, catalogue=catalogue, gateways=gateways, now=first_day(document))
    faults = lint(document, catalogue=catalogue, gateways=gateways)
    return Linted(policy.name, document.digest, faults, tuple(outcomes))


def check_tests(document: Policy, *, shared: Path) -> None:
    """Nothing, if every test inside the document passes on its first day: whoever approves or adopts it signs them too.

    Raises:
        PolicyError: one does not; the message names them.
    """
    catalogue, gateways = _offered(shared)
    outcomes = run_tests(document, catalogue=catalogue, gateways=gateways, now=first_day(document))
    if failed := [outcome.id for outcome in outcomes if not outcome.passed]:
        raise PolicyError(
            f"{document.policy} version {document.version} does not do what its own tests say: {', '.join(failed)} failed (linkage board test)"
        )


def _offered(shared: Path) -> tuple[Catalogue, Gateways]:
    return (
        load_catalogue(read_text(shared / VOUCHED["catalogue"]), name=VOUCHED["catalogue"]),
        load_gateways(read_text(shared / VOUCHED["gateways"]), name=VOUCHED["gateways"]),
    )
