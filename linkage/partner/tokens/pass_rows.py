"""The rows of one pass in the order of the file, put away until it is known which of them stay."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.partner.tokens.blocks import Ways
from linkage.partner.tokens.ordering import in_share, shares_of
from linkage.partner.tokens.portions import Portion
from linkage.partner.tokens.prf import Prp, Words
from linkage.partner.tokens.scratch import Kept, Scratch
from linkage.partner.tokens.shelf import Dropped, dropped


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some rows of a portion, put away: the number of the first in the pass, how many, what they are, and the numbers of their records in the file."""

    first: int
    rows: int
    kept: tuple[Kept, ...]
    ref: Kept
    record: Kept

    def back(self) -> tuple[Ways, npt.NDArray[np.int64]]:
        """The rows and their references."""
        return Ways(*(k() for k in self.kept)), self.ref()


class PassRows:
    """All rows of one pass in the order of the file, put away until it is known which of them stay."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._pieces: dict[int, list[_Piece]] = {}
        self._count = 0

    def add(self, portion: Portion, every: Iterable[Ways], *, row_refs: Prp) -> None:
        """The rows of a portion."""
        record, refs = portion.record(), portion.refs().view(np.uint64)
        pieces = self._pieces.setdefault(portion.first, [])
        for ways in every:
            of = record.take(ways.row)
            made = _row_refs(refs.take(of, axis=0), ways.block, prp=row_refs)
            put = self._scratch.put
            kept = put(ways.row), put(ways.block), put(ways.secret), put(ways.swapped)
            pieces.append(_Piece(self._count, len(of), kept, put(made), put(of + np.int32(portion.first))))
            self._count += len(of)

    def of(self, portion: Portion) -> Sequence[_Piece]:
        """The rows of a portion, piece by piece."""
        return self._pieces[portion.first]

    def dropped(self, *, person: npt.NDArray[np.int32], most: int) -> Dropped:
        """Which rows do not stay. Blocks are looked at share by share, for memory's sake."""
        marks, rows, values = np.zeros(self._count, dtype=bool), 0, 0
        count = shares_of(self._count)
        for share in range(count):
            place, block, ref, record = self._share(share, of=count)
            found = dropped(block=block, ref=ref, person=person.take(record), most=most)
            marks[place[found.marks]] = True
            rows, values = rows + found.rows, values + found.values
        return Dropped(marks, rows, values)

    def _share(
        self, share: int, *, of: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Number, block, reference and record of the rows whose block is in this share."""
        numbers, rows = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
        place, block, ref, record = [numbers], [numbers], [numbers], [rows]
        for piece in (p for pieces in self._pieces.values() for p in pieces):
            every = piece.kept[1]()
            its = np.flatnonzero(in_share(every, share=share, of=of))
            place.append(its + piece.first)
            block.append(every.take(its))
            ref.append(piece.ref().take(its))
            record.append(piece.record().take(its))
        return np.concatenate(place), np.concatenate(block), np.concatenate(ref), np.concatenate(record)

    def close(self) -> None:
        """Nothing of the rows is left."""
        self._pieces = {}
        self._scratch.close()


def _row_refs(words: Words, block: npt.NDArray[np.int64], *, prp: Prp) -> npt.NDArray[np.int64]:
    """Pseudonyms of the rows for this pass alone: AES-256 under a key of the partner and the pass, of the record's reference with the block
    mixed in, cut to 63 bits. They do not depend on the other records of the file; a record's rows in one block have the same."""
    words[:, 1] ^= block.view(np.uint64)
    return (prp(words)[:, 0] >> np.uint64(1)).astype(np.int64)
