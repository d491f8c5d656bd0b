"""A manifest says what kind of submission it is of and what it follows, and nothing that contradicts itself is read."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from linkage.attestations import Attestation
from linkage.errors import BadSubmission
from linkage.manifest import Base, Manifest, Round, SealedFile, expected_files, read_manifest, rounded_gone
from linkage.tokens import PartnerStatistics

LEFT_OUT = Attestation("opt-out", "nhs_number", True, "excluded", date(2026, 2, 1), 1200, 100)


def manifest(**changes: Any) -> Manifest:
    body: dict[str, Any] = {
        "round": Round("safer-streets", 3, "d" * 64), "partner": "police", "submission": "police-3-aaaaaaaaaaaa", "made_at": "2026-03-01T12:00:00+00:00",
        "key_check": "00000000", "files": (SealedFile("a.tokens.sealed", "0" * 64, 3),), "statistics": PartnerStatistics(100, {}, {}),
        "attributes": {}, "token_gateway": "made-up gateway",
    }  # fmt: skip
    return Manifest(**(body | changes))


def read(one: Manifest, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> Manifest:
    value = json.loads(one.text().partition("\n")[2])
    change(value)
    return read_manifest(json.dumps(value))


UPDATE: dict[str, Any] = {"kind": "update", "base": Base("police-3-bbbbbbbbbbbb", "b" * 64), "gone": 30}


@pytest.mark.parametrize("changes", [{}, UPDATE, {"exclusions": (LEFT_OUT, LEFT_OUT)}])
def test_a_manifest_is_read_as_it_was_written(changes: dict[str, Any]) -> None:
    one = manifest(**changes)
    assert read(one) == one
    assert read(one).text() == one.text()
    assert one.text().startswith("linkage-manifest/v2\n")


def test_what_an_update_follows_is_part_of_its_digest() -> None:
    every = [manifest(), manifest(**UPDATE), manifest(**(UPDATE | {"gone": 40}))]
    every += [
        manifest(**(UPDATE | {"base": Base(s, d)}))
        for s, d in (("police-3-bbbbbbbbbbbb", "c" * 64), ("police-3-cccccccccccc", "b" * 64))
    ]
    assert len({m.digest for m in every}) == len(every)


CONTRADICTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "whole and follows": lambda v: v.update(kind="whole"),
    "an update of nothing": lambda v: v.update(base=None),
    "whole and something gone": lambda v: v.update(kind="whole", base=None),
    "whole with a file of what is gone": lambda v: (
        v.update(kind="whole", base=None, gone=0),
        v["files"][0].update(name="a.gone.sealed"),
    ),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_manifest_that_contradicts_itself_is_refused(what: str) -> None:
    with pytest.raises(
        BadSubmission, match="a whole submission that follows another, or of an update that follows none"
    ):
        read(manifest(**UPDATE), CONTRADICTIONS[what])


UNREADABLE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another kind": lambda v: v.update(kind="patch"),
    "no kind": lambda v: v.pop("kind"),
    "a base without a digest": lambda v: v["base"].pop("manifest"),
    "a base whose digest is none": lambda v: v["base"].update(manifest="b" * 63),
    "a base that is a word": lambda v: v.update(base="police-3-bbbbbbbbbbbb"),
    "an exact count": lambda v: v.update(gone=31),
    "a count below nothing": lambda v: v.update(gone=-10),
    "a count that is true": lambda v: v.update(gone=True),
    "an exclusion that says more": lambda v: v.update(exclusions=[LEFT_OUT.to_json() | {"who": "x"}]),
    "exclusions that are a word": lambda v: v.update(exclusions="none"),
    "a project that moves the cursor": lambda v: v.update(project="\x1b[2J"),
    "a project that turns the text": lambda v: v.update(project="\u202erecor"),
    "a schema of two lines": lambda v: v.update(schema="a\nb"),
    "a gateway of 101 letters": lambda v: v.update(token_gateway="x" * 101),
    "an attribute that is half of a letter": lambda v: v.update(attributes={"\ud800": "x"}),
    "a gateway that is a number": lambda v: v.update(attributes={"area": 1}),
    "an epoch without end": lambda v: v.update(epoch=float("inf")),
    "a time without an offset": lambda v: v.update(made_at="2026-03-01T12:00:00"),
    "a key check of another length": lambda v: v.update(key_check="000000"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_manifest_with_an_impossible_entry_is_not_read(what: str) -> None:
    with pytest.raises(BadSubmission, match="signed but not readable"):
        read(manifest(**UPDATE), UNREADABLE[what])


@pytest.mark.parametrize("name", ["police-3-bbbbbbbbbbb", "police-3-BBBBBBBBBBBB", "police-4-bbbbbbbbbbbb", "nhs-3-bbbbbbbbbbbb", "x"])  # fmt: skip
def test_a_submission_is_called_by_its_partner_its_epoch_and_twelve_digits(name: str) -> None:
    with pytest.raises(BadSubmission, match="by a name that no submission has"):
        read(manifest(submission=name))


@pytest.mark.parametrize("partner", ["", ".", "..", ".police", "a/b", "a\\b"])
def test_a_partner_whose_name_is_hidden_or_a_path_is_refused(partner: str) -> None:
    with pytest.raises(BadSubmission, match="cannot name a folder"):
        read(manifest(partner=partner))


def test_the_files_of_a_submission_are_those_of_the_schemas_match_keys() -> None:
    whole = {"a.tokens.sealed", "a.map.sealed", "b.tokens.sealed", "b.map.sealed", "records.map.sealed"}
    gone = {"a.gone.sealed", "b.gone.sealed", "records.gone.sealed"}
    assert expected_files("ab", kind="whole", attributes=False) == whole
    assert expected_files("ab", kind="whole", attributes=True) == whole | {"attributes.parquet"}
    assert expected_files("ab", kind="update", attributes=True) == whole | gone | {"attributes.parquet"}


def test_counts_of_what_is_gone_are_rounded_to_ten() -> None:
    assert [rounded_gone(n) for n in (0, 4, 6, 14, 16, 1234)] == [0, 0, 10, 10, 20, 1230]
