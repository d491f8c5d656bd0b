"""Which rows of a pass meet: those that share a block, found by sorting the blocks of all partners' rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.central.pairs.model import LinkType
from linkage.tokens import PassTable

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a pass, those of one partner after those of another: `source` numbers the partners, `names` are those that have rows."""

    names: tuple[str, ...]
    source: npt.NDArray[np.int8]
    row_ref: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    tables: tuple[PassTable, ...]

    @classmethod
    def of(cls, tables: Mapping[str, PassTable], *, partners: Sequence[str]) -> "Rows":
        """The rows of these tables; partners are numbered as they stand."""
        numbers = [at for at, name in enumerate(partners) if name in tables and tables[name].rows]
        names = tuple(partners[at] for at in numbers)
        its = tuple(tables[n] for n in names)
        source = np.repeat(np.array(numbers, dtype=np.int8), [t.rows for t in its])
        none = np.empty(0, dtype=np.int64)
        ref, block = (np.concatenate([none, *(t.columns[c] for t in its)]) for c in ("row_ref", "block"))
        return cls(names, source, ref, block, its)

    def joined(self, parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """What is told partner by partner, as one."""
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int8)

    def sides(self, column: str, *, left: Places, right: Places) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """A column of the rows at these places."""
        whole = self.joined([t.columns[column] for t in self.tables])
        return whole[left], whole[right]


def meeting(
    rows: Rows, *, link_type: LinkType, among: npt.NDArray[np.bool_] | None = None
) -> tuple[Places, Places]:
    """The places of the rows of each pair: of two partners, the earlier one's first; of one partner, where its rows are compared with each other, the lower
    reference first, and never a row of one reference with another of it. At least one row is `among` those marked, where some are."""
    # In a full run the rows of each partner stand in this order already, and are merged.
    order = np.argsort(rows.block.view(np.uint64), kind="stable" if among is None else None)
    block = rows.block[order]
    at, apart = np.flatnonzero(block[1:] == block[:-1]), 1
    left, right = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    while len(at):
        a, b = order[at], order[at + apart]
        kept = np.ones(len(at), dtype=np.bool_) if among is None else among[a] | among[b]
        kept &= (rows.source[a] != rows.source[b]) | (
            (link_type != "link_only") & (rows.row_ref[a] != rows.row_ref[b])
        )
        left.append(a[kept])
        right.append(b[kept])
        apart += 1
        # Rows of a block stand beside each other: who does not meet the row so many places on meets none beyond it.
        at = at[at + apart < len(order)]
        at = at[block[at] == block[at + apart]]
    a, b = np.concatenate(left), np.concatenate(right)
    turned = np.where(rows.source[a] == rows.source[b], rows.row_ref[a] > rows.row_ref[b], a > b)
    return np.where(turned, b, a), np.where(turned, a, b)
