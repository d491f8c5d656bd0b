"""Every documented exit code is reached, each error is told in a few plain lines without a personal value, and nothing is half written."""

import json
import os
import shutil
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import service.clock
from keys import Identity
from linkage.schema import default_schema
from service.demonstration.cast import NOW

BAD_INPUT, BAD_KEY, REFUSED, NOT_APPROVED = 10, 11, 12, 13
USAGE = 2
Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _an_hour_after_the_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.clock, "now", lambda: NOW + timedelta(hours=1))


class Officer:
    """The data officer of the youth offending service at her own machine, with the smallest export of all."""

    def __init__(self, demo: Any, folder: Path) -> None:
        self.home = folder / "home"
        shutil.copytree(
            demo.places.agency("youth-offending"), self.home, ignore=shutil.ignore_patterns("submission")
        )
        self.shared = folder / "shared"
        shutil.copytree(demo.places.shared, self.shared)
        self.export, self.mapping, self.out = (
            self.home / "export.csv",
            self.home / "mapping.yaml",
            folder / "sent",
        )

    def words(self, **changes: Path) -> list[object]:
        given = {
            "mapping": self.mapping, "identity": self.home / "identity.key", "secret": self.home / "project.secret",
            "own": self.home / "own.secret", "shared": self.shared, "out": self.out,
        } | changes  # fmt: skip
        return ["partner", "submit", self.export, *(w for k, v in given.items() for w in (f"--{k}", v))]

    def rewrite(self, change: Callable[[pd.DataFrame], pd.DataFrame], **how: Any) -> None:
        rows = pd.read_csv(self.export, dtype="str", keep_default_na=False)
        change(rows).to_csv(self.export, index=False, **how)

    def values(self) -> set[str]:
        """Everything in the export that a message must not repeat."""
        rows = pd.read_csv(
            self.export, dtype="str", keep_default_na=False, encoding="latin-1", on_bad_lines="skip"
        )
        return {v for c in rows.columns for v in rows[c] if len(v) > 4} - {"Male", "Female"}


@pytest.fixture
def officer(demo: Any, tmp_path: Path) -> Officer:
    return Officer(demo, tmp_path)


def told_plainly(told: Any, code: int, *, saying: str, secret: Collection[str] = ()) -> None:
    assert told.code == code, told.err
    assert told.out == ""
    lines = told.err.strip().split("\n")
    assert 1 <= len(lines) <= 8
    assert saying in told.err
    assert "Traceback" not in told.err
    assert not [v for v in secret if v in told.err]


def nothing_written(officer: Officer) -> None:
    assert not officer.out.exists()
    assert [p.name for p in officer.out.parent.iterdir() if "draft" in p.name] == []


def test_a_submission_that_is_in_order_is_written_whole(officer: Officer, command: Call) -> None:
    told = command(*officer.words())
    assert told.code == 0, told.err
    assert "tokenising and sealing: 20 of 20 match keys" in told.err
    files = 2 * len(default_schema().keys) + 2
    assert f"{files} sealed files" in told.out
    assert len(list(officer.out.iterdir())) == files + 1
    again = command(*officer.words())
    told_plainly(again, BAD_INPUT, saying="never overwritten")
    assert len(list(officer.out.iterdir())) == files + 1


SPOILT: dict[str, tuple[Callable[[Officer], object], str]] = {
    "a missing column": (lambda o: o.rewrite(lambda r: r.drop(columns="last_name")), "no column 'last_name'"),
    "another encoding": (lambda o: o.rewrite(lambda r: r.replace({"last_name": {r["last_name"][3]: "Müller-Größe"}}), encoding="cp1252"), "not utf-8 text"),
    "an empty file": (lambda o: o.export.write_bytes(b""), "is empty"),
    "a header alone": (lambda o: o.rewrite(lambda r: r.head(0)), "no rows"),
    "record ids twice": (lambda o: o.rewrite(lambda r: pd.concat([r, r.head(2)])), "have the same record id"),
    "a record without id": (lambda o: o.rewrite(lambda r: r.assign(case_id=["", *list(r["case_id"][1:])])), "has no record id"),
    "a row that is too long": (lambda o: o.export.write_text(o.export.read_text("utf-8") + "a," * 30 + "\n", encoding="utf-8"), "cells and the header"),
    "no file": (lambda o: o.export.unlink(), "no file export.csv"),
    "a mapping that is none": (lambda o: o.mapping.write_text("- [", encoding="utf-8"), "no YAML"),
    "a mapping that is empty": (lambda o: o.mapping.write_text("", encoding="utf-8"), "mapping.yaml"),
    "a mapping in another encoding": (lambda o: o.mapping.write_bytes(b"partner: M\xfcller"), "no UTF-8 text"),
    "a mapping with an unknown word": (lambda o: o.mapping.write_text(o.mapping.read_text("utf-8") + "nickname: x\n", encoding="utf-8"), "nickname"),
    "no shared folder": (lambda o: shutil.rmtree(o.shared), "no project's shared folder"),
    "a project file that is none": (lambda o: (o.shared / "project.json").write_text("[]", encoding="utf-8"), "project.json is not"),
    "a project file with a word too few": (lambda o: (o.shared / "project.json").write_text('{"format": "linkage-project/v1"}', encoding="utf-8"), "Field required"),
    "a schema that is none": (lambda o: (o.shared / "schema.yaml").write_text("x", encoding="utf-8"), ""),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_input_that_cannot_be_used_is_told_in_a_line_and_writes_nothing(
    officer: Officer, command: Call, what: str
) -> None:
    secret = officer.values() | {"Müller", "Größe"}
    spoil, saying = SPOILT[what]
    spoil(officer)
    told_plainly(command(*officer.words()), BAD_INPUT, saying=saying, secret=secret)
    nothing_written(officer)
    checked = command(
        "partner", "check", officer.export, "--mapping", officer.mapping, "--shared", officer.shared
    )
    told_plainly(checked, BAD_INPUT, saying=saying, secret=secret)


def lend(path: Path) -> None:
    path.chmod(0o644)


KEYS: dict[str, tuple[Callable[[Officer], object], str]] = {
    "an identity that others can read": (lambda o: lend(o.home / "identity.key"), "can be read by others"),
    "a project secret that others can read": (lambda o: lend(o.home / "project.secret"), "can be read by others"),
    "an own secret that others can read": (lambda o: lend(o.home / "own.secret"), "can be read by others"),
    "no identity": (lambda o: (o.home / "identity.key").unlink(), "no key file identity.key"),
    "no project secret": (lambda o: (o.home / "project.secret").unlink(), "no key file project.secret"),
    "a damaged identity": (lambda o: (o.home / "identity.key").write_text("linkage-identity/v1\n{}\n", encoding="utf-8"), "damaged"),
    "a secret in the identity's place": (lambda o: shutil.copy(o.home / "own.secret", o.home / "identity.key"), "no identity file"),
    "a register that the root did not sign": (lambda o: (o.shared / "trust.note").write_text((o.shared / "trust.note").read_text("utf-8").replace("schools", "scholls"), encoding="utf-8"), ""),
}  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("what", KEYS)
def test_a_key_that_does_not_serve_is_told_in_a_line_and_writes_nothing(
    officer: Officer, command: Call, what: str
) -> None:
    spoil, saying = KEYS[what]
    seeds = json.loads((officer.home / "identity.key").read_text("utf-8").partition("\n")[2])["seeds"].values()
    spoil(officer)
    told_plainly(command(*officer.words()), BAD_KEY, saying=saying, secret=set(seeds))
    nothing_written(officer)


def test_the_register_and_the_project_file_must_be_of_one_project(officer: Officer, command: Call) -> None:
    path = officer.shared / "project.json"
    path.write_text(path.read_text("utf-8").replace("vpp-demo", "other-project"), encoding="utf-8")
    told_plainly(command(*officer.words()), BAD_KEY, saying="trust register is of project vpp-demo")
    nothing_written(officer)


def accept(officer: Officer, out: Path) -> list[object]:
    home = officer.home
    return [
        "partner", "accept-secret", home / "project.secret.sealed", "--identity", home / "identity.key", "--shared", officer.shared, "--out", out,
    ]  # fmt: skip


def test_a_secret_delivered_is_accepted_once_and_kept_for_its_owner(
    officer: Officer, command: Call, tmp_path: Path
) -> None:
    out = tmp_path / "secret"
    told = command(*accept(officer, out))
    assert told.code == 0
    assert out.read_bytes() == (officer.home / "project.secret").read_bytes()
    assert out.read_text("utf-8").split("\n")[1] not in told.out
    told_plainly(command(*accept(officer, out)), BAD_KEY, saying="never overwritten")


def test_a_secret_of_another_epoch_or_for_somebody_else_is_not_accepted(
    officer: Officer, command: Call, tmp_path: Path, demo: Any
) -> None:
    path = officer.shared / "project.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace('"epoch": 1', '"epoch": 2'), encoding="utf-8")
    told_plainly(command(*accept(officer, tmp_path / "secret")), BAD_KEY, saying="")
    path.write_text(text, encoding="utf-8")
    shutil.copy(demo.places.agency("police") / "project.secret.sealed", officer.home / "project.secret.sealed")
    told_plainly(command(*accept(officer, tmp_path / "secret")), BAD_KEY, saying="")
    (officer.home / "project.secret.sealed").unlink()
    told_plainly(
        command(*accept(officer, tmp_path / "secret")), BAD_INPUT, saying="no file project.secret.sealed"
    )
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "saying"),
    [
        ("project.json", '"epoch": 1', '"epoch": 2', BAD_INPUT, "is of epoch 1; the epoch is 2"),
        ("project.json", "vpp-demo", "other-project", BAD_KEY, "is of project vpp-demo"),
        ("schema.yaml", "name: vpp-default", "name: vpp-other", BAD_INPUT, "another schema"),
        ("project.json", "link_and_dedupe", "link_everything", BAD_INPUT, "link_type"),
    ],
)
@pytest.mark.parametrize("who", ["link", "assemble"])
def test_the_centre_does_not_link_submissions_of_another_round(
    demo: Any, shared: Path, command: Call, tmp_path: Path, who: str, file: str, old: str, new: str, code: int, saying: str
) -> None:  # fmt: skip
    text = (shared / file).read_text("utf-8")
    assert old in text
    (shared / file).write_text(text.replace(old, new), encoding="utf-8")
    folder, out = tmp_path / who, tmp_path / "out"
    shutil.copytree(demo.places.linker if who == "link" else demo.places.assembler, folder)
    told_plainly(command("centre", who, folder, "--shared", shared, "--out", out), code, saying=saying)
    assert not out.exists()


def test_a_linker_without_submissions_or_with_the_assemblers_key_writes_nothing(
    demo: Any, command: Call, tmp_path: Path
) -> None:
    shutil.copytree(demo.places.linker, tmp_path / "linker")
    out = tmp_path / "pairs"
    words = ("centre", "link", tmp_path / "linker", "--shared", demo.places.shared, "--out", out)
    shutil.copy(demo.places.assembler / "identity.key", tmp_path / "linker" / "identity.key")
    told_plainly(command(*words), BAD_KEY, saying="")
    shutil.rmtree(tmp_path / "linker" / "inbox")
    told_plainly(command(*words), BAD_INPUT, saying="")
    assert not out.exists()


def check(shared: Path, request: Path, *more: object) -> list[object]:
    """The analyst's check of a request, with her identity file copied beside the request: what she remembers stays there."""
    mine = request.parent / "identity.key"
    if not mine.exists():
        shutil.copy(shared.parent / "analyst" / "identity.key", mine)
    where = ("--identity", mine, "--shared", shared, "--root", shared / "root.json")
    return ["analyst", "check", request, *where, *more]


def request_of(demo: Any, tmp_path: Path, old: str = "", new: str = "") -> Path:
    text = (demo.places.analyst / "requests" / "table.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "request.yaml").write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return tmp_path / "request.yaml"


def test_a_request_that_would_be_allowed_exits_0_and_says_why(demo: Any, command: Call, tmp_path: Path) -> None:
    request = request_of(demo, tmp_path)
    told = command(*check(demo.places.shared, request))
    assert told.code == 0
    assert told.out.startswith("Allowed by clause SNA-1.")
    value = json.loads(command(*check(demo.places.shared, request, "--json")).out)
    told = {"decision", "reasons", "clauses", "obligations", "nearest", "alternative", "errors"}
    assert set(value) == {*told, "advice"}
    assert value["advice"] == {"note": "request.advice-0002.note", "logged": False}
    assert (value["decision"], value["clauses"]) == ("allow", ["SNA-1"])
    assert value["obligations"]["suppress"] == 7


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("purpose: strategic-needs-assessment", "purpose: find-them", "unknown-word"),
        ("form: aggregate-table", "form: person-list", "never-allowed-form"),
        (
            "purpose: strategic-needs-assessment",
            "purpose: individual-enforcement-targeting",
            "never-allowed-purpose",
        ),
        ("area: local-partnership", "area: my-street", "unknown-word"),
    ],
)
def test_a_request_that_would_be_refused_exits_12_and_says_why(
    demo: Any, command: Call, tmp_path: Path, old: str, new: str, code: str
) -> None:
    request = request_of(demo, tmp_path, old, new)
    told = command(*check(demo.places.shared, request))
    assert told.code == REFUSED
    assert told.out.startswith("Denied.")
    value = json.loads(command(*check(demo.places.shared, request, "--json")).out)
    assert value["decision"] == "deny"
    assert code in {r["code"] for r in (*value["reasons"], *value["errors"])}


@pytest.mark.parametrize(
    ("old", "new", "saying"),
    [
        ("purpose:", "porpoise:", "porpoise"),
        ("format: linkage-request/v1", "format: linkage-request/v2", "format"),
        ("use-until: 2027-05-01", "use-until: soon", "use"),
        ("project: vpp-demo", "project: other-project", "is for project other-project"),
        ("benefit:", "benefit: &b", "Anchors"),
        ("attributes:", "attributes: [", "not YAML"),
    ],
)
def test_a_request_that_cannot_be_read_exits_10_and_says_where(
    demo: Any, command: Call, tmp_path: Path, old: str, new: str, saying: str
) -> None:
    told_plainly(
        command(*check(demo.places.shared, request_of(demo, tmp_path, old, new))), BAD_INPUT, saying=saying
    )


def test_a_request_is_checked_by_whoever_makes_it_and_nobody_else(
    demo: Any, command: Call, tmp_path: Path
) -> None:
    request = request_of(demo, tmp_path, "requester: analyst/vpp-1", "requester: analyst/vpp-9")
    told_plainly(
        command(*check(demo.places.shared, request)), BAD_KEY, saying="whoever makes a request checks it"
    )
    shutil.copy(demo.places.centre / "identity.key", tmp_path / "identity.key")
    request = request_of(demo, tmp_path)
    told_plainly(command(*check(demo.places.shared, request)), BAD_KEY, saying="does not hold the role analyst")
    assert list(tmp_path.glob("*.note")) == []


def test_a_file_that_is_not_there_or_no_text_exits_10(demo: Any, command: Call, tmp_path: Path) -> None:
    shared = demo.places.shared
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    for name, saying in (("none.yaml", "no file none.yaml"), ("binary.yaml", "no UTF-8 text")):
        path = tmp_path / name
        told_plainly(command(*check(shared, path)), BAD_INPUT, saying=saying)
        told_plainly(command("board", "explain", path), BAD_INPUT, saying=saying)
        told_plainly(command("board", "lint", path, "--shared", shared), BAD_INPUT, saying=saying)
    told_plainly(command("board", "explain", tmp_path), BAD_INPUT, saying="cannot be read")
    told_plainly(
        command("board", "tally", "--shared", tmp_path, "--root", shared / "root.json"),
        BAD_INPUT,
        saying="no project's shared folder",
    )
    told_plainly(
        command("board", "tally", "--shared", shared, "--root", tmp_path / "binary.yaml"),
        BAD_INPUT,
        saying="no UTF-8 text",
    )
    told_plainly(
        command(
            "audit",
            "proof",
            tmp_path / "none.txt",
            tmp_path / "none.json",
            "--root",
            shared / "root.json",
            "--shared",
            shared,
        ),
        BAD_INPUT,
        saying="no file none.txt",
    )


def tally(shared: Path, *more: object) -> list[object]:
    return ["board", "tally", "--shared", shared, "--root", shared / "root.json", *more]


def test_a_vote_with_its_quorum_exits_0(shared: Path, command: Call) -> None:
    told = command(*tally(shared))
    assert told.code == 0
    assert "6 approve" in told.out
    assert "recommended by the board's quorum" in told.out


def no_votes(shared: Path) -> None:
    shutil.rmtree(shared / "votes")


def one_altered(shared: Path) -> None:
    path = shared / "votes" / "lay-1.note"
    path.write_text(path.read_text("utf-8").replace("vote: approve", "vote: refuse"), encoding="utf-8")


def policy_altered(shared: Path) -> None:
    path = shared / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("k: 10", "k: 3", 1), encoding="utf-8")


def evidence_unsigned(shared: Path) -> None:
    path = shared / "evidence.note"
    path.write_text(path.read_text("utf-8").rpartition("\n\n")[0] + "\n", encoding="utf-8")


def board_altered(shared: Path) -> None:
    path = shared / "board.yaml"
    path.write_text(path.read_text("utf-8").replace("kind: expert", "kind: lay", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "codes", "saying"),
    [
        (no_votes, {NOT_APPROVED}, "0 of at least 5"),
        (one_altered, {BAD_KEY, NOT_APPROVED}, "lay-1"),
        (policy_altered, {NOT_APPROVED}, "another text of the policy"),
        (evidence_unsigned, {NOT_APPROVED}, "not signed by the secretariat"),
        (board_altered, {NOT_APPROVED}, "board.yaml is not the text that the secretariat vouched for"),
    ],
)
def test_a_policy_that_is_not_approved_as_it_must_be_exits_13(
    shared: Path, command: Call, spoil: Callable[[Path], None], codes: set[int], saying: str
) -> None:
    spoil(shared)
    told = command(*tally(shared))
    assert told.code in codes
    told_plainly(told, told.code, saying=saying)


def test_a_vote_that_is_dated_later_than_the_moment_does_not_count_yet(shared: Path, command: Call) -> None:
    told_plainly(command(*tally(shared, "--at", "2026-11-30T10:00Z")), NOT_APPROVED, saying="dated after")
    assert command(*tally(shared, "--at", "2026-12-01T10:00Z")).code == 0
    for word in ("soon", "2026-12-01T10:00"):
        told_plainly(command(*tally(shared, "--at", word)), BAD_INPUT, saying="--at takes a time")


def test_a_policy_in_order_is_explained_and_has_no_faults(shared: Path, command: Call) -> None:
    told = command("board", "explain", shared / "policy.yaml")
    assert told.code == 0
    assert "Strategic needs assessment" in told.out
    assert command("board", "lint", shared / "policy.yaml", "--shared", shared).out.startswith(
        "policy.yaml: no faults; 17 tests"
    )


def test_a_policy_whose_own_tests_fail_exits_10(shared: Path, command: Call) -> None:
    path = shared / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("expect: allow", "expect: deny", 1), encoding="utf-8")
    told_plainly(command("board", "lint", path, "--shared", shared), BAD_INPUT, saying="test T-1 failed")


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("partner", "submit"),
        ("demo", "--people", "3"),
        ("evaluate",),
        ("audit", "verify", "--unknown", "x"),
        ("board", "tally"),
    ],
)
def test_a_command_that_is_not_understood_exits_2(command: Call, words: tuple[str, ...]) -> None:
    told = command(*words)
    assert told.code == USAGE
    assert "Traceback" not in told.err


def test_the_clock_of_the_commands_is_aware_and_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert abs(service.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["police/officer", "youth-offending/controller", "youth-offending/officer"])
def test_an_identity_that_is_not_a_data_officers_of_the_partner_submits_nothing(
    officer: Officer, command: Call, name: str
) -> None:
    """A stranger's key under a right name, or under the name of somebody else in the register."""
    stranger = officer.home / "stranger.key"
    Identity.make(name).save(stranger)
    done = command(*officer.words(identity=stranger))
    assert done.code == 11
    assert "data-officer" in done.err or "data officer" in done.err
    assert not officer.out.exists()


def test_an_attribute_with_a_value_outside_the_catalogue_is_refused_before_anything_is_written(
    officer: Officer, command: Call
) -> None:
    export = officer.home / "export.csv"
    rows = pd.read_csv(export, dtype="str")
    column = yaml.safe_load((officer.home / "mapping.yaml").read_text("utf-8"))["attributes"]["mentoring"]
    rows.loc[3, column] = "SECRETVALUE"
    rows.to_csv(export, index=False)
    done = command(*officer.words())
    assert done.code == 10
    assert f"column {column!r}, row 5" in done.err
    assert "SECRETVALUE" not in done.err
    assert not officer.out.exists()


def test_a_column_without_any_usable_value_is_refused_with_its_name(officer: Officer, command: Call) -> None:
    mapping = officer.home / "mapping.yaml"
    value = yaml.safe_load(mapping.read_text("utf-8"))
    column = value["identifiers"]["date_of_birth"]
    export = officer.home / "export.csv"
    rows = pd.read_csv(export, dtype="str")
    rows[column] = "not known"
    rows.to_csv(export, index=False)
    done = command(*officer.words())
    assert done.code == 10
    assert column in done.err
    assert "no usable value for date_of_birth" in done.err


def test_more_people_than_can_be_made_up_is_told_in_a_line(command: Call, tmp_path: Path) -> None:
    told = command("demo", "--people", "2000000", "--out", tmp_path / "out")
    assert told.code == BAD_INPUT
    assert "900,000" in told.err or "900000" in told.err
