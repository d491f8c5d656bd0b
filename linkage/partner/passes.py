"""One pass of a submission: its sealed files, and what is told of them to whoever writes the manifest, perhaps in another process."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.manifest import SealedFile
from linkage.partner.ledger.changes import Changes, PassChanges
from linkage.partner.ledger.ledger import LedgerPass
from linkage.partner.processes import Told
from linkage.partner.sealed_files import SealedFiles
from linkage.partner.tokenise import OpenedPass, PassChunk, PassSummary
from linkage.schema import Schema


@dataclass(frozen=True, slots=True)
class MadePass:
    """A pass whose files are whole: what became of it, which records have a row in it (a bit a record, as `numpy.packbits` lays them), its files in
    their order, what a watch saw of them (as JSON can say it), and the rows as the next ledger keeps them, where one is kept."""

    summary: PassSummary
    records: npt.NDArray[np.uint8]
    files: tuple[SealedFile, ...]
    seen: Any
    rows: LedgerPass | None

    def told(self) -> Told:
        """The same for another process."""
        words = {
            "summary": asdict(self.summary),
            "files": [asdict(f) for f in self.files],
            "seen": self.seen,
        }
        rows = self.rows
        return Told(
            words, (self.records, *((rows.row_ref, rows.record, rows.bands) if rows is not None else ()))
        )

    @classmethod
    def of(cls, told: Told) -> "MadePass":
        """The pass of which that was told."""
        records, *rows = told.arrays
        return cls(
            PassSummary(**told.words["summary"]),
            records,
            tuple(SealedFile(**f) for f in told.words["files"]),
            told.words["seen"],
            LedgerPass(*rows) if rows else None,
        )


def make_pass(
    one: OpenedPass, *, files: SealedFiles, schema: Schema, changes: Changes | None, processes: int
) -> MadePass:
    """The pass's files, written chunk by chunk; with `changes` since an earlier ledger, only the rows that the linker does not have as they are. `processes`
    share the memory that there is for passes."""
    its = changes.of_pass(one.key.name) if changes is not None else None
    files.put_pass(one.key, _chosen(one.chunks(processes=processes), its), schema=schema)
    if changes is not None and its is not None and changes.earlier is not None:
        files.put_gone(one.key.name, its.gone())
    return MadePass(
        one.summary,
        one.records,
        tuple(files.listed),
        files.watch.seen(),
        its.rows() if its is not None else None,
    )


def _chosen(chunks: Iterator[PassChunk], its: PassChanges | None) -> Iterator[PassChunk]:
    for chunk in chunks:
        sent = its.choose(chunk) if its is not None else chunk
        if len(sent.refs):
            yield sent
