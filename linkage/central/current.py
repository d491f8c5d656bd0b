"""The attributes of a partner's records as its latest submission leaves them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from linkage.attributes import RECORD_REF, Unwrap, read_attributes
from linkage.central.chain import chain_of
from linkage.errors import BadSubmission
from linkage.manifest import ATTRIBUTES_NAME, Manifest


def current_attributes(desk: Path, *, head: Manifest, columns: Sequence[str], unwrap: Unwrap) -> pa.Table:
    """`record_ref` and the named columns. A later submission's row of a record stands in place of any earlier one; that of a deleted record is empty.

    Raises:
        BadSubmission: an attribute file is missing, altered, or lacks a column.
    """
    table: pa.Table | None = None
    for link in chain_of(desk, head=head):
        path = link.folder / ATTRIBUTES_NAME
        if not path.is_file():
            raise BadSubmission(f"the desk has no attributes of {head.partner}: receive its submission again")
        content = path.read_bytes()
        link.manifest.check_file(ATTRIBUTES_NAME, content)
        its = read_attributes(content, columns=columns, unwrap=unwrap)
        table = its if table is None else _after(table, its)
    assert table is not None  # noqa: S101  a chain has a whole submission
    return table


def _after(before: pa.Table, its: pa.Table) -> pa.Table:
    again = pc.is_in(before.column(RECORD_REF), value_set=its.column(RECORD_REF).combine_chunks())
    return pa.concat_tables([before.filter(pc.invert(again)), its])
