"""Pieces of Cedar's language: literals, and conditions on sets that hold for empty sets too, which Cedar does not let one write."""

from __future__ import annotations

from collections.abc import Iterable

ALWAYS = "true"
NEVER = "false"


def quoted(text: str) -> str:
    """A string literal."""
    inside = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{inside}"'


def entity(kind: str, name: str) -> str:
    """The name of an entity."""
    return f"{kind}::{quoted(name)}"


def texts(words: Iterable[str]) -> tuple[str, ...]:
    """String literals in a fixed order."""
    return tuple(quoted(word) for word in sorted(words))


def names(kind: str, words: Iterable[str]) -> tuple[str, ...]:
    """Names of entities in a fixed order."""
    return tuple(entity(kind, word) for word in sorted(words))


def numbers(values: Iterable[int]) -> tuple[str, ...]:
    """Number literals in a fixed order."""
    return tuple(str(value) for value in sorted(values))


def one_of(literals: tuple[str, ...], what: str) -> str:
    """A condition: this is one of these."""
    return f"[{', '.join(literals)}].contains({what})" if literals else NEVER


def none_but(literals: tuple[str, ...], what: str) -> str:
    """A condition: every member of this set is one of these."""
    return f"[{', '.join(literals)}].containsAll({what})" if literals else f"{what}.isEmpty()"


def some_of(literals: tuple[str, ...], what: str) -> str:
    """A condition: some member of this set is one of these."""
    return f"{what}.containsAny([{', '.join(literals)}])" if literals else NEVER


def negated(condition: str) -> str:
    """The opposite."""
    return {ALWAYS: NEVER, NEVER: ALWAYS}.get(condition, f"!({condition})")


def every(*conditions: str) -> str:
    """All of these."""
    said = [one for one in conditions if one != ALWAYS]
    if NEVER in said:
        return NEVER
    return " && ".join(f"({one})" for one in said) if said else ALWAYS


def either(*conditions: str) -> str:
    """At least one of these."""
    said = [one for one in conditions if one != NEVER]
    if ALWAYS in said:
        return ALWAYS
    return " || ".join(f"({one})" for one in said) if said else NEVER
