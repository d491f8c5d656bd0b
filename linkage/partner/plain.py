"""Match-key parts as plain text, for the cleartext yardstick and the leak meter alone."""

from itertools import product

import numpy as np
import pyarrow as pa

from linkage.partner.identifiers import KINDS
from linkage.partner.records import CleanRecords, Column
from linkage.schema import NAMES, Part


def part_variants(clean: CleanRecords, part: Part) -> list[Column]:
    """The part's values, a column for each way in which a row can have one: names in either order, several values of one part."""
    if part.order is None:
        return _values(clean.columns[part.identifier], part.identifier, part.part)
    first, last = (_values(clean.columns[n], n, part.part) for n in NAMES)
    if part.order == "any":
        return [*first, *last]
    return [_in_order(a, b) for a, b in product(first, last)]


def _values(column: Column, identifier: str, part: str) -> list[Column]:
    found = [KINDS[identifier].parts(v, part) for v in column.values.to_pylist()]
    most = max(map(len, found), default=0)
    return [
        column.replaced(pa.array([v[at] if at < len(v) else None for v in found], pa.string()))
        for at in range(max(most, 1))
    ]


def _in_order(a: Column, b: Column) -> Column:
    both = a.present & b.present
    out = np.full(len(a.codes), None, dtype=object)
    left, right = a.texts()[both], b.texts()[both]
    out[both] = [f"{min(x, y)}+{max(x, y)}" for x, y in zip(left, right, strict=True)]
    return Column.of(pa.array(out, pa.string()))
