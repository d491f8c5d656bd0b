"""What a data officer reads before anything leaves: how good the file is, whom it leaves out, and all that would go, as counts and never values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from linkage.attestations import Attestation
from linkage.partner.exclusions.exclusions import Stated
from linkage.partner.identifiers.dates import is_default
from linkage.partner.preflight.observed import Seen
from linkage.partner.preflight.tally import Duplicates, Tally
from linkage.partner.rawsearch.leaving import LeavingField, LeavingFile
from linkage.partner.rawsearch.search import RawSearch
from linkage.partner.records import QualityReport
from linkage.partner.subgroups import SubgroupCounts
from linkage.partner.tokenise import PassSummary

UNKNOWN_PART: Final = "?"


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
    subgroups: tuple[SubgroupCounts, ...] = ()


def preflight(
    tally: Tally,
    *,
    subject: Subject,
    quality: QualityReport,
    seen: Seen,
    remaining: Stated | None = None,
    passes: tuple[PassSummary, ...] = (),
    unkeyed: int = 0,
    fields: tuple[LeavingField, ...] = (),
    files: tuple[LeavingFile, ...] = (),
    search: RawSearch | None = None,
    subgroups: tuple[SubgroupCounts, ...] = (),
) -> Preflight:
    """The report on the records that are left after exclusions, as counted; `quality` and `seen` are of the whole file."""
    identifiers = tuple(
        _identifier(i, subject=subject, quality=quality, seen=seen, tally=tally) for i in quality.fields
    )
    left_out = zip(remaining.attestations, remaining.excluded, strict=True) if remaining else ()
    return Preflight(
        subject=subject,
        read=quality.records,
        records=tally.records,
        identifiers=identifiers,
        dates=tuple(
            _dates(i, subject=subject, counted=tally.dates()) for i in subject.orders if tally.holds(i)
        ),
        duplicates=tally.duplicates(),
        passes=passes,
        unkeyed=unkeyed,
        left_out=tuple(LeftOut(stated, exact) for stated, exact in left_out),
        fields=fields,
        files=files,
        search=search,
        subgroups=subgroups,
    )


def _identifier(
    identifier: str, *, subject: Subject, quality: QualityReport, seen: Seen, tally: Tally
) -> IdentifierReport:
    found, counts = quality.fields[identifier], tally.counts(identifier)
    known = counts is not None
    return IdentifierReport(
        identifier=identifier,
        column=subject.columns[identifier],
        valid=found.valid,
        missing=found.missing,
        invalid=found.invalid,
        reasons=tuple(seen.reasons.get(identifier, {}).items()),
        values=len(counts) if counts is not None else None,
        alone=int((counts == 1).sum()) if counts is not None else None,
        commonest=int(counts.max(initial=0)) if counts is not None else None,
        placeholders=tally.placeholders(identifier) if known else None,
    )


def _dates(identifier: str, *, subject: Subject, counted: Mapping[str, int]) -> DateReport:
    def rows(of: Callable[[str], bool]) -> int:
        return sum(n for text, n in counted.items() if of(text))

    years = [int(text[:4]) for text in counted if text[:4].isdigit()]
    return DateReport(
        identifier=identifier,
        column=subject.columns[identifier],
        order=subject.orders[identifier],
        earliest=min(years, default=None),
        latest=max(years, default=None),
        dates=sum(counted.values()),
        new_year=rows(is_default),
        first_of_month=rows(lambda text: text.endswith("01")),
        commonest=max(counted.values(), default=0),
        incomplete=rows(lambda text: UNKNOWN_PART in text),
    )
