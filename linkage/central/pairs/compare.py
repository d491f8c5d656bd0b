"""Pairs of one pass's rows, compared: for each pair its agreement pattern, which training counts and the model scores.

A pattern is the level of every comparison. Many pairs share few patterns, so that what costs time, finding and comparing pairs, is done once, and
all that follows works on patterns (fastLink, Enamorado, Fifield and Imai 2019).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from linkage.central.pairs.levels import LaneLevels, add_macros
from linkage.central.pairs.model import LinkType
from linkage.central.pairs.training import Patterns
from linkage.errors import BadModel
from linkage.tokens import PassTable

LARGEST_CODE: Final = 1 << 62
SIDES: Final = ("source_l", "row_ref_l", "source_r", "row_ref_r")


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs and their patterns: `pairs` has source_l, source_r (int8, numbers into `partners`), row_ref_l, row_ref_r (int64) and `pattern`
    (int32, a number into `codes`), in the order of row references; `codes` (int64, rising) are the patterns. Where pairs with new rows alone were
    compared, `again` (bool) marks those with a row that stands in place of an earlier one of its reference."""

    partners: tuple[str, ...]
    pairs: Mapping[str, npt.NDArray[Any]]
    codes: npt.NDArray[np.int64]

    @property
    def counts(self) -> npt.NDArray[np.float64]:
        """How many pairs there are of each pattern."""
        return np.bincount(self.pairs["pattern"], minlength=len(self.codes)).astype(np.float64)


def levels_of(codes: npt.NDArray[np.int64], lanes: Sequence[LaneLevels]) -> npt.NDArray[np.int64]:
    """The level of every lane in each pattern: (patterns, lanes), -1 where a value is missing."""
    out = np.empty((len(codes), len(lanes)), dtype=np.int64)
    for at, (lane, stride) in enumerate(zip(lanes, _strides(lanes), strict=True)):
        out[:, at] = codes // stride % (lane.size + 1) - 1
    return out


@dataclass(frozen=True, slots=True)
class Counted:
    """How many pairs show each pattern: `codes` rise, `counts` are as many."""

    codes: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float64]

    def patterns(self, lanes: Sequence[LaneLevels]) -> Patterns:
        """The same as training reads it, in one order whatever that of the pairs: sums of floats, and so the model, must not depend on it."""
        return Patterns(levels_of(self.codes, lanes), self.counts)


def counted(several: Sequence[Compared]) -> Counted:
    """How often each pattern occurs in all of these."""
    return added([Counted(one.codes, one.counts) for one in several])


def added(several: Sequence[Counted]) -> Counted:
    """The counts of all of these together."""
    codes, where = np.unique(
        np.concatenate([np.empty(0, dtype=np.int64), *(one.codes for one in several)]), return_inverse=True
    )
    counts = np.concatenate([np.empty(0), *(one.counts for one in several)])
    return Counted(codes, np.bincount(where, weights=counts, minlength=len(codes)).astype(np.float64))


class OpenPass:
    """Rows of one pass in a locked database, for as long as the `with` block lasts. `tables` are the partners' rows by partner name; `fresh`,
    where given, says of every row whether it is old (0), new (1), or new in place of an earlier one of the same reference (2): a pair must then have a row
    that is not old. `partners` numbers them all."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Mapping[str, PassTable],
        *,
        link_type: LinkType,
        partners: Sequence[str] | None = None,
        fresh: Mapping[str, npt.NDArray[np.int8]] | None = None,
    ) -> None:
        self._connection = connection
        self._link_type = link_type
        self._partners = tuple(partners or sorted(tables))
        self._fresh = fresh is not None
        self._numbers = [at for at, name in enumerate(self._partners) if name in tables and tables[name].rows]
        add_macros(connection)
        for at in self._numbers:
            name = self._partners[at]
            columns: dict[str, Any] = dict(tables[name].columns)
            if fresh is not None:
                columns["fresh"] = fresh[name]
            connection.register(f"rows_{at}", pa.table(columns))
            if link_type != "link_only":
                # pandas finds repeated values with a hash table of its own, at a fifth of what GROUP BY takes.
                several = pd.Series(columns["block"]).duplicated(keep=False).to_numpy()
                connection.register(f"several_{at}", pa.table({n: c[several] for n, c in columns.items()}))

    def __enter__(self) -> "OpenPass":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of the pass is left in the database."""
        for at in self._numbers:
            self._connection.unregister(f"rows_{at}")
            self._connection.unregister(f"several_{at}")

    @property
    def linkable(self) -> bool:
        """Whether there are rows enough to make a pair between them."""
        return len(self._numbers) > (1 if self._link_type == "link_only" else 0)

    def compare(self, lanes: Sequence[LaneLevels]) -> Compared:
        """All pairs that share a block, with their patterns.

        Raises:
            BadModel: there are more patterns than can be told apart.
        """
        if not self.linkable:
            return Compared(self._partners, _no_pairs(), np.empty(0, dtype=np.int64))
        found = self._connection.sql(self._statement(lanes)).to_arrow_table()
        sides = {n: found.column(n).to_numpy() for n in SIDES}
        codes, pattern = np.unique(found.column("code").to_numpy(), return_inverse=True)
        # The database gives pairs in any order; two runs must write the same, and the order must tell nothing.
        order = np.lexsort((pattern, sides["row_ref_r"], sides["row_ref_l"]))
        pairs = {n: c[order] for n, c in sides.items()} | {"pattern": pattern[order].astype(np.int32)}
        if self._fresh:
            pairs["again"] = found.column("again").to_numpy()[order]
        return Compared(self._partners, pairs, codes)

    def _statement(self, lanes: Sequence[LaneLevels]) -> str:
        terms = [f"({_case(x)})::BIGINT * {s}" for x, s in zip(lanes, _strides(lanes), strict=True)]
        used = sorted({c for lane in lanes for c in _columns(lane)})
        sides = ", ".join(
            f"{side}.{c} AS {c}_{end}"
            for c in ("source", "row_ref", *(["fresh"] if self._fresh else []), *used)
            for side, end in (("a", "l"), ("b", "r"))
        )
        either = " AND (a.fresh > 0 OR b.fresh > 0)" if self._fresh else ""
        again = ", fresh_l > 1 OR fresh_r > 1 AS again" if self._fresh else ""
        joins = " UNION ALL BY NAME ".join(
            f"SELECT {sides} FROM {a} a JOIN {b} b ON a.block = b.block{further}{either}"  # noqa: S608  names of columns of the schema
            for a, b, further in self._joins()
        )
        return f"""
            WITH pairs AS ({joins})
            SELECT source_l, row_ref_l, source_r, row_ref_r, {" + ".join(terms) or "0"} AS code{again} FROM pairs
        """  # noqa: S608  every name in it comes from the schema, never from data

    def _joins(self) -> Iterator[tuple[str, str, str]]:
        """What is joined: each partner's rows with those of all partners before it, and, where a file is compared with itself, those of its rows
        that share a block. One join of all rows with all would first pair every row with itself."""
        before: list[str] = []
        for at in self._numbers:
            own = f"SELECT *, {at}::TINYINT AS source FROM rows_{at}"  # noqa: S608  a number
            if self._link_type != "link_only":
                several = f"(SELECT *, {at}::TINYINT AS source FROM several_{at})"  # noqa: S608  a number
                yield several, several, " AND a.row_ref < b.row_ref"
            if before:
                yield f"({' UNION ALL BY NAME '.join(before)})", f"({own})", ""
            before.append(own)


def _no_pairs() -> dict[str, npt.NDArray[Any]]:
    kinds = {"source_l": np.int8, "row_ref_l": np.int64, "source_r": np.int8, "row_ref_r": np.int64}
    return {n: np.empty(0, dtype=k) for n, k in (kinds | {"pattern": np.int32}).items()}


def _strides(lanes: Sequence[LaneLevels]) -> list[int]:
    """What each lane's level counts for in a code: numbers of a mixed base."""
    out, stride = [], 1
    for lane in lanes:
        out.append(stride)
        stride *= lane.size + 1
    if stride > LARGEST_CODE:
        raise BadModel("the schema compares more levels than one pass can tell apart: name fewer comparisons")
    return out


def _case(lane: LaneLevels) -> str:
    whens = " ".join(f"WHEN {condition} THEN {at + 1}" for at, condition in enumerate(lane.conditions))
    return f"CASE WHEN {lane.absent} THEN 0 {whens} ELSE {lane.size} END"


def _columns(lane: LaneLevels) -> set[str]:
    text = " ".join((lane.absent, *lane.conditions))
    words = {w.strip("(),") for w in text.replace("(", " ").replace(",", " ").replace(")", " ").split()}
    return {w[:-2] for w in words if w.endswith(("_l", "_r"))}
