"""Every documented exit code is reached, each error is told in a few plain lines without a personal value, and nothing is half written: partners and
centre."""

import json
import os
import shutil
from collections.abc import Callable
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
from tests.told_plainly import told_plainly

USAGE, BAD_INPUT, BAD_KEY = 2, 10, 11
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
