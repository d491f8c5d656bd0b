"""What a data officer does after the first submission: send what changed, and take records back."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from linkage.errors import BadInput
from linkage.partner.ledger.digests import LedgerDigests
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.withdrawal import check_known, seal_withdrawal
from linkage.partner.preflight.report import Preflight
from linkage.partner.submission import Submission, Terms
from linkage.partner.tokenise import Randomness, record_refs
from service.custody.opening import open_named
from service.officer.against_ledger import Kept
from service.officer.intake import Export
from service.officer.mapping_file import MappingFile, SourceOptions
from service.officer.office import Office
from service.officer.sending import Sent, submit
from service.progress import Progress, silent

FEW: Final = 20


@dataclass(frozen=True, slots=True)
class Changed:
    """An update as sent: the submission, its pre-flight report where a file was read, and how many records are new, have other identifiers, have other
    attributes alone, and are gone; and how many were withdrawn before and stay out."""

    submission: Submission
    report: Preflight | None
    fresh: int
    altered: int
    attributes: int
    gone: int
    withdrawn: int

    def says(self) -> str:
        """The update in sentences, for the officer alone: exact counts."""
        if self.report is None:
            text = f"{self.gone:,} records are taken back; they stay out until the whole file is submitted anew"
        elif not (self.fresh or self.altered or self.attributes or self.gone):
            text = "nothing has changed since the last submission; the update is empty and may still be sent"
        else:
            text = (
                f"{self.fresh:,} records are new, {self.altered:,} have other identifiers, {self.attributes:,} only other attributes,"
                f" {self.gone:,} are gone"
            )
        if self.withdrawn:
            text += f"; {self.withdrawn:,} that were withdrawn before stay out"
        told = self.fresh + self.altered + self.gone
        if 0 < told < FEW:
            text += (
                f"\nwith so few ({told}), the linker can guess which rows of two passes are one record, though not whose;"
                " where there is no hurry, wait until more have changed"
            )
        return text


def ledgers_of(folder: Path, *, office: Office, mapping: MappingFile) -> LedgerFolder:
    """The officer's ledgers of this round in a folder of her own."""
    return LedgerFolder(folder, officer=office.officer, one=office.one, partner=mapping.partner)


def submit_whole(
    export: Export,
    *,
    office: Office,
    ledger: Path,
    out: Path,
    now: datetime,
    randomness: Randomness = os.urandom,
    progress: Progress = silent,
    search_all: bool = False,
    processes: int | None = None,
) -> Sent:
    """The whole file as a submission in `out`, and its ledger in the folder `ledger`.

    Raises:
        BadInput: the file or the mapping cannot be used.
        NotWritten: the system refused to write; nothing is left.
    """
    with ledgers_of(ledger, office=office, mapping=export.mapping).opened() as ledgers:
        return submit(
            export,
            office=office,
            out=out,
            now=now,
            randomness=randomness,
            progress=progress,
            kept=Kept(ledgers, None),
            search_all=search_all,
            processes=processes,
        )


def submit_update(
    export: Export,
    *,
    office: Office,
    ledger: Path,
    out: Path,
    now: datetime,
    after: str | None = None,
    randomness: Randomness = os.urandom,
    progress: Progress = silent,
    search_all: bool = False,
    processes: int | None = None,
) -> Changed:
    """What is new, changed or gone in the whole file since the latest submission, or since the submission `after`, as an update in `out`.

    Raises:
        BadInput: the file, the mapping or the ledger cannot be used.
        NotWritten: the system refused to write; nothing is left.
    """
    with ledgers_of(ledger, office=office, mapping=export.mapping).opened() as ledgers:
        earlier = ledgers.latest(after=after)
        sent = submit(
            export,
            office=office,
            out=out,
            now=now,
            randomness=randomness,
            progress=progress,
            kept=Kept(ledgers, earlier),
            search_all=search_all,
            processes=processes,
        )
        changes = sent.submission.changes
        assert changes is not None  # noqa: S101  an update has them
        return Changed(sent.submission, sent.report, *changes.counts, len(earlier.withdrawn))


def withdraw_records(
    ids: Path,
    *,
    mapping: MappingFile,
    office: Office,
    ledger: Path,
    out: Path,
    now: datetime,
    after: str | None = None,
) -> Changed:
    """The records whose ids the file lists, taken back by an update in `out`.

    Raises:
        BadInput: the list or the ledger cannot be used, or a record of the list was not submitted.
        NotWritten: the system refused to write; nothing is left.
    """
    texts, rows = _listed(ids, mapping=mapping)
    refs = record_refs(texts, own=office.own)
    with ledgers_of(ledger, office=office, mapping=mapping).opened() as ledgers:
        earlier = ledgers.latest(after=after)
        LedgerDigests(office.own, one=office.one).check_ledger(earlier)
        check_known(refs, earlier=earlier, rows=rows, file=ids.name)
        terms = Terms(
            office.one,
            office.secret,
            mapping.partner,
            mapping.attribute_gateways,
            mapping.token_gateway,
            now,
            earlier.manifest.exclusions,
            earlier.manifest.deduplicated,
            mapping.subgroup_gateways,
        )
        sent = seal_withdrawal(
            earlier,
            refs=refs,
            terms=terms,
            schema=office.schema,
            signer=office.officer,
            recipients=office.recipients,
            folder=out,
            ledgers=ledgers,
        )
    return Changed(sent, None, 0, 0, 0, len(np.unique(refs, axis=0)), 0)


def _listed(ids: Path, *, mapping: MappingFile) -> tuple[pa.StringArray, list[int]]:
    """The ids in the file's column of record ids, and the number of each one's row."""
    texts: list[str] = []
    rows: list[int] = []
    with open_named(ids, options=SourceOptions(encoding=mapping.read_as.encoding), environment={}) as source:
        if mapping.record_id not in source.columns:
            raise BadInput(
                f"{ids.name}: its first row should be the heading {mapping.record_id!r}, then one record id a row"
            )
        for batch in source.batches([mapping.record_id]):
            for at, text in enumerate(batch.table.column(mapping.record_id).to_pylist()):
                if text is not None:
                    texts.append(text)
                    rows.append(batch.row(at))
    return pa.array(texts, pa.string()), rows
