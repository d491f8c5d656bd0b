"""Scored pairs: of rows, as the linker hands them on, and of records, each once with its best score over the passes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.central.assembly.records import Bytes16, Flags, Ints, Numbered, Numbers, Records
from linkage.columns import as_numpy
from linkage.errors import BadSubmission
from linkage.tokens import PassMap

if TYPE_CHECKING:
    import pandas as pd

CONFLICTS: Final = "conflicts"
MOST_AT_ONCE: Final = 4_000_000
SIDE: Final = 32


def _none() -> Flags:
    return np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class ScoredRecords:
    """Pairs of record numbers, left below right, each with its best match probability over the passes; `conflict` says whether numbers that only one
    person can have were compared and differ (of no pair, if it is left out). Numbers that were kept have 32 bits, as they stand in the file: they are widened where they
    are reckoned with."""

    left: Numbers
    right: Numbers
    probability: npt.NDArray[np.float64]
    conflict: Flags = field(default_factory=_none)

    def __post_init__(self) -> None:
        if len(self.conflict) != len(self.left):
            object.__setattr__(self, "conflict", np.zeros(len(self.left), dtype=np.bool_))

    def only(self, which: Flags) -> "ScoredRecords":
        """Those of the pairs."""
        return ScoredRecords(self.left[which], self.right[which], self.probability[which], self.conflict[which])


def no_pairs() -> ScoredRecords:
    """No pair at all."""
    none = np.empty(0, dtype=np.int64)
    return ScoredRecords(none, none, np.empty(0, dtype=np.float64))


class Finds(Protocol):
    """Knows which row of one pass of one partner is which record."""

    def find(self, row_ref: Ints) -> Ints:
        """The record number of each row, -1 where there is no such row."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Which row of one pass of one partner is which record: `row_ref` ascending, `record` its number."""

    row_ref: Ints
    record: Numbers

    def find(self, row_ref: Ints) -> Ints:
        """The record number of each row, -1 where there is no such row."""
        # In order, so that each search begins near where the one before it ended.
        order = np.argsort(row_ref)
        asked = row_ref[order]
        place = np.searchsorted(self.row_ref, asked)
        known = place < len(self.row_ref)
        known[known] = self.row_ref[place[known]] == asked[known]
        found = np.full(len(row_ref), -1, dtype=np.int64)
        found[order[known]] = self.record[place[known]]
        return found


class Knows(Protocol):
    """Knows the records of a partner by their pseudonyms."""

    def find(self, refs: Bytes16) -> Ints:
        """The number of each pseudonym's record, -1 where it is not known."""
        ...


def rows_of(one: PassMap, *, known: Knows, partner: str) -> Rows:
    """The map with the record numbers of the partner's pseudonyms that are `known`.

    Raises:
        BadSubmission: the map names another record.
    """
    found = known.find(one.record_ref)
    if (found < 0).any():
        raise BadSubmission(f"a map of {partner} names a record that its list does not have")
    order = np.argsort(one.row_ref, kind="stable")
    return Rows(one.row_ref[order], found[order])


def resolve(pairs: pa.Table, *, maps: Mapping[str, PassMap], records: Records) -> "pd.DataFrame":
    """The pass's pairs as record numbers (`left` < `right`) with their probability and conflict; rows of one record are no pair.

    Raises:
        BadSubmission: a pair names a row that no map knows.
    """
    # Only measurements work with frames; whoever links does not wait for them.
    import pandas as pd

    rows = {}
    for name, one in maps.items():
        its = np.flatnonzero(records.partner == records.partners.index(name))
        rows[name] = rows_of(one, known=Numbered(records.record_ref[its], number=its), partner=name)
    found = resolved(pairs, rows=rows)
    columns = {"left": found.left, "right": found.right, "probability": found.probability}
    return pd.DataFrame(columns | ({"conflict": found.conflict} if CONFLICTS in pairs.column_names else {}))


def resolved(pairs: pa.Table, *, rows: Mapping[str, Finds], unknown: bool = False) -> ScoredRecords:
    """The pass's pairs as record numbers, one for each pair of rows of two records.

    Of an earlier run, rows and partners may be `unknown` by now: their pairs are left out.

    Raises:
        BadSubmission: a pair names an unknown row or partner, and may not.
    """
    sides = np.split(_ends(pairs, rows=rows, unknown=unknown), 2)
    left, right = np.minimum(*sides), np.maximum(*sides)
    keep = (left != right) & (left >= 0)
    probability = as_numpy(pairs.column("match_probability"))
    conflict = (
        as_numpy(pairs.column(CONFLICTS)) > 0
        if CONFLICTS in pairs.column_names
        else np.zeros(len(left), dtype=np.bool_)
    )
    return ScoredRecords(left[keep], right[keep], probability[keep], conflict[keep])


def _ends(pairs: pa.Table, *, rows: Mapping[str, Finds], unknown: bool) -> Ints:
    """The record numbers of all left ends, then of all right ends. Those of a partner are looked for at once."""
    source, names = _sources(pairs)
    row = np.concatenate([as_numpy(pairs.column("row_ref_l")), as_numpy(pairs.column("row_ref_r"))])
    number = np.full(len(row), -1, dtype=np.int64)
    for at, name in enumerate(names):
        here = np.flatnonzero(source == at)
        if name not in rows:
            if not unknown and len(here):
                raise BadSubmission("a scored pair names a partner that has no map for its pass")
            continue
        number[here] = found = rows[name].find(row[here])
        if not unknown and (found < 0).any():
            raise BadSubmission(f"a scored pair names a row that the map of {name} does not know")
    return number


def _sources(pairs: pa.Table) -> tuple[npt.NDArray[np.integer[Any]], list[str]]:
    """The partner of every left end, then of every right end, as a number into the names."""
    names, codes = list[str](), []
    for end in ("source_l", "source_r"):
        source = pairs.column(end).combine_chunks()
        if not pa.types.is_dictionary(source.type):
            source = source.cast(pa.string()).dictionary_encode()
        its = source.dictionary.to_pylist()
        names += [name for name in its if name not in names]
        codes.append(np.array([names.index(name) for name in its], dtype=np.int64)[as_numpy(source.indices)])
    return np.concatenate(codes), names


def best_of(passes: Sequence["pd.DataFrame"]) -> ScoredRecords:
    """Every pair once, with its best probability over the passes."""
    return merged(
        ScoredRecords(
            one["left"].to_numpy(dtype=np.int64),
            one["right"].to_numpy(dtype=np.int64),
            one["probability"].to_numpy(dtype=np.float64),
            one["conflict"].to_numpy(dtype=np.bool_) if "conflict" in one else _none(),
        )
        for one in passes
    )


def merged(parts: Iterable[ScoredRecords]) -> ScoredRecords:
    """Every pair once, in order, with its best probability over the parts, and what the pass that gave it said of a conflict. Parts are merged as they come.

    A pass takes a missing number for a present one in 1 of 64 cases (`tokens.PRESENCE_BITS`), and then sees a conflict that scores low: were one pass enough, nine
    in ten conflicts would be of one person.
    """
    best, waiting, many = no_pairs(), list[ScoredRecords](), 0
    for part in parts:
        waiting.append(part)
        many += len(part.left)
        if many > MOST_AT_ONCE:
            best, waiting, many = _merged([best, *waiting]), [], 0
    return _merged([best, *waiting]) if waiting else best


def with_few(many: ScoredRecords, few: ScoredRecords) -> ScoredRecords:
    """The same as both `merged`, of which each is merged already, in less time where the others are few."""
    key, new = _key(many), _key(few)
    at = np.searchsorted(key, new)
    inside = at < len(key)
    if (key[at[inside]] == new[inside]).any():
        return _merged([many, few])
    return ScoredRecords(
        np.insert(many.left, at, few.left),
        np.insert(many.right, at, few.right),
        np.insert(many.probability, at, few.probability),
        np.insert(many.conflict, at, few.conflict),
    )


def _key(pairs: ScoredRecords) -> Ints:
    """Both records in one number, in the order of pairs."""
    key: Ints = np.left_shift(pairs.left, SIDE, dtype=np.int64)
    key |= pairs.right
    return key


def _merged(parts: Sequence[ScoredRecords]) -> ScoredRecords:
    key = np.concatenate([_key(p) for p in parts])
    probability = np.concatenate([p.probability for p in parts])
    conflict = np.concatenate([p.conflict for p in parts])
    if not len(key):
        return no_pairs()
    order = np.argsort(key)
    key, probability, conflict = key[order], probability[order], conflict[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    if len(first) < len(key):
        key, best = key[first], np.maximum.reduceat(probability, first)
        # Of several that give the best probability, one without a conflict counts.
        lower = probability < np.repeat(best, np.diff(first, append=len(probability)))
        probability, conflict = best, np.logical_and.reduceat(conflict | lower, first)
    return ScoredRecords(key >> SIDE, key & ((1 << SIDE) - 1), probability, conflict)
