"""The pre-flight report counts what it says it counts, and gives advice where a file looks as files should not."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from linkage.attestations import Attestation
from linkage.errors import BadSubmission
from linkage.manifest import SealedFile
from linkage.partner.preflight.advice import advise, percent
from linkage.partner.preflight.observed import Seen
from linkage.partner.preflight.report import LeftOut, Preflight, Subject, preflight
from linkage.partner.preflight.tally import Tally
from linkage.partner.rawsearch.leaving import leaving_fields, leaving_files
from linkage.partner.rawsearch.scan import Found
from linkage.partner.rawsearch.search import RawSearch
from linkage.partner.records import CleanRecords, Column, FieldQuality, QualityReport
from linkage.partner.tokenise import PassSummary
from linkage.schema import default_schema, load_schema

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
IDENTIFIERS = ("forename", "surname", "date_of_birth", "postcode", "nhs_number")
SEEN = Seen({"postcode": {"too long for a postcode": 3}}, {}, 0)


def report_of(
    rows: list[tuple[str | None, ...]], *, extra: list[int] | None = None, **quality: FieldQuality
) -> Preflight:
    """A report on records with these identifiers; `extra` are records that have a second row with another forename."""
    record = np.array([*range(len(rows)), *(extra or [])], dtype=np.int32)
    columns = {
        name: Column.of(pd.Series([rows[r][at] for r in record], dtype=object))
        for at, name in enumerate(IDENTIFIERS)
    }
    if extra:
        texts = columns["forename"].texts()
        texts[len(rows) :] = "OTHER"
        columns["forename"] = Column.of(pa.array(texts.tolist(), pa.string()))
    clean = CleanRecords(pa.array([f"id-{n}" for n in range(len(rows))], pa.string()), record, columns)
    fields = {
        i: quality.get(
            i, FieldQuality(sum(r[at] is not None for r in rows), sum(r[at] is None for r in rows), 0)
        )
        for at, i in enumerate(IDENTIFIERS)
    }
    subject = Subject(
        "police", "people.csv", NOW, {i: f"col_{i}" for i in IDENTIFIERS}, {"date_of_birth": "DMY"}
    )
    return preflight(Tally.of(clean), subject=subject, quality=QualityReport(len(rows), fields), seen=SEEN)


def person(at: int, **changes: str | None) -> tuple[str | None, ...]:
    """One of many different people, born on different days."""
    born = pd.Timestamp("1990-01-15") + pd.Timedelta(days=int(at) * 13)
    one: dict[str, str | None] = {
        "forename": f"FORE{at % 7}",
        "surname": f"SUR{at}",
        "date_of_birth": f"{born:%Y%m%d}",
        "postcode": f"OX{at}",
        "nhs_number": None,
    }
    return tuple((one | changes)[i] for i in IDENTIFIERS)


PEOPLE = [person(n) for n in range(200)]


def whats(report: Preflight) -> str:
    return "\n".join(f"{a.where}: {a.what}" for a in advise(report))


def test_values_are_counted_by_record_and_not_by_row() -> None:
    report = report_of([*PEOPLE, person(0, surname="SUR1")], extra=[3, 4, 5])
    by_name = {i.identifier: i for i in report.identifiers}
    assert (by_name["forename"].values, by_name["forename"].alone, by_name["forename"].commonest) == (7, 0, 30)
    assert (by_name["surname"].values, by_name["surname"].alone, by_name["surname"].commonest) == (200, 199, 2)
    assert (by_name["nhs_number"].values, by_name["nhs_number"].commonest) == (0, 0)
    assert (report.read, report.records) == (201, 201)


def test_completeness_and_reasons_come_from_the_whole_file() -> None:
    report = report_of(PEOPLE, postcode=FieldQuality(190, 7, 3))
    postcode = next(i for i in report.identifiers if i.identifier == "postcode")
    assert (postcode.valid, postcode.missing, postcode.invalid) == (190, 7, 3)
    assert postcode.reasons == (("too long for a postcode", 3),)
    assert postcode.column == "col_postcode"


def test_duplicates_agree_on_all_four_and_lack_none() -> None:
    twice = [*PEOPLE, PEOPLE[0], PEOPLE[0], PEOPLE[1], person(2, postcode=None), person(3, surname="NEW")]
    found = report_of(twice).duplicates
    assert found is not None
    assert (found.records, found.groups) == (5, 2)
    assert report_of([person(n, postcode=None) for n in range(5)]).duplicates is None


def test_dates_are_counted_and_only_their_years_are_told() -> None:
    rows = [
        person(n, date_of_birth=d)
        for n, d in enumerate(["19850101", "19850101", "20100301", "1990????", "??????13"])
    ]
    (dates,) = report_of(rows).dates
    assert (dates.earliest, dates.latest, dates.order) == (1985, 2010, "DMY")
    assert (dates.new_year, dates.first_of_month, dates.commonest, dates.incomplete) == (2, 3, 2, 2)


def test_an_ordinary_file_gets_no_advice() -> None:
    assert whats(report_of(PEOPLE)) == "column 'col_nhs_number': 100 % of the rows have no NHS number."


def test_many_first_days_of_january_are_pointed_out_with_what_to_do() -> None:
    rows = [person(n, date_of_birth=f"{1950 + n}0101") if n < 36 else person(n) for n in range(200)]
    found = [a for a in advise(report_of(rows)) if "1 January" in a.what]
    assert len(found) == 1
    assert "18 % of the dates of birth are 1 January" in found[0].what
    assert "??" in found[0].do


def test_many_firsts_of_months_are_pointed_out() -> None:
    rows = [
        person(n, date_of_birth=f"19{50 + n}0{1 + n % 8 + 1}01") if n < 30 else person(n) for n in range(200)
    ]
    assert "are the first of a month" in whats(report_of(rows))


def test_one_date_that_many_share_is_pointed_out() -> None:
    rows = [person(n, date_of_birth="19700213") if n < 12 else person(n) for n in range(200)]
    assert "One single date of birth stands in 12 records (6.0 %)" in whats(report_of(rows))


def test_dates_that_are_still_to_come_stop_the_submission() -> None:
    found = advise(report_of([*PEOPLE, person(0, date_of_birth="20270505")]))
    assert found[0].grave
    assert "2027" in found[0].what
    assert not any(a.grave for a in advise(report_of([*PEOPLE, person(0, date_of_birth="20260228")])))


def test_words_for_not_known_are_counted_among_valid_values() -> None:
    rows = [
        person(n, surname="UNKNOWN") if n < 6 else person(n, postcode="NO FIXED ABODE") if n < 10 else person(n)
        for n in range(200)
    ]
    report = report_of(rows)
    assert {i.identifier: i.placeholders for i in report.identifiers if i.placeholders} == {
        "surname": 6,
        "postcode": 4,
    }
    assert "6 records have a word such as UNKNOWN" in whats(report)


def test_a_number_that_several_records_share_is_pointed_out() -> None:
    rows = [person(n, nhs_number="9434765919") if n < 6 else person(n) for n in range(200)]
    assert "One NHS number stands in 6 records" in whats(report_of(rows))


def test_a_column_that_is_often_refused_is_pointed_out_with_its_commonest_reason() -> None:
    report = report_of(PEOPLE, postcode=FieldQuality(180, 0, 20))
    assert (
        "10 % of what stands under postcode cannot be used. Most often: too long for a postcode (3)."
        in whats(report)
    )


def test_dropped_rows_and_records_without_a_key_are_pointed_out() -> None:
    report = replace(
        report_of(PEOPLE), passes=(PassSummary("born-name", 100, 80, 20, 1), PassSummary("house-year", 100, 99, 1, 1)), unkeyed=30
    )  # fmt: skip
    said = whats(report)
    assert "match key born-name: 20 % of the rows were left out" in said
    assert "house-year" not in said
    assert "15 % of the records have too little" in said


def test_families_of_whom_one_stays_are_not_pointed_out() -> None:
    report = replace(report_of(PEOPLE), passes=(PassSummary("house", 100, 40, 60, 20),))
    assert "match key house" not in whats(report)


def test_nhs_numbers_without_an_opt_out_list_are_pointed_out() -> None:
    rows = [person(0, nhs_number="9434765919"), *PEOPLE[1:]]
    report = report_of(rows)
    assert "no opt-out list was applied" in whats(report)
    stated = Attestation("ndoo", "nhs_number", True, "excluded", DAY, 100, 0)
    assert "no opt-out list" not in whats(replace(report, left_out=(LeftOut(stated, 3),)))
    assert "list ndoo: This list excludes nobody." in whats(replace(report, left_out=(LeftOut(stated, 0),)))
    assert "list ndoo: This list excludes 50 %" in whats(replace(report, left_out=(LeftOut(stated, 100),)))


def test_a_found_value_comes_first_and_is_grave() -> None:
    search = RawSearch(10, 1, 5, 1, 100, 0, (Found("a.sealed", 7, "surname"),), 3, 0, 8, 0.0)
    first, *rest = advise(replace(report_of(PEOPLE), search=search))
    assert first.grave
    assert "3 places" in first.what
    assert not any(a.grave for a in rest)


@pytest.mark.parametrize(
    ("part", "of", "says"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 10_000, "under 0.1 %"), (9_999, 10_000, "over 99 %"), (1, 200, "0.5 %"), (1, 3, "33 %")],
)  # fmt: skip
def test_shares_are_said_without_claiming_none_or_all(part: int, of: int, says: str) -> None:
    assert percent(part, of) == says


def test_every_file_of_a_submission_is_told_with_its_reader() -> None:
    names = (
        "born-name.tokens.sealed",
        "born-name.map.sealed",
        "records.map.sealed",
        "attributes.parquet",
        "born-name.gone.sealed",
        "records.gone.sealed",
    )
    files = leaving_files(
        [SealedFile(n, "0" * 64, 5) for n in names],
        readers={"linker": "linker/1", "assembler": "assembler/1", "custodian": "custodian/1"},
        note=SealedFile("manifest.note", "0" * 64, 9),
    )
    assert [(f.name, f.reader, f.reader_name) for f in files] == [
        ("born-name.tokens.sealed", "linker", "linker/1"),
        ("born-name.map.sealed", "assembler", "assembler/1"),
        ("records.map.sealed", "assembler", "assembler/1"),
        ("attributes.parquet", "custodian", "custodian/1"),
        ("born-name.gone.sealed", "linker", "linker/1"),
        ("records.gone.sealed", "assembler", "assembler/1"),
        ("manifest.note", "everybody", ""),
    ]
    assert "born-name" in files[0].holds
    with pytest.raises(BadSubmission, match=r"names\.csv"):
        leaving_files([SealedFile("names.csv", "", 1)], readers={}, note=SealedFile("manifest.note", "", 1))


def test_every_mapped_column_is_told_with_its_gateway_and_class() -> None:
    fields = leaving_fields(
        record_id="ref",
        identifiers={"date_of_birth": "dob", "nhs_number": "nhs", "phone": "mobile"},
        attributes={"arrested": "arrest_flag"},
        token_gateway="PCSC-s16",  # noqa: S106  the name of a legal gateway
        attribute_gateways={"arrested": "DPA-s36"},
        classes={"arrested": "C4"},
        unread={"phone"},
    )
    assert [(f.column, f.used_as, f.gateway, f.attribute_class) for f in fields] == [
        ("ref", "record id", "PCSC-s16", None),
        ("dob", "date of birth", "PCSC-s16", None),
        ("nhs", "NHS number", "PCSC-s16", None),
        ("mobile", "phone", "none needed", None),
        ("arrest_flag", "arrested", "DPA-s36", "C4"),
    ]
    assert [f.becomes.split(":")[0] for f in fields[2:4]] == ["tokens, never the value", "nothing"]


def test_what_the_schema_reads_is_what_it_compares_and_what_its_keys_are_made_of() -> None:
    schema = load_schema(
        default_schema().text.partition("comparisons:")[0]
        + "comparisons:\n  born: {of: [date_of_birth], exact: true}\nkeys:\n  one: [name.both.sound, phone.whole]\n"
    )
    assert schema.reads == {"date_of_birth", "forename", "surname", "phone"}
