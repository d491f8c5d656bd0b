"""People who must not be linked are taken out of the cleaned records, before anything is tokenised.

Two kinds of list: those who may not be used (a local list of objections), and those who may (`keeps`: the national data opt-out's check sends back
the NHS numbers that are not opted out). What cannot be looked up in a list of those who may be used, may not be used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.attestations import LIST_NAME, Attestation, Listed, Without, rounded
from linkage.errors import BadInput
from linkage.partner.records import CleanRecords, Column

Marks = npt.NDArray[np.bool_]
NHS_NUMBER: Final = "nhs_number"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One list: its name for the manifest, canonical `values` of what it lists, the day it was made or checked, and the file it came from.

    `keeps`: the list names those who may be used. `without`: what becomes of records that have no NHS number to look up.
    """

    name: str
    of: Listed
    values: frozenset[str]
    checked: date
    source: str
    keeps: bool
    without: Without


@dataclass(frozen=True, slots=True)
class Stated:
    """What the lists left out: the exact count of each, for the partner's eyes, and the attestations for the manifest."""

    excluded: tuple[int, ...]
    attestations: tuple[Attestation, ...]


class Excluder:
    """Takes records portion by portion and leaves those that every list leaves.

    Raises:
        BadInput: a list is from after the day `on` or more than `most_days` older.
    """

    def __init__(self, exclusions: Sequence[Exclusion], *, on: date, most_days: int | None = None) -> None:
        _check_lists(exclusions, on=on, most_days=most_days)
        self._lists = tuple(exclusions)
        self._counts = [0] * len(self._lists)
        self._applied = [False] * len(self._lists)
        self._left = 0

    def apply(self, clean: CleanRecords) -> tuple[CleanRecords, Marks]:
        """The records that may be used, nothing of the others being left in them, not even as an unused value; and a mark for every record there was."""
        kept = np.ones(clean.records, dtype=bool)
        for at, one in enumerate(self._lists):
            marks, applied = _excluded(clean, one)
            self._counts[at] += int(marks.sum())
            self._applied[at] |= applied
            kept &= ~marks
        self._left += int(kept.sum())
        return (clean if kept.all() else _only(clean, kept)), kept

    def finish(self) -> Stated:
        """What was left out of all portions.

        Raises:
            BadInput: a list cannot be applied to these records, or nobody is left.
        """
        for one, applied in zip(self._lists, self._applied, strict=True):
            if not applied:
                raise BadInput(
                    f"{one.source}: the list {one.name} is of NHS numbers, and no record has one; map the column that holds them"
                )
        if not self._left:
            raise BadInput(
                f"no record is left after {', '.join(e.name for e in self._lists)}: check that the list is of these people,"
                " and whether it names those who may be used or those who may not"
            )
        stated = tuple(
            Attestation(e.name, e.of, e.keeps, e.without, e.checked, rounded(len(e.values)), rounded(count))
            for e, count in zip(self._lists, self._counts, strict=True)
        )
        return Stated(tuple(self._counts), stated)


def _check_lists(exclusions: Sequence[Exclusion], *, on: date, most_days: int | None) -> None:
    for at, one in enumerate(exclusions):
        if not LIST_NAME.fullmatch(one.name):
            raise BadInput(
                f"exclusion list {at + 1}: its name should be of small letters, digits and hyphens, at most 60"
            )
        if one.name in {e.name for e in exclusions[:at]}:
            raise BadInput(f"two exclusion lists are called {one.name}: give each its own name")
        if not one.values:
            raise BadInput(
                f"{one.source}: the list {one.name} is empty; an empty list excludes nobody by mistake"
            )
        if one.checked > on:
            raise BadInput(
                f"{one.source}: the list {one.name} says it was checked on {one.checked}, which is still to come"
            )
        if most_days is not None and (on - one.checked).days > most_days:
            raise BadInput(
                f"{one.source}: the list {one.name} was checked on {one.checked}, more than {most_days} days ago; check it again"
            )


def _excluded(clean: CleanRecords, one: Exclusion) -> tuple[Marks, bool]:
    """Which records the list excludes, a mark a record; and whether any could be looked up."""
    listed = pa.array(sorted(one.values), pa.string())
    if one.of == "record_id":
        on_it = _marks(pc.is_in(pc.utf8_trim_whitespace(clean.record_ids), value_set=listed))
        return (~on_it if one.keeps else on_it), True
    out = np.full(len(clean.record_ids), one.without == "excluded")
    column = clean.columns.get(NHS_NUMBER)
    if column is None or not column.present.any():
        return out, False
    given = np.flatnonzero(column.present)
    on_it = _marks(pc.is_in(column.values, value_set=listed))[column.codes[given]]
    against = given[~on_it if one.keeps else on_it]
    out[clean.record[given]] = False
    out[clean.record[against]] = True
    return out, True


def _marks(answers: pa.BooleanArray) -> Marks:
    marks: Marks = answers.to_numpy(zero_copy_only=False).astype(bool)
    return marks


def _only(clean: CleanRecords, kept: Marks) -> CleanRecords:
    some = clean.keep(kept)
    return CleanRecords(some.record_ids, some.record, {i: _without_unused(c) for i, c in some.columns.items()})


def _without_unused(column: Column) -> Column:
    used = np.zeros(len(column.values), dtype=bool)
    used[column.codes[column.present]] = True
    new = np.append(np.cumsum(used, dtype=np.int32) - 1, np.int32(-1))
    return Column(new[column.codes].astype(np.int32), column.values.filter(pa.array(used)))
