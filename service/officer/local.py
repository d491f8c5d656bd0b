"""Which of the partner's own records a reference means: for the officer's eyes alone, and only with the own secret that made it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from keys import Secret
from linkage.errors import BadInput
from linkage.partner.tokenise import Tokeniser, record_refs
from linkage.schema import Schema
from service.custody.opening import open_named
from service.officer.mapping_file import MappingFile
from service.officer.reading import read_clean

REF: Final = re.compile(r"[0-9a-fA-F]{32}")
ROW: Final = re.compile(r"[0-9]{1,19}")
LARGEST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Local:
    """One of the partner's own records: its row in the file, as a spreadsheet numbers it, and its id there."""

    row: int
    record_id: str


def find_record(ref: str, *, own: Secret, file: Path, mapping: MappingFile) -> Local:
    """Which record of the file a `record_ref`, in hexadecimal, means.

    Raises:
        BadInput: it is no reference, or none of this file under this own secret.
    """
    if not REF.fullmatch(ref):
        raise BadInput(
            "a record reference has 32 hexadecimal digits; a row reference is a number, and needs the name of its pass"
        )
    wanted = np.frombuffer(bytes.fromhex(ref), dtype=np.uint8)
    with open_named(file, options=mapping.read_as, environment=os.environ) as source:
        for batch in source.batches([mapping.record_id]):
            ids = batch.table.column(mapping.record_id).fill_null("")
            found = np.flatnonzero((record_refs(ids, own=own) == wanted).all(axis=1))
            if len(found):
                return Local(batch.row(int(found[0])), ids[int(found[0])].as_py())
    raise BadInput(f"not found: no record of {file.name} has this reference under this own secret")


def find_row(
    ref: str, *, key: str, own: Secret, secret: Secret, file: Path, mapping: MappingFile, schema: Schema
) -> Local:
    """Which record of the file a `row_ref` of the pass `key` means. The project secret is needed too, for a row's reference depends on its block.

    Raises:
        BadInput: it is no reference, no pass of the schema, or none of this file under these secrets.
    """
    if not ROW.fullmatch(ref):
        raise BadInput(
            "a row reference is a whole number; a record reference has 32 hexadecimal digits, and needs no pass"
        )
    if key not in {k.name for k in schema.match_keys}:
        raise BadInput(f"{key} is no pass of the schema; it has {', '.join(k.name for k in schema.match_keys)}")
    clean = read_clean(file, mapping=mapping, schema=schema).clean
    tokeniser = Tokeniser(clean, schema=schema, secret=secret, own=own, randomness=os.urandom)
    one = next(p for p in tokeniser.passes() if p.key.name == key)
    for chunk in one.chunks():
        found = np.flatnonzero(chunk.lanes["row_ref"] == min(int(ref), LARGEST))
        if len(found):
            return find_record(chunk.refs[int(found[0])].tobytes().hex(), own=own, file=file, mapping=mapping)
    raise BadInput(f"not found: no record of {file.name} has this row reference in {key} under these secrets")
