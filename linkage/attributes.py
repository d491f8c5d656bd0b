"""Attribute files: Parquet with modular encryption, one key a column, each wrapped to the custodian (Apache Parquet, AES_GCM_V1).

Both sides share this shape: the partner writes with a client that can only wrap, the centre reads with a client that asks the custodian.
"""

import base64
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from linkage.errors import BadInput, BadSubmission
from linkage.manifest import Round

RECORD_REF: Final = "record_ref"
FOOTER: Final = "footer"
COLUMN: Final = re.compile(r"[^/,;:\x00-\x1f]+")
Wrap = Callable[[bytes, str], bytes]
Unwrap = Callable[[bytes, str], bytes]


def column_key_id(one: Round, *, partner: str, column: str) -> str:
    """The name of a column's key: project, round, partner, column."""
    return f"{one.project}/{one.epoch}/{partner}/{column}"


class _Client(pe.KmsClient):  # type: ignore[misc]  # pyarrow is untyped
    """Hands wrapping and unwrapping to functions; each wrapped key is opened once."""

    def __init__(self, wrap: Wrap | None, unwrap: Unwrap | None) -> None:
        super().__init__()
        self._wrap, self._unwrap = wrap, unwrap
        self._opened: dict[tuple[str, str], bytes] = {}

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        if self._wrap is None:
            raise BadSubmission("this side only opens attribute files")
        return base64.b64encode(self._wrap(key_bytes, master_key_identifier))

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        if self._unwrap is None:
            raise BadSubmission("this side only writes attribute files")
        place = (str(wrapped_key), master_key_identifier)
        if place not in self._opened:
            self._opened[place] = self._unwrap(base64.b64decode(wrapped_key), master_key_identifier)
        return self._opened[place]

    def forget(self) -> None:
        """Lets go of the functions and the opened keys: the library's own cache may keep this object until the process ends."""
        self._wrap = self._unwrap = None
        self._opened.clear()


@contextmanager
def _crypto(wrap: Wrap | None, unwrap: Unwrap | None) -> Iterator[pe.CryptoFactory]:
    client = _Client(wrap, unwrap)
    try:
        yield pe.CryptoFactory(lambda _: client)
    finally:
        client.forget()


def put_attributes(
    tables: Iterable[pa.Table], *, sink: io.IOBase, types: pa.Schema, one: Round, partner: str, wrap: Wrap
) -> None:
    """Writes an attribute file of these tables one after another.

    Raises:
        BadInput: an attribute's name would give it the key of something else.
    """
    if bad := [c for c in types.names if c == FOOTER or not COLUMN.fullmatch(c)]:
        raise BadInput(f"{bad[0]!r} cannot name an attribute: use another word, without any of / , ; :")
    config = pe.EncryptionConfiguration(
        footer_key=column_key_id(one, partner=partner, column=FOOTER),
        column_keys={column_key_id(one, partner=partner, column=c): [c] for c in types.names},
        encryption_algorithm="AES_GCM_V1",
        double_wrapping=False,
        data_key_length_bits=256,
        internal_key_material=True,
    )
    with _crypto(wrap, None) as factory:
        properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
        with pq.ParquetWriter(sink, types, compression="zstd", encryption_properties=properties) as out:
            for table in tables:
                out.write_table(table)


def read_attributes(data: bytes, *, columns: Sequence[str], unwrap: Unwrap) -> pa.Table:
    """`record_ref` and the named columns; only their keys are asked for. What `unwrap` raises, this raises.

    Raises:
        BadSubmission: the file was altered, or lacks a column.
    """
    refusal: list[BaseException] = []

    def ask(wrapped: bytes, key_id: str) -> bytes:
        try:
            return unwrap(wrapped, key_id)
        except Exception as fault:
            refusal.append(fault)
            raise

    try:
        with _crypto(None, ask) as factory:
            properties = factory.file_decryption_properties(
                pe.KmsConnectionConfig(), pe.DecryptionConfiguration()
            )
            source: Any = pq.ParquetFile(io.BytesIO(data), decryption_properties=properties)
            table: pa.Table = source.read(columns=[RECORD_REF, *columns], use_threads=False)
    except Exception as fault:
        if refusal:
            raise refusal[0] from fault
        raise BadSubmission("an attribute file was altered, or has not the columns of its manifest") from fault
    if absent := [c for c in (RECORD_REF, *columns) if c not in table.column_names]:
        raise BadSubmission(f"an attribute file has not the columns of its manifest: {absent[0]} is missing")
    return table
