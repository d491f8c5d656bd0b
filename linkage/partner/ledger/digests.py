"""Keyed digests of a record's identifiers and of its attributes, by which a ledger tells later whether they changed.

AES-CMAC (NIST SP 800-38B) under keys derived from the partner's own secret: of each distinct value, of the values of a row one after another, and of
the rows of a record. Nobody without the own secret can make one, or try values against one.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from keys import Secret, derive
from linkage.attributes import RECORD_REF
from linkage.errors import BadInput
from linkage.manifest import Round
from linkage.partner.ledger.ledger import Ledger
from linkage.partner.records import CleanRecords, Codes, Column
from linkage.partner.tokens.prf import Cmac, Words

COUNTER: Final = 1


class LedgerDigests:
    """The digests of one partner's records in one round."""

    def __init__(self, own: Secret, *, one: Round) -> None:
        self._own, self._round = own, (one.project, str(one.epoch), one.schema_digest)

    def _cmac(self, *use: str) -> Cmac:
        return Cmac(derive(self._own, "ledger", *self._round, *use))

    @property
    def check(self) -> str:
        """Four bytes, hexadecimal, that tell whether a ledger was kept with the same own secret."""
        return self._cmac("check").texts(pa.array([""])).tobytes()[:4].hex()

    def check_ledger(self, ledger: Ledger) -> None:
        """Nothing, if the ledger was kept with this own secret.

        Raises:
            BadInput: it was kept with another.
        """
        if ledger.check != self.check:
            raise BadInput(
                "the ledger was kept with another own secret: find the own secret of the last submission"
            )

    def values(self, clean: CleanRecords) -> Words:
        """One digest a record, of all values of all its rows in their order, in the order of the records."""
        rows = self._rows(clean.columns, len(clean.record), use="identifier")
        order = np.argsort(clean.record, kind="stable")
        counts = np.bincount(clean.record, minlength=clean.records)
        starts = np.cumsum(counts) - counts
        out = np.empty((clean.records, 2), dtype=np.uint64)
        cmac = self._cmac("record")
        for count in np.unique(counts):
            which = np.flatnonzero(counts == count)
            digests = [rows[order[starts[which] + at]] for at in range(int(count))]
            out[which] = cmac.derive(digests, counters=[COUNTER])[0]
        return out

    def attributes(self, table: pa.Table | None, *, records: int) -> Words:
        """One digest a row of the attribute table, zeros where there is none."""
        if table is None:
            return np.zeros((records, 2), dtype=np.uint64)
        columns = {n: Column.of(table.column(n)) for n in table.column_names if n != RECORD_REF}
        return self._rows(columns, records, use="attribute")

    def _rows(self, columns: Mapping[str, Column], count: int, *, use: str) -> Words:
        """One digest a row over the columns by name; a missing value is a block of zeros."""
        digests = [np.zeros((count, 2), dtype=np.uint64)]
        for name in sorted(columns):
            digests.append(_spread(self._cmac(use, name).texts(columns[name].values), columns[name].codes))
        return self._cmac(use).derive(digests, counters=[COUNTER])[0]


def _spread(digests: Words, codes: Codes) -> Words:
    out = np.zeros((len(codes), 2), dtype=np.uint64)
    has = codes >= 0
    out[has] = digests[codes[has]]
    return out
