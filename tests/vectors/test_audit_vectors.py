"""Known answers from outside: RFC 6962's reference tree, C2SP's tiles, and a checkpoint of a public log with a public witness."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ethics.checkpoints import read_checkpoint
from ethics.errors import NotVerified, QuorumMissed
from ethics.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels_of,
    reader_of,
    verify_consistency,
    verify_inclusion,
)
from ethics.tiles import TILE, bundle_paths, tile_path, tiles_of
from ethics.witness import cosigner_key_id, verify_cosignatures
from keys import PublicIdentity
from tests.merkle_roots import root_of


def facts(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return value


TREE = facts("rfc6962.json")
LEAVES = [bytes.fromhex(leaf) for leaf in TREE["leaves"]]
ROOTS = [bytes.fromhex(root) for root in TREE["roots"]]
NODE = reader_of(levels_of([leaf_hash(leaf) for leaf in LEAVES]))


def hashes(case: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(step) for step in case["proof"]]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_reference_tree_has_its_known_root_at_every_size(size: int) -> None:
    assert root_of(LEAVES[:size]) == ROOTS[size]


def test_the_reference_leaves_have_their_known_hashes() -> None:
    assert [leaf_hash(leaf).hex() for leaf in LEAVES] == TREE["leaf_hashes"]
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize("case", TREE["inclusion"], ids=lambda case: f"{case['number']} in {case['size']}")
def test_the_known_inclusion_proofs_are_made_and_accepted(case: dict[str, Any]) -> None:
    number, size = case["number"], case["size"]
    assert inclusion_proof(number, size=size, node=NODE) == hashes(case)
    verify_inclusion(leaf_hash(LEAVES[number]), number=number, size=size, proof=hashes(case), root=ROOTS[size])


@pytest.mark.parametrize("case", TREE["consistency"], ids=lambda case: f"{case['old']} to {case['size']}")
def test_the_known_consistency_proofs_are_made_and_accepted(case: dict[str, Any]) -> None:
    old, size = case["old"], case["size"]
    assert consistency_proof(old, size=size, node=NODE) == hashes(case)
    verify_consistency(old, size=size, proof=hashes(case), old_root=ROOTS[old], root=ROOTS[size])


def public(who: dict[str, Any]) -> PublicIdentity:
    return PublicIdentity(who["name"], bytes.fromhex(who["ed25519"]), b"", b"")


def test_a_public_logs_checkpoint_verifies_with_its_published_key() -> None:
    case = facts("c2sp_checkpoint.json")
    log = public(case["log"])
    assert log.key_hash.hex() == case["log"]["key_id"]
    head = read_checkpoint(case["note"], log=log)
    assert (head.size, head.root.hex()) == (case["size"], case["root"])


def test_a_public_witness_cosignature_verifies_with_its_published_key_and_time() -> None:
    case = facts("c2sp_checkpoint.json")
    witness = public(case["witness"])
    assert cosigner_key_id(witness).hex() == case["witness"]["key_id"]
    (found,) = verify_cosignatures(case["note"], witnesses=[witness], quorum=1)
    assert found.at == datetime.fromtimestamp(case["cosigned_at"], tz=UTC)


def test_a_public_checkpoint_with_another_size_verifies_neither_for_log_nor_witness() -> None:
    case = facts("c2sp_checkpoint.json")
    other = case["note"].replace("\n1432088532\n", "\n1432088533\n")
    with pytest.raises(NotVerified):
        read_checkpoint(other, log=public(case["log"]))
    with pytest.raises(NotVerified):
        verify_cosignatures(other, witnesses=[public(case["witness"])], quorum=1)


def test_a_public_logs_own_signature_is_no_cosignature() -> None:
    case = facts("c2sp_checkpoint.json")
    with pytest.raises(QuorumMissed):
        verify_cosignatures(case["note"], witnesses=[public(case["log"])], quorum=1)


TILES = facts("tlog_tiles.json")


@pytest.mark.parametrize("case", TILES["paths"], ids=lambda case: case["path"])
def test_tiles_lie_where_the_specification_says(case: dict[str, Any]) -> None:
    assert tile_path(case["row"], number=case["number"], width=case["width"]) == case["path"]


@pytest.mark.parametrize("case", TILES["rows"], ids=lambda case: str(case["size"]))
def test_a_log_has_the_full_and_partial_tiles_the_specification_counts(case: dict[str, Any]) -> None:
    levels = [[b"\x00" * 32] * (case["size"] >> level) for level in range(case["size"].bit_length())]
    files = dict(tiles_of([], levels=levels))
    full = Counter(path.split("/")[1] for path, content in files.items() if len(content) == TILE * 32)
    partial = {path.split("/")[1]: len(content) // 32 for path, content in files.items() if ".p/" in path}
    assert dict(full) == case["full"]
    assert partial == case["partial"]
    assert [path.replace("entries", "0") for path in bundle_paths(case["size"])] == [
        path for path in files if path.startswith("tile/0/")
    ]
