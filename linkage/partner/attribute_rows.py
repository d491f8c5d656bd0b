"""The attributes of a file's records, column by column, in the order of their references."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.attributes import RECORD_REF
from linkage.partner.ledger.changes import reference_order
from linkage.partner.records import Column
from linkage.partner.tokens.scratch import Kept, Scratch

# As many rows as Parquet puts into one group.
ROWS: Final = 1 << 20
MEMORY: Final = 16 << 20
NARROW: Final = 1 << 15
Refs = npt.NDArray[np.uint8]


class AttributeRows:
    """The rows of an attribute file: `record_ref`, and one text column an attribute; `names` maps attributes to the file's columns. Records come portion by portion;
    what does not fit in memory lies beside the submission `beside`."""

    def __init__(self, names: Mapping[str, str], *, beside: Path | None = None) -> None:
        self._names = dict(names)
        self._scratch = Scratch(beside, memory=MEMORY)
        self._codes: dict[str, list[Kept]] = {a: [] for a in names}
        self._values: dict[str, list[pa.StringArray]] = {a: [] for a in names}
        self._refs: Refs = np.empty((0, 16), dtype=np.uint8)

    @property
    def types(self) -> pa.Schema:
        """The Arrow schema of the rows."""
        return pa.schema([(RECORD_REF, pa.binary(16)), *((a, pa.string()) for a in self._names)])

    def add(self, columns: Mapping[str, Column]) -> None:
        """The next records."""
        for attribute, column in self._names.items():
            self._codes[attribute].append(self._scratch.put(columns[column].codes))
            self._values[attribute].append(columns[column].values)

    def of(self, refs: Refs) -> None:
        """These are the references of all records."""
        self._refs = refs

    def table(self) -> pa.Table:
        """All rows in the order of `record_ref`."""
        return pa.concat_tables([self.types.empty_table(), *self.tables()]).combine_chunks()

    def tables(self) -> Iterator[pa.Table]:
        """The same, some rows at a time."""
        order = reference_order(self._refs)
        columns = {a: self._joined(a) for a in self._names}
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            raw = self._refs.take(rows, axis=0)
            arrays = [pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(raw), [None, pa.py_buffer(raw)])]
            for codes, values in columns.values():
                its = codes.take(rows).astype(np.int32)
                arrays.append(
                    pa.DictionaryArray.from_arrays(pa.array(its, pa.int32(), mask=its < 0), values).cast(
                        pa.string()
                    )
                )
            yield pa.table(arrays, schema=self.types)

    def _joined(self, attribute: str) -> tuple[npt.NDArray[Any], pa.StringArray]:
        """The codes of all records into all values, as narrow as they can be; a value that occurs in several portions is there once."""
        known = pa.concat_arrays([pa.array([], pa.string()), *self._values[attribute]]).unique()
        codes = np.empty(len(self._refs), dtype=np.int16 if len(known) < NARROW else np.int32)
        begin = 0
        for kept, values in zip(self._codes[attribute], self._values[attribute], strict=True):
            its = kept()
            number = np.append(pc.index_in(values, value_set=known).to_numpy(zero_copy_only=False), -1)
            codes[begin : begin + len(its)] = number[its]
            begin += len(its)
        return codes, known
