"""What a new version changes, in sentences: the differences of the text, and what they do. Made from the values of `policies.diff` and `policies.preview`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from policies.catalogue import Catalogue
from policies.conditions import condition_in_words
from policies.diff import Difference
from policies.diff_fields import Effect
from policies.document import Policy
from policies.explain_document import explain_clause, meanings
from policies.impact import Moved, Preview, Sets, Shifted, Side, Where
from policies.wording import (
    areas_in_words,
    attributes_in_words,
    begun,
    day_in_words,
    joined,
    named,
    people,
    principles_in_words,
    time_in_words,
)

EFFECTS: Final[Mapping[Effect, str]] = MappingProxyType(
    {
        Effect.WIDER: "Wider: this can let more through",
        Effect.NARROWER: "Narrower: this lets less through",
        Effect.NEITHER: "Neither wider nor narrower",
    }
)


def explain_diff(differences: Iterable[Difference], *, new: Policy) -> tuple[str, ...]:
    """The differences by what they do, widest first, each with its principles; below a new clause, what it says."""
    found, clauses = list(differences), {clause.id: clause for clause in new.clauses}
    if not found:
        return ("Nothing differs between the two versions.",)
    lines: list[str] = []
    for effect, head in EFFECTS.items():
        some = [one for one in found if one.effect is effect]
        if some:
            lines += ["", f"{head}."]
        for one in some:
            cited = f" Principles: {principles_in_words(one.principles)}." if one.principles else ""
            lines.append(f"- {one.sentence}{cited}")
            if not one.field and one.after and one.rule in clauses:
                lines += [f"  - {line}" for line in explain_clause(clauses[one.rule])[1:]]
    return tuple(lines[1:])


def explain_preview(preview: Preview, *, catalogue: Catalogue) -> tuple[str, ...]:
    """The whole impact in sentences, and at the end the numbers and the words used."""
    counts, told = preview.counts, _Telling(catalogue, len(preview.space.kinds) > 1)
    stays = "for what stays allowed"
    return (
        *_sides(preview.old, preview.new),
        "Something is let through or shown that was not before."
        if preview.widens
        else "Nothing more is let through or shown than before.",
        *_section("Newly allowed", map(told.gained, preview.newly_allowed)),
        *_section("Newly refused", map(told.lost, preview.newly_refused)),
        *_section(f"Stricter, {stays}", map(told.shifted, preview.stricter)),
        *_section(f"Laxer, {stays}", map(told.shifted, preview.laxer)),
        "",
        "How much that is:",
        f"- One attribute can be asked for in {counts.single_all:,} ways. Before, {counts.single_before:,} of them were allowed. Now {counts.single_after:,} are.",
        f"- All sets of attributes make {counts.all:,} requests. Before, {counts.before:,} of them were allowed. Now {counts.after:,} are.",
        f"- {counts.gained:,} of these are newly allowed. {counts.lost:,} are newly refused.",
        *_glossary(preview),
    )


def sentences(preview: Preview, *, catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """A sentence for each change, in the order of the preview's four lists, under the names of these."""
    told = _Telling(catalogue, len(preview.space.kinds) > 1)
    return {
        "newly_allowed": tuple(_one(*told.gained(one)) for one in preview.newly_allowed),
        "newly_refused": tuple(_one(*told.lost(one)) for one in preview.newly_refused),
        "stricter": tuple(_one(*told.shifted(one)) for one in preview.stricter),
        "laxer": tuple(_one(*told.shifted(one)) for one in preview.laxer),
    }


def _one(what: str, where: str) -> str:
    return f"{what} {where if what.endswith(':') else begun(where)}"


def _sides(old: Side, new: Side) -> Iterator[str]:
    for name, side in (("Before", old), ("Now", new)):
        yield f"“{name}” is version {side.version} as it stands on {day_in_words(side.on)}."
        if not side.in_force:
            yield f"Version {side.version} is not in force on that day, so it permits nothing."


def _section(head: str, told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What changes, and below it where; what changes in several places is said once."""
    places: dict[str, list[str]] = {}
    for what, where in told:
        places.setdefault(what, []).append(begun(where))
    yield ""
    yield f"{head}:" if places else f"{head}: nothing."
    for what, listed in places.items():
        yield f"- {what}"
        yield from (f"  - {where}" for where in listed)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Says single changes: what changes, and where. `kinds`: whether several kinds of organisation ask, so that it has to be said which."""

    catalogue: Catalogue
    kinds: bool

    def gained(self, one: Moved) -> tuple[str, str]:
        """What may now be asked for."""
        return f"{begun(self._sets(one.sets, 'may'))}:", self._where(one.where)

    def lost(self, one: Moved) -> tuple[str, str]:
        """What may no longer be asked for."""
        return f"{begun(self._sets(one.sets, 'might'))}:", self._where(one.where)

    def shifted(self, one: Shifted) -> tuple[str, str]:
        """A condition that changes."""
        moved = condition_in_words(one.what, old=one.old, new=one.new)
        about = (
            "" if one.sets is None else f" Of what stays allowed, this goes for {self._sets(one.sets, 'may')}:"
        )
        return f"{moved}{about}", self._where(one.where)

    def _where(self, where: Where) -> str:
        parts = [
            f"as {named(where.forms, kind='form', last='or')}",
            f"for {named(where.purposes, kind='purpose', last='or')}",
            areas_in_words(where.areas),
            f"to {people(where.roles)}",
            f"of {named(where.kinds, kind='organisation', last='or')}" if self.kinds else "",
            time_in_words(where.shortest, where.longest),
        ]
        return f"{', '.join(part for part in parts if part)}."

    def _sets(self, sets: Sets, may: str) -> str:
        if sets.any_of:
            fresh = attributes_in_words(sets.any_of, catalogue=self.catalogue)
            return f"{fresh}, alone or together with whatever else {may} be asked for there"
        whole = attributes_in_words(sets.together, catalogue=self.catalogue)
        apart = [attributes_in_words(piece, catalogue=self.catalogue) for piece in sets.apart]
        if not apart:
            return whole
        return f"{whole}, in one result that tells more than {joined(apart, last='or')}"


def _glossary(preview: Preview) -> Iterator[str]:
    """The meaning of the words in which changes were told."""
    places = [one.where for one in (*preview.newly_allowed, *preview.newly_refused)]
    places += [one.where for one in (*preview.stricter, *preview.laxer)]
    used = {
        "purpose": {word for where in places for word in where.purposes},
        "form": {word for where in places for word in where.forms},
        "role": {word for where in places for word in where.roles},
        "area": {where.areas[-1] for where in places},
    }
    lines = [line for kind, chosen in used.items() for line in meanings(chosen, kind=kind)]
    if lines:
        yield from ("", "The words used above:", *(f"- {line}" for line in lines))
