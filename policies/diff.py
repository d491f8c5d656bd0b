"""What changed from one version of a document to another, in sentences made from the fields, each marked wider or narrower.

`wider` means: by itself, this change can permit something that was refused, or show more of what was permitted. If no change is wider,
nothing is newly allowed; a property test holds that against the engine. What a change does in fact depends on the rest of the document
and on what is on record: `policies.preview` says that exactly. One thing is only seen there: where two clauses permit the same request,
narrowing one of them can take its stricter obligations away from what the other still permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from policies.conditions import LIMITS, Limit, condition_in_words
from policies.diff_fields import (
    CLAUSE,
    DOCUMENT,
    NARROWER,
    NEITHER,
    OPPOSITE,
    PROHIBITION,
    WIDER,
    Effect,
    Finest,
    Listed,
    Row,
    Said,
    Until,
)
from policies.document import Clause, Policy, Prohibition
from policies.explain_document import explain_prohibition
from policies.terms import AREAS, VERSION, phrase, understood, words
from policies.wording import begun, day_in_words, joined, named


@dataclass(frozen=True, slots=True)
class Difference:
    """One change: the rule it is in (empty for the document itself), the field, what was and what is, and a sentence.

    Of a list of words, one change says what came and another what left: `before` is empty in the one, `after` in the other.
    """

    rule: str
    field: str
    effect: Effect
    before: tuple[str, ...]
    after: tuple[str, ...]
    principles: tuple[str, ...]
    sentence: str


def diff(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Every change, in the order of the document. Moving a rule to another place is none: the engine does not look at the order."""
    return (
        *_edition(old, new),
        *_changed("The document", "", old, new, DOCUMENT, ()),
        *_floors(old, new),
        *_prohibitions(old, new),
        *_clauses(old, new),
        *_tests(old, new),
    )


def _edition(old: Policy, new: Policy) -> Iterator[Difference]:
    if old.version != new.version:
        sentence = f"This is version {new.version}; before: version {old.version}."
        yield Difference("", "version", NEITHER, (str(old.version),), (str(new.version),), (), sentence)
    if old.previous != new.previous:
        follows = "It says that it follows" if new.previous == old.digest else "It does not say that it follows"
        sentence = f"{follows} exactly the version with which it is compared here."
        yield Difference("", "previous", NEITHER, (old.previous,), (new.previous,), (), sentence)
    if old.vocabulary != new.vocabulary:
        speaks = (understood(old.vocabulary), understood(new.vocabulary))
        effect = {(False, True): WIDER, (True, False): NARROWER}.get(speaks, NEITHER)
        sentence = (
            f"Its words are those of {new.vocabulary}; before: {old.vocabulary}. The engine speaks {VERSION}."
        )
        yield Difference("", "vocabulary", effect, (old.vocabulary,), (new.vocabulary,), (), sentence)


def _floors(old: Policy, new: Policy) -> Iterator[Difference]:
    first, second = old.floors.obligations(), new.floors.obligations()
    for limit in LIMITS:
        before, after = getattr(first, limit.merged), getattr(second, limit.merged)
        if before != after:
            effect = NARROWER if _stricter(limit, before, after) else WIDER
            sentence = f"For every clause: {condition_in_words(limit.word, old=before, new=after)}"
            was, now = (_shown(getattr(one.floors, limit.field)) for one in (old, new))
            yield Difference("", f"floors.{limit.field}", effect, was, now, (), sentence)


def _prohibitions(old: Policy, new: Policy) -> Iterator[Difference]:
    before, after = ({rule.id: rule for rule in one.prohibit} for one in (old, new))
    for name in dict.fromkeys((*before, *after)):
        first, second = before.get(name), after.get(name)
        if first and second:
            yield from _changed(f"Prohibition {name}", name, first, second, PROHIBITION, _cited(first, second))
        elif second:
            yield _whole(second, NARROWER, f"Prohibition {name} is new. {begun(_said(second))}")
        elif first:
            yield _whole(first, WIDER, f"Prohibition {name} is gone. It said: {_said(first)}")


def _said(rule: Prohibition) -> str:
    return " ".join(explain_prohibition(rule)).removeprefix(f"{rule.id}: ")


def _clauses(old: Policy, new: Policy) -> Iterator[Difference]:
    before, after = ({clause.id: clause for clause in one.clauses} for one in (old, new))
    for name in dict.fromkeys((*before, *after)):
        first, second = before.get(name), after.get(name)
        if first and second:
            cited = _cited(first, second)
            yield from _changed(f"Clause {name}", name, first, second, CLAUSE, cited)
            yield from _obligations(first, second, new, cited)
        elif second:
            yield _whole(second, WIDER, f"Clause {name} is new: {second.title}.")
        elif first:
            yield _whole(first, NARROWER, f"Clause {name} is gone: {first.title}.")


def _whole(rule: Clause | Prohibition, effect: Effect, sentence: str) -> Difference:
    """A rule that came or left."""
    came = (effect is WIDER) == isinstance(rule, Clause)
    before, after = ((), (rule.id,)) if came else ((rule.id,), ())
    return Difference(rule.id, "", effect, before, after, tuple(sorted(rule.principles)), sentence)


def _obligations(old: Clause, new: Clause, document: Policy, cited: tuple[str, ...]) -> Iterator[Difference]:
    """The limits of a clause, which count over the floors: a limit below the floor changes nothing."""
    floors = document.floors.obligations()
    first, second = (one.obligations.on_top_of(floors) for one in (old, new))
    for limit in LIMITS:
        before, after = (getattr(one.obligations, limit.field) for one in (old, new))
        if before == after:
            continue
        unstated = "none" if limit.without else "as the floor says"
        sentence = f"Clause {new.id}: {limit.says(after).rstrip('.')}; before: {before or unstated}."
        if not after and not limit.without:
            sentence = (
                f"Clause {new.id} leaves {phrase(limit.word, kind='limit')} to the floor; before: {before}."
            )
        merged = (getattr(first, limit.merged), getattr(second, limit.merged))
        effect = NARROWER if _stricter(limit, *merged) else WIDER
        if merged[0] == merged[1]:
            effect, sentence = NEITHER, f"{sentence[:-1]}. The floor is stricter than either."
        yield Difference(
            new.id,
            f"obligations.{limit.field}",
            effect,
            _shown(before or None),
            _shown(after or None),
            cited,
            sentence,
        )


def _stricter(limit: Limit, before: int, after: int) -> bool:
    return (after > before) == limit.larger_is_stricter


def _tests(old: Policy, new: Policy) -> Iterator[Difference]:
    before, after = ({test.id: test for test in one.tests} for one in (old, new))
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            was, now = ((name,) if name in one else () for one in (before, after))
            state = "changed" if was and now else "new" if now else "gone"
            yield Difference(
                name, "tests", NEITHER, was, now, (), f"The document's own test {name} is {state}."
            )


def _changed(
    rule: str, name: str, old: object, new: object, rows: Iterable[Row], cited: tuple[str, ...]
) -> Iterator[Difference]:
    for row in rows:
        before, after = (_value(one, row.field) for one in (old, new))
        if before == after:
            continue
        if isinstance(row, Listed):
            yield from _words(rule, name, row, before, after, cited)
            continue
        now = row.reads.format(_reads(row, after)) if isinstance(row, Said) or after is not None else row.none
        was = _reads(row, before) if before else "none was named"
        sentence = f"{rule} now {now.rstrip('.')}; before: {was.rstrip('.')}."
        yield Difference(
            name, row.field, _effect(row, before, after), _shown(before), _shown(after), cited, sentence
        )


def _value(rule: object, path: str) -> Any:
    return reduce(getattr, path.split("."), rule)


def _effect(row: Finest | Until | Said, before: Any, after: Any) -> Effect:
    if isinstance(row, Said):
        stated = bool(after) - bool(before)
        return {1: WIDER, -1: NARROWER}.get(stated, NEITHER) if row.needed else NEITHER
    if isinstance(row, Until):
        later = (after or date.min) > (before or date.min)
        return row.later if later else OPPOSITE[row.later]
    places = [-1 if area is None else AREAS.index(area) for area in (before, after)]
    return row.finer if places[1] > places[0] else OPPOSITE[row.finer]


def _words(
    rule: str, name: str, row: Listed, before: frozenset[str], after: frozenset[str], cited: tuple[str, ...]
) -> Iterator[Difference]:
    if row.anything and not (before and after):
        chosen = f"{row.reads.format(_named(before | after, row.kind))} alone"
        told = (chosen, row.anything) if after else (row.anything, chosen)
        sentence = f"{rule} now {row.verb} {told[0]}; before: {told[1]}."
        effect = OPPOSITE[row.adding] if after else row.adding
        yield Difference(name, row.field, effect, tuple(sorted(before)), tuple(sorted(after)), cited, sentence)
        return
    if came := tuple(sorted(after - before)):
        sentence = f"{rule} now also {row.verb} {row.reads.format(_named(came, row.kind))}."
        yield Difference(name, row.field, row.adding, (), came, cited, sentence)
    if left := tuple(sorted(before - after)):
        sentence = f"{rule} no longer {row.verb} {row.reads.format(_named(left, row.kind))}."
        yield Difference(name, row.field, OPPOSITE[row.adding], left, (), cited, sentence)


def _named(chosen: Iterable[str], kind: str) -> str:
    if kind == "class":
        have = frozenset(chosen)
        return joined(f"{phrase(name, kind=kind)} ({name})" for name in words(kind) if name in have)
    return named(chosen, kind=kind) if kind else joined(sorted(chosen))


def _reads(row: Finest | Until | Said, value: Any) -> str:
    if isinstance(row, Finest):
        return phrase(value, kind="area")
    return day_in_words(value) if isinstance(row, Until) else value or "nothing"


def _shown(value: object) -> tuple[str, ...]:
    return () if value is None or value == "" else (str(value),)


def _cited(old: Clause | Prohibition, new: Clause | Prohibition) -> tuple[str, ...]:
    """The principles that the rule serves, in either version."""
    return tuple(sorted(old.principles | new.principles))
