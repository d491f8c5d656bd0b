"""Records that are taken back by their ids alone: an update in which something is gone and nothing is new, made from the ledger without the file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from keys import Identity
from linkage.attributes import RECORD_REF
from linkage.errors import BadInput
from linkage.manifest import RECORDS
from linkage.partner.draft import Draft
from linkage.partner.ledger.changes import marks_of, reference_order, with_empty_rows
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.ledger import Ledger, LedgerPass, Refs
from linkage.partner.sealed_files import Nobody, Recipients, Watch
from linkage.partner.subgroups import no_codes
from linkage.partner.submission import Submission, Terms
from linkage.schema import Schema
from linkage.tokens import PartnerStatistics


def check_known(refs: Refs, *, earlier: Ledger, rows: Sequence[int], file: str) -> None:
    """Nothing, if every record was submitted and stands; `rows` are the rows of the file that name them.

    Raises:
        BadInput: one was not; the message names its row, never its id.
    """
    unknown = np.flatnonzero(~marks_of(refs, among=earlier.refs))
    if len(unknown):
        raise BadInput(
            f"{file}, row {rows[int(unknown[0])]}: no record of this id is in the latest submission ({len(unknown)} such rows);"
            " it may be withdrawn already, or written otherwise than in the file that was submitted"
        )


def seal_withdrawal(
    earlier: Ledger,
    *,
    refs: Refs,
    terms: Terms,
    schema: Schema,
    signer: Identity,
    recipients: Recipients,
    folder: Path,
    ledgers: LedgerFolder,
    watch: Watch | None = None,
) -> Submission:
    """An update in `folder` after which these records, each of the ledger, are gone. Rates and shares of the statistics stay as they were; only the
    number of records is counted again, for the file itself is not read.

    Raises:
        BadInput: the folder exists already, or the update cannot follow what it should.
        NotWritten: the system refused to write; nothing is left.
    """
    terms.check_follows(earlier)
    stays = ~marks_of(earlier.refs, among=refs)
    gone = earlier.refs[~stays]
    one, partner = terms.one, terms.partner
    with Draft(folder, one=one, partner=partner, recipients=recipients, watch=watch or Nobody()) as draft:
        for key in schema.match_keys:
            rows = earlier.passes[key.name]
            draft.put_pass(key, iter(()), schema=schema)
            draft.put_gone(key.name, rows.row_ref[~stays[rows.record]])
        draft.put_records(earlier.refs[:0])
        draft.put_gone(RECORDS, gone)
        if terms.attribute_gateways:
            fields = [(RECORD_REF, pa.binary(16)), *((name, pa.string()) for name in terms.attribute_gateways)]
            types = pa.schema(fields)
            draft.put_attributes([with_empty_rows(types.empty_table(), gone)], types=types)
        if terms.subgroups:
            draft.put_subgroups(no_codes(tuple(terms.subgroups)))
        before = earlier.manifest.statistics
        statistics = PartnerStatistics(round(int(stays.sum()), -2), before.held, before.u)
        made = draft.sign(
            lambda files: terms.manifest(files, statistics=statistics, earlier=earlier, gone=len(gone)),
            signer=signer,
        )
        ledgers.wait(replace(_without(earlier, stays=stays), manifest=made), out=folder)
        draft.commit()
        ledgers.keep(made.submission)
    return Submission(folder, made, ())


def _without(ledger: Ledger, *, stays: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ledger:
    """The ledger without the other records, which it remembers as withdrawn."""
    number = (np.cumsum(stays) - 1).astype(np.int32)
    passes = {}
    for key, rows in ledger.passes.items():
        kept = stays[rows.record]
        passes[key] = LedgerPass(rows.row_ref[kept], number[rows.record[kept]], rows.bands[kept])
    withdrawn = np.concatenate([ledger.withdrawn, ledger.refs[~stays]])
    return replace(
        ledger,
        refs=ledger.refs[stays],
        values=ledger.values[stays],
        attributes=ledger.attributes[stays],
        withdrawn=withdrawn[reference_order(withdrawn)],
        passes=passes,
    )
