"""How frequent each name of a file is, counted portion by portion."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.partner.records import Column


class NameBands:
    """Counts a column's values."""

    def __init__(self) -> None:
        self._known = pa.array([], pa.string())
        self._counts = np.zeros(0, dtype=np.int64)

    def add(self, column: Column) -> npt.NDArray[np.int32]:
        """The number that each of the values has from now on."""
        new = column.values.filter(pc.invert(pc.is_in(column.values, value_set=self._known)))
        self._known = pa.concat_arrays([self._known, new])
        found = pc.index_in(column.values, value_set=self._known)
        number: npt.NDArray[np.int32] = found.to_numpy(zero_copy_only=False).astype(np.int32)
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
        self._counts = np.concatenate([self._counts, np.zeros(len(new), dtype=np.int64)])
        self._counts[number] += counts
        return number

    def bands(self, bounds: tuple[float, float]) -> npt.NDArray[np.int8]:
        """The band of each number: 0 rare, 1 middling, 2 common, by its share of all values."""
        share = self._counts / max(self._counts.sum(), 1)
        bands: npt.NDArray[np.int8] = np.digitize(share, bounds).astype(np.int8)
        return bands
