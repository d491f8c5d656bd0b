"""Scored pairs under seal, for the assembler alone."""

import io
from typing import Final

import pyarrow as pa

from keys import Identity, PublicIdentity, open_sealed, seal
from linkage.errors import BadSubmission
from linkage.manifest import Round

PAIRS_FORMAT: Final = "linkage-pairs/v2"
PAIRS_SUFFIX: Final = ".pairs.sealed"
# Of a lower match probability, an incremental run tells those alone that stand in place of an earlier pair.
SCORED_FROM: Final = 0.01


def pairs_context(one: Round, key: str) -> bytes:
    """What binds a pass's sealed pairs to their round and place."""
    return one.context("pairs", key)


def seal_pairs(pairs: pa.Table, *, key: str, one: Round, assembler: PublicIdentity) -> bytes:
    """The pass's scored pairs, for the assembler alone."""
    return seal(as_bytes(pairs, kind=PAIRS_FORMAT), to=assembler, context=pairs_context(one, key))


def open_pairs(sealed: bytes, *, key: str, one: Round, assembler: Identity) -> pa.Table:
    """The scored pairs that `seal_pairs` sealed.

    Raises:
        BadSeal: they were altered, or belong to another pass or round.
    """
    return as_table(open_sealed(sealed, by=assembler, context=pairs_context(one, key)), kind=PAIRS_FORMAT)


def as_bytes(table: pa.Table, *, kind: str) -> bytes:
    """The table as a first line that says what it is and an Arrow IPC stream."""
    sink = io.BytesIO(f"{kind}\n".encode())
    sink.seek(0, io.SEEK_END)
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return sink.getvalue()


def as_table(content: bytes, *, kind: str) -> pa.Table:
    """The table that `as_bytes` wrote.

    Raises:
        BadSubmission: its first line is another.
    """
    first, _, body = content.partition(b"\n")
    if first != kind.encode():
        raise BadSubmission(f"a file's first line should be {kind}")
    with pa.ipc.open_stream(body) as source:
        return source.read_all()
