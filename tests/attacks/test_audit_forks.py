"""A log that shows different histories to different people needs witnesses to sign both, and they do not."""

from datetime import UTC, datetime

import pytest

from ethics.checkpoints import NOTHING_SEEN, TreeHead, read_checkpoint, sign_checkpoint
from ethics.encoding import to_base64
from ethics.errors import BadProof, NotVerified, QuorumMissed, WitnessRefused
from ethics.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    leaf_hash,
    levels_of,
    reader_of,
    verify_consistency,
)
from ethics.witness import Witness, verify_cosignatures
from keys import Identity, sign_note
from tests.merkle_roots import root_of

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LOG = Identity.make("log/demo")
POLICE, COUNCIL = (Witness(Identity.make(name), LOG.public) for name in ("police/witness", "council/witness"))
HONEST = [bytes([number]) for number in range(8)]
FORGED = [*HONEST[:3], b"rewritten", *HONEST[4:]]


def checkpoint(entries: list[bytes], size: int) -> str:
    return sign_checkpoint(TreeHead(size, root_of(entries[:size])), by=LOG)


def proof(entries: list[bytes], old: int, size: int) -> list[bytes]:
    node = reader_of(levels_of([leaf_hash(entry) for entry in entries]))
    return consistency_proof(old, size=size, node=node)


@pytest.fixture
def seen() -> TreeHead:
    return POLICE.cosign(checkpoint(HONEST, 5), consistency=[], seen=NOTHING_SEEN, now=NOW)[1]


def test_a_fork_of_the_same_size_is_refused(seen: TreeHead) -> None:
    with pytest.raises(WitnessRefused, match="both checkpoints"):
        POLICE.cosign(checkpoint(FORGED, 5), consistency=[], seen=seen, now=NOW)


@pytest.mark.parametrize("entries", [HONEST, FORGED], ids=["an honest proof", "a forged proof"])
def test_a_fork_that_grew_is_refused(seen: TreeHead, entries: list[bytes]) -> None:
    with pytest.raises(WitnessRefused):
        POLICE.cosign(checkpoint(FORGED, 8), consistency=proof(entries, 5, 8), seen=seen, now=NOW)


def test_a_rollback_is_refused(seen: TreeHead) -> None:
    with pytest.raises(WitnessRefused, match="taken away"):
        POLICE.cosign(checkpoint(HONEST, 4), consistency=[], seen=seen, now=NOW)
    with pytest.raises(WitnessRefused, match="taken away"):
        POLICE.cosign(checkpoint(HONEST, 0), consistency=[], seen=seen, now=NOW)


def test_a_growth_without_proof_is_refused(seen: TreeHead) -> None:
    with pytest.raises(WitnessRefused):
        POLICE.cosign(checkpoint(HONEST, 8), consistency=[], seen=seen, now=NOW)


def test_a_checkpoint_by_another_key_of_the_same_name_is_refused(seen: TreeHead) -> None:
    stranger = sign_checkpoint(TreeHead(8, root_of(HONEST)), by=Identity.make("log/demo"))
    with pytest.raises(NotVerified):
        POLICE.cosign(stranger, consistency=proof(HONEST, 5, 8), seen=seen, now=NOW)


def test_two_histories_shown_to_two_witnesses_reach_no_quorum_of_both(seen: TreeHead) -> None:
    _, other = COUNCIL.cosign(checkpoint(FORGED, 5), consistency=[], seen=NOTHING_SEEN, now=NOW)
    witnesses = [POLICE.identity.public, COUNCIL.identity.public]
    for entries in (HONEST, FORGED):
        note = checkpoint(entries, 8)
        for witness, last in ((POLICE, seen), (COUNCIL, other)):
            try:
                note, _ = witness.cosign(note, consistency=proof(entries, 5, 8), seen=last, now=NOW)
            except WitnessRefused:
                continue
        assert len(verify_cosignatures(note, witnesses=witnesses, quorum=1)) == 1
        with pytest.raises(QuorumMissed):
            verify_cosignatures(note, witnesses=witnesses, quorum=2)


def test_a_proof_is_none_for_a_tree_of_another_height() -> None:
    steps, old, new = proof(HONEST, 4, 8), root_of(HONEST[:4]), root_of(HONEST)
    verify_consistency(4, size=8, proof=steps, old_root=old, root=new)
    for size in (16, 9, 4, 3):
        with pytest.raises(BadProof):
            verify_consistency(4, size=size, proof=steps, old_root=old, root=new)


ROOT = to_base64(root_of(HONEST))


@pytest.mark.parametrize(
    "text",
    [
        f"log/demo\n08\n{ROOT}\n",
        f"log/demo\n+8\n{ROOT}\n",
        f"log/demo\n-8\n{ROOT}\n",
        f"log/demo\n٨\n{ROOT}\n",
        f"log/demo\n8\n{ROOT}\nextension\n",
        f"log/demo\n8\n{ROOT} \n",
        f"log/demo\n8\n{to_base64(b'short')}\n",
        f"log/demo\n0\n{ROOT}\n",
        f"log/demo\n8\n{to_base64(EMPTY_ROOT)}\n",
        "log/demo\n8\n",
        f"log/other\n8\n{ROOT}\n",
    ],
)
def test_a_checkpoint_in_another_form_is_refused_even_when_the_log_signed_it(text: str) -> None:
    with pytest.raises(NotVerified):
        read_checkpoint(sign_note(text, by=LOG), log=LOG.public)
