"""Finds record ids that stand twice in a file that is read portion by portion. The ids are not kept: digests under a throw-away key stand for them."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import Secret
from linkage.errors import BadInput
from linkage.partner.records import Codes
from linkage.partner.tokens.ordering import repeated
from linkage.partner.tokens.prf import Cmac, Words
from linkage.partner.tokens.scratch import Kept, Scratch

MEMORY: Final = 16 << 20


class RecordIds:
    """Takes the record ids of a file's column portion by portion, with the numbers of their rows as a spreadsheet shows them. What does not fit in memory
    lies beside the submission `beside`."""

    def __init__(self, *, file: str, column: str, beside: Path | None) -> None:
        self._file, self._column = file, column
        self._scratch = Scratch(beside, memory=MEMORY)
        self._cmac = Cmac(Secret(AESGCM.generate_key(256), name="throw-away"))
        self._digests: list[Kept] = []
        self._numbers: list[Kept] = []

    def add(self, ids: pa.StringArray, *, numbers: Codes) -> None:
        """The next ids."""
        self._digests.append(self._scratch.put(self._cmac.texts(ids)))
        self._numbers.append(self._scratch.put(numbers))

    def check(self) -> None:
        """Nothing, if no id stands twice.

        Raises:
            BadInput: one does; the message names the rows, never the id.
        """
        first = np.concatenate([np.ascontiguousarray(k()[:, 0]) for k in self._digests])
        suspects = repeated(first.view(np.int64))
        if len(suspects):
            self._compare(suspects)
        self._scratch.close()

    def _compare(self, suspects: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        whole: Words = np.concatenate([k() for k in self._digests])[suspects]
        order = np.lexsort((suspects, whole[:, 1], whole[:, 0]))
        again = np.flatnonzero((whole[order[1:]] == whole[order[:-1]]).all(axis=1)) + 1
        if not len(again):
            return
        numbers = np.concatenate([k() for k in self._numbers])
        at = int(again[np.argmin(suspects[order[again]])])
        start = at
        while start and (whole[order[start - 1]] == whole[order[at]]).all():
            start -= 1
        raise twice(
            self._file,
            column=self._column,
            rows=(int(numbers[suspects[order[start]]]), int(numbers[suspects[order[at]]])),
            count=len(again),
        )


def twice(file: str, *, column: str, rows: tuple[int, int], count: int) -> BadInput:
    """What is said where two rows have one record id; `count` is how many rows repeat one."""
    return BadInput(
        f"{file}, column {column!r}: rows {rows[0]} and {rows[1]} have the same"
        f" record id ({count} such rows in all); every record needs an id of its own"
    )
