"""Linker and assembler update by update: the same people as both in full, ids that stay, and commands that tell what changed."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from keys import Secret
from linkage.central.assembly.keeping import Assembled, Terms, assemble
from linkage.central.assembly.kept import Place
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.runs import read_runs
from linkage.central.link import run_linker, run_update
from linkage.central.pairs.model import Model
from linkage.central.report.calibration import AS_SCORED
from linkage.partner.tokenise import record_refs
from linkage.partner.tokens import statistics
from service.centre.work_log import read_work
from service.shared import read_project
from tests import fixtures_updates as updates

C = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "assembler_centre.py")))
THRESHOLD = 0.5


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "PAIRS", 20_000)


def link_in_full(made: Any, out: Path) -> Model:
    return run_linker(
        made.doorstep.linker, out=out, schema=made.schema, one=made.one, manifests=made.manifests(made.doorstep.linker),
        linker=made.people["linker"], assembler=made.people["assembler"].public, link_type="link_and_dedupe",
    )  # fmt: skip


def link_news(made: Any, out: Path, model: Model) -> None:
    assert run_update(
        made.doorstep.linker, out=out, schema=made.schema, one=made.one, manifests=made.manifests(made.doorstep.linker),
        linker=made.people["linker"], assembler=made.people["assembler"].public, model=model,
    )  # fmt: skip


def assembled(made: Any, pairs: Path, people: str) -> Assembled:
    manifests = made.manifests(made.doorstep.assembler)
    reader = Reader(made.doorstep.assembler, made.one, made.people["assembler"])
    return assemble(
        Place(made.root / people, made.one, made.people["assembler"]),
        reader=reader,
        runs=read_runs(pairs, reader=reader, manifests=manifests, linker=made.people["linker"].public),
        manifests=manifests,
        terms=Terms(Secret(b"o" * 32, name="own"), frozenset(), "today", lambda _: AS_SCORED, lambda _: THRESHOLD),
    )  # fmt: skip


def test_partners_update_and_all_that_is_linked_anew_is_what_is_new(tmp_path: Path, few_keys: str) -> None:
    made = updates.round_in(tmp_path, few_keys)
    pairs = tmp_path / "pairs"
    first = updates.file_of("police")
    for partner, rows in (("police", first), ("schools", updates.file_of("schools"))):
        made.whole(rows, partner, "whole")
        made.take_in(tmp_path / partner / "whole")
    model = link_in_full(made, pairs)
    before = C.people_in(assembled(made, pairs, "people").kept)

    last = pd.concat(
        [first.iloc[6:].assign(postcode=lambda r: r["postcode"].where(r.index % 20 > 0, "RG1 1AA"))]
    )
    new = (
        updates.file_of("schools")
        .iloc[-4:]
        .assign(id=[f"{n:04d}-police" for n in range(updates.PEOPLE - 4, updates.PEOPLE)])
    )
    made.update(pd.concat([last, new]), "police", "update")
    made.take_in(tmp_path / "police" / "update")
    link_news(made, pairs, model)
    after = assembled(made, pairs, "people")
    assert after.extended
    now = C.people_in(after.kept)

    def person(people: dict[Any, str], partner: str, record: str) -> str:
        return people[partner, bytes(record_refs([record], own=made.own[partner])[0])]

    both = [r for r in before.keys() & now.keys() if r[0] == "schools"]
    assert sum(before[r] == now[r] for r in both) / len(both) > 0.95
    gone = {("police", bytes(r)) for r in record_refs(list(first["id"][:6]), own=made.own["police"])}
    assert not gone & now.keys()
    joined = sum(
        person(now, "police", f"{n:04d}-police") == person(before, "schools", f"{n:04d}-schools")
        for n in range(updates.PEOPLE - 4, updates.PEOPLE)
    )
    assert joined >= 3
    assert {e.kind for e in after.events} >= {"ended"}

    at_once = assembled(made, pairs, "at-once")
    assert not at_once.extended
    assert C.partition(at_once.kept) == C.partition(after.kept)
    link_in_full(made, tmp_path / "full")
    full = C.partition(assembled(made, tmp_path / "full", "full").kept)
    ours = C.partition(after.kept)
    assert len(full ^ ours) <= 0.05 * len(full | ours)


def test_commands_tell_how_many_people_there_are_and_what_became_of_an_id(partnership: Any) -> None:
    p = partnership
    for partner in ("police", "schools"):
        p.well(p.receive(p.sent(partner), receipt=f"{partner}.note"))
    home = p.home("assembler/1")
    p.well(p.link())
    nobody = p.run("centre", "people", home, "--shared", p.shared)
    assert nobody.code != 0
    assert "keeps no people of this round yet: run `linkage centre assemble` first" in nobody.err
    told = p.well(p.assemble()).out
    told_json = json.loads(p.well(p.run("centre", "people", home, "--shared", p.shared, "--json")).out)
    assert told.startswith(f"{told_json['records']:,} records, {told_json['people']:,} people; ")
    assert told_json["assemblies"] == 1
    again = p.well(p.assemble()).out
    assert again == told
    lines = p.well(p.run("centre", "people", home, "--shared", p.shared)).out.splitlines()
    assert lines[0] == f"{told_json['records']} records, {told_json['people']} people after 1 assembly"

    kept = Place(home / "people", read_project(p.shared).one, p.people["assembler/1"]).read()
    assert kept is not None
    someone = sorted(C.people_in(kept).values())[0]
    words = ("centre", "person-history", home, "--shared", p.shared, "--person")
    history = json.loads(p.well(p.run(*words, someone, "--json")).out)
    assert history["person"] == someone
    assert history["records"] >= 1
    assert history["events"] == []
    assert p.well(p.run(*words, someone)).out.startswith(f"{someone}: ")
    assert "nobody has or had this id" in p.run(*words, "0" * 24).err
    work = [one.body for one in read_work(home, trust=read_project(p.shared).trust)]
    assert [(one["what"], one["carried_on"]) for one in work] == [("assembly", False), ("assembly", True)]
    assert work[0]["people"] == told_json["people"]
    for wrong in ("xyz", "A" * 24):
        assert "24 hexadecimal digits" in p.run(*words, wrong).err
