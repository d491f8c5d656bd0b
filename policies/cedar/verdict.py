"""What Cedar's answers to the questions of one request come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce


@dataclass(frozen=True, slots=True)
class Answer:
    """Cedar's answer to one question: whether it allows, which policies (by `@id`) decided, and whether anything failed."""

    allowed: bool
    policies: frozenset[str]
    failed: bool


def verdict(answers: Sequence[Answer]) -> frozenset[str]:
    """The clauses that permit the request, which are those that permit every attribute; none means no.

    Cedar goes on without a rule that it cannot evaluate; a single failure is a no here.
    """
    if not answers or any(one.failed or not one.allowed for one in answers):
        return frozenset()
    return reduce(frozenset.intersection, (one.policies for one in answers))
