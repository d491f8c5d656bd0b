"""The data officer's commands around updates, from files on her disk to the lines she reads."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli import app
from keys import Identity, Root, Secret
from keys.ceremony import load_secret, save_secret
from keys.trust import Entry, issue_register
from linkage.errors import BadInput
from linkage.manifest import MANIFEST_NAME, Round
from linkage.partner.tokenise import record_refs
from linkage.partner.tokens import statistics
from linkage.schema import load_schema
from service.custody.ceremony import Plan, make
from service.custody.rounds import record_path
from service.errors import BAD_INPUT, exit_code
from service.officer.mapping_file import as_mapping
from service.officer.submit import partner_find_local, partner_submit, partner_withdraw
from service.shared import write_project, write_root
from service.writing import write_whole

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
FIRST = ["Mary", "Aisha", "Tom", "Wei", "Olga", "Femi", "Grace", "Ravi"]
LAST = ["Smith", "Okafor", "Patel", "Jones", "Nowak", "Khan", "Brown", "Evans", "Clarke"]


@dataclass
class Desk:
    """An officer's folder and the project's shared one."""

    home: Path
    shared: Path

    @property
    def keys(self) -> dict[str, Any]:
        return {
            "mapping": self.home / "mapping.yaml",
            "identity": self.home / "identity.key",
            "secret": self.home / "project.secret",
            "own": self.home / "own.secret",
            "shared": self.shared,
        }

    def export(self, first: int, last: int) -> Path:
        path = self.home / "export.csv"
        lines = ["ref,first name,last name,born,custody"]
        lines += [
            f"P-{n:03d},{FIRST[n % 8]},{LAST[n % 9]},19{60 + n % 40}-0{n % 9 + 1}-1{n % 10},yes"
            for n in range(first, last)
        ]
        path.write_text("\n".join(lines), "utf-8")
        return path


@pytest.fixture
def desk(tmp_path: Path, few_keys: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(statistics, "PAIRS", 500)
    made = Desk(tmp_path / "police", tmp_path / "shared")
    made.home.mkdir()
    made.shared.mkdir()
    roles = {"police/officer": ("police", "data-officer"), "linker": ("centre", "linker")}
    roles |= {"assembler": ("centre", "assembler"), "custodian": ("centre", "custodian")}
    people = {
        n: Identity.make(n, randomness=np.random.default_rng([6, at]).bytes)
        for at, n in enumerate((*roles, "root"))
    }
    entries = [Entry(people[n].public, where, frozenset({role}), SINCE) for n, (where, role) in roles.items()]
    text = few_keys.partition("  postcode-day:")[0]
    one = Round("safer-streets", 3, load_schema(text).digest)
    write_project(
        made.shared, one=one, link_type="link_only", purpose="strategic-needs-assessment", recipient="council"
    )
    (made.shared / "schema.yaml").write_text(text, "utf-8")
    catalogue = resources.files("policies") / "library" / "catalogue.yaml"
    (made.shared / "catalogue.yaml").write_text(catalogue.read_text("utf-8"), "utf-8")
    register = issue_register(
        entries, project="safer-streets", version=1, issued_at=SINCE, previous=None, roots=[people["root"]]
    )
    (made.shared / "trust.note").write_text(register, "utf-8")
    write_root(made.shared / "root.json", Root((people["root"].public,), 1))
    people["police/officer"].save(made.home / "identity.key")
    secret = Secret(b"p" * 32, name="project")
    save_secret(secret, made.home / "project.secret")
    plan = Plan(
        "safer-streets", 3, 1, (people["custodian"].public,), (people["police/officer"].public,), None, {}
    )
    ceremony = make(plan, by=people["custodian"], now=SINCE, randomness=lambda _: secret.expose())
    write_whole(record_path(made.shared, epoch=3), ceremony.note)
    save_secret(Secret(b"o" * 32, name="own"), made.home / "own.secret")
    mapping = as_mapping(
        partner="police", record_id="ref", date_order="YMD", token_gateway="PCSC-s16",  # noqa: S106  the name of a gateway
        identifiers={"forename": "first name", "surname": "last name", "date_of_birth": "born"},
        attributes={"arrested_violence": "custody"}, attribute_gateways={"arrested_violence": "PCSC-s16"},
    )  # fmt: skip
    (made.home / "mapping.yaml").write_text(mapping, "utf-8")
    return made


def test_an_officer_submits_updates_withdraws_and_finds(desk: Desk) -> None:
    ledger = desk.home / "ledger"
    said = partner_submit(desk.export(0, 60), **desk.keys, out=desk.home / "sent", ledger=ledger)
    assert "60 records" in said
    assert "wrote sent: 6 sealed files" in said
    said = partner_submit(desk.export(5, 90), **desk.keys, out=desk.home / "update", update=ledger)
    assert "30 records are new, 0 have other identifiers, 0 only other attributes, 5 are gone" in said
    assert "wrote update: 9 sealed files" in said
    (desk.home / "ids.csv").write_text("ref\nP-007\nP-011\n", "utf-8")
    said = partner_withdraw(desk.home / "ids.csv", **desk.keys, out=desk.home / "back", ledger=ledger)
    assert said.startswith(
        "2 records are taken back; they stay out until the whole file is submitted anew\nwith so few (2)"
    )
    said = partner_submit(desk.export(5, 90), **desk.keys, out=desk.home / "again", update=ledger)
    assert "nothing has changed since the last submission" in said
    assert "2 that were withdrawn before stay out" in said
    for out in ("sent", "update", "back", "again"):
        assert (desk.home / out / MANIFEST_NAME).is_file()
    own = load_secret(desk.home / "own.secret", name="own")
    ref = record_refs(["P-011"], own=own)[0].tobytes().hex()
    look: dict[str, Any] = {
        "file": desk.home / "export.csv",
        "mapping": desk.home / "mapping.yaml",
        "key": None,
        "secret": None,
        "shared": None,
    }
    assert partner_find_local(ref, own=desk.home / "own.secret", **look) == "row 8 of export.csv, ref P-011"
    save_secret(Secret(b"q" * 32, name="other"), desk.home / "other.secret")
    with pytest.raises(BadInput, match="not found") as caught:
        partner_find_local(ref, own=desk.home / "other.secret", **look)
    assert exit_code(caught.value) == BAD_INPUT == 10
    with pytest.raises(BadInput, match="give --secret and --shared"):
        partner_find_local("12", own=desk.home / "own.secret", **(look | {"key": "born-name"}))


def test_a_ledger_is_kept_anew_or_followed_but_not_both(desk: Desk) -> None:
    with pytest.raises(BadInput, match="leave out --ledger"):
        partner_submit(
            desk.export(0, 60),
            **desk.keys,
            out=desk.home / "sent",
            ledger=desk.home / "a",
            update=desk.home / "a",
        )
    with pytest.raises(BadInput, match="holds no ledger of this round: submit the whole file first"):
        partner_submit(desk.export(0, 60), **desk.keys, out=desk.home / "sent", update=desk.home / "a")
    assert not (desk.home / "sent").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="passes are shared out on Linux alone")
@pytest.mark.parametrize(("asked", "forked"), [([], 0), (["--processes", "1"], 0), (["--processes", "2"], 2)])
def test_so_many_processes_make_the_passes_as_are_asked_for(
    desk: Desk,
    asked: list[str],
    forked: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain, forks = os.fork, [0]

    def fork() -> int:
        forks[0] += 1
        return plain()

    monkeypatch.setattr(os, "fork", fork)
    given = {**desk.keys, "ledger": desk.home / "ledger", "out": desk.home / "sent"}
    words = [str(desk.export(0, 60)), *(str(w) for k, v in given.items() for w in (f"--{k}", v)), *asked]
    app(["partner", "submit", *words], standalone_mode=False)
    assert forks[0] == forked
    said = capsys.readouterr().out
    assert "60 records" in said
    assert "Ready to send." in said
    assert "wrote sent: 6 sealed files" in said
