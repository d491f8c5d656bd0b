"""A submission in the making: sealed files in a hidden folder, one after another, and the signed manifest last."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Identity, sign_note
from keys.columns import wrap_column_key
from linkage.attributes import put_attributes
from linkage.drafts import FolderDraft, alone, telling
from linkage.errors import BadInput
from linkage.manifest import ATTRIBUTES_NAME, MANIFEST_NAME, RECORDS, Manifest, Round, SealedFile
from linkage.partner.ledger.changes import Changes, reference_order
from linkage.partner.passes import MadePass, make_pass
from linkage.partner.processes import shared_out
from linkage.partner.sealed_files import Recipients, SealedFiles, Watch
from linkage.partner.tokenise import PassSummary, Tokeniser
from linkage.schema import Schema
from linkage.subgroups import SUBGROUPS, SUBGROUPS_NAME, SubgroupCodes, write_subgroups
from linkage.tokens import MAP_FORMAT, chunk_writer, map_types

RECORDS_AT_ONCE: Final = 1 << 20


class Draft(SealedFiles):
    """A submission in the making, in a hidden folder beside the one it will have: whole and in its place only after `commit`, and gone at the end of
    the block without it. Nobody else writes that submission meanwhile."""

    def __init__(self, folder: Path, *, one: Round, partner: str, recipients: Recipients, watch: Watch) -> None:
        self._folder, self._whole = folder, FolderDraft(folder)
        super().__init__(self._whole.folder, one=one, partner=partner, recipients=recipients, watch=watch)
        self._held = ExitStack()

    @property
    def draft(self) -> Path:
        """The hidden folder."""
        return self._whole.folder

    def __enter__(self) -> Self:
        """An empty draft; what an earlier try that broke off has left is gone.

        Raises:
            BadInput: the submission's folder exists already.
            NotWritten: the system refuses, or another run is writing this submission.
        """
        with ExitStack() as held:
            held.enter_context(alone(self._folder))
            if self._folder.exists():
                raise BadInput(
                    f"{self._folder.name} exists already: a submission is never overwritten; move it away or name another folder"
                )
            held.enter_context(telling(self._folder))
            held.enter_context(self._whole)
            self._held = held.pop_all()
        return self

    def __exit__(self, *fault: Any) -> None:
        self._held.__exit__(*fault)

    def put_passes(
        self,
        tokeniser: Tokeniser,
        *,
        schema: Schema,
        progress: Callable[[str, int], None],
        changes: Changes | None = None,
        processes: int = 1,
    ) -> tuple[PassSummary, ...]:
        """Every pass's sealed tokens and map, made and written chunk by chunk; of an update, those rows that changed, and which are gone. So many
        processes share the passes; what comes of it does not depend on their number.

        Raises:
            NotWritten: one of the processes was ended from outside.
        """
        passes = tuple(tokeniser.passes())
        for one in passes:
            one.draw()
        its = tuple(self.part() for _ in passes)
        told = shared_out(
            len(passes),
            make=lambda at: make_pass(
                passes[at], files=its[at], schema=schema, changes=changes, processes=processes
            ).told(),
            processes=processes,
            costs=[tokeniser.rows_about(one.key) if processes > 1 else 0.0 for one in passes],
            begin=lambda at, done: progress(passes[at].key.name, done),
        )
        every = tuple(map(MadePass.of, told))
        for one, made in zip(passes, every, strict=True):
            self.listed += made.files
            self.watch.add(made.seen)
            tokeniser.note(made.records)
            if changes is not None and made.rows is not None:
                changes.keep(one.key.name, made.rows)
        return tuple(made.summary for made in every)

    def put_records(self, refs: npt.NDArray[np.uint8]) -> None:
        """The map of all records, or of those that an update brings, so that those without any match key become people too."""
        context = self._one.context(self._partner, RECORDS)
        order = reference_order(refs)
        with (
            self.sealed(f"{RECORDS}.map.sealed", to=self._recipients.assembler, context=context) as sink,
            chunk_writer(sink, kind=MAP_FORMAT, types=map_types(RECORDS, partner=self._partner)) as put,
        ):
            for start in range(0, max(len(order), 1), RECORDS_AT_ONCE):
                some = order[start : start + RECORDS_AT_ONCE]
                row_ref = np.arange(start, start + len(some), dtype=np.int64)
                put({"row_ref": row_ref, "record_ref": refs.take(some, axis=0)})

    def put_attributes(self, tables: Iterable[pa.Table], *, types: pa.Schema) -> None:
        """The attribute file, each column under its own key."""
        with self.file(ATTRIBUTES_NAME) as sink:
            put_attributes(
                tables,
                sink=sink,
                types=types,
                one=self._one,
                partner=self._partner,
                wrap=lambda key, key_id: wrap_column_key(key, key_id=key_id, to=self._recipients.custodian),
            )

    def put_subgroups(self, codes: SubgroupCodes) -> None:
        """The codes for linkage quality, which the assembler alone can open."""
        context = self._one.context(self._partner, RECORDS, SUBGROUPS)
        with self.sealed(SUBGROUPS_NAME, to=self._recipients.assembler, context=context) as sink:
            sink.write(write_subgroups(codes, partner=self._partner))

    def sign(self, manifest: Callable[[tuple[SealedFile, ...]], Manifest], *, signer: Identity) -> Manifest:
        """The signed manifest of the files, in the draft."""
        made = manifest(tuple(self.listed))
        self._whole.put(MANIFEST_NAME, sign_note(made.text(), by=signer).encode())
        return made

    def commit(self) -> None:
        """The draft is the submission's folder."""
        self._whole.commit()
