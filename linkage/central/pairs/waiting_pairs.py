"""Compared pairs under seal, for the linker itself, until it has a model to score them by."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from keys import Identity, open_sealed, seal
from linkage.central.pairs.compare import Compared
from linkage.central.pairs.sealed_pairs import as_bytes, as_table
from linkage.columns import as_arrow, as_numpy
from linkage.manifest import Round

COMPARED_FORMAT: Final = "linkage-compared/v1"
COMPARED_SUFFIX: Final = ".compared.sealed"


def seal_compared(compared: Compared, *, name: str, one: Round, linker: Identity) -> bytes:
    """The pairs of one chunk with their patterns; `name` is that of the file."""
    meta = {
        b"partners": "\n".join(compared.partners).encode(),
        b"codes": compared.codes.astype("<i8").tobytes(),
    }
    table = pa.table({n: as_arrow(c) for n, c in compared.pairs.items()}).replace_schema_metadata(meta)
    return seal(as_bytes(table, kind=COMPARED_FORMAT), to=linker.public, context=one.context("compared", name))


def open_compared(sealed: bytes, *, name: str, one: Round, linker: Identity) -> Compared:
    """What `seal_compared` sealed.

    Raises:
        BadSeal: it was altered, or is of another chunk or round.
    """
    opened = open_sealed(sealed, by=linker, context=one.context("compared", name))
    table = as_table(opened, kind=COMPARED_FORMAT)
    meta: Mapping[bytes, bytes] = table.schema.metadata
    codes = np.frombuffer(meta[b"codes"], dtype="<i8").astype(np.int64)
    pairs = {n: as_numpy(table.column(n)) for n in table.column_names}
    return Compared(tuple(meta[b"partners"].decode().split("\n")), pairs, codes)
