"""From rows to cleaned records: what is valid, missing or no value, and alternatives as further rows."""

import pandas as pd

from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.records import CleanRecords, FieldQuality, QualityReport
from linkage.schema import IDENTIFIERS, default_schema

SCHEMA = default_schema()


def run(columns: dict[str, list[str | None]], *, order: str = "YMD") -> tuple[CleanRecords, QualityReport]:
    rows = pd.DataFrame(
        {"id": [str(n) for n in range(len(next(iter(columns.values()))))], **columns}, dtype="str"
    )
    return normalise(
        rows, schema=SCHEMA, mapping=ColumnMapping("id", {c: c for c in columns}, order), file="f.csv"
    )


def test_dates_that_cannot_be_read_are_counted_and_missing_ones_apart() -> None:
    clean, report = run(
        {"date_of_birth": ["03/02/1980", "31/31/1980", None, "unknown", "1980-02-03"]}, order="DMY"
    )
    assert report.records == 5
    assert report.fields["date_of_birth"] == FieldQuality(valid=1, missing=1, invalid=3)
    assert clean.columns["date_of_birth"].texts().tolist() == ["19800203", None, None, None, None]


def test_every_identifier_of_the_schema_has_a_column_though_the_file_lacks_it() -> None:
    clean, report = run({"forename": ["Mary", "Tom"]})
    used = {i for k in SCHEMA.match_keys for i in k.identifiers}
    assert set(clean.columns) == used | {c.identifier for c in SCHEMA.comparisons.values()}
    assert set(clean.columns) <= set(IDENTIFIERS)
    assert not clean.columns["nhs_number"].present.any()
    assert set(report.fields) == {"forename"}
    assert clean.rows == 2


def test_a_record_with_a_previous_surname_has_one_more_row_for_it() -> None:
    clean, report = run(
        {
            "surname": ["Smith", "Jones", "Brown", None],
            "previous_surname": ["Okafor", "JONES", None, "Patel"],
            "sex": ["F", "F", "M", "F"],
        }
    )
    assert clean.record.tolist() == [0, 1, 2, 3, 0, 3]
    assert clean.columns["surname"].texts().tolist() == ["SMITH", "JONES", "BROWN", None, "OKAFOR", "PATEL"]
    assert clean.columns["sex"].texts().tolist() == ["F", "F", "M", "F", "F", "F"]
    assert clean.record_ids.to_pylist() == ["0", "1", "2", "3"]
    assert report.fields["previous_surname"] == FieldQuality(valid=3, missing=1, invalid=0)


def test_an_alias_and_a_previous_surname_each_add_a_row() -> None:
    clean, _ = run(
        {
            "forename": ["Mary"],
            "surname": ["Smith"],
            "previous_surname": ["Okafor"],
            "alias_forename": ["Molly"],
        }
    )
    names = list(zip(clean.columns["forename"].texts(), clean.columns["surname"].texts(), strict=True))
    assert names == [("MARY", "SMITH"), ("MARY", "OKAFOR"), ("MOLLY", "SMITH")]
