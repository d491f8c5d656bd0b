"""Framework and constitution: agreed by more than half of the partners, version by version, and told in words."""

import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ethics.board import Constitution
from ethics.errors import BadDocument
from ethics.framework import Framework, the_framework
from ethics.principles import numbers_of
from ethics.standing import Agreement, Standing, agree, agreement, standing_of
from keys import BadSignature, Identity, NotTrusted, TrustRegister
from keys.trust import Entry
from policies.load import load_policy
from policies.terms import words
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED
from tests.made_up_board import demo_constitution

P = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_project.py")))
AT = datetime(2026, 9, 1, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = {name: Identity.make(f"{name}/controller") for name in ("police", "schools", "nhs", "council")}
TRUST = TrustRegister(
    "demo",
    1,
    tuple(Entry(one.public, name, frozenset({"controller-approver"}), SINCE) for name, one in KEYS.items()),
)
FIRST = standing_of(demo_constitution())
SECOND = Standing("constitution", 2, "sha256:" + "2" * 64, FIRST.digest)
THREE = ("police", "schools", "nhs")


def notes(standing: Standing, *names: str, at: datetime = AT) -> list[str]:
    return [agree(standing, by=KEYS[name], at=at) for name in names]


def found(*signed: str, standing: Standing = FIRST, **changes: Any) -> Agreement:
    return agreement(signed, standing=standing, **({"trust": TRUST, "at": AT} | changes))


def test_more_than_half_of_the_partners_agree() -> None:
    assert found(*notes(FIRST, *THREE)).agreed
    half = found(*notes(FIRST, "police", "schools"))
    assert (half.agreed, half.partners, half.of) == (False, ("police", "schools"), 4)
    assert half.missing == ("2 of 4 partners have agreed to version 1, and more than half must",)


def test_a_partner_counts_once_however_often_and_with_however_many_keys_it_signs() -> None:
    other = Identity.make("police/deputy")
    trust = TrustRegister(
        "demo", 2, (*TRUST.entries, Entry(other.public, "police", frozenset({"controller-approver"}), SINCE))
    )
    signed = [*notes(FIRST, "police", "police", "schools"), agree(FIRST, by=other, at=AT)]
    assert found(*signed, trust=trust).partners == ("police", "schools")


def test_a_version_follows_one_that_was_agreed() -> None:
    second = notes(SECOND, *THREE)
    assert found(*second, standing=SECOND).missing == ("version 1, which version 2 follows, was not agreed",)
    assert found(*notes(FIRST, *THREE), *second, standing=SECOND).agreed
    jump = Standing("constitution", 3, "sha256:" + "3" * 64, FIRST.digest)
    assert not found(*notes(FIRST, *THREE), *notes(jump, *THREE), standing=jump).agreed
    alone = Standing("constitution", 2, "sha256:" + "4" * 64, "none")
    assert found(*notes(alone, *THREE), standing=alone).missing == (
        "version 2 does not say which version it follows",
    )


def test_two_texts_of_one_version_cannot_both_be_agreed() -> None:
    other = Standing("constitution", 1, "sha256:" + "9" * 64, "none")
    with pytest.raises(BadDocument, match="two texts of one version"):
        found(*notes(FIRST, *THREE), *notes(other, *THREE))


def test_agreement_to_the_framework_is_none_to_the_constitution() -> None:
    framework = standing_of(the_framework())
    assert found(*notes(framework, *THREE)).partners == ()
    assert found(*notes(framework, *THREE), standing=framework).agreed


def test_an_agreement_that_is_forged_or_dated_later_is_refused() -> None:
    good = notes(FIRST, *THREE)
    with pytest.raises(BadSignature):
        found(good[0].replace("version: 1", "version: 2"), *good[1:])
    with pytest.raises(NotTrusted):
        found(agree(FIRST, by=Identity.make("police/analyst"), at=AT))
    with pytest.raises(BadSignature):
        found(agree(FIRST, by=Identity.make("police/controller"), at=AT))
    with pytest.raises(BadDocument, match="dated after"):
        found(*notes(FIRST, "police", at=AT + timedelta(minutes=1)))


def test_digest_is_of_the_content_and_says_which_version_it_follows() -> None:
    first, framework = demo_constitution(), the_framework()
    later = Constitution.model_validate(first.model_dump() | {"version": 2, "previous": first.digest})
    assert standing_of(later) == Standing("constitution", 2, later.digest, first.digest)
    assert later.digest != first.digest
    again = Framework.model_validate(framework.model_dump() | {"version": 2, "previous": framework.digest})
    assert standing_of(again).previous == framework.digest
    with pytest.raises(ValueError, match="previous"):
        Constitution.model_validate(first.model_dump() | {"previous": "yesterday"})


def test_every_principle_that_a_clause_can_cite_is_carried_out_by_numbered_ones() -> None:
    for word in words("principle"):
        assert numbers_of([word], framework=the_framework())
    with pytest.raises(BadDocument, match="carries out profit"):
        numbers_of(["public-good", "profit"], framework=the_framework())


def test_every_clause_of_the_shipped_policy_cites_principles_and_a_basis() -> None:
    policy = load_policy((Path(__file__).parents[2] / "policies/library/framework.yaml").read_text("utf-8"))
    for clause in policy.clauses:
        assert numbers_of(clause.principles, framework=the_framework())
        assert clause.basis


# By commands


@pytest.fixture
def project(tmp_path: Path, command: Any, set_clock: Any) -> Any:
    set_clock(AT)
    return P.BoardProject(tmp_path / "project", run=command)


def test_the_framework_is_told_in_words_with_the_public_principles_it_carries_out(
    project: Any, command: Any
) -> None:
    alone = command("board", "framework")
    assert alone.code == 0
    for one in the_framework().principles:
        assert f"{one.id}. {one.says}" in alone.out
    assert "UK Statistics Authority: public good." in alone.out
    assert "Data and AI Ethics Framework: privacy, safety and fairness." in alone.out
    assert "agreed to it" not in alone.out
    assert project.well("framework").endswith("police and schools agreed to it.\n")


def test_the_constitution_is_told_in_words(project: Any) -> None:
    told = project.well("constitution")
    for said in (
        "board/ethicist is in the chair.",
        "At least 5 members without a conflict must be present, 2 of them lay or from the community, and 2 not employed by the police.",
        "- board/police-analyst: Head of analysis of the police force, expert, employed by the police, from 1 September 2025 until 1 September 2028.",
        "A policy applies only once its proposal has gone through every step.",
        "police and schools agreed to it.",
    ):
        assert said in told


def test_both_are_told_as_json(project: Any) -> None:
    import json

    board = json.loads(project.well("constitution", "--json"))
    assert (board["format"], board["agreement"]["agreed"]) == ("linkage-board-shown/v1", True)
    assert len(board["document"]["members"]) == 7
    framework = json.loads(project.well("framework", "--json"))
    assert framework["digest"] == the_framework().digest


def test_papers_do_not_go_out_before_the_partners_have_agreed_to_both(project: Any) -> None:
    project.agreed("nhs/controller")
    project.propose()
    refused = project.board("circulate", "--until", "2026-09-30", by="secretariat/1")
    assert (refused.code, "the constitution is not agreed: 1 of 3 partners" in refused.err) == (
        NOT_APPROVED,
        True,
    )
    for name in ("police", "schools"):
        for document in ("constitution", "framework"):
            out = project.shared / "standing" / f"{document}-{name}.note"
            told = project.well("agree", document, "--out", out, by=f"{name}/controller")
            assert told.startswith(f"{name} agrees to version 1 of the {document}")
    project.circulate()


def test_nobody_but_a_controller_agrees_and_only_to_one_of_the_two(project: Any) -> None:
    out = project.folder / "agreed.note"
    assert project.board("agree", "constitution", "--out", out, by="board/lay-1").code == BAD_KEY
    assert project.board("agree", "policy", "--out", out, by="police/controller").code == BAD_INPUT
    assert not out.exists()


def test_a_clause_that_cites_a_principle_that_the_framework_does_not_have_is_not_circulated(
    project: Any,
) -> None:
    known = project.second().read_text("utf-8")
    draft = project.draft(known.replace("principles: [public-good,", "principles: [profit,", 1))
    told = project.board("propose", draft, "--case", project.folder / "case.yaml", by="analyst/vpp-1")
    assert told.code == BAD_INPUT
    assert "“profit” is not a word for principle" in told.err
