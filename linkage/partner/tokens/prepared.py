"""What every pass needs of each identifier, computed once a distinct value: the digests of match-key parts, q-grams, frequency bands."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Secret, derive
from linkage.columns import as_numpy
from linkage.partner.identifiers import KINDS, Kind
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokens.grams import Grams, grams_of
from linkage.partner.tokens.prf import Cmac, Words
from linkage.schema import NAMES, Comparison, Schema

# Short lists of short-lived objects: long ones keep Python's collector busy.
SOME_VALUES = 8192
MANY_VALUES = 65_536


@dataclass(frozen=True, slots=True)
class PartTable:
    """The digests of one part of one identifier's distinct values: value i has `counts[i]` of them from `starts[i]` on. A last entry with no digests is
    for rows without a value, whose code is -1."""

    codes: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int32]
    digests: Words

    @property
    def single(self) -> bool:
        """Whether no value has more than one digest."""
        return int(self.counts.max(initial=0)) <= 1

    def count(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """How many digests each code has; none where there is no value."""
        return self.counts.take(codes, mode="wrap").astype(np.int32)

    def start(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Where the digests of each code begin; anything where there is no value."""
        return self.starts.take(codes, mode="wrap")


def part_table(column: Column, *, identifier: str, part: str, schema: Schema, secret: Secret) -> PartTable:
    """The digests of the part's values: AES-CMAC under a key of the schema and the part. Both names share their parts' keys, so that exchanged
    names give equal digests."""
    owner = "name" if identifier in NAMES else identifier
    cmac = Cmac(derive(secret, "part-value", schema.digest, f"{owner}.{part}"))
    kind = KINDS[identifier]
    step = MANY_VALUES if part in kind.parts_many else SOME_VALUES
    counts, digests = [], []
    for at in range(0, len(column.values), step):
        found, count = _parts(column.values.slice(at, step), kind=kind, part=part)
        counts.append(count)
        digests.append(cmac.texts(found))
    count = np.concatenate([*counts, np.zeros(1, dtype=np.uint8)])
    starts = np.cumsum(count, dtype=np.int64) - count
    every = np.concatenate(digests) if digests else np.empty((0, 2), dtype=np.uint64)
    return PartTable(column.codes, count, starts.astype(np.int32), every)


def _parts(values: pa.StringArray, *, kind: Kind, part: str) -> tuple[pa.StringArray, npt.NDArray[np.uint8]]:
    """The values of the part one after another, and how many of them each value has."""
    if (many := kind.parts_many.get(part)) is not None:
        one = many(values)
        return one.drop_null(), as_numpy(one.is_valid()).astype(np.uint8)
    found = [kind.parts(v, part) for v in values.to_pylist()]
    count = np.fromiter(map(len, found), dtype=np.uint8, count=len(found))
    return pa.array([v for every in found for v in every], pa.string()), count


class PartTables:
    """The part tables of a file's records, each made when first asked for."""

    def __init__(self, clean: CleanRecords, *, schema: Schema, secret: Secret) -> None:
        self._clean, self._schema, self._secret = clean, schema, secret
        self._made: dict[tuple[str, str], PartTable] = {}

    def of(self, identifier: str, part: str) -> PartTable:
        """The table of one part of one identifier."""
        if (identifier, part) not in self._made:
            self._made[identifier, part] = part_table(
                self._clean.columns[identifier],
                identifier=identifier,
                part=part,
                schema=self._schema,
                secret=self._secret,
            )
        return self._made[identifier, part]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A comparison's codes (-1 where there is no value), with the q-grams and the band of each code where it has them, or the digest of each
    code of an exact one. Forename and surname share grams and bands, so that where the two are exchanged only codes are."""

    codes: npt.NDArray[np.int32]
    grams: Grams | None
    band: npt.NDArray[np.int8] | None
    digest: npt.NDArray[np.uint64] | None

    @property
    def values(self) -> int:
        """How many different values there are."""
        return (
            len(self.grams.lengths)
            if self.grams is not None
            else len(self.digest if self.digest is not None else ())
        )

    def only(self, codes: npt.NDArray[np.int32]) -> "Prepared":
        """The values with these codes, one after another."""
        return Prepared(
            np.arange(len(codes), dtype=np.int32),
            self.grams.only(codes) if self.grams is not None else None,
            self.band.take(codes) if self.band is not None else None,
            self.digest.take(codes) if self.digest is not None else None,
        )


def joined_values(pieces: Sequence[Prepared], *, codes: npt.NDArray[np.int32]) -> Prepared:
    """The values of the pieces one after another, under codes into all of them."""
    grams = [p.grams for p in pieces if p.grams is not None]
    bands, digests = (
        [p.band for p in pieces if p.band is not None],
        [p.digest for p in pieces if p.digest is not None],
    )
    return Prepared(
        codes,
        reduce(Grams.then, grams) if grams else None,
        np.concatenate(bands) if bands else None,
        np.concatenate(digests) if digests else None,
    )


def prepare(clean: CleanRecords, *, schema: Schema, parts: PartTables) -> dict[str, Prepared]:
    """Every comparison of the schema over the records."""
    out = {n: _prepare(clean, c, bounds=schema.bands, parts=parts) for n, c in schema.comparisons.items()}
    if not set(NAMES) <= set(out):
        return out
    first, last = (out[n] for n in NAMES)
    if first.grams is None or last.grams is None:
        return out
    behind = np.where(last.codes < 0, -1, last.codes + len(first.grams.lengths)).astype(np.int32)
    grams = first.grams.then(last.grams)
    nothing = [np.zeros(len(p.grams.lengths), dtype=np.int8) for p in (first, last) if p.grams is not None]
    band = np.concatenate(
        [p.band if p.band is not None else n for p, n in zip((first, last), nothing, strict=True)]
    )
    out |= {
        n: Prepared(codes, grams, band if p.band is not None else None, None)
        for n, p, codes in zip(NAMES, (first, last), (first.codes, behind), strict=True)
    }
    return out


def _prepare(
    clean: CleanRecords, comparison: Comparison, *, bounds: tuple[float, float], parts: PartTables
) -> Prepared:
    column = clean.columns[comparison.identifier]
    if not comparison.exact:
        assert comparison.grams is not None  # noqa: S101  the schema allows no third kind
        band = bands_of(column, bounds=bounds) if comparison.banded else None
        return Prepared(column.codes, grams_of(comparison.grams, column.values), band, None)
    table = parts.of(comparison.identifier, comparison.part)
    has = table.counts[:-1] > 0
    digest = np.zeros(len(has), dtype=np.uint64)
    digest[has] = table.digests[table.starts[:-1][has], 0]
    codes = column.codes
    if not has.all():
        codes = np.where(np.append(has, False)[codes], codes, np.int32(-1))
    return Prepared(codes, None, None, digest)


def bands_of(column: Column, *, bounds: tuple[float, float]) -> npt.NDArray[np.int8]:
    """0 rare, 1 middling, 2 common for each distinct value, by its share of the column's values."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    share = counts / max(counts.sum(), 1)
    bands: npt.NDArray[np.int8] = np.digitize(share, bounds).astype(np.int8)
    return bands
