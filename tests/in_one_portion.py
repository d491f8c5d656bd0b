"""What the partner does portion by portion, for records that are all in memory at once."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from linkage.attestations import Attestation
from linkage.attributes import Wrap, put_attributes
from linkage.manifest import Round
from linkage.partner.attribute_rows import AttributeRows, Refs
from linkage.partner.exclusions.exclusions import Excluder, Exclusion, Marks
from linkage.partner.records import CleanRecords, Column


@dataclass(frozen=True, slots=True)
class Remaining:
    """The records that may be used. `kept` has a mark for every record there was, `excluded` the exact count of each list, for the partner's eyes;
    the attestations go into the manifest."""

    clean: CleanRecords
    kept: Marks
    excluded: tuple[int, ...]
    attestations: tuple[Attestation, ...]


def exclude(
    clean: CleanRecords, *, exclusions: Sequence[Exclusion], on: date, most_days: int | None = None
) -> Remaining:
    """The records that every list leaves.

    Raises:
        BadInput: as `Excluder`.
    """
    excluder = Excluder(exclusions, on=on, most_days=most_days)
    left, kept = excluder.apply(clean)
    stated = excluder.finish()
    return Remaining(left, kept, stated.excluded, stated.attestations)


def attribute_table(columns: Mapping[str, Column], *, names: Mapping[str, str], refs: Refs) -> AttributeRows:
    """The rows of these records' attributes; `names` maps attribute names to the file's columns."""
    rows = AttributeRows(names)
    rows.add(columns)
    rows.of(refs)
    return rows


def write_attributes(table: pa.Table, *, one: Round, partner: str, wrap: Wrap) -> bytes:
    """The bytes of an attribute file: `record_ref` (16 bytes a row) and one encrypted column an attribute, footer encrypted too.

    Raises:
        BadInput: an attribute's name would give it the key of something else.
    """
    sink = io.BytesIO()
    put_attributes([table], sink=sink, types=table.schema, one=one, partner=partner, wrap=wrap)
    return sink.getvalue()
