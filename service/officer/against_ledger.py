"""Records on their way into a submission, against what an officer's ledger says of them: who was withdrawn, and what changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from linkage.partner.attribute_rows import AttributeRows
from linkage.partner.ledger.changes import Changes, marks_of
from linkage.partner.ledger.digests import LedgerDigests
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.ledger import Ledger, Refs
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokenise import record_refs
from linkage.partner.tokens.prf import Words
from service.officer.intake import Intake
from service.officer.office import Office


@dataclass(frozen=True, slots=True)
class Kept:
    """The officer's ledgers, open, and that of the submission which an update follows; None for a whole submission."""

    ledgers: LedgerFolder
    earlier: Ledger | None


class AgainstLedger:
    """What an officer's ledgers say of the records that pass: who was withdrawn, and what changed."""

    def __init__(self, office: Office, *, earlier: Ledger | None) -> None:
        self._office, self._earlier = office, earlier
        self._digests = LedgerDigests(office.own, one=office.one)
        self._values: list[Words] = []
        if earlier is not None:
            self._digests.check_ledger(earlier)

    def passing(self, intake: Intake, *, ledger: bool) -> Iterator[CleanRecords]:
        """The records of the intake but those that were withdrawn by their ids; with `ledger`, digests are kept of them."""
        for clean, columns in intake.portions():
            left, its = self._still_in(clean, columns)
            intake.take(left, its)
            if ledger:
                self._values.append(self._digests.values(left))
            yield left

    def _still_in(
        self, clean: CleanRecords, columns: Mapping[str, Column]
    ) -> tuple[CleanRecords, Mapping[str, Column]]:
        if self._earlier is None:
            return clean, columns
        stays = ~marks_of(record_refs(clean.record_ids, own=self._office.own), among=self._earlier.withdrawn)
        if stays.all():
            return clean, columns
        rows = np.flatnonzero(stays)
        return clean.keep(stays), {name: column.take(rows) for name, column in columns.items()}

    def changes(self, refs: Refs, attributes: AttributeRows | None) -> Changes:
        """The records that passed against the earlier ledger."""
        table = None
        if attributes is not None:
            attributes.of(refs)
            table = attributes.table()
        told = self._digests.attributes(table, records=len(refs))
        values = np.concatenate([np.empty((0, 2), dtype=np.uint64), *self._values])
        return Changes(refs, values=values, attributes=told, check=self._digests.check, earlier=self._earlier)
