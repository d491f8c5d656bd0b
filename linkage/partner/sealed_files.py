"""The sealed files of a submission in the making: each is written once, into a folder, and listed as the manifest will list it."""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy.typing as npt

from keys import PublicIdentity
from keys.sealing import Sealer
from linkage.gone import GONE, write_gone
from linkage.manifest import GONE_SUFFIX, RECORDS, Round, SealedFile
from linkage.partner.tokenise import PassChunk
from linkage.schema import MatchKey, Schema
from linkage.tokens import MAP_FORMAT, TOKENS_FORMAT, chunk_writer, map_types, pass_types


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

    def part(self) -> "Watch":
        """Another watch of the same kind, for files that are perhaps made in another process."""
        ...

    def seen(self) -> Any:
        """What a part saw, once its files are whole, as JSON can say it."""
        ...

    def add(self, seen: Any) -> None:
        """Takes in what a part saw."""
        ...


class Nobody:
    """A watch that sees nothing."""

    def see(self, data: bytes | memoryview, *, file: str) -> None:
        """Looks away."""

    def part(self) -> "Nobody":
        """Another one."""
        return self

    def seen(self) -> None:
        """Nothing."""

    def add(self, seen: None) -> None:
        """Nothing is taken in."""


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


class SealedFiles:
    """Writes files of one partner's submission into `folder`, which is there when the first is written, and lists those that are whole."""

    def __init__(self, folder: Path, *, one: Round, partner: str, recipients: Recipients, watch: Watch) -> None:
        self._into, self._one, self._partner = folder, one, partner
        self._recipients, self.watch = recipients, watch
        self.listed: list[SealedFile] = []

    def part(self) -> "SealedFiles":
        """The same folder for some files that are listed, and watched, by themselves."""
        return SealedFiles(
            self._into,
            one=self._one,
            partner=self._partner,
            recipients=self._recipients,
            watch=self.watch.part(),
        )

    @contextmanager
    def file(self, name: str) -> Iterator[_Digesting]:
        """A new file, on the disk and listed at the end of the block."""
        with (self._into / name).open("wb") as out:
            digesting = _Digesting(out)
            yield digesting
            out.flush()
            os.fsync(out.fileno())
        self.listed.append(digesting.listed(name))

    @contextmanager
    def sealed(self, name: str, *, to: PublicIdentity, context: bytes) -> Iterator[_Watched]:
        """The same, sealed to the recipient."""
        with self.file(name) as out:
            sealer = Sealer(out, to=to, context=context)  # type: ignore[arg-type]  # only its write is used
            yield _Watched(sealer, self.watch, name)
            sealer.finish()

    def put_pass(self, key: MatchKey, chunks: Iterator[PassChunk], *, schema: Schema) -> None:
        """The pass's sealed tokens and its map, written side by side."""
        context = self._one.context(self._partner, key.name)
        to = self._recipients
        with (
            self.sealed(f"{key.name}.tokens.sealed", to=to.linker, context=context) as tokens,
            self.sealed(f"{key.name}.map.sealed", to=to.assembler, context=context) as its_map,
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
        with self.sealed(f"{key}{GONE_SUFFIX}", to=to, context=context) as sink:
            sink.write(write_gone(refs, key=key, partner=self._partner))
