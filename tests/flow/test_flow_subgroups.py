"""Linkage rates by subgroup, by commands: the mapping names a column, the submission brings sealed codes, and the report says who is linked less often."""

import json
import re
import runpy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import service.clock
from keys import Identity
from keys.notes import split_note
from linkage.central.assembly.codes import standing_codes
from linkage.central.assembly.maps import Reader
from linkage.manifest import read_manifest
from linkage.partner.tokens import statistics
from policies.disclosure import HIDDEN
from service.demonstration.cast import NOW

S = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "subgroup_office.py")))
KINDS, ethnicity, export, officer, quality, rows, submit = (
    S.KINDS, S.ethnicity, S.export, S.officer, S.quality, S.rows, S.submit,
)  # fmt: skip


@pytest.fixture(scope="module")
def _reported(_submitted: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """After police submitted codes, schools none, and the report was made."""
    made = _submitted.copied(tmp_path_factory.mktemp("subgroups") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.clock, "now", lambda: NOW + timedelta(hours=1))
        patch.setattr(statistics, "PAIRS", 500)
        export(made)
        ledger = made.home("police/officer") / "ledger"
        made.well(submit(made, ledger=ledger))
        made.well(made.receive(made.home("police/officer") / "coded", receipt="police.receipt"))
        made.well(made.receive(made.sent("schools"), receipt="schools.receipt"))
        made.well(quality(made))
    return made


@pytest.fixture
def reported(
    _reported: Any,
    tmp_path: Path,
    small_statistics: None,
    no_power_failure: None,
    set_clock: Callable[..., None],
) -> Any:
    set_clock(NOW + timedelta(hours=2))
    return _reported.copied(tmp_path / "project")


def manifest(folder: Path) -> Any:
    return read_manifest(split_note((folder / "manifest.note").read_text("utf-8"))[0].partition("\n")[2])


def standing(p: Any) -> tuple[dict[str, list[int]], int]:
    """The codes that the assembler has of police, opened with its own key, and how many records."""
    assembler = Identity.load(p.key("assembler/1"))
    inbox = p.home("assembler/1") / "inbox"
    folder = sorted((inbox / "police").glob("update-*"))[-1:] or [inbox / "police"]
    head = manifest(folder[0])
    reader = Reader(inbox, head.round, assembler)
    codes = standing_codes(reader, head)
    return {k: v.tolist() for k, v in codes.items()}, len(reader.here(head).told)


def test_the_report_says_which_group_is_linked_less_often(reported: Any) -> None:
    """Of 50 black people's records 13 are from 80 on, of 174 white people's 136; the 16 unknown are 12 without a code and 4 with a rare one."""
    told = rows(reported)
    assert list(told) == ["unknown", "asian", "black", "mixed", "white", "other"]
    assert abs(told["black"]["records"] - 50) <= 5
    assert abs(told["white"]["records"] - 174) <= 5
    assert told["other"]["records"] == told["asian"]["records"] == 0
    assert told["black"]["beyond_chance"] == "lower"
    assert told["black"]["difference"] < -30
    assert told["black"]["low"] < told["black"]["difference"] < told["black"]["high"] < 0
    assert told["white"]["beyond_chance"] in (None, "higher")
    assert told["black"]["gateway"] == "PCSC-s16"
    assert {r["partner"] for r in json.loads((reported.folder / "quality.json").read_text())["subgroups"]} == {
        "police"
    }


def test_small_groups_are_hidden_and_the_others_rounded(reported: Any) -> None:
    for row in rows(reported).values():
        for name in ("linked", "not_linked"):
            assert row[name] == HIDDEN or row[name] % 5 == 0
        if HIDDEN in (row["linked"], row["not_linked"]):
            assert row["records"] == HIDDEN
            assert [row[n] for n in ("linked_rate", "missed", "difference", "beyond_chance")] == [None] * 4


def test_the_page_says_it_in_words_and_stands_on_its_own(reported: Any) -> None:
    page = (reported.folder / "quality.html").read_text("utf-8")
    assert "Are groups of people linked alike?" in page
    assert "police: ethnic group" in page
    assert re.search(r"<td>black</td>.*<b>yes, lower</b>", page)
    assert "Shares of records linked, by ethnic group, of the records of police" in page
    assert "<script" not in page.lower()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)


def test_without_codes_the_report_says_that_nobody_knows(allowed: Any) -> None:
    home = allowed.home("assembler/1")
    model, out = allowed.home("linker/1") / "model.json", allowed.folder / "quality.html"
    allowed.well(
        allowed.run("centre", "quality", home, "--shared", allowed.shared, "--model", model, "--out", out)
    )
    assert json.loads(out.with_suffix(".json").read_text("utf-8"))["subgroups"] == []
    assert "no partner sent codes" in out.read_text("utf-8")


def test_the_manifest_and_the_officers_page_name_what_leaves(reported: Any) -> None:
    home = reported.home("police/officer")
    stated = split_note((home / "coded" / "manifest.note").read_text("utf-8"))[0]
    assert json.loads(stated.partition("\n")[2])["subgroups"] == {
        "purpose": "linkage-quality",
        "gateways": {"ethnic_group": "PCSC-s16"},
    }
    told = reported.well(officer(reported, "check", home / "export.csv")).out
    assert "ethnicity (subgroup: ethnic group): one of 6 coarse codes, sealed for the assembler" in told
    assert "unknown 16, asian 0, black 50, mixed 0, white 174, other 0" in told
    assert "of the unknown 4 have a code that leaves with nobody" in told
    page = (home / "coded.preflight.html").read_text("utf-8")
    assert "Groups of people, for linkage quality alone" in page
    assert "subgroups.sealed" in page


def test_the_officer_is_told_to_leave_out_a_kind_that_tells_nothing(reported: Any) -> None:
    """Nine have a code that is too rare, and the others none."""
    export(reported, code=lambda n: "B" if n < 9 else "")
    told = reported.well(officer(reported, "check", reported.home("police/officer") / "export.csv")).out
    assert "Take ethnic_group out of the subgroups of your mapping" in told
    export(reported)
    told = reported.well(officer(reported, "check", reported.home("police/officer") / "export.csv")).out
    assert "out of the subgroups" not in told


def test_nothing_of_a_group_leaves_unless_the_mapping_says_so(reported: Any) -> None:
    plain = manifest(reported.sent("schools"))
    assert not plain.subgroups
    assert "subgroups" not in plain.text()
    assert not (reported.sent("schools") / "subgroups.sealed").exists()


def test_an_update_replaces_codes_and_a_withdrawal_ends_them(reported: Any) -> None:
    """Nine white people and one without a code are now black, and twenty records are gone from the file; then one more is withdrawn by its id."""
    before, records = standing(reported)
    assert (records, before["ethnic_group"].count(2), before["ethnic_group"].count(4)) == (240, 50, 174)
    home = reported.home("police/officer")

    def later(n: int) -> str:
        return "B" if n in range(122, 142, 2) else ethnicity(n)

    export(reported, code=later, keep=lambda n: "" if n >= 220 else "yes")
    reported.well(submit(reported, out="update", update=home / "ledger"))
    reported.well(reported.receive(home / "update", receipt="update.receipt"))
    reported.well(quality(reported))
    after, records = standing(reported)
    assert records == len(after["ethnic_group"]) == 220
    assert after["ethnic_group"].count(2) == 60
    assert abs(rows(reported)["black"]["linked"] - 22) <= 5

    ids = home / "ids.csv"
    ids.write_text("ref\np-003\n", "utf-8")
    reported.well(officer(reported, "withdraw", ids, out=home / "back", ledger=home / "ledger"))
    reported.well(reported.receive(home / "back", receipt="back.receipt"))
    reported.well(quality(reported))
    left, records = standing(reported)
    assert records == len(left["ethnic_group"]) == 219
    assert left["ethnic_group"].count(2) == after["ethnic_group"].count(2) - 1


def test_a_partner_that_is_withdrawn_leaves_no_code(reported: Any) -> None:
    reported.well(reported.run("desk", "withdraw", "police", *reported.desk, "--reason", "asked-by-partner"))
    assert not list((reported.home("desk/1")).rglob("subgroups.sealed"))


def test_the_assembler_keeps_no_code_between_runs(reported: Any) -> None:
    """They are opened for a report alone; its own folder has them in the inbox, under the partner's seal, and nowhere else."""
    home = reported.home("assembler/1")
    assert [str(p.relative_to(home)) for p in home.rglob("*subgroups*")] == ["inbox/police/subgroups.sealed"]
    (home / "inbox" / "police" / "subgroups.sealed").unlink()
    out = reported.folder / "spine.sealed"
    reported.well(reported.run("centre", "assemble", home, "--shared", reported.shared, "--out", out))


def test_a_kind_that_was_not_sent_before_needs_a_whole_submission(reported: Any) -> None:
    kinds = {
        **KINDS,
        "sex": {"column": "ethnicity", "gateway": "PCSC-s16", "codes": dict.fromkeys(S.CODES, "unknown")},
    }
    export(reported, kinds=kinds)
    told = submit(reported, out="update", update=reported.home("police/officer") / "ledger")
    assert told.code == 10
    assert "or other subgroups" in told.err


@pytest.mark.parametrize(
    ("kinds", "saying"),
    [
        ({"religion": KINDS["ethnic_group"]}, "'religion' is no kind of subgroup; there are ethnic_group, sex"),
        ({"ethnic_group": {**KINDS["ethnic_group"], "codes": {"W": "welsh"}}}, "'welsh' is no code of ethnic_group"),
        ({"ethnic_group": {**KINDS["ethnic_group"], "codes": {"W": 1}}}, "between quotation marks"),
        ({"ethnic_group": {**KINDS["ethnic_group"], "codes": {}}}, "at least 1 item"),
        ({"ethnic_group": {**KINDS["ethnic_group"], "column": "nowhere"}}, "no column 'nowhere'"),
        ({"ethnic_group": {**KINDS["ethnic_group"], "codes": {"W": "white", "Z": "other"}}}, "column 'ethnicity', row 5"),
    ],
)  # fmt: skip
def test_a_mapping_that_names_what_there_is_not_is_refused_and_nothing_is_written(
    reported: Any, kinds: dict[str, Any], saying: str
) -> None:
    export(reported, kinds=kinds)
    told = submit(reported, out="wrong")
    assert told.code == 10
    assert saying in told.err
    assert not (reported.home("police/officer") / "wrong").exists()


def test_a_gateway_that_does_not_carry_the_codes_stops_the_submission(reported: Any) -> None:
    """The facts of the law are asked as for tokens."""
    export(reported, kinds={"ethnic_group": {**KINDS["ethnic_group"], "gateway": "DEA-s64"}})
    reported.well(submit(reported, out="other"))
    reported.well(reported.run("desk", "withdraw", "police", *reported.desk, "--reason", "replaced"))
    told = reported.receive(reported.home("police/officer") / "other", receipt="other.receipt")
    assert told.code != 0
    assert "police.subgroups.ethnic_group" in told.err


def test_the_rare_code_is_the_one_that_few_have() -> None:
    assert sum(ethnicity(n) == "Z" for n in range(240)) == len(S.RARE) == 4
    assert sum(ethnicity(n) == "B" for n in range(240)) == 50
