"""The spine as the release desk reads it: which record is which person, and what the linkage says of its own error."""

from typing import Final

import numpy as np
import pyarrow as pa

from linkage.central.assemble import SPINE_FORMAT
from linkage.central.assembly.identities import ID_BYTES
from linkage.central.assembly.weakest import bands_of
from linkage.columns import fixed_texts
from linkage.errors import BadSubmission
from linkage.tokens import fixed_bytes, read_table

SPINE_COLUMNS: Final = ["partner", "record_ref", "person_id"]


def read_spine(data: bytes) -> pa.Table:
    """The spine as rows of `partner`, `record_ref` (bytes), `person_id` (24 hexadecimal digits).

    Raises:
        BadSubmission: it is no spine.
    """
    table, _ = read_table(data, kind=SPINE_FORMAT)
    if table.column_names != SPINE_COLUMNS:
        raise BadSubmission("the spine has not the columns of a spine")
    partner, record_ref, _ = table.columns
    return pa.table([partner.cast(pa.string()), record_ref, _person_ids(table)], names=SPINE_COLUMNS)


def link_bands(data: bytes) -> dict[str, str]:
    """How surely the records of each person in the spine belong together, in a word (`linkage.central.assembly.weakest`).

    Raises:
        BadSubmission: it is no spine, or contradicts itself.
    """
    table, meta = read_table(data, kind=SPINE_FORMAT)
    return bands_of(_person_ids(table).to_pylist(), meta=meta)


def _person_ids(table: pa.Table) -> pa.Array:
    """The ids of people as they are told."""
    digits = fixed_bytes(table, "person_id", width=ID_BYTES).tobytes().hex().encode("ascii")
    return fixed_texts(np.frombuffer(digits, dtype=f"S{2 * ID_BYTES}"))


def error_rates_of(data: bytes) -> tuple[str, str]:
    """What the spine says of its own linkage error: the share of the linked pairs that are wrong, and of the likely matches that were missed, each as a text
    such as 1.2%.

    Raises:
        BadSubmission: it is no spine, or says nothing.
    """
    _, meta = read_table(data, kind=SPINE_FORMAT)
    try:
        return meta["expected_wrong"], meta["expected_missed"]
    except KeyError as fault:
        raise BadSubmission("the spine does not say how sure its linkage is: assemble again") from fault


def expected_error_of(data: bytes) -> str:
    """What the spine says of its own linkage error, as a sentence.

    Raises:
        BadSubmission: it is no spine, or says nothing.
    """
    wrong, missed = error_rates_of(data)
    return (
        f"Linkage error: by its own probabilities, which know little of twins, {wrong} of the linked pairs of records are wrong, and {missed} of the likely matches among "
        "the compared pairs were left apart. People whom no agency recorded alike are not counted in either."
    )
