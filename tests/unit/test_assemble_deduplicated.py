"""A partner's statement that its file has no doubles goes from its mapping into the signed manifest, and leaves manifests without it as they were."""

import json
from dataclasses import replace
from typing import Any

import pytest

from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round, read_manifest
from linkage.tokens import PartnerStatistics
from service.officer.mapping_file import mapping_text, parse_mapping

PLAIN = Manifest(
    Round("safer-streets", 3, "d" * 64), "police", "police-3-aaaaaaaaaaaa", "2026-03-01T12:00:00+00:00", "00000000", (), PartnerStatistics(0, {}, {}), {},
    "made-up gateway",
)  # fmt: skip


def body(one: Manifest) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(one.text().partition("\n")[2])
    return value


def test_a_manifest_that_does_not_state_it_is_written_as_before() -> None:
    assert "deduplicated" not in body(PLAIN)
    assert not read_manifest(json.dumps(body(PLAIN))).deduplicated


def test_a_manifest_that_states_it_is_read_as_written_and_has_another_digest() -> None:
    stated = replace(PLAIN, deduplicated=True)
    assert read_manifest(json.dumps(body(stated))) == stated
    assert stated.digest != PLAIN.digest


@pytest.mark.parametrize("value", [False, 1, "true", "yes", [], {}])
def test_nothing_but_true_states_it(value: Any) -> None:
    with pytest.raises(BadSubmission, match="not readable"):
        read_manifest(json.dumps(body(PLAIN) | {"deduplicated": value}))


def test_a_mapping_states_it_and_is_written_as_it_was_read() -> None:
    text = "mapping: linkage-mapping/v1\npartner: police\nrecord_id: id\nidentifiers: {surname: name}\ntoken_gateway: made-up\n"
    assert not parse_mapping(text, name="mapping.yaml").deduplicated
    stated = parse_mapping(text + "deduplicated: true\n", name="mapping.yaml")
    assert stated.deduplicated
    assert "deduplicated: true" in mapping_text(stated, notes={}, left_out={})
