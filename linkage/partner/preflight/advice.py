"""What in a pre-flight report deserves a look, and what to do about it, in plain words. Rules are a table; each looks at the report alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from linkage.partner.preflight.report import DateReport, IdentifierReport, Preflight
from linkage.partner.rawsearch.leaving import spoken

# Shares and counts from which something is worth a look. Births fall evenly over the days of a year: 0.3 % on any one day, 3.3 % on firsts of months.
MUCH_MISSING: Final = 0.5
MUCH_REFUSED: Final = 0.02
NEW_YEAR: Final = 0.01
FIRSTS: Final = 0.08
ONE_DATE: Final = 0.01
DUPLICATES: Final = 0.02
NO_KEY: Final = 0.05
TOO_COMMON: Final = 0.1
# Of a home or a family all but one are left out on purpose. A value for which more are left out, on average, is nobody's home.
CROWD: Final = 10
MANY_EXCLUDED: Final = 0.2
SOME: Final = 10
SHARED_BY: Final = 5
EARLIEST: Final = 1905
OFTEN_MISSING: Final = frozenset(["middle_name"])
# Identifiers that belong to one person: a value that several records share is a placeholder, or somebody else's.
OWN: Final = frozenset(["nhs_number", "upn", "pnc_id", "email", "phone"])


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at: what was found, where, what to do; `grave` where the submission should not be sent as it is."""

    grave: bool
    what: str
    where: str
    do: str


def advise(report: Preflight) -> tuple[Advice, ...]:
    """What to look at, the grave first."""
    found = [advice for rule in RULES for advice in rule(report)]
    return tuple(sorted(found, key=lambda a: not a.grave))


def percent(part: int, of: int) -> str:
    """The share in per cent, with a decimal below ten and never 0 or 100 where it is neither."""
    if not of or not part or part == of:
        return "100 %" if part else "0 %"
    share = 100 * part / of
    if share < 0.1:
        return "under 0.1 %"
    if share >= 99.5:
        return "over 99 %"
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"


def _column(column: str) -> str:
    return f"column {column!r}"


def _raw_values(report: Preflight) -> Iterator[Advice]:
    if report.search is not None and report.search.found:
        files = ", ".join(dict.fromkeys(f.file for f in report.search.found))
        yield Advice(
            True,
            f"Readable values were found in what is about to leave: {report.search.places:,} places.",
            files,
            "Do not send anything. Do not copy the files. Report this as a fault of the program.",
        )


def _identifiers(report: Preflight) -> Iterator[Advice]:
    for one in report.identifiers:
        for rule in (_missing, _refused, _placeholders, _shared):
            yield from rule(one)


def _missing(one: IdentifierReport) -> Iterator[Advice]:
    rows = one.valid + one.missing + one.invalid
    if one.missing > MUCH_MISSING * rows and one.values is not None and one.identifier not in OFTEN_MISSING:
        yield Advice(
            False,
            f"{percent(one.missing, rows)} of the rows have no {spoken(one.identifier)}.",
            _column(one.column),
            "Check that this is the right column. If your system often does not hold it, nothing is wrong; fewer records will find their match.",
        )


def _refused(one: IdentifierReport) -> Iterator[Advice]:
    given = one.valid + one.invalid
    if one.invalid >= SOME and one.invalid / given > MUCH_REFUSED:
        mostly = f" Most often: {one.reasons[0][0]} ({one.reasons[0][1]:,})." if one.reasons else ""
        yield Advice(
            False,
            f"{percent(one.invalid, given)} of what stands under {spoken(one.identifier)} cannot be used.{mostly}",
            _column(one.column),
            "It is treated as missing. Check the column and, for dates, the order of day, month and year; correct the export if you can.",
        )


def _placeholders(one: IdentifierReport) -> Iterator[Advice]:
    if (one.placeholders or 0) >= SHARED_BY:
        yield Advice(
            False,
            f"{one.placeholders:,} records have a word such as UNKNOWN, TEST or BABY as their {spoken(one.identifier)}.",
            _column(one.column),
            "Empty these cells in the export if they are no real values. Otherwise strangers may be taken for one person.",
        )


def _shared(one: IdentifierReport) -> Iterator[Advice]:
    if one.identifier in OWN and (one.commonest or 0) > SHARED_BY:
        yield Advice(
            False,
            f"One {spoken(one.identifier)} stands in {one.commonest:,} records.",
            _column(one.column),
            "It is probably a placeholder, or that of an office. Empty these cells in the export.",
        )


def _dates(report: Preflight) -> Iterator[Advice]:
    for one in report.dates:
        if one.dates:
            yield from _one_date_column(one, report)


def _one_date_column(one: DateReport, report: Preflight) -> Iterator[Advice]:
    name = spoken(one.identifier)
    if one.latest is not None and one.latest > report.subject.made_at.year:
        yield Advice(
            True,
            f"The latest {name} is in the year {one.latest}, which is still to come.",
            _column(one.column),
            f"The column is read in the order {one.order}. Check the order, and whether this column is the date of birth.",
        )
    if one.earliest is not None and one.earliest < EARLIEST:
        yield Advice(
            False,
            f"The earliest {name} is in the year {one.earliest}.",
            _column(one.column),
            "Check whether such dates are real or stand for a date that is not known; empty them in the export if so.",
        )
    if one.new_year >= SOME and one.new_year / one.dates > NEW_YEAR:
        yield Advice(
            False,
            f"{percent(one.new_year, one.dates)} of the dates of birth are 1 January. One in 365 would be usual.",
            _column(one.column),
            "Many systems write 1 January where only the year is known. If you can, export the year alone, with ?? for month and day.",
        )
    elif one.first_of_month >= SOME and one.first_of_month / one.dates > FIRSTS:
        yield Advice(
            False,
            f"{percent(one.first_of_month, one.dates)} of the dates of birth are the first of a month. One in 30 would be usual.",
            _column(one.column),
            "Many systems write the first where the day is not known. If you can, export ?? for the day.",
        )
    if one.commonest >= SOME and one.commonest / one.dates > ONE_DATE:
        yield Advice(
            False,
            f"One single date of birth stands in {one.commonest:,} records ({percent(one.commonest, one.dates)}).",
            _column(one.column),
            "It is probably what your system writes where no date is known. Empty these cells in the export.",
        )


def _same_person_twice(report: Preflight) -> Iterator[Advice]:
    two = report.duplicates
    if two is not None and two.records >= SOME and two.records / report.records > DUPLICATES:
        yield Advice(
            False,
            f"{two.records:,} records agree with another on forename, surname, date of birth and postcode.",
            report.subject.file,
            "If one person may have several records, nothing is wrong: they are joined. If not, the export may repeat rows.",
        )


def _keys(report: Preflight) -> Iterator[Advice]:
    if report.records and report.unkeyed / report.records > NO_KEY:
        yield Advice(
            False,
            f"{percent(report.unkeyed, report.records)} of the records have too little in them to be compared with anybody.",
            report.subject.file,
            "They count as people of whom only you know. Check the columns that are often empty or refused.",
        )
    for one in report.passes:
        rows = one.rows + one.dropped_rows
        crowded = one.dropped_rows > CROWD * one.dropped_values
        if crowded and one.dropped_rows >= SOME and one.dropped_rows / rows > TOO_COMMON:
            yield Advice(
                False,
                f"{percent(one.dropped_rows, rows)} of the rows were left out, for several people share their value.",
                f"match key {one.key}",
                "This protects people, and grows with the file. If it surprises you, one value of the columns behind this key is probably a placeholder.",
            )


def _subgroups(report: Preflight) -> Iterator[Advice]:
    for one in report.subgroups:
        if sum(records > 0 for records in one.records.values()) == 1:
            yield Advice(
                False,
                "Every record goes with the same subgroup code, so that nothing can be told apart by it.",
                _column(one.column),
                f"Take {one.kind} out of the subgroups of your mapping: what serves no purpose should not leave.",
            )


def _exclusions(report: Preflight) -> Iterator[Advice]:
    has_numbers = any(i.identifier == "nhs_number" and i.valid for i in report.identifiers)
    if has_numbers and not report.left_out:
        yield Advice(
            False,
            "The file has NHS numbers, and no opt-out list was applied.",
            report.subject.file,
            "If this is confidential patient information, the national data opt-out comes first: check the numbers with the national service and"
            " name its answer as an exclusion list.",
        )
    for one in report.left_out:
        if not one.records:
            yield Advice(
                False,
                "This list excludes nobody.",
                f"list {one.attestation.name}",
                "Check that it is the right list, and of your own records.",
            )
        if report.read and one.records / report.read > MANY_EXCLUDED:
            yield Advice(
                False,
                f"This list excludes {percent(one.records, report.read)} of the records.",
                f"list {one.attestation.name}",
                "Check whether it names those who may be used or those who may not, and how many records have nothing to look up in it.",
            )


Rule = Callable[[Preflight], Iterator[Advice]]
RULES: Final[tuple[Rule, ...]] = (
    _raw_values,
    _dates,
    _identifiers,
    _exclusions,
    _same_person_twice,
    _keys,
    _subgroups,
)
