"""A data officer maps an export: by answering questions, or with options alone. What is written serves, and shows no value."""

import os
import sqlite3
from pathlib import Path
from typing import Annotated

import openpyxl
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from linkage.errors import BadInput
from linkage.partner.sources.opened import open_source
from linkage.partner.suggestions.suggest import suggest_mapping
from linkage.people import AgencyFile, World, make_world
from service.officer.mapping import Given, run
from service.officer.mapping_file import SourceOptions, read_mapping

CATALOGUE = Path(__file__).resolve().parents[2] / "policies" / "library" / "catalogue.yaml"

app = typer.Typer()


@app.command("map")
def map_(
    file: Path,
    out: Annotated[Path | None, typer.Option()] = None,
    partner: Annotated[str | None, typer.Option()] = None,
    gateway: Annotated[str | None, typer.Option()] = None,
    record_id: Annotated[str | None, typer.Option()] = None,
    sets: Annotated[list[str] | None, typer.Option("--set")] = None,
    attributes: Annotated[list[str] | None, typer.Option("--attribute")] = None,
    date_orders: Annotated[list[str] | None, typer.Option("--date-order")] = None,
    pivots: Annotated[list[str] | None, typer.Option("--century-pivot")] = None,
    sheet: Annotated[str | None, typer.Option()] = None,
    table: Annotated[str | None, typer.Option()] = None,
    shared: Annotated[Path | None, typer.Option()] = None,
    yes: Annotated[bool, typer.Option("--yes")] = False,
    asks: Annotated[bool, typer.Option("--ask")] = False,
) -> None:
    given = Given(
        partner,
        gateway,
        record_id,
        tuple(sets or ()),
        tuple(attributes or ()),
        tuple(date_orders or ()),
        tuple(pivots or ()),
        yes,
    )
    try:
        typer.echo(
            run(
                file, out=out, given=given, options=SourceOptions(sheet=sheet, table=table), ask=typer.prompt if asks else None,
                say=typer.echo, environment=os.environ, shared=shared,
            )
        )  # fmt: skip
    except BadInput as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(10) from None


def called(*words: object, answers: str = "") -> Result:
    result = CliRunner().invoke(app, [str(w) for w in words], input=answers or None)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(people=1_500, seed=1)


def exported(agency: AgencyFile, folder: Path) -> Path:
    path = folder / f"{agency.name}.csv"
    agency.frame.to_csv(path, index=False)
    return path


def agency(world: World, name: str) -> AgencyFile:
    return next(a for a in world.agencies if a.name == name)


def shows_a_value(text: str, one: AgencyFile) -> list[str]:
    hidden = (one.record_id, *(c for i, c in one.identifiers.items() if i not in ("sex", "town")))
    values = {str(v) for c in hidden for v in one.frame[c].dropna() if len(str(v)) > 5}
    return [v for v in values if v in text]


@pytest.mark.parametrize("name", ["police", "nhs", "schools", "youth-offending", "council"])
def test_every_made_up_agency_is_mapped_rightly_without_a_word_of_help(
    world: World, tmp_path: Path, name: str
) -> None:
    one = agency(world, name)
    path = exported(one, tmp_path)
    result = called(path, "--yes", "--partner", name, "--gateway", "PCSC-s16")
    assert result.exit_code == 0, result.stderr
    written = (tmp_path / f"{name}.mapping.yaml").read_text("utf-8")
    mapping = read_mapping(tmp_path / f"{name}.mapping.yaml")
    assert mapping.identifiers == one.identifiers
    assert mapping.record_id == one.record_id
    assert mapping.date_orders == {one.identifiers["date_of_birth"]: one.date_order}
    assert mapping.century_pivot == {}
    assert shows_a_value(result.stdout + written, one) == []
    with open_source(path) as source:
        mapping.columns().check(list(source.columns), file=path.name)
        suggestion = suggest_mapping(source)
    assert set(suggestion.attributes) <= set(one.attributes)


def test_small_agencies_are_mapped_rightly_too(tmp_path: Path) -> None:
    for one in make_world(people=300, seed=1).agencies:
        if len(one.frame):
            with open_source(exported(one, tmp_path)) as source:
                found = suggest_mapping(source)
            assert found.identifiers == one.identifiers, one.name
            assert found.record_id == one.record_id
            assert found.dates(one.identifiers["date_of_birth"]).order == one.date_order


def test_a_session_of_questions_writes_what_was_answered(world: World, tmp_path: Path) -> None:
    one = agency(world, "police")
    path = exported(one, tmp_path)
    answers = [
        "shoe=town", "town=", "middle_name=absent", "", "dob", "", "YMD", "dmy", "police", "PCSC-s16", "x=absent=y",
        "custody=custody_episodes=CDA-s115", "victim_violence", "",
    ]  # fmt: skip
    result = called(path, "--ask", answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.stdout
    for said in (
        "'shoe' is no identifier", "no column 'absent'", "column 'dob' is no record id", "it is not written in the order YMD",
        "DMY reads 100 %", "Attributes that could go along: arrested_violence, victim_violence", "wrote police.mapping.yaml",
    ):  # fmt: skip
        assert said in result.stdout
    mapping = read_mapping(tmp_path / "police.mapping.yaml")
    assert mapping.identifiers == {i: c for i, c in one.identifiers.items() if i != "town"}
    assert (mapping.record_id, mapping.date_orders) == ("nominal_ref", {"dob": "DMY"})
    assert mapping.attributes == {"custody": "custody_episodes", "victim_violence": "victim_violence"}
    assert mapping.attribute_gateways == {"custody": "CDA-s115", "victim_violence": "PCSC-s16"}
    assert (mapping.partner, mapping.token_gateway, mapping.source.encoding) == ("police", "PCSC-s16", "utf-8")
    written = (tmp_path / "police.mapping.yaml").read_text("utf-8")
    assert "surname: family_name " in written
    assert "# the header says so; " in written
    assert "#   town: " in written
    assert shows_a_value(result.stdout + written, one) == []


def test_nothing_is_written_without_answers_or_a_yes(world: World, tmp_path: Path) -> None:
    result = called(exported(agency(world, "schools"), tmp_path))
    assert result.exit_code == 0
    assert "LegalSurname" in result.stdout
    assert "Nothing is written" in result.stdout
    assert not list(tmp_path.glob("*.yaml"))


def test_a_mapping_that_is_there_is_never_overwritten(world: World, tmp_path: Path) -> None:
    path = exported(agency(world, "schools"), tmp_path)
    (tmp_path / "schools.mapping.yaml").write_text("mine\n")
    result = called(path, "--yes", "--partner", "schools", "--gateway", "PCSC-s16")
    assert (result.exit_code, (tmp_path / "schools.mapping.yaml").read_text()) == (10, "mine\n")
    assert "schools.mapping.yaml is there already" in result.stderr
    assert (
        called(
            path, "--yes", "--partner", "schools", "--gateway", "PCSC-s16", "--out", tmp_path / "b.yaml"
        ).exit_code
        == 0
    )


def test_what_is_still_to_be_said_is_listed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "case_id;surname;dob\n" + "".join(f"{i // 2};Smith;0{i % 9 + 1}/02/85\n" for i in range(40))
    )
    result = called(path, "--yes")
    assert result.exit_code == 10
    for said in (
        "your organisation (--partner)", "the legal gateway of the tokens (--gateway)", "the column of record ids; none has a value of its own",
        "dates read in DMY or MDY (--date-order dob=DMY)", "has years in two digits (--century-pivot dob=YEAR)",
    ):  # fmt: skip
        assert said in result.stderr
    assert not list(tmp_path.glob("*.yaml"))


def test_years_in_two_digits_are_asked_about_and_their_century_written(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "case_id,surname,dob\n" + "".join(f"{i},Smith,{i % 28 + 1:02}/02/{i + 20:02}\n" for i in range(60))
    )
    result = called(path, "--ask", answers="\n\n\n26\n2026\nyos\nPCSC-s16\n\n")
    assert result.exit_code == 0, result.stdout
    assert "60 years in dob have two digits" in result.stdout
    assert "the latest year is one from 1999 to 2099" in result.stdout
    assert read_mapping(tmp_path / "x.mapping.yaml").century_pivot == {"dob": 2026}
    assert "# years in two digits: 26 is 2026, 27 is 1927" in (tmp_path / "x.mapping.yaml").read_text()
    options = ("--yes", "--partner", "yos", "--gateway", "g", "--out", tmp_path / "b.yaml")
    assert called(path, *options, "--century-pivot", "dob=2026", "--date-order", "DMY").exit_code == 0
    assert read_mapping(tmp_path / "b.yaml") == read_mapping(tmp_path / "x.mapping.yaml").model_copy(
        update={"token_gateway": "g"}
    )
    assert (
        "'seen' is not mapped as dates of birth"
        in called(path, *options[:-1], tmp_path / "c.yaml", "--date-order", "seen=DMY").stderr
    )


def test_options_set_leave_out_and_name_what_suggestions_do_not(world: World, tmp_path: Path) -> None:
    path = exported(agency(world, "council"), tmp_path)
    result = called(
        path, "--yes", "--partner", "council", "--gateway", "CDA-s115", "--set", "town=", "--set", "alias_surname=PreviousSurname",
        "--record-id", "client_no", "--date-order", "BirthDate=DMY", "--attribute", "plan=protection_plan=CDA-s115",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    mapping = read_mapping(tmp_path / "council.mapping.yaml")
    assert {"town", "previous_surname"} & set(mapping.identifiers) == set()
    assert mapping.identifiers["alias_surname"] == "PreviousSurname"
    assert mapping.attributes == {"plan": "protection_plan"}
    for wrong, saying in (
        (("--set", "surname=nobody"), "no column 'nobody'; it has client_no"),
        (("--record-id", "Surname"), "column 'Surname' is no record id"),
        (("--attribute", "plan="), "write an attribute as NAME=COLUMN=GATEWAY"),
        (("--date-order", "YMD"), "it is not written in the order YMD"),
    ):
        assert saying in called(path, "--yes", "--out", tmp_path / "b.yaml", *wrong).stderr


def test_the_projects_catalogue_says_which_attributes_go_along(world: World, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "catalogue.yaml").write_text(CATALOGUE.read_text("utf-8"))
    path = exported(agency(world, "schools"), tmp_path)
    options = ("--yes", "--partner", "schools", "--gateway", "PCSC-s16", "--shared", tmp_path / "shared")
    assert called(path, *options).exit_code == 0
    mapping = read_mapping(tmp_path / "schools.mapping.yaml")
    assert "suspended" in mapping.attributes
    assert set(mapping.attribute_gateways) == set(mapping.attributes)
    refused = called(path, *options, "--out", tmp_path / "b.yaml", "--attribute", "shoes=area=PCSC-s16")
    assert "'shoes' is not among schools's attributes in the catalogue" in refused.stderr


def test_a_spreadsheet_a_database_and_an_old_encoding_are_mapped_with_how_they_are_read(tmp_path: Path) -> None:
    rows = [["ref", "Surname", "D.O.B."], *([f"r{i}", "Müller", f"{i + 1:02}/03/1980"] for i in range(31))]
    book = openpyxl.Workbook()
    sheet = book.create_sheet("People")
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    connection = sqlite3.connect(tmp_path / "b.db")
    connection.execute('CREATE TABLE people ("ref", "Surname", "D.O.B.")')
    connection.executemany("INSERT INTO people VALUES (?, ?, ?)", rows[1:])
    connection.commit()
    connection.close()
    (tmp_path / "c.csv").write_bytes("\r\n".join(";".join(row) for row in rows).encode("cp1252"))
    options = ("--yes", "--partner", "p", "--gateway", "g")
    assert called(tmp_path / "a.xlsx", *options, "--sheet", "People").exit_code == 0
    assert called(tmp_path / "b.db", *options, "--table", "people").exit_code == 0
    assert called(tmp_path / "c.csv", *options).exit_code == 0
    found = {n: read_mapping(tmp_path / f"{n}.mapping.yaml") for n in "abc"}
    assert {n: m.source.model_dump(exclude_none=True) for n, m in found.items()} == {
        "a": {"sheet": "People"}, "b": {"table": "people"}, "c": {"encoding": "cp1252"},
    }  # fmt: skip
    assert {tuple(m.identifiers.items()) for m in found.values()} == {
        (("surname", "Surname"), ("date_of_birth", "D.O.B."))
    }
    assert {m.date_orders["D.O.B."] for m in found.values()} == {"DMY"}


def test_a_database_is_named_by_an_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(tmp_path / "secret.db")
    connection.execute("CREATE TABLE people (ref, surname)")
    connection.executemany("INSERT INTO people VALUES (?, 'Smith')", [(i,) for i in range(30)])
    connection.commit()
    connection.close()
    monkeypatch.setenv("RECORDS", f"sqlite:{tmp_path}/secret.db")
    result = called("env:RECORDS", "--yes", "--partner", "p", "--gateway", "g", "--out", tmp_path / "m.yaml")
    assert result.exit_code == 0, result.stderr
    assert read_mapping(tmp_path / "m.yaml").record_id == "ref"
    assert (
        "there is no environment variable ABSENT"
        in called("env:ABSENT", "--yes", "--out", tmp_path / "n.yaml").stderr
    )
