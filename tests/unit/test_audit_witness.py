"""Witnesses: what they sign, and that their lines join under one checkpoint."""

from datetime import UTC, datetime

import pytest

from ethics.checkpoints import NOTHING_SEEN, TreeHead, merge_checkpoints, sign_checkpoint
from ethics.errors import NotVerified, QuorumMissed
from ethics.merkle import consistency_proof, leaf_hash, levels_of, reader_of
from ethics.witness import Witness, verify_cosignatures
from keys import Identity, PublicIdentity, verify_note
from tests.merkle_roots import root_of

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
LOG = Identity.make("log/demo")
NAMES = ("police/witness", "council/witness", "health/witness")
WITNESSES = [Identity.make(name) for name in NAMES]
PUBLIC = [one.public for one in WITNESSES]
ENTRIES = [bytes([number]) for number in range(9)]
NODE = reader_of(levels_of([leaf_hash(entry) for entry in ENTRIES]))


def head(size: int) -> TreeHead:
    return TreeHead(size, root_of(ENTRIES[:size]))


def cosigned(note: str, by: Identity, at: datetime = NOW) -> str:
    return Witness(by, LOG.public).cosign(note, consistency=[], seen=NOTHING_SEEN, now=at)[0]


def test_a_witness_signs_time_and_text_and_remembers_the_head() -> None:
    note, seen = Witness(WITNESSES[0], LOG.public).cosign(
        sign_checkpoint(head(9), by=LOG), consistency=[], seen=NOTHING_SEEN, now=NOW
    )
    (found,) = verify_cosignatures(note, witnesses=PUBLIC, quorum=1)
    assert (found.witness, found.at, seen) == ("police/witness", NOW, head(9))


def test_a_witness_follows_the_log_from_size_to_size() -> None:
    witness, seen = Witness(WITNESSES[0], LOG.public), NOTHING_SEEN
    for size in (0, 1, 4, 4, 7, 9):
        proof = consistency_proof(seen.size, size=size, node=NODE)
        note, seen = witness.cosign(sign_checkpoint(head(size), by=LOG), consistency=proof, seen=seen, now=NOW)
        assert verify_cosignatures(note, witnesses=PUBLIC, quorum=1)
    assert seen == head(9)


def test_a_cosigned_checkpoint_is_still_a_note_signed_by_the_log() -> None:
    note = cosigned(sign_checkpoint(head(3), by=LOG), WITNESSES[0])
    assert verify_note(note, known=[LOG.public], kind="log/demo").signers == {"log/demo"}


def test_cosignatures_given_apart_join_under_one_text() -> None:
    note = sign_checkpoint(head(3), by=LOG)
    first, second = cosigned(note, WITNESSES[0]), cosigned(note, WITNESSES[1])
    both = merge_checkpoints(first, other=second)
    assert len(verify_cosignatures(both, witnesses=PUBLIC, quorum=2)) == 2
    assert merge_checkpoints(both, other=second) == both


def test_cosigning_again_replaces_the_earlier_line() -> None:
    note = cosigned(cosigned(sign_checkpoint(head(3), by=LOG), WITNESSES[0]), WITNESSES[0], LATER)
    assert note.count("police/witness") == 1
    assert verify_cosignatures(note, witnesses=PUBLIC, quorum=1)[0].at == LATER


def test_a_quorum_that_is_not_reached_is_named() -> None:
    note = cosigned(sign_checkpoint(head(3), by=LOG), WITNESSES[0])
    with pytest.raises(QuorumMissed, match="1 of the 3"):
        verify_cosignatures(note, witnesses=PUBLIC, quorum=2)


def test_lines_by_unknown_witnesses_are_passed_over() -> None:
    note = cosigned(cosigned(sign_checkpoint(head(3), by=LOG), WITNESSES[0]), WITNESSES[1])
    found = verify_cosignatures(note, witnesses=PUBLIC[:1], quorum=1)
    assert [one.witness for one in found] == ["police/witness"]


def test_one_key_under_two_names_is_not_two_witnesses() -> None:
    twin = PublicIdentity("police/second", PUBLIC[0].ed25519, PUBLIC[0].x25519, PUBLIC[0].mlkem768)
    note = cosigned(sign_checkpoint(head(3), by=LOG), WITNESSES[0])
    with pytest.raises(NotVerified, match="same key"):
        verify_cosignatures(note, witnesses=[PUBLIC[0], twin], quorum=1)


def test_checkpoints_of_different_logs_do_not_join() -> None:
    with pytest.raises(NotVerified, match="differ"):
        merge_checkpoints(sign_checkpoint(head(3), by=LOG), other=sign_checkpoint(head(4), by=LOG))
