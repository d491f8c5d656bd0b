"""Faults in a policy document that still reads: what nobody meant to write.

The engine is safe without this (it denies whatever a fault would open); the linter tells the author before a vote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from policies.catalogue import Catalogue
from policies.document import Clause, Policy
from policies.faults import CODES, Fault, Setting
from policies.gateways import Gateways
from policies.lint_law import law
from policies.lint_overlap import overlap
from policies.lint_paper import limits, paperwork
from policies.lint_reach import attributes, reach
from policies.terms import VERSION, understood

__all__ = ["CODES", "Fault", "lint"]

Check: TypeAlias = Callable[[Clause, Setting], Iterator[Fault]]

CHECKS: Final[tuple[Check, ...]] = (paperwork, limits, law, attributes, reach, overlap)


def lint(policy: Policy, *, catalogue: Catalogue, gateways: Gateways) -> tuple[Fault, ...]:
    """Every fault found, in the order of the document."""
    setting = Setting(policy, catalogue, gateways)
    found = [fault for clause in policy.clauses for check in CHECKS for fault in check(clause, setting)]
    return (*found, *_whole(setting))


def _whole(setting: Setting) -> Iterator[Fault]:
    """Faults of the document rather than of a clause."""
    policy = setting.policy
    if not understood(policy.vocabulary):
        message = f"It is written in {policy.vocabulary}; this program speaks {VERSION}."
        yield Fault(policy.policy, "vocabulary-differs", message, f"Compare the words, and name {VERSION}.")
    for rule in policy.prohibit:
        for name in sorted(rule.attributes - setting.known):
            message = f"It prohibits {name}, which no partner offers."
            yield Fault(rule.id, "attribute-unknown", message, "Correct the name, or remove it.")
    for test in policy.tests:
        for name in sorted(set(test.attributes) - setting.known):
            message = f"It asks for {name}, which no partner offers."
            yield Fault(test.id, "attribute-unknown", message, "Correct the name.")
    if not policy.tests:
        fix = "Add requests it has to allow and to deny."
        yield Fault(policy.policy, "no-tests", "The document has no tests.", fix)
    elif not any(test.expect == "deny" for test in policy.tests):
        yield Fault(policy.policy, "untested", "No test expects a denial.", "Add a request it has to deny.")
