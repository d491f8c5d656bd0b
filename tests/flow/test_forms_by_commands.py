"""Exact counts, rates, a series over time and a map by area: from the signed request to the files that the analyst opens, by commands alone."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import service.clock
from keys import sign_note
from keys.notes import split_note
from linkage.partner.tokens import statistics
from service.demonstration.cast import ANALYST, NOW
from service.errors import BAD_INPUT
from service.evidence import VOUCHED, digests_of
from service.officer.mapping_file import as_mapping

AREAS = {f"E{n:02d}": f"W{n // 2}" for n in range(8)} | {
    "W0": "north",
    "W1": "north",
    "W2": "south",
    "W3": "south",
}
ROWS = (
    "      lsoa: {says: small area of residence, class: C0, values: any, areas: county, gateways: [PCSC-s16, CDA-s115]}\n"
    "      arrested_on: {says: day of arrest, class: C3, subject: [suspect], states: fact, values: date, gateways: [PCSC-s16, CDA-s115]}\n"
)
DECLARED = f"areas:\n  county:\n    levels: [LSOA, ward, local-partnership]\n    within: {json.dumps(AREAS)}\n"
WHY = {"police.lsoa": "where violence concentrates", "police.arrested_on": "whether it is falling"}
WARDS = {"purpose": "hotspot-place-analysis", "form": "area-map", "area": "ward", "attributes": {"police.lsoa": WHY["police.lsoa"]}, "group_by": ["police.lsoa"]}  # fmt: skip
EXACT = {"purpose": "intervention-evaluation"}
RATE = {
    "form": "rate-table", "group_by": ["schools.suspended"],
    "population": [{"attribute": "police.arrested_violence", "op": "is", "values": ["yes"]}],
    "among": [{"attribute": "schools.suspended", "op": "in", "values": ["yes", "no"]}],
}  # fmt: skip


def series(by: str) -> dict[str, Any]:
    told = {"attribute": "police.arrested_on", "by": by, "first-year": 2025, "last-year": 2025}
    return {
        "form": "time-series",
        "attributes": {"police.arrested_on": WHY["police.arrested_on"]},
        "group_by": [],
        "series": told,
    }


def lsoa_of(n: int) -> str:
    """Five people live in E06, nobody in E07, and the others are spread over six areas."""
    return "E06" if n < 5 else f"E{n % 6:02d}"


def arrested_on(n: int) -> str:
    """A third of the people, seven or six or seven in each month of 2025, and a few in the year before."""
    if n % 3:
        return ""
    return "2024-06-15" if n < 12 else f"2025-{n // 3 % 12 + 1:02d}-15"


def submit(p: Any) -> None:
    """Police have a small area and a day of arrest besides."""
    home = p.home("police/officer")
    heading, *lines = p.export("police").read_text("utf-8").splitlines()
    told = [
        f"{heading},lsoa,arrested_on",
        *(f"{line},{lsoa_of(n)},{arrested_on(n)}" for n, line in enumerate(lines)),
    ]
    path = home / "longer.csv"
    path.write_text("\n".join(told), "utf-8")
    names = ("arrested_violence", "lsoa", "arrested_on")
    mapping = as_mapping(
        partner="police", record_id="ref", date_order="YMD", token_gateway="PCSC-s16",  # noqa: S106  the name of a gateway
        identifiers={"forename": "first name", "surname": "last name", "date_of_birth": "born"}, attributes={n: n for n in names},
        attribute_gateways=dict.fromkeys(names, "PCSC-s16"),
    )  # fmt: skip
    (home / "longer.yaml").write_text(mapping, "utf-8")
    shutil.rmtree(home / "sent")
    mine = (
        "--identity",
        home / "identity.key",
        "--secret",
        home / "project.secret",
        "--own",
        home / "own.secret",
    )
    p.well(
        p.run(
            "partner",
            "submit",
            path,
            "--mapping",
            home / "longer.yaml",
            *mine,
            "--shared",
            p.shared,
            "--out",
            home / "sent",
        )
    )


def altered(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def _county(_submitted: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    p = _submitted.copied(tmp_path_factory.mktemp("county") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.clock, "now", lambda: NOW)
        patch.setattr(statistics, "PAIRS", 500)
        patch.setattr("os.fsync", lambda _: None)
        altered(
            p.shared / "catalogue.yaml",
            ("      custody_episodes: {", f"{ROWS}      custody_episodes: {{"),
            ("derived:\n", f"{DECLARED}derived:\n"),
        )
        altered(
            p.shared / "policy.yaml", ("vpp-vocab@2", "vpp-vocab@3"), ("finest-area: ward}", "finest-area: ward, exact-counts: 8}"),
            ("  - id: EVAL-1", "  - id: EVAL-1"),
        )  # fmt: skip
        text = (p.shared / "policy.yaml").read_text("utf-8")
        start = text.index("  - id: EVAL-1")
        (p.shared / "policy.yaml").write_text(
            text[:start]
            + text[start:].replace("    obligations:\n", "    obligations:\n      exact-counts: 8\n", 1),
            "utf-8",
        )
        note = p.shared / "evidence.note"
        said = split_note(note.read_text("utf-8"))[0]
        for name, digest in digests_of(
            **{n: (p.shared / f).read_text("utf-8") for n, f in VOUCHED.items()}
        ).items():
            said = re.sub(rf"(  {name}: )[0-9a-f]{{64}}", rf"\g<1>{digest}", said)
        note.write_text(sign_note(said, by=p.people["secretariat/1"]), "utf-8")
        submit(p)
        for name in p.attributes:
            p.well(p.receive(p.sent(name), receipt=f"{name}.receipt"))
        p.well(p.link())
        p.well(p.assemble())
        p.agree()
    return p


@pytest.fixture
def county(_county: Any, tmp_path: Path, no_power_failure: None, set_clock: Callable[[datetime], None]) -> Any:
    """A project in which police know small areas and days of arrest, and one clause lets exact counts out; nothing was asked yet."""
    set_clock(NOW)
    return _county.copied(tmp_path / "county")


def asked(p: Any, number: int, **changes: Any) -> str:
    request_id = f"request-{number}"
    p.well(p.decide(p.request(request_id, **changes), request_id))
    return request_id


def opened(p: Any, request_id: str) -> dict[str, list[list[str]]]:
    """The release of a request, handed over and opened: its files of CSV, and what the others say."""
    before = set((p.folder / "out").glob("*")) if (p.folder / "out").exists() else set()
    p.well(p.release(*p.keeper, request_id=request_id))
    (folder,) = set((p.folder / "out").iterdir()) - before
    p.well(p.open(folder, out=request_id))
    return {
        f.name: list(csv.reader(f.read_text("utf-8").splitlines()))
        for f in (p.folder / request_id).glob("*.csv")
    }


def metadata(p: Any, request_id: str) -> Any:
    return json.loads((p.folder / request_id / "metadata.json").read_text("utf-8"))


def note(p: Any, request_id: str) -> str:
    return str((p.folder / request_id / "note.txt").read_text("utf-8"))


def test_exact_counts_leave_where_the_floors_and_the_clause_say_so(county: Any) -> None:
    p = county
    heading, *lines = opened(p, asked(p, 1, **EXACT))["table.csv"]
    assert heading == ["schools.suspended", "police.arrested_violence", "count"]
    shown = {tuple(line[:2]): int(line[2]) for line in lines}
    # Both partners know 160 people, police alone 80 and schools alone 80; every second is arrested, of every three two are suspended.
    assert shown["All", "All"] == 320
    assert shown["All", "yes"] == 120
    both = [n for n in range(80, 240) if n % 3]
    assert shown["yes", "yes"] == sum(n % 2 for n in both)
    assert any(count % 5 for count in shown.values())
    told = metadata(p, "request-1")["rule"]
    assert (told["mode"], told["suppress"], told["round_to"], told["totals"]) == (
        "exact",
        7,
        1,
        "exact, or hidden",
    )
    assert "Other counts, and totals, are exact." in note(p, "request-1")
    assert "rounded" not in note(p, "request-1")
    # The same request for a purpose whose clause does not say so is rounded, and the two are attacked together.
    rounded = opened(p, asked(p, 2))["table.csv"]
    assert all(int(line[-1]) % 5 == 0 for line in rounded[1:] if line[-1].isdecimal())
    assert metadata(p, "request-2")["rule"]["mode"] == "rounded"


def test_rates_are_made_of_two_printed_tables_and_both_are_kept(county: Any) -> None:
    p = county
    heading, *lines = opened(p, asked(p, 1, **RATE))["table.csv"]
    assert heading == ["schools.suspended", "count", "of", "per_1000"]
    for _, count, of, rate in lines:
        assert float(rate) == pytest.approx(1000 * int(count) / int(of), abs=0.0501)
        assert int(count) % 5 == int(of) % 5 == 0
    rows = pq.read_table(p.folder / "request-1" / "table.parquet").to_pylist()
    assert [row["per_1000"] for row in rows] == [float(line[3]) for line in lines]
    assert "Rates are per 1,000 of these people:" in note(p, "request-1")
    # Of whom the rate is told was described: fewer people less may not be asked for any more.
    made = p.events("desk/1")[-1]
    assert (made.kind, made.details["cells"]) == ("release-made", 4)


def test_a_series_over_time_counts_first_events_and_is_read_with_its_other_periods(county: Any) -> None:
    p = county
    heading, *lines = opened(p, asked(p, 1, **series("quarter")))["table.csv"]
    assert heading == ["police.arrested_on first-on", "count"]
    expected = Counter(
        f"2025-Q{(int(day[5:7]) + 2) // 3}" for day in map(arrested_on, range(240)) if day.startswith("2025")
    )
    assert [line[0] for line in lines] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2025", "All"]
    assert {q: (n + 2) // 5 * 5 for q, n in expected.items()} == {line[0]: int(line[1]) for line in lines[:4]}
    assert (
        "Each is counted by quarter, at the first “day of arrest”, if that was in the years 2025 to 2025."
        in note(p, "request-1")
    )
    # Three months of about six people, each hidden, make a quarter of about nineteen: none of them can be below four.
    told = p.release(*p.keeper, request_id=asked(p, 2, **series("month")))
    assert (told.code, "could narrow down hidden cells" in told.err) == (BAD_INPUT, True), told.err
    # By years the same people leave once more.
    assert opened(p, asked(p, 3, **series("year")))["table.csv"][1][0] == "2025"


def test_a_map_shows_wards_and_districts_and_tells_hidden_from_zero(county: Any) -> None:
    p = county
    files = opened(p, asked(p, 1, **WARDS))
    assert files["map.csv"][0] == ["area", "level", "state", "count"]
    found = {line[0]: line[1:] for line in files["map.csv"][1:]}
    assert {code: its[0] for code, its in found.items()} == {
        **{f"W{n}": "ward" for n in range(4)}, "north": "local-partnership", "south": "local-partnership",
    }  # fmt: skip
    assert found["W3"] == ["ward", "hidden", ""]
    assert found["W0"][1] == "shown"
    assert int(found["north"][2]) == int(found["W0"][2]) + int(found["W1"][2])
    assert not re.search(r"E0[0-9]", json.dumps(files))
    assert files["table.csv"][-1][0] == "All"
    assert "a row for each area's code" in note(p, "request-1")


def test_what_a_form_is_made_of_has_to_be_said(county: Any) -> None:
    p = county
    lacking = [
        {k: v for k, v in series("month").items() if k != "series"}
        | {"attributes": {"police.lsoa": "x"}, "group_by": ["police.lsoa"]},
        {k: v for k, v in RATE.items() if k != "among"},
        WARDS | {"attributes": {"police.age_band": "x"}, "group_by": ["police.age_band"]},
        {"form": "flag-count"},
    ]
    says = [
        "a series over time needs",
        "a table of rates needs",
        "a map is grouped first by",
        "a single count is divided by nothing",
    ]
    for number, (changes, why) in enumerate(zip(lacking, says, strict=True), 1):
        told = p.release(*p.keeper, request_id=asked(p, number, **changes))
        assert (told.code, why in told.err) == (BAD_INPUT, True), told.err
    check = ("--identity", p.key(ANALYST), "--shared", p.shared, "--root", p.root)
    told = p.run("analyst", "check", p.folder / "request-2.yaml", *check)
    assert "Nothing can be counted yet: a table of rates needs" in told.out
