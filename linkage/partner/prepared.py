"""What every pass needs of each comparison, computed once a distinct value: its column, its q-grams, its frequency band."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.partner.grams import GRAMS, Grams
from linkage.partner.identifiers import KINDS
from linkage.partner.records import CleanRecords, Column
from linkage.schema import Comparison


@dataclass(frozen=True, slots=True)
class Prepared:
    """A comparison's column, with the q-grams and the band of each distinct value where it has them."""

    column: Column
    grams: Grams | None
    band: npt.NDArray[np.int64] | None


def prepare(clean: CleanRecords, comparison: Comparison, *, bounds: tuple[float, float]) -> Prepared:
    """The comparison's column over the records; `bounds` are the shares between the bands."""
    column = clean.columns[comparison.identifier]
    if comparison.part != "whole":
        kind = KINDS[comparison.identifier]
        column = column.map(lambda v: kind.part(v, comparison.part))
    grams = GRAMS[comparison.grams](column.values) if comparison.grams else None
    return Prepared(column, grams, bands_of(column, bounds=bounds) if comparison.banded else None)


def bands_of(column: Column, *, bounds: tuple[float, float]) -> npt.NDArray[np.int64]:
    """0 rare, 1 middling, 2 common for each distinct value, by its share of the column's values."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    share = counts / max(counts.sum(), 1)
    bands: npt.NDArray[np.int64] = np.digitize(share, bounds).astype(np.int64)
    return bands
