"""What the attacker computes from plaintext: the rows of a pass, their groups by equal key values, bands, and distances under keys of his own.

He has the algorithm, the schema and the cleaned values of everybody, and no key. Groups need none; distances depend on each block's
secret, so he draws secrets and simulates them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from keys import Secret
from linkage.leak.colours import Flags, Numbers, Words, dense
from linkage.leak.sides import Bands, Layout, bits_apart, layout_of
from linkage.partner.records import CleanRecords, Codes
from linkage.partner.tokens.blocks import KeyReader, every_way
from linkage.partner.tokens.filters import filters
from linkage.partner.tokens.prepared import PartTables, Prepared, prepare
from linkage.partner.tokens.prf import Prp
from linkage.partner.tokens.same_person import same_person
from linkage.schema import MatchKey, Schema
from linkage.tokens import Compared


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one lane, a row each, as numbers into `table`, -1 where there is none."""

    number: Numbers
    table: Prepared
    slot: int
    bits_per_gram: int

    @property
    def present(self) -> Flags:
        """Which rows have a value."""
        return self.number >= 0

    def bands(self) -> Bands:
        """The frequency band of each row's value, 0 where there is none."""
        out = np.zeros(len(self.number), dtype=np.int8)
        if self.table.band is not None:
            out[self.present] = self.table.band[self.number[self.present]]
        return out

    def digests(self) -> Words:
        """A word for each row's value of an exact comparison, 0 where there is none."""
        out = np.zeros(len(self.number), dtype=np.uint64)
        if self.table.digest is not None:
            out[self.present] = self.table.digest[self.number[self.present]]
        return out

    def filters(self, prf: Prp, secrets: Words, *, number: Numbers) -> Words:
        """Unmasked (n, 2) filters of the numbered values under n block secrets; zero where there is no value."""
        out = np.zeros((len(number), 2), dtype=np.uint64)
        if self.table.grams is not None:
            at = np.flatnonzero(number >= 0)
            codes = number[at].astype(np.int32)
            out[at] = filters(
                prf, secrets[at], self.table.grams, codes, slot=self.slot, bits_per_gram=self.bits_per_gram
            )
        return out


@dataclass(frozen=True, slots=True)
class KnownPass:
    """One pass as the attacker computes it: row i is of `record[i]` and stands in group `block[i]`, whose block under his secret is
    `made[i]`."""

    layout: Layout
    record: Numbers
    block: Numbers
    made: Numbers
    bands: Bands
    values: tuple[Values, ...]

    def present(self, left: Numbers, right: Numbers) -> Flags:
        """Whether both rows have a value, (pairs, measured)."""
        has = (
            np.column_stack([v.present for v in self.values])
            if self.values
            else np.empty((len(self.block), 0), np.bool_)
        )
        return np.asarray(has[left] & has[right])

    def simulated(
        self, left: Numbers, right: Numbers, *, draws: int, rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """Distances in bits under `draws` sets of block secrets drawn at random, (draws, pairs, measured); of an exact comparison 0 or 1."""
        rows, place = np.unique(np.concatenate([left, right]), return_inverse=True)
        a, b = place[: len(left)], place[len(left) :]
        out = np.empty((draws, len(left), len(self.values)), dtype=np.uint8)
        for draw in range(draws):
            prf = Prp(Secret(rng.bytes(32), name="simulated"))
            secrets = rng.integers(0, 1 << 64, (int(self.block.max(initial=0)) + 1, 2), dtype=np.uint64)
            own = secrets[self.block[rows]]
            for at, (one, value) in enumerate(zip(self.layout.measured, self.values, strict=True)):
                if one.exact:
                    codes = value.digests()[rows]
                    out[draw, :, at] = codes[a] != codes[b]
                else:
                    out[draw, :, at] = bits_apart(value.filters(prf, own, number=value.number[rows]), a, b)
        return out


class Known:
    """The plaintext of a file or a register, and the passes computed from it under a secret of one's own."""

    def __init__(self, clean: CleanRecords, *, schema: Schema, secret: Secret) -> None:
        self._clean, self._schema, self._secret = clean, schema, secret
        self._parts = PartTables(clean, schema=schema, secret=self._secret)
        self._prepared = prepare(clean, schema=schema, parts=self._parts)
        self._person = same_person(clean, schema=schema, secret=secret, parts=self._parts)

    def rows(self, key: MatchKey, *, most: int) -> KnownPass:
        """The pass of the key: of the people who share a key value only `most` (who, the attacker cannot know: the first), one row of a record in a block.
        Rows stand in one order whatever the secret."""
        reader = KeyReader(key, schema=self._schema, secret=self._secret, parts=self._parts)
        pieces = list(every_way(reader, self._clean.rows))
        row = np.concatenate([np.empty(0, dtype=np.int32), *(p.row for p in pieces)])
        made = np.concatenate([np.empty(0, dtype=np.int64), *(p.block for p in pieces)])
        swapped = np.concatenate([np.empty(0, dtype=np.bool_), *(p.swapped for p in pieces)])
        record = self._clean.record[row]
        keep = _kept(dense(made), record, person=self._person[record], most=most)
        return self._pass(key, row[keep], made=made[keep], swapped=swapped[keep])

    def unkeyed(self) -> KnownPass:
        """All rows with all their values, as if every row were a block of its own."""
        row = np.arange(self._clean.rows, dtype=np.int32)
        nothing = np.zeros(len(row), dtype=np.bool_)
        return self._pass(MatchKey("unkeyed", ()), row, made=row.astype(np.int64), swapped=nothing)

    def _pass(self, key: MatchKey, row: Codes, *, made: Numbers, swapped: Flags) -> KnownPass:
        layout = layout_of(self._schema, key)
        bands = [self._values(c, row, swapped).bands() for c in layout.banded]
        return KnownPass(
            layout,
            self._clean.record[row].astype(np.int64),
            dense(made),
            made,
            np.column_stack(bands) if bands else np.empty((len(row), 0), dtype=np.int8),
            tuple(self._values(c, row, swapped) for c in layout.measured),
        )

    def _values(self, one: Compared, row: Codes, swapped: Flags) -> Values:
        table = self._prepared[one.comparison]
        number = table.codes[row].astype(np.int64)
        if one.lane != one.comparison:
            other = self._prepared["surname" if one.comparison == "forename" else "forename"]
            number = np.where(swapped, other.codes[row], number)
        return Values(number, table, one.slot, self._schema.comparisons[one.comparison].bits_per_gram)


def _kept(block: Numbers, record: Codes, *, person: Codes, most: int) -> Numbers:
    """The places of the rows that stay, as many as the partner's side leaves: a record's first in a block, and of a block those of its first `most`
    people."""
    rows = pd.DataFrame({"block": block, "record": record, "person": person})
    once = np.flatnonzero(~rows.duplicated(["block", "record"]).to_numpy())
    people = rows.iloc[once].drop_duplicates(["block", "person"])
    people = people.assign(place=people.groupby("block").cumcount())
    place = rows.iloc[once].merge(people[["block", "person", "place"]], on=["block", "person"], how="left")[
        "place"
    ]
    return once[place.to_numpy() < most]
