"""Two extracts of the same people cannot be joined, and one tells no more of anybody than it was meant to."""

import csv
import io
import json
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from keys import BadSeal, Identity, open_sealed
from keys.trust import Entry
from linkage.central.assembly.weakest import NOT_SAID
from linkage.central.cohort import link_bands
from policies.disclosure import Unsafe
from service.checker.votes import cast_output_vote, read_prepared
from service.custody.recipient import spine_context
from service.demonstration.cast import SINCE
from service.desk.checks import SHEET_FILE, seal_vote, take_vote
from service.desk.checks_state import Checks
from service.desk.package import opened_by
from service.desk.people import open_described
from service.errors import OutOfOrder
from service.release import Release, Waiting, let_out, open_release

MADE = {n: Identity.make(n, randomness=np.random.default_rng([78, i]).bytes) for i, n in enumerate(("checker/1", "checker/2", "secure/1", "secure/2"))}  # fmt: skip
COLUMNS = [
    "police.age_band",
    "police.area",
    "schools.free_school_meals",
    "schools.suspended",
    "police.arrested_violence",
]


def entry(name: str, organisation: str, *roles: str) -> Entry:
    return Entry(MADE[name].public, organisation, frozenset(roles), SINCE)


CHECKERS = (entry("checker/1", "council", "output-checker"), entry("checker/2", "nhs", "output-checker"))
SECURE = entry("secure/1", "host", "secure-environment")


def prepared(office: Any, request_id: str, *, columns: list[str] = COLUMNS, **changes: Any) -> Any:
    """The opened files of an extract that waits for its checkers, and the sheet for them."""
    shape = {
        "form": "pseudonymised-extract",
        "attributes": dict.fromkeys(columns, "needed"),
        "group_by": columns,
    }
    office.asked(request_id, purpose="research", **(shape | changes))
    waiting = let_out(request_id, by=office.analyst.public, desk=office.desk)
    assert isinstance(waiting, Waiting)
    files = Checks(office.desk.state).files(waiting.id)
    opened = opened_by(files, by=office.desk.identity, one=office.desk.one, place=("prepared", waiting.id))
    return opened, json.loads(opened.pop(SHEET_FILE))


def let_go(office: Any, request_id: str) -> dict[str, bytes]:
    """The opened files of the extract that was prepared, after two checkers approved."""
    desk, by = office.desk, office.analyst.public
    kept = Checks(desk.state).prepared(request_id)
    assert kept is not None
    on = read_prepared(kept.statement, trust=desk.verified().trust)
    for name in ("checker/1", "checker/2"):
        note = cast_output_vote(on, verdict="approve", reasons=[], because="", by=MADE[name], now=office.now)
        vote = seal_vote(note, release_id=kept.release, to=desk.identity.public, one=desk.one)
        take_vote(vote, request_id=request_id, desk=desk)
    made = let_out(request_id, by=by, desk=desk)
    assert isinstance(made, Release)
    with pytest.raises(BadSeal):
        open_release(made.files, release_id=made.id, one=desk.one, by=office.analyst)
    return open_release(made.files, release_id=made.id, one=desk.one, by=MADE["secure/1"])


@pytest.fixture
def secured(office: Any) -> Any:
    """The office with two checkers and a secure environment."""
    office.reissue(version=2, add=(*CHECKERS, SECURE))
    return office


def frame(files: dict[str, bytes]) -> pd.DataFrame:
    return pq.read_table(io.BytesIO(files["rows.parquet"])).to_pandas()


def test_two_extracts_of_the_same_people_have_no_pseudonym_in_common_and_are_judged_safe_by_another(
    secured: Any,
) -> None:
    anonymity = pytest.importorskip("pycanon.anonymity", reason="pyCANON is not installed here")
    (first, sheet), (second, _) = (
        prepared(secured, "request-9"),
        prepared(secured, "request-10", use_until="2027-03-01"),
    )
    one, two = frame(first), frame(second)
    assert len(one) == len(two) > 500
    assert not set(one["pseudonym"]) & set(two["pseudonym"])
    # The order is that of the pseudonyms, so that no row of one stands where it stood in the other.
    assert list(one["pseudonym"]) == sorted(one["pseudonym"])
    same = (one[COLUMNS].to_numpy() == two[COLUMNS].to_numpy()).all(axis=1).mean()
    assert same < 0.9
    # Nothing that the spine or a partner calls a person is in it.
    text = first["rows.csv"].decode() + first["metadata.json"].decode() + first["note.txt"].decode()
    assert not secured_people(secured) & set(text.replace("\r\n", ",").split(","))
    assert anonymity.k_anonymity(one, COLUMNS[:3]) >= 10
    assert anonymity.l_diversity(one, COLUMNS[:3], COLUMNS[3:]) >= 2
    metadata = json.loads(first["metadata.json"])
    assert metadata["rule"]["k"] >= 10
    assert [c["role"] for c in metadata["columns"]] == ["quasi-identifier"] * 3 + ["sensitive"] * 2
    assert metadata["rows"] == len(one)
    assert sheet["people"] - sheet["left_out"] == len(one)
    assert list(csv.reader(io.StringIO(first["rows.csv"].decode())))[1:] == one.astype(str).to_numpy().tolist()


def secured_people(office: Any) -> set[str]:
    """Every person's id in the spine, found with the custodian's own key as no attacker could."""
    sealed = (office.places.centre / "spine.sealed").read_bytes()
    opened = open_sealed(sealed, by=office.cast.people["custodian/1"], context=spine_context(office.desk.one))
    return set(link_bands(opened))


def test_how_surely_a_person_was_linked_goes_with_the_row_and_no_size_goes_into_the_log(secured: Any) -> None:
    before, sheet = prepared(secured, "request-9")
    files = let_go(secured, "request-9")
    assert {name: files[name] for name in before} == before
    bands = frame(files)["linkage_band"].value_counts()
    assert set(bands.index) <= {"sure", "likely", "weak", "one record", NOT_SAID}
    assert {"sure", "one record"} <= set(bands.index)
    assert b"Repeat an analysis without the weak ones" in files["note.txt"]
    made = list(secured.desk.state.log.events())[-1]
    assert made.kind == "release-made"
    assert not {"cells", "hidden", "rows"} & made.details.keys()
    told = json.loads(files["metadata.json"])["left_out"]
    assert told == ("fewer than 10" if sheet["left_out"] < 10 else f"about {sheet['left_out'] // 10 * 10}")


@pytest.mark.parametrize(
    "entries",
    [(), (SECURE, entry("secure/2", "host", "secure-environment")), (entry("secure/1", "host", "secure-environment", "data-officer"),)],
    ids=["none", "two", "one with another role"],
)  # fmt: skip
def test_rows_go_to_the_one_secure_environment_or_nowhere(office: Any, entries: tuple[Entry, ...]) -> None:
    office.reissue(version=2, add=(*CHECKERS, *entries))
    office.asked(
        purpose="research",
        form="pseudonymised-extract",
        attributes=dict.fromkeys(COLUMNS, "needed"),
        group_by=COLUMNS,
    )
    before = office.trace()
    with pytest.raises(OutOfOrder, match="has not exactly one secure-environment"):
        let_out("request-9", by=office.analyst.public, desk=office.desk)
    assert office.trace() == before


def test_a_table_of_the_same_clause_goes_to_the_secure_environment_too(secured: Any) -> None:
    opened, _ = prepared(secured, "request-9", columns=["schools.suspended"], form="aggregate-table")
    assert json.loads(opened["metadata.json"])["sealed_to"] == "secure/1"


def test_two_extracts_with_different_columns_that_few_people_share_are_not_both_released(secured: Any) -> None:
    """By age ten people look alike in the one, by area ten in the other; by both together, which whoever holds both can use, fewer do."""
    by_age, by_area = ["police.age_band", "schools.suspended"], ["police.area", "schools.suspended"]
    prepared(secured, "request-9", columns=by_age)
    let_go(secured, "request-9")
    with pytest.raises(Unsafe, match=r"people in both look alike by police\.age_band, police\.area"):
        prepared(secured, "request-10", columns=by_area)
    assert list(secured.desk.state.log.events())[-1].details["reasons"] == "disclosure-rules"
    # The columns that left already tell nobody apart any further, and neither does an extract about nothing that others know.
    prepared(secured, "request-11", columns=[*by_age, "police.arrested_violence"])
    prepared(secured, "request-12", columns=["schools.suspended"])
    # Who looks alike is kept sealed, and stands in no other file of the desk.
    *_, (name, sealed) = secured.desk.state.cohorts().items()
    kept = open_described(sealed, name, secured.desk)
    assert kept.joins is not None
    assert kept.joins.columns == ("police.age_band",)
    assert min(Counter(kept.joins.group_of.values()).values()) >= 10
    person = next(iter(kept.joins.group_of)).encode()
    assert not any(person in file.read_bytes() for file in secured.places.centre.glob("office.db*"))


def test_rates_that_checkers_approved_leave_as_two_tables_with_both_cohorts(secured: Any) -> None:
    """What waited is attacked again with both of its tables, and the people of each are compared with whoever is asked for later."""
    yes = [{"attribute": "police.arrested_violence", "op": "is", "values": ["yes"]}]
    known = [{"attribute": "schools.suspended", "op": "in", "values": ["yes", "no"]}]
    columns = ["schools.suspended", "police.arrested_violence"]
    shape = {"form": "rate-table", "group_by": [], "population": yes}
    opened, sheet = prepared(secured, "request-9", columns=columns, among=known, **shape)
    heading, *lines = csv.reader(io.StringIO(opened["table.csv"].decode()))
    assert heading == ["count", "of", "per_1000"]
    assert sheet["counts"] == [sheet["people"]]
    assert sheet["among"]["counts"] == [sheet["among"]["people"]]
    files = let_go(secured, "request-9")
    assert files["table.csv"] == opened["table.csv"]
    *_, (name, sealed) = secured.desk.state.cohorts().items()
    kept = open_described(sealed, name, secured.desk)
    assert kept.among is not None
    assert kept.people < kept.among
    assert (len(kept.people), len(kept.among)) == (sheet["people"], sheet["among"]["people"])
    ledger = [entry.name for entry in secured.desk.state.ledger().entries if entry.release == name]
    assert ledger == [name, f"{name} (table 2)"]
    assert abs(int(lines[0][1]) - len(kept.among)) <= 2


def test_a_few_people_are_no_extract(secured: Any) -> None:
    few = [{"attribute": "police.age_band", "op": "is", "values": ["0-9"]}, {"attribute": "schools.suspended", "op": "is", "values": ["yes"]}]  # fmt: skip
    secured.asked(
        purpose="research", form="pseudonymised-extract", attributes=dict.fromkeys(COLUMNS, "needed"), group_by=COLUMNS, population=few
    )  # fmt: skip
    with pytest.raises(Unsafe):
        let_out("request-9", by=secured.analyst.public, desk=secured.desk)
    assert list(secured.desk.state.log.events())[-1].details["reasons"] == "disclosure-rules"
