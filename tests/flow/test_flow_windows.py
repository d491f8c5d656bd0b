"""Dated attributes from the agencies' sealed columns to a released table: who was arrested within a year after an exclusion."""

import dataclasses
import datetime
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from keys import open_sealed, sign_note
from keys.columns import unwrap_column_key, wrap_column_key
from linkage.attributes import read_attributes
from linkage.central.cohort import read_spine
from linkage.central.receive import read_signed_manifest
from linkage.manifest import ATTRIBUTES_NAME, MANIFEST_NAME
from policies.disclosure import Unsafe
from service.custody.recipient import spine_context
from service.demonstration.cast import NOW, evidence
from service.demonstration.stage import documents_of
from service.evidence import EVIDENCE_FORMAT, VOUCHED, digests_of
from service.release import ask, open_release, release
from service.shared import read_project
from tests.in_one_portion import write_attributes

ROWS = {
    "schools": "excluded_on: {says: day of exclusion from school, class: C3, flags: [under_18], values: date, gateways: [PCSC-s16, CDA-s115]}",
    "police": "arrested_on: {says: day of arrest, class: C3, subject: [suspect], states: fact, values: date, gateways: [PCSC-s16, CDA-s115]}",
}
BEFORE = {"schools": "      suspended: {", "police": "      custody_episodes: {"}
NAMES = {"schools": "excluded_on", "police": "arrested_on"}
ATTRIBUTES = {
    "schools.excluded_on": "the event that help could follow",
    "police.arrested_on": "what help is meant to prevent",
    "schools.free_school_meals": "where help is needed",
}


def window(days: int, op: str = "within-days-after") -> dict[str, Any]:
    return {"attribute": "police.arrested_on", "op": op, "of": "schools.excluded_on", "days": days}


def days_of(partner: str, refs: list[bytes]) -> list[str | None]:
    """Made-up days: exclusions in the first half of 2024, arrests in the two years from then, and nothing for some."""
    first = datetime.date(2024, 1, 1)
    out: list[str | None] = []
    for ref in refs:
        drawn = int.from_bytes(hashlib.sha256(partner.encode() + ref).digest()[:4], "big")
        span = 180 if partner == "schools" else 730
        out.append(None if drawn % 5 == 0 else str(first + datetime.timedelta(days=drawn % span)))
    return out


def add_column(
    office: Any, partner: str, values: Callable[[str, list[bytes]], list[str | None]]
) -> pd.DataFrame:
    """The partner's submission at the desk, with one more column that its officer sealed and signed for."""
    folder: Path = office.places.centre / "desk" / partner
    keeper = office.cast.people["custodian/1"]
    manifest = read_signed_manifest(folder, trust=read_project(office.shared).trust, now=NOW)
    table = read_attributes(
        (folder / ATTRIBUTES_NAME).read_bytes(),
        columns=sorted(manifest.attributes),
        unwrap=lambda wrapped, key_id: unwrap_column_key(wrapped, key_id=key_id, by=keeper).expose(),
    )
    refs = table.column("record_ref").to_pylist()
    days = values(partner, refs)
    table = table.append_column(NAMES[partner], pa.array(days, pa.string()))
    content = write_attributes(
        table,
        one=office.desk.one,
        partner=partner,
        wrap=lambda key, key_id: wrap_column_key(key, key_id=key_id, to=keeper.public),
    )
    (folder / ATTRIBUTES_NAME).write_bytes(content)
    files = tuple(
        dataclasses.replace(f, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        if f.name == ATTRIBUTES_NAME
        else f
        for f in manifest.files
    )
    altered = dataclasses.replace(
        manifest, files=files, attributes={**manifest.attributes, NAMES[partner]: "PCSC-s16"}
    )
    officer = office.cast.people[f"{partner}/officer"]
    (folder / MANIFEST_NAME).write_text(sign_note(altered.text(), by=officer), encoding="utf-8")
    return pd.DataFrame({"partner": partner, "record_ref": refs, "day": days})


def with_dates(office: Any, values: Callable[[str, list[bytes]], list[str | None]] = days_of) -> pd.DataFrame:
    """Both agencies offer and submit a day; the secretariat vouches for the longer catalogue. Every day with its person."""
    path = office.shared / VOUCHED["catalogue"]
    text = path.read_text("utf-8")
    for partner, row in ROWS.items():
        text = text.replace(BEFORE[partner], f"      {row}\n{BEFORE[partner]}", 1)
    path.write_text(text, encoding="utf-8")
    policy, facts = documents_of(office.shared)
    vouched = digests_of(**{name: (office.shared / file).read_text("utf-8") for name, file in VOUCHED.items()})
    record = evidence(facts, clauses=tuple(c.id for c in policy.clauses), documents=vouched)
    note = sign_note(f"{EVIDENCE_FORMAT}\n{record}", by=office.cast.people["secretariat/1"])
    (office.shared / "evidence.note").write_text(note, encoding="utf-8")
    days = pd.concat([add_column(office, partner, values) for partner in ROWS])
    sealed = (office.places.centre / "spine.sealed").read_bytes()
    spine = read_spine(
        open_sealed(sealed, by=office.cast.people["custodian/1"], context=spine_context(office.desk.one))
    )
    people = pd.DataFrame({name: spine.column(name).to_pylist() for name in spine.column_names})
    return days.merge(people, on=["partner", "record_ref"]).assign(day=lambda rows: pd.to_datetime(rows["day"]))


def inside(days: pd.DataFrame, *, least: int, most: int) -> set[str]:
    """Who has an arrest so many days after the earliest exclusion; by another way than the product's."""
    first = days[days["partner"] == "schools"].groupby("person_id")["day"].min()
    arrests = days[days["partner"] == "police"].dropna(subset=["day"])
    apart = (arrests["day"] - arrests["person_id"].map(first)).dt.days
    return set(arrests[(apart >= least) & (apart <= most)]["person_id"])


def let_out(office: Any, number: int, *population: Any) -> Any:
    request = office.request(
        attributes=ATTRIBUTES, population=list(population), group_by=["schools.free_school_meals"]
    )
    assert ask(request, request_id=f"request-{number}", desk=office.desk).allowed
    return release(f"request-{number}", by=office.analyst.public, desk=office.desk)


def test_people_are_counted_by_what_happened_within_a_year(office: Any) -> None:
    days = with_dates(office)
    expected = inside(days, least=0, most=365)
    assert len(expected) >= 20
    made = let_out(office, 9, window(365))
    assert made.people == len(expected)
    opened = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.analyst)
    assert opened["table.csv"].startswith(b"schools.free_school_meals,count\r\n")
    assert b"up to 365 days after the first" in opened["note.txt"]
    restriction = made.safe.published.layout.restrictions[0]
    assert restriction.dimension == "police.arrested_on within-days-after schools.excluded_on"


def test_no_day_leaves_the_desk(office: Any) -> None:
    days = with_dates(office)
    made = let_out(office, 9, window(365))
    opened = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.analyst)
    written = {str(day.date()) for day in days["day"].dropna()}
    shown = set(re.findall(rb"2024-[0-9]{2}-[0-9]{2}", b"".join(opened.values())))
    assert not {day.decode() for day in shown} & written


@pytest.mark.parametrize(
    "changes",
    [
        {"group_by": ["police.arrested_on"]},
        {"population": [{"attribute": "police.arrested_on", "op": "is", "values": ["2024-05-01"]}]},
        {"population": []},
    ],
)
def test_a_day_is_never_shown_compared_or_asked_for_without_a_window(
    office: Any, changes: dict[str, Any]
) -> None:
    with_dates(office)
    body = {
        "attributes": ATTRIBUTES,
        "population": [window(365)],
        "group_by": ["schools.free_school_meals"],
    } | changes
    decision = ask(office.request(**body), request_id="request-9", desk=office.desk)
    assert not decision.allowed
    assert "date-shown" in {reason.code for reason in decision.reasons}


def test_two_windows_that_few_people_lie_between_are_not_both_described(office: Any) -> None:
    """One arrest in ten comes later than half a year after the exclusion, and within a year."""

    def nearly_all_early(partner: str, refs: list[bytes]) -> list[str | None]:
        if partner == "schools":
            return ["2024-01-01" for _ in refs]
        return ["2024-12-01" if hashlib.sha256(ref).digest()[0] < 25 else "2024-03-01" for ref in refs]

    days = with_dates(office, nearly_all_early)
    between = inside(days, least=0, most=365) - inside(days, least=0, most=182)
    assert 0 < len(between) < 10
    let_out(office, 9, window(365))
    with pytest.raises(Unsafe, match="could be subtracted"):
        let_out(office, 10, window(182))


def test_a_column_of_something_else_than_days_stops_the_release(office: Any) -> None:
    with_dates(office, lambda _, refs: ["1 May 2024" for _ in refs])
    request = office.request(
        attributes=ATTRIBUTES, population=[window(365)], group_by=["schools.free_school_meals"]
    )
    assert ask(request, request_id="request-9", desk=office.desk).allowed
    with pytest.raises(Exception, match="are no days written as 2026-12-01"):
        release("request-9", by=office.analyst.public, desk=office.desk)
    assert list(office.desk.state.log.events())[-1].details["reasons"] == "bad-submission"
