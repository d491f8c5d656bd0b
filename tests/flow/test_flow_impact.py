"""What a board member does before a vote: compare two versions, see what the change does, and ask past requests again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from policies.load import load_policy
from service.commands.impact import COMMANDS
from service.errors import BAD_INPUT, NOT_APPROVED

AT = "2026-12-01T10:00Z"


class Answer:
    """What a command answered."""

    def __init__(self, result) -> None:
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def board() -> Callable[..., Answer]:
    """The commands of this room in an app of their own."""
    app = typer.Typer()
    for name, command in COMMANDS.items():
        app.command(name)(command)
    return lambda *words: Answer(CliRunner().invoke(app, [str(word) for word in words]))


@pytest.fixture
def old(shared: Path) -> Path:
    return shared / "policy.yaml"


@pytest.fixture
def new(old: Path, tmp_path: Path) -> Path:
    """A draft: maps for evaluations, larger numbers hidden in the needs assessment, and no equity audit."""
    text = old.read_text("utf-8")
    evaluation = "forms: [flag-count, aggregate-table, rate-table, time-series, model-summary]"
    assert evaluation in text
    text = text.replace(evaluation, evaluation.replace("]", ", area-map]"))
    text = text.replace("      suppress: 7\n", "      suppress: 12\n")
    text = text.replace("version: 1\n", "version: 2\n", 1)
    text = text.replace("previous: none", f"previous: {load_policy(old.read_text('utf-8')).digest}")
    before, rest = text.split("  - id: EQUITY-1\n")
    text = before + rest[rest.index("  - id: QUALITY-1\n") :]
    path = tmp_path / "draft.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_difference_of_two_versions_says_what_is_wider_and_what_is_narrower(board, old, new):
    told = board("diff", old, new)
    assert told.code == 0
    wider, narrower = told.out.index("Wider:"), told.out.index("Narrower:")
    assert wider < told.out.index("Clause EVAL-1 now also permits a map by area.") < narrower
    assert narrower < told.out.index("Clause EQUITY-1 is gone")
    assert "It says that it follows exactly" in told.out

    body = board("diff", old, new, "--json").json
    assert body["format"] == "linkage-policy-diff/v1"
    assert (body["old"]["version"], body["new"]["version"]) == (1, 2)
    effects = {(one["rule"], one["field"]): one["effect"] for one in body["differences"]}
    assert effects["EVAL-1", "permit.forms"] == "wider"
    assert effects["EQUITY-1", ""] == "narrower"
    assert effects["", "version"] == "neither"
    assert body["new"]["digest"] == load_policy(new.read_text("utf-8")).digest


def test_two_equal_versions_do_not_differ(board, old):
    assert board("diff", old, old).out == "Nothing differs between the two versions.\n"
    assert board("diff", old, old, "--json").json["differences"] == []


def test_the_preview_says_exactly_what_the_text_changes(board, old, new, shared):
    told = board("preview", old, new, "--shared", shared, "--assume-paperwork", "--at", AT)
    assert told.code == 0
    allowed, refused = told.out.index("Newly allowed:"), told.out.index("Newly refused:")
    assert allowed < told.out.index("As a map by area, for evaluating an intervention") < refused
    assert refused < told.out.index("for an equity audit") < told.out.index("Stricter")
    assert "Counts from 1 to 12 are hidden; before: 7." in told.out
    assert "Laxer, for what stays allowed: nothing." in told.out

    body = board("preview", old, new, "--shared", shared, "--assume-paperwork", "--at", AT, "--json").json
    assert body["format"] == "linkage-impact/v1"
    assert body["assumed_paperwork"] is True
    assert body["widens"] is True
    (gain,) = body["newly_allowed"]
    assert gain["where"]["forms"] == ["area-map"]
    assert "police.arrested_violence" in gain["sets"]["together"]
    assert "nhs.ae_visits" not in gain["sets"]["together"]
    assert gain["sentence"].endswith(".")
    assert [one["what"] for one in body["stricter"]] == ["suppress"]
    assert body["laxer"] == []
    counts = body["counts"]
    assert counts["after"] - counts["before"] == counts["gained"] - counts["lost"]


def test_as_things_stand_a_draft_that_nobody_recommended_permits_nothing_and_this_is_said(
    board, old, new, shared
):
    told = board("preview", old, new, "--shared", shared, "--at", AT)
    assert told.out.startswith("The board has not recommended version 2, so for now it permits nothing.")
    assert "--assume-paperwork" in told.out
    assert "Newly allowed: nothing." in told.out


def test_as_things_stand_what_a_partner_has_not_adopted_does_not_count(board, old, shared):
    def counts():
        return board("preview", old, old, "--shared", shared, "--at", AT, "--json").json["counts"]

    whole = counts()
    assert whole["before"] == whole["after"] > 0
    notes = [
        note for note in (shared / "adoptions").glob("*.note") if "\npartner: nhs\n" in note.read_text("utf-8")
    ]
    assert notes
    for note in notes:
        note.unlink()
    less = counts()
    assert 0 < less["after"] < whole["after"]


def test_a_version_that_takes_effect_later_is_looked_at_on_its_first_day(board, old, new, shared):
    text = new.read_text("utf-8").replace("effective: 2026-06-01", "effective: 2027-02-01")
    new.write_text(text, encoding="utf-8")
    told = board("preview", old, new, "--shared", shared, "--assume-paperwork", "--at", AT)
    assert "“Before” is version 1 as it stands on 1 December 2026." in told.out
    assert "“Now” is version 2 as it stands on 1 February 2027." in told.out
    assert "As a map by area, for evaluating an intervention" in told.out


def test_past_requests_are_asked_again_under_the_draft(board, demo, new, shared):
    told = board("replay", new, "--desk", demo.places.centre, "--shared", shared, "--at", AT)
    assert told.code == 0
    assert "Past requests: 2." in told.out
    assert "Same answer under both: 1." in told.out
    assert "request-2" in told.out
    assert "Counts from 1 to 12 are hidden; before: 7." in told.out

    body = board("replay", new, "--desk", demo.places.centre, "--shared", shared, "--at", AT, "--json").json
    assert body["format"] == "linkage-replay/v1"
    assert (body["requests"], body["same"]) == (2, 1)
    (one,) = body["changed"]
    assert (one["id"], one["outcome"]) == ("request-2", "other-conditions")


def test_asking_again_leaves_the_desk_as_it_was(board, demo, new, shared, tmp_path):
    desk = tmp_path / "desk"
    shutil.copytree(demo.places.centre, desk)
    before = {path: path.read_bytes() for path in sorted(desk.rglob("*")) if path.is_file()}
    assert board("replay", new, "--desk", desk, "--shared", shared, "--at", AT).code == 0
    assert {path: path.read_bytes() for path in sorted(desk.rglob("*")) if path.is_file()} == before


def test_a_folder_of_request_files_serves_as_well_whoever_has_left_since(board, demo, new, shared, tmp_path):
    folder = tmp_path / "requests"
    folder.mkdir()
    source = next((demo.places.analyst / "requests").glob("table.yaml")).read_text("utf-8")
    (folder / "a.yaml").write_text(source, encoding="utf-8")
    purpose = "purpose: strategic-needs-assessment"
    assert purpose in source
    asked = source.replace(purpose, "purpose: equity-audit").replace("requester: ", "requester: former-")
    (folder / "b.yml").write_text(asked, encoding="utf-8")
    (folder / "notes.txt").write_text("not a request", encoding="utf-8")
    body = board("replay", new, "--requests", folder, "--shared", shared, "--at", AT, "--json").json
    assert body["requests"] == 2
    outcomes = {one["id"]: (one["outcome"], " ".join(one["why"])) for one in body["changed"]}
    assert outcomes["a.yaml"][0] == "other-conditions"
    assert outcomes["b.yml"][0] == "now-refused"
    assert "No clause permits an equity audit" in outcomes["b.yml"][1]
    assert "former-" not in json.dumps(body)


def test_every_word_is_told_with_its_meaning_and_with_a_project_its_laws_and_attributes(board, shared):
    plain, whole = board("words"), board("words", "--shared", shared)
    assert "- research: Answer a question of general interest" in plain.out
    assert "CDA-s115, Crime and Disorder Act 1998" in whole.out
    assert "- nhs.ae_assault: attended A&E after an assault" in whole.out
    assert whole.out.startswith(plain.out.rstrip("\n"))


def said_plainly(answer, code, *words):
    assert answer.code == code
    assert answer.out == ""
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


def test_what_cannot_be_read_is_said_in_a_line(board, old, new, shared, demo, tmp_path):
    gone, empty = tmp_path / "gone.yaml", tmp_path / "empty"
    empty.mkdir()
    said_plainly(board("diff", gone, new), BAD_INPUT, "no file gone.yaml")
    said_plainly(board("preview", old, gone, "--shared", shared), BAD_INPUT, "no file gone.yaml")
    said_plainly(
        board("preview", old, new, "--shared", empty), BAD_INPUT, "empty/ is no project's shared folder"
    )
    said_plainly(board("preview", old, new, "--shared", shared, "--at", "noon"), BAD_INPUT, "--at")
    said_plainly(board("replay", new, "--shared", shared), BAD_INPUT, "--desk", "--requests")
    twice = ("--desk", demo.places.centre, "--requests", empty)
    said_plainly(board("replay", new, "--shared", shared, *twice), BAD_INPUT, "once")
    said_plainly(board("replay", new, "--shared", shared, "--desk", empty), BAD_INPUT, "office.db")
    said_plainly(board("replay", new, "--shared", shared, "--requests", empty), BAD_INPUT, "holds no request")
    said_plainly(board("replay", new, "--shared", shared, "--requests", gone), BAD_INPUT, "there is no folder")
    (empty / "office.db").write_bytes(b"not a database, but long enough to look at")
    said_plainly(board("replay", new, "--shared", shared, "--desk", empty), BAD_INPUT, "cannot be read")
    (empty / "broken.yaml").write_text("format: linkage-request/v1\n", encoding="utf-8")
    said_plainly(
        board("replay", new, "--shared", shared, "--requests", empty), BAD_INPUT, "broken.yaml", "missing"
    )


def test_a_draft_that_breaks_its_rules_is_refused_with_the_line(board, old, new):
    new.write_text(
        new.read_text("utf-8").replace("purposes: [research]", "purposes: [reserch]"), encoding="utf-8"
    )
    said_plainly(board("diff", old, new), BAD_INPUT, "draft.yaml: line", "research")


def test_a_law_that_the_secretariat_did_not_vouch_for_is_not_looked_at(board, old, new, shared):
    path = shared / "gateways.yaml"
    path.write_text(path.read_text("utf-8").replace("enabled: false", "enabled: true"), encoding="utf-8")
    said_plainly(board("preview", old, new, "--shared", shared, "--at", AT), NOT_APPROVED, "gateways.yaml")
    said_plainly(
        board("replay", new, "--shared", shared, "--requests", shared, "--at", AT),
        NOT_APPROVED,
        "gateways.yaml",
    )
