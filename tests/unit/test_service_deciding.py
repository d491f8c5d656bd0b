"""The engine on files alone: what it is told, what it answers, and the tests inside a document."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from service.board.deciding import bad_twins
from service.commands.policy import board_test, board_twins, policy
from service.demonstration.cast import ALLOWED_REQUEST, REFUSED_REQUEST

LIBRARY = resources.files("policies") / "library"
CLAUSES = ["SNA-1", "PLAN-1"]
AT = ["--at", "2026-12-01T10:00Z"]
FACTS: dict[str, Any] = {
    "format": "linkage-facts/v1",
    "catalogue": "catalogue.yaml",
    "gateways": "gateways.yaml",
    "recommended": CLAUSES,
    "adoptions": {"police": CLAUSES, "schools": ["SNA-1"]},
    "dpia": {"SNA-1": "2027-06-30"},
    "evidence": {"police": {"necessity_statement": "N-1"}},
    "requesters": {
        "analyst/vpp-1": {"roles": ["analyst"], "organisation": "vpp", "kind": "local-policing-body"}
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("catalogue", "gateways", "framework"):
        (tmp_path / f"{name}.yaml").write_text((LIBRARY / f"{name}.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "table.yaml").write_text(ALLOWED_REQUEST, "utf-8")
    (tmp_path / "rows.yaml").write_text(REFUSED_REQUEST, "utf-8")
    (tmp_path / "facts.yaml").write_text(json.dumps(FACTS), "utf-8")
    return tmp_path


def run(app: typer.Typer, *words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def decided(folder: Path) -> Callable[..., tuple[int, str]]:
    """What `decide` answers to a request in the folder."""
    app = typer.Typer()
    app.add_typer(policy, name="policy")

    def call(request: str, *more: str, **facts: Any) -> tuple[int, str]:
        (folder / "facts.yaml").write_text(json.dumps({**FACTS, **facts}), "utf-8")
        files = [
            "--policy",
            folder / "framework.yaml",
            "--facts",
            folder / "facts.yaml",
            "--request",
            folder / request,
        ]
        return run(app, "policy", "decide", *files, *(more or AT))

    return call


def alone(function: Callable[..., None]) -> typer.Typer:
    app = typer.Typer()
    app.command()(function)
    return app


def test_a_request_is_allowed_by_what_the_files_say(decided: Callable[..., tuple[int, str]]) -> None:
    code, out = decided("table.yaml")
    assert code == 0
    assert out.startswith("Allowed by clause SNA-1.")


def test_the_answer_as_json_has_the_documented_parts(decided: Callable[..., tuple[int, str]]) -> None:
    code, out = decided("table.yaml", *AT, "--json")
    answer = json.loads(out)
    assert (code, answer["decision"], answer["reasons"], answer["errors"]) == (0, "allow", [], [])
    assert answer["obligations"]["suppress"] == 7
    code, out = decided("rows.yaml", *AT, "--json")
    answer = json.loads(out)
    assert (code, answer["decision"], answer["obligations"]) == (12, "deny", {})
    assert {"gateway-form", "prohibited"} <= {reason["code"] for reason in answer["reasons"]}
    assert answer["nearest"][0]["clause"] == "SNA-1"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"recommended": []}, "not-recommended"),
        ({"adoptions": {"police": CLAUSES}}, "not-adopted"),
        ({"dpia": {}}, "dpia-missing"),
        ({"dpia": {"SNA-1": "2026-11-30"}}, "dpia-lapsed"),
        ({"requesters": {}}, "unknown-requester"),
    ],
)
def test_what_the_files_do_not_say_counts_as_missing(
    decided: Callable[..., tuple[int, str]], facts: Any, code: str
) -> None:
    exit_code, out = decided("table.yaml", *AT, "--json", **facts)
    assert exit_code == 12
    assert code in {reason["code"] for reason in json.loads(out)["reasons"]}


def test_the_time_is_the_one_that_is_named(decided: Callable[..., tuple[int, str]]) -> None:
    assert decided("table.yaml", "--at", "2028-01-01T00:00Z")[0] == 12
    assert decided("table.yaml", "--at", "next year")[0] == 10


def test_catalogue_and_gateways_can_be_written_out(decided: Callable[..., tuple[int, str]]) -> None:
    inside = {
        name: yaml.load((LIBRARY / f"{name}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  text alone
        for name in ("catalogue", "gateways")
    }
    assert decided("table.yaml", **inside)[0] == 0
    inside["catalogue"]["partners"]["police"]["kind"] = "polise"
    code, out = decided("table.yaml", **inside)
    assert code == 10
    assert "polise" in out


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"catalogue": "../catalogue.yaml"}, "Write it like catalogue.yaml"),
        ({"catalogue": "missing.yaml"}, "no file missing.yaml"),
        ({"gateways": "catalogue.yaml"}, "catalogue.yaml: line"),
        ({"adoptions": {"polise": ["SNA-1"]}}, "polise is not in the catalogue"),
        ({"evidence": {"nhs": {"cag_reff": "x"}}}, "cag_ref"),
        ({"votes": []}, "“votes” is not a word that belongs here"),
    ],
)
def test_facts_that_are_not_as_they_must_be_are_refused(
    decided: Callable[..., tuple[int, str]], facts: Any, says: str
) -> None:
    code, out = decided("table.yaml", **facts)
    assert code == 10
    assert says in out


def test_the_tests_inside_a_document_are_run_and_told_one_by_one(folder: Path) -> None:
    app = alone(board_test)
    code, out = run(app, folder / "framework.yaml", "--shared", folder)
    assert code == 0
    assert "T-1: passed (allow)" in out
    assert out.splitlines()[-1].endswith(" 0 failed")
    code, out = run(app, folder / "framework.yaml", "--shared", folder, "--json")
    answer = json.loads(out)
    assert answer["passed"]
    assert {test["passed"] for test in answer["tests"]} == {True}
    assert answer["tests"][1]["because"] in answer["tests"][1]["codes"]


def test_a_test_that_fails_is_told_and_stops(folder: Path) -> None:
    text = (
        (folder / "framework.yaml")
        .read_text("utf-8")
        .replace("id: T-2, expect: deny", "id: T-2, expect: allow")
    )
    (folder / "framework.yaml").write_text(text, "utf-8")
    code, out = run(alone(board_test), folder / "framework.yaml", "--shared", folder)
    assert code == 10
    assert "T-2: FAILED: expected allow because form-not-covered, got deny" in out
    (folder / "framework.yaml").write_text(text[: text.index("tests:")], "utf-8")
    assert run(alone(board_test), folder / "framework.yaml", "--shared", folder)[0] == 10


def test_the_tests_pass_on_the_first_day_and_fail_after_the_last(folder: Path) -> None:
    app = alone(board_test)
    assert run(app, folder / "framework.yaml", "--shared", folder, "--at", "2026-06-01T12:00Z")[0] == 0
    assert run(app, folder / "framework.yaml", "--shared", folder, "--at", "2028-01-01T12:00Z")[0] == 10


def test_bad_twins_are_listed_and_explained() -> None:
    app = alone(board_twins)
    code, out = run(app)
    assert code == 0
    assert len(out.splitlines()) == len(bad_twins()) >= 16
    code, out = run(app, "sna-1-no-basis")
    assert code == 0
    assert "SNA-1: It states no legal basis, so it permits nothing." in out
    assert run(app, "no-such-twin")[0] == 10
