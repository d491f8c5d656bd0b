"""Coarse codes by which linkage rates can be told apart by group of people: which kinds and codes there are, and the file that carries them.

They serve the quality of a linkage and nothing else, and only the assembler can open them. The lists are closed and short. A code is one byte, so that the size
of a file says nothing about who is in which group.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.errors import BadSubmission
from linkage.tokens import fixed_bytes, read_table, write_chunks

SUBGROUPS_FORMAT: Final = "linkage-subgroups/v1"
SUBGROUPS_NAME: Final = "subgroups.sealed"
SUBGROUPS: Final = "subgroups"
SUBGROUP_PURPOSE: Final = "linkage-quality"
UNKNOWN: Final = 0
# The ethnic groups are the five of the 2021 census of England and Wales; a code's number is its place in the list.
SUBGROUPS_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "ethnic_group": ("unknown", "asian", "black", "mixed", "white", "other"),
    "sex": ("unknown", "female", "male"),
    "age_band": ("unknown", "under_10", "10_to_17", "18_to_24", "25_to_44", "45_and_over"),
    "deprivation_fifth": ("unknown", "most_deprived", "second", "third", "fourth", "least_deprived"),
    "language_need": ("unknown", "needed", "not_needed"),
}
Refs = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SubgroupCodes:
    """One code a record and kind, as a number into the kind's list; `record_ref` has (n, 16) bytes."""

    record_ref: Refs
    codes: Mapping[str, Numbers]


def subgroup_types(kinds: Mapping[str, object], *, partner: str) -> pa.Schema:
    """The Arrow schema of a file with these kinds."""
    fields = [("record_ref", pa.binary(16)), *((kind, pa.uint8()) for kind in sorted(kinds))]
    return pa.schema(fields, {"partner": partner})


def write_subgroups(one: SubgroupCodes, *, partner: str) -> bytes:
    """The bytes of the file."""
    sink = io.BytesIO()
    columns = {"record_ref": one.record_ref, **one.codes}
    write_chunks(sink, [columns], kind=SUBGROUPS_FORMAT, types=subgroup_types(one.codes, partner=partner))
    return sink.getvalue()


def read_subgroups(data: bytes, *, kinds: Mapping[str, object], partner: str) -> SubgroupCodes:
    """The codes that `write_subgroups` wrote, of exactly these kinds.

    Raises:
        BadSubmission: it is no such file, of another partner or of other kinds, or has a code that no list has.
    """
    table, meta = read_table(data, kind=SUBGROUPS_FORMAT)
    wanted = subgroup_types(kinds, partner=partner)
    if meta != {"partner": partner}:
        raise BadSubmission(f"the subgroup codes in the place of {partner} belong elsewhere")
    if table.schema.remove_metadata() != wanted.remove_metadata() or any(c.null_count for c in table.columns):
        raise BadSubmission(f"the subgroup codes of {partner} are not of the kinds that its manifest names")
    codes = {kind: table.column(kind).to_numpy().astype(np.uint8) for kind in sorted(kinds)}
    for kind, numbers in codes.items():
        if (numbers >= len(SUBGROUPS_KNOWN[kind])).any():
            raise BadSubmission(f"{partner} sends a code of {kind} that its closed list has not")
    return SubgroupCodes(fixed_bytes(table, "record_ref", width=16), codes)
