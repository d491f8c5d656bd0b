"""Sealed token files read as streams: what is sealed is never on a disk unsealed."""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Identity
from keys.sealing import open_stream
from linkage.central.chain import Link, chain_of
from linkage.columns import as_numpy
from linkage.errors import BadSubmission
from linkage.gone import GONE, read_gone
from linkage.manifest import GONE_SUFFIX, Manifest, Round
from linkage.schema import MatchKey, Schema
from linkage.tokens import TOKENS_FORMAT, check_lanes, check_types, lane_type, lanes_of, pass_key

TOKENS_SUFFIX: Final = ".tokens.sealed"
PIECE: Final = 1 << 20
HELD: Final = 4 << 20

Columns = dict[str, npt.NDArray[Any]]
Refs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Where sealed tokens lie and who opens them. `chains` and `digests` are the submissions of each partner in order and what their manifests come to, read
    once: they hold all statistics, and are long."""

    inbox: Path
    manifests: tuple[Manifest, ...]
    schema: Schema
    one: Round
    linker: Identity
    chains: Mapping[str, tuple[Link, ...]]
    digests: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(
        cls, inbox: Path, *, manifests: Sequence[Manifest], schema: Schema, one: Round, linker: Identity
    ) -> "Tokens":
        """The tokens of the submissions whose verified manifests these are.

        Raises:
            BadSubmission: the folders in `inbox` are not those submissions and what they follow.
        """
        chains = {m.partner: chain_of(inbox, head=m) for m in manifests}
        digests = {p: tuple(link.manifest.digest for link in links) for p, links in chains.items()}
        return cls(inbox, tuple(manifests), schema, one, linker, chains, digests)

    def size(self, key: MatchKey, *, before: Mapping[str, int] = {}) -> int:
        """The bytes of the sealed rows of a pass, as the manifests state them, without those of the first submissions of each partner."""
        name = f"{key.name}{TOKENS_SUFFIX}"
        links = (link for partner, chain in self.chains.items() for link in chain[before.get(partner, 0) :])
        return sum(f.size for link in links for f in link.manifest.files if f.name == name)

    def rows(self, key: MatchKey, *, size: int) -> int:
        """About how many rows so many sealed bytes of the pass hold."""
        width = sum(int(lane_type(lane).bit_width) // 8 for lane in lanes_of(self.schema, key))
        return size // width


def pieces_of(key: MatchKey, link: Link, tokens: Tokens) -> Iterator[Columns]:
    """The rows that one submission brings, in the pieces in which they were written; who takes all has had them checked.

    Raises:
        BadSubmission: the file is missing, damaged, or of another partner or pass than its place says.
        BadSeal: it was altered or is not for this linker.
    """
    partner = link.manifest.partner
    context = tokens.one.context(partner, key.name)
    with _sealed(link, f"{key.name}{TOKENS_SUFFIX}", what=key.name) as source:
        plain = _plain(source, opened=open_stream(source, by=tokens.linker, context=context))
        if plain.readline(PIECE) != f"{TOKENS_FORMAT}\n".encode():
            raise BadSubmission(
                f"a file's first line should be {TOKENS_FORMAT}: it was made by another version, or is another file"
            )
        try:
            with pa.ipc.open_stream(pa.PythonFile(plain, mode="r")) as rows:
                stated = rows.schema.metadata or {}
                if (stated.get(b"key"), stated.get(b"partner")) != (key.name.encode(), partner.encode()):
                    pass_key(rows.schema, schema=tokens.schema)
                    raise BadSubmission(
                        f"the tokens in the place of {partner}, pass {key.name}, belong elsewhere"
                    )
                check_types(rows.schema, schema=tokens.schema, key=key)
                for batch in rows:
                    # All batches of a stream have its types.
                    if any(column.null_count for column in batch.columns):
                        check_lanes(batch, schema=tokens.schema, key=key)
                    yield {n: as_numpy(batch.column(n)) for n in batch.schema.names}
        except (pa.ArrowException, OSError) as fault:
            raise BadSubmission(
                f"a {TOKENS_FORMAT} file is damaged inside its seal: ask the partner to submit again"
            ) from fault
        # What the seal says of its end is read too: without it, nobody knows that nothing is missing.
        while plain.read(PIECE):
            pass


def _plain(source: BinaryIO, *, opened: Iterator[bytes]) -> io.BufferedIOBase:
    """What is opened as a file to read: in one piece if what was sealed is held so."""
    if isinstance(source, io.BytesIO):
        return io.BytesIO(b"".join(opened))
    return io.BufferedReader(_Plain(opened), PIECE)


class _Plain(io.RawIOBase):
    """Pieces of bytes as a file to read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def gone_rows(key: MatchKey, link: Link, tokens: Tokens) -> Refs:
    """The references that an update takes back.

    Raises:
        BadSubmission: the file is missing, or not what it should be.
        BadSeal: it was altered or is not for this linker.
    """
    partner = link.manifest.partner
    context = tokens.one.context(partner, key.name, GONE)
    with _sealed(link, f"{key.name}{GONE_SUFFIX}", what=key.name) as source:
        opened = b"".join(open_stream(source, by=tokens.linker, context=context))
    return read_gone(opened, key=key.name, partner=partner)


@contextmanager
def _sealed(link: Link, name: str, *, what: str) -> Iterator[BinaryIO]:
    """The sealed file, which is as its manifest says."""
    path = link.folder / name
    if not path.is_file():
        raise BadSubmission(
            f"the linker has no tokens of {link.manifest.partner} for pass {what}: receive its submission again"
        )
    with path.open("rb", buffering=0) as file:
        # What an update brings is read once and held; a whole submission may be too large for that.
        held = os.fstat(file.fileno()).st_size <= HELD
        source = io.BytesIO(file.read()) if held else io.BufferedReader(file)
        link.manifest.check_digest(name, hashlib.file_digest(source, "sha256").hexdigest())
        source.seek(0)
        yield source
