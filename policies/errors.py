"""Everything this package raises, under one base class."""

from __future__ import annotations

from dataclasses import dataclass


class PolicyError(Exception):
    """The base of every error raised by this package."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where it is (counted from 1), what it is, and what to write instead."""

    line: int
    column: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message} {self.fix}".rstrip()


class DocumentInvalid(PolicyError):
    """A document cannot be used; every problem in it is listed."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        self.name = name
        self.problems = problems
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))


class Refused(PolicyError):
    """A request was denied; the message is the explanation, and `reasons` the codes behind it."""

    def __init__(self, explanation: str, *, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__(explanation)


class PermitForged(PolicyError):
    """Something tried to make a permit, or to use one, that the engine did not issue."""


class NotCanonical(PolicyError):
    """A value has no canonical form, because it holds a kind of thing that two readers could write differently."""


class VocabularyError(PolicyError):
    """A word is not in the closed vocabulary."""
