"""The framework: numbered, in plain sentences, and complete against both public frameworks."""

import re

import pytest

from ethics.errors import BadDocument
from ethics.framework import DAIEF, UKSA, read_framework, the_framework

GOOD = """
framework: vpp-ethical-framework/v1
principles:
  - id: P1
    says: This is one plain sentence that says something.
    held_by: [engine]
    uksa: [public-good, confidentiality, methods-and-quality, legal-compliance, public-views, transparency]
    daief: [transparency, accountability, fairness, privacy, safety, societal-impact, environmental-sustainability]
"""


def test_the_framework_carries_out_six_and_seven_principles() -> None:
    assert (len(UKSA), len(DAIEF)) == (6, 7)
    framework = the_framework()
    assert {what for one in framework.principles for what in one.uksa} == set(UKSA)
    assert {what for one in framework.principles for what in one.daief} == set(DAIEF)


def test_the_principles_are_numbered() -> None:
    framework = the_framework()
    for number, one in enumerate(framework.principles, start=1):
        assert one.id == f"P{number}"


def test_a_small_complete_framework_is_read() -> None:
    assert len(read_framework(GOOD, name="small.yaml").principles) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("id: P1", "id: P2", r"small\.yaml: the whole: principles are numbered"),
        (
            "plain sentence that says something.",
            "sentence. And then another one.",
            r"principles\.0\.says: one plain",
        ),
        ("confidentiality, ", "", r"no principle carries out confidentiality \(uksa\)"),
        ("fairness, ", "", r"no principle carries out fairness \(daief\)"),
        ("[engine]", "[hope]", r"principles\.0\.held_by\.0"),
        ("held_by: [engine]", "held_by: [engine]\n    colour: blue", r"principles\.0\.colour"),
        ("id: P1", "id: P1\n    id: P1", r"line 5, column 5: 'id' stands here twice"),
        ("[engine]", "[engine", r"small\.yaml, line \d+"),
    ],
)
def test_a_wrong_framework_is_refused_with_the_place(old: str, new: str, says: str) -> None:
    with pytest.raises(BadDocument) as refused:
        read_framework(GOOD.replace(old, new), name="small.yaml")
    assert re.search(says, str(refused.value)), str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "- a list", "just words", "? [a]\n: b", "a: !!python/object/apply:os.getcwd []"]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(BadDocument, match=r"small\.yaml"):
        read_framework(text, name="small.yaml")
