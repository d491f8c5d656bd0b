"""What a data officer reads before anything leaves: how good the file is, whom it leaves out, and all that would go, as counts and never values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.attestations import Attestation
from linkage.partner.exclusions import Remaining
from linkage.partner.identifiers.dates import is_default
from linkage.partner.leaving import LeavingField, LeavingFile
from linkage.partner.observed import Seen
from linkage.partner.rawsearch import RawSearch
from linkage.partner.reasons import NO_PLACEHOLDERS_IN, WORDS
from linkage.partner.records import CleanRecords, Column, QualityReport
from linkage.partner.tokenise import PassSummary

WHOLE_NAME: Final = ("forename", "surname", "date_of_birth", "postcode")
UNKNOWN_PART: Final = "?"
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the report is about: the partner, its file, when the report was made, and which column is which identifier; `orders` has
    the order of day, month and year of each identifier that is a date."""

    partner: str
    file: str
    made_at: datetime
    columns: Mapping[str, str]
    orders: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IdentifierReport:
    """One identifier: rows of the file with a usable value, without any, and with one that is refused, and why; then, of the records that are left
    after exclusions, how many different values they have, how many have one that nobody else has, how many share the commonest, and how
    many have a word for "not known". The last four are None for a second value, such as a previous surname."""

    identifier: str
    column: str
    valid: int
    missing: int
    invalid: int
    reasons: tuple[tuple[str, int], ...]
    values: int | None
    alone: int | None
    commonest: int | None
    placeholders: int | None


@dataclass(frozen=True, slots=True)
class DateReport:
    """The dates of one identifier: in which order the column writes them, the earliest and the latest year, and how many records have the first of
    January, the first of any month, the commonest date, or a date of which a part is not known."""

    identifier: str
    column: str
    order: str
    earliest: int | None
    latest: int | None
    dates: int
    new_year: int
    first_of_month: int
    commonest: int
    incomplete: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Records that agree with another on forename, surname, date of birth and postcode, and how many groups they form."""

    records: int
    groups: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One exclusion list as the manifest will state it, and the exact number of records it excludes, for the partner's eyes."""

    attestation: Attestation
    records: int


@dataclass(frozen=True, slots=True)
class Preflight:
    """The report. `read` are the records of the file, `records` those that are left after exclusions; `unkeyed` of these have no match key at
    all. `duplicates` is None where an identifier it needs is not held, `search` where nothing has been searched yet."""

    subject: Subject
    read: int
    records: int
    identifiers: tuple[IdentifierReport, ...]
    dates: tuple[DateReport, ...]
    duplicates: Duplicates | None
    passes: tuple[PassSummary, ...]
    unkeyed: int
    left_out: tuple[LeftOut, ...]
    fields: tuple[LeavingField, ...]
    files: tuple[LeavingFile, ...]
    search: RawSearch | None


def preflight(
    clean: CleanRecords,
    *,
    subject: Subject,
    quality: QualityReport,
    seen: Seen,
    remaining: Remaining | None = None,
    passes: tuple[PassSummary, ...] = (),
    unkeyed: int = 0,
    fields: tuple[LeavingField, ...] = (),
    files: tuple[LeavingFile, ...] = (),
    search: RawSearch | None = None,
) -> Preflight:
    """The report on the records that are left after exclusions, `clean`; `quality` and `seen` are of the whole file."""
    main = np.unique(clean.record, return_index=True)[1]
    held = {i: c.take(main) for i, c in clean.columns.items()}
    identifiers = tuple(
        _identifier(i, subject=subject, quality=quality, seen=seen, column=held.get(i)) for i in quality.fields
    )
    left_out = zip(remaining.attestations, remaining.excluded, strict=True) if remaining else ()
    return Preflight(
        subject=subject,
        read=quality.records,
        records=len(clean.record_ids),
        identifiers=identifiers,
        dates=tuple(_dates(i, subject=subject, column=held[i]) for i in subject.orders if i in held),
        duplicates=_duplicates(held),
        passes=passes,
        unkeyed=unkeyed,
        left_out=tuple(LeftOut(stated, exact) for stated, exact in left_out),
        fields=fields,
        files=files,
        search=search,
    )


def _identifier(
    identifier: str, *, subject: Subject, quality: QualityReport, seen: Seen, column: Column | None
) -> IdentifierReport:
    found = quality.fields[identifier]
    counts = _counts(column) if column is not None else np.zeros(0, dtype=np.int64)
    known = column is not None
    return IdentifierReport(
        identifier=identifier,
        column=subject.columns[identifier],
        valid=found.valid,
        missing=found.missing,
        invalid=found.invalid,
        reasons=tuple(seen.reasons.get(identifier, {}).items()),
        values=int((counts > 0).sum()) if known else None,
        alone=int((counts == 1).sum()) if known else None,
        commonest=int(counts.max(initial=0)) if known else None,
        placeholders=_placeholders(identifier, column, counts) if column is not None else None,
    )


def _counts(column: Column) -> Codes:
    """How many of the column's rows have each of its values."""
    return np.bincount(column.codes[column.present], minlength=len(column.values)).astype(np.int64)


def _placeholders(identifier: str, column: Column, counts: Codes) -> int:
    if identifier in NO_PLACEHOLDERS_IN:
        return 0
    plain = pc.replace_substring(column.values, " ", "")
    words = pc.is_in(plain, value_set=pa.array(sorted(WORDS), pa.string())).to_numpy(zero_copy_only=False)
    return int(counts[words].sum())


def _dates(identifier: str, *, subject: Subject, column: Column) -> DateReport:
    counts = _counts(column)
    texts = column.values.to_pylist()

    def rows(of: list[bool]) -> int:
        return int(counts[np.array(of, dtype=bool)].sum())

    years = [int(t[:4]) for t, n in zip(texts, counts.tolist(), strict=True) if n and t[:4].isdigit()]
    return DateReport(
        identifier=identifier,
        column=subject.columns[identifier],
        order=subject.orders[identifier],
        earliest=min(years, default=None),
        latest=max(years, default=None),
        dates=int(counts.sum()),
        new_year=rows([is_default(t) for t in texts]),
        first_of_month=rows([t.endswith("01") for t in texts]),
        commonest=int(counts.max(initial=0)),
        incomplete=rows([UNKNOWN_PART in t for t in texts]),
    )


def _duplicates(held: Mapping[str, Column]) -> Duplicates | None:
    columns = [held[i] for i in WHOLE_NAME if i in held and held[i].present.any()]
    if len(columns) < len(WHOLE_NAME):
        return None
    whole = np.logical_and.reduce([c.present for c in columns])
    code = np.zeros(int(whole.sum()), dtype=np.int64)
    for column in columns:
        code = np.unique(code * len(column.values) + column.codes[whole], return_inverse=True)[1].astype(
            np.int64
        )
    shared = np.bincount(code)
    return Duplicates(int(shared[shared > 1].sum()), int((shared > 1).sum()))
