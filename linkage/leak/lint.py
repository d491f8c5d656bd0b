"""Which match keys of a schema leak, and why, in a sentence each: by rule, and by counting made-up people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from keys import Secret
from linkage.leak.blocks import sizes_of
from linkage.leak.known import Known
from linkage.leak.made_up import made_up_file
from linkage.schema import NAMES, MatchKey, Part, Schema
from linkage.tokens import compared_names

Severity = Literal["leaks", "warning", "note"]
PEOPLE: Final = 10_000
# What people of one home have in common. A contact e-mail or telephone is often a parent's.
OF_A_HOME: Final = frozenset({"surname", "postcode", "address", "town", "uprn", "email", "phone"})
# What many people have in common who have nothing else in common.
OF_MANY: Final = frozenset({"forename", "surname", "middle_name", "date_of_birth", "sex", "postcode", "town"})
IN_THREES: Final = 0.02
TOGETHER: Final = 0.05
LEFT_OUT: Final = 0.1
# Where one person stays, a family's key leaves the others out on purpose: so much more, and hardly anybody is in the pass.
LEFT_OUT_BUT_ONE: Final = 0.9
LARGE_BLOCKS: Final = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know of a schema. `where` is a match key, a comparison, or an entry of the schema; `figure` is the share that was measured."""

    where: str
    severity: Severity
    sentence: str
    figure: float | None = None


def lint(schema: Schema, *, people: int = PEOPLE, seed: int = 1) -> tuple[Finding, ...]:
    """All findings: those of rules first, then those counted on `people` made-up people, each once in the file, all in the order of the schema.

    Raises:
        BadInput: too few people to measure, or more than can be made.
    """
    return (*_by_rule(schema), *_by_counting(schema, people=people, seed=seed))


def _by_rule(schema: Schema) -> Iterator[Finding]:
    common: Severity = "leaks" if schema.most_people_per_key > 1 else "warning"
    family: Severity = "leaks"
    nothing: Severity = "warning"
    for key in schema.match_keys:
        for rule, severity in ((_family, family), (_common, common), (_nothing_compared, nothing)):
            if sentence := rule(key, schema):
                yield Finding(key.name, severity, sentence)
    for name, comparison in schema.comparisons.items():
        if comparison.identifier in NAMES and not comparison.banded and not comparison.exact:
            yield Finding(
                name,
                "note",
                "without a frequency band a common name weighs as much as a rare one: less exact, though it leaks less",
            )
    if schema.most_people_per_key > LARGE_BLOCKS:
        yield Finding(
            "most_people_per_key",
            "leaks",
            f"up to {schema.most_people_per_key} people may share a key: the distances among so many are a signature",
        )


def _family(key: MatchKey, schema: Schema) -> str | None:
    if (
        schema.most_people_per_key == 1
        or len(key.parts) < 2
        or not all(_readings(p) & OF_A_HOME for p in key.parts)
    ):
        return None
    return "a family shares every part of it: the distances between its members are a signature that names them"


def _common(key: MatchKey, schema: Schema) -> str | None:
    if len(key.parts) != 1 or not _readings(key.parts[0]) & OF_MANY:
        return None
    if schema.most_people_per_key > 1:
        return "it is one part that many people share: its frequencies and large blocks name values and people"
    return "it is one part that many people share: most of them are left out of this pass"


def _nothing_compared(key: MatchKey, schema: Schema) -> str | None:
    if not any(c.filtered or c.exact for c in compared_names(schema, key)):
        return "nothing is compared beside the key: whoever shares it is taken for one person"
    return None


def _readings(part: Part) -> frozenset[str]:
    """The identifiers of which one alone may stand for the part."""
    return frozenset() if part.order == "both" else frozenset(part.identifiers)


def _by_counting(schema: Schema, *, people: int, seed: int) -> Iterator[Finding]:
    clean = made_up_file(people, schema=schema, seed=seed, repeats=False).clean
    known = Known(clean, schema=schema, secret=Secret(bytes(32), name="for counting"))
    for key in schema.match_keys:
        sharing = sizes_of(known.rows(key, most=clean.records).block)
        if not len(sharing):
            yield Finding(key.name, "note", "no made-up person has what it needs: it could not be measured")
            continue
        kept = np.minimum(sharing, schema.most_people_per_key)
        left_out = float(1 - kept.sum() / sharing.sum())
        mean = float((kept * kept).sum() / kept.sum())
        threes, together = (float(kept[kept >= n].sum() / kept.sum()) for n in (3, 2))
        if threes > IN_THREES:
            yield Finding(
                key.name, "leaks",
                f"{threes:.1%} of its rows share a block with two or more other people (on average {mean:.1f} people to a row's block):"
                " distances among three and more name them", threes,
            )  # fmt: skip
        elif together > TOGETHER:
            yield Finding(
                key.name, "leaks",
                f"{together:.1%} of its rows share a block with somebody else: whoever has a copy of the file can tell most of them by"
                " their distance", together,
            )  # fmt: skip
        if left_out > (LEFT_OUT if schema.most_people_per_key > 1 else LEFT_OUT_BUT_ONE):
            yield Finding(
                key.name, "warning",
                f"{left_out:.1%} of its rows are left out, because {_who(schema.most_people_per_key)} share their key", left_out,
            )  # fmt: skip


def _who(most: int) -> str:
    return "others in the file" if most == 1 else f"more than {most} people"
