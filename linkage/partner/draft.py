"""A submission in the making: sealed files in a hidden folder, one after another, and the signed manifest last."""

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Identity, PublicIdentity, sign_note
from keys.columns import wrap_column_key
from keys.sealing import Sealer
from linkage.attributes import put_attributes
from linkage.drafts import FolderDraft, alone, telling
from linkage.errors import BadInput
from linkage.gone import GONE, write_gone
from linkage.manifest import ATTRIBUTES_NAME, GONE_SUFFIX, MANIFEST_NAME, RECORDS, Manifest, Round, SealedFile
from linkage.partner.ledger.changes import Changes, PassChanges, reference_order
from linkage.partner.tokenise import PassChunk, PassSummary, Tokeniser
from linkage.schema import MatchKey, Schema
from linkage.subgroups import SUBGROUPS, SUBGROUPS_NAME, SubgroupCodes, write_subgroups
from linkage.tokens import (
    MAP_FORMAT,
    TOKENS_FORMAT,
    chunk_writer,
    map_types,
    pass_types,
)

RECORDS_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipients:
    """For whom what is sealed."""

    linker: PublicIdentity
    assembler: PublicIdentity
    custodian: PublicIdentity


class Watch(Protocol):
    """Sees every byte of a token or map file before it is sealed."""

    def see(self, data: bytes | memoryview, *, file: str) -> None:
        """Takes the next bytes of the file."""
        ...


class Nobody:
    """A watch that sees nothing."""

    def see(self, data: bytes | memoryview, *, file: str) -> None:
        """Looks away."""


class _Digesting(io.RawIOBase):
    """A file that is written once, with its SHA-256 and its size known at the end."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink, self._digest, self._size = sink, hashlib.sha256(), 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """How much was written."""
        return self._size

    def write(self, data: Any) -> int:
        """Takes the bytes; gives back how many."""
        self._digest.update(data)
        self._size += len(data)
        return self._sink.write(data)

    def listed(self, name: str) -> SealedFile:
        """The file as the manifest lists it."""
        return SealedFile(name, self._digest.hexdigest(), self._size)


class _Watched(io.RawIOBase):
    """Writes to a sealer what a watch has seen."""

    def __init__(self, sealer: Sealer, watch: Watch, file: str) -> None:
        self._sealer, self._watch, self._file = sealer, watch, file

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Takes the bytes; gives back how many."""
        plain = memoryview(data).cast("B")
        self._watch.see(plain, file=self._file)
        return self._sealer.write(plain)  # type: ignore[arg-type]  # any buffer is sealed


class Draft:
    """A submission in the making, in a hidden folder beside the one it will have: whole and in its place only after `commit`, and gone at the end of
    the block without it. Nobody else writes that submission meanwhile."""

    def __init__(self, folder: Path, *, one: Round, partner: str, recipients: Recipients, watch: Watch) -> None:
        self._folder, self._one, self._partner = folder, one, partner
        self._recipients, self._watch = recipients, watch
        self._files: list[SealedFile] = []
        self._whole = FolderDraft(folder)
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

    @contextmanager
    def _file(self, name: str) -> Iterator[_Digesting]:
        with (self.draft / name).open("wb") as out:
            digesting = _Digesting(out)
            yield digesting
            out.flush()
            os.fsync(out.fileno())
        self._files.append(digesting.listed(name))

    @contextmanager
    def _sealed(self, name: str, *, to: PublicIdentity, context: bytes) -> Iterator[_Watched]:
        with self._file(name) as out:
            sealer = Sealer(out, to=to, context=context)  # type: ignore[arg-type]  # only its write is used
            yield _Watched(sealer, self._watch, name)
            sealer.finish()

    def put_passes(
        self,
        tokeniser: Tokeniser,
        *,
        schema: Schema,
        progress: Callable[[str, int], None],
        changes: Changes | None = None,
    ) -> tuple[PassSummary, ...]:
        """Every pass's sealed tokens and map, made and written chunk by chunk; of an update, those rows that changed, and which are gone."""
        summaries = []
        for number, one in enumerate(tokeniser.passes()):
            key = one.key.name
            progress(key, number)
            its = changes.of_pass(key) if changes is not None else None
            self.put_pass(one.key, _chosen(one.chunks(), its), schema=schema)
            if changes is not None and its is not None:
                changes.keep(key, its.rows())
                if changes.earlier is not None:
                    self.put_gone(key, its.gone())
            summaries.append(one.summary)
        return tuple(summaries)

    def put_pass(self, key: MatchKey, chunks: Iterator[PassChunk], *, schema: Schema) -> None:
        """The pass's sealed tokens and its map, written side by side."""
        context = self._one.context(self._partner, key.name)
        to = self._recipients
        with (
            self._sealed(f"{key.name}.tokens.sealed", to=to.linker, context=context) as tokens,
            self._sealed(f"{key.name}.map.sealed", to=to.assembler, context=context) as its_map,
            chunk_writer(
                tokens, kind=TOKENS_FORMAT, types=pass_types(schema, key, partner=self._partner)
            ) as lanes,
            chunk_writer(its_map, kind=MAP_FORMAT, types=map_types(key.name, partner=self._partner)) as refs,
        ):
            for chunk in chunks:
                lanes(chunk.lanes)
                refs({"row_ref": chunk.lanes["row_ref"], "record_ref": chunk.refs})

    def put_gone(self, key: str, refs: npt.NDArray[Any]) -> None:
        """What no longer holds: rows of a pass, for the linker, or, under the key `records`, records, for the assembler."""
        to = self._recipients.assembler if key == RECORDS else self._recipients.linker
        context = self._one.context(self._partner, key, GONE)
        with self._sealed(f"{key}{GONE_SUFFIX}", to=to, context=context) as sink:
            sink.write(write_gone(refs, key=key, partner=self._partner))

    def put_records(self, refs: npt.NDArray[np.uint8]) -> None:
        """The map of all records, or of those that an update brings, so that those without any match key become people too."""
        context = self._one.context(self._partner, RECORDS)
        order = reference_order(refs)
        with (
            self._sealed(f"{RECORDS}.map.sealed", to=self._recipients.assembler, context=context) as sink,
            chunk_writer(sink, kind=MAP_FORMAT, types=map_types(RECORDS, partner=self._partner)) as put,
        ):
            for start in range(0, max(len(order), 1), RECORDS_AT_ONCE):
                some = order[start : start + RECORDS_AT_ONCE]
                row_ref = np.arange(start, start + len(some), dtype=np.int64)
                put({"row_ref": row_ref, "record_ref": refs.take(some, axis=0)})

    def put_attributes(self, tables: Iterable[pa.Table], *, types: pa.Schema) -> None:
        """The attribute file, each column under its own key."""
        with self._file(ATTRIBUTES_NAME) as sink:
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
        with self._sealed(SUBGROUPS_NAME, to=self._recipients.assembler, context=context) as sink:
            sink.write(write_subgroups(codes, partner=self._partner))

    def sign(self, manifest: Callable[[tuple[SealedFile, ...]], Manifest], *, signer: Identity) -> Manifest:
        """The signed manifest of the files, in the draft."""
        made = manifest(tuple(self._files))
        self._whole.put(MANIFEST_NAME, sign_note(made.text(), by=signer).encode())
        return made

    def commit(self) -> None:
        """The draft is the submission's folder."""
        self._whole.commit()


def _chosen(chunks: Iterator[PassChunk], its: PassChanges | None) -> Iterator[PassChunk]:
    for chunk in chunks:
        sent = its.choose(chunk) if its is not None else chunk
        if len(sent.refs):
            yield sent
