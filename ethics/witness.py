"""Witnesses: partners who cosign checkpoints, so that the log cannot show two histories (C2SP tlog-cosignature v1).

A cosignature is Ed25519 over `cosignature/v1`, the time, and the checkpoint's text; its key id uses the type byte 0x04,
so that a log's signature and a witness's by the same key can never be mistaken for each other. It says: of this log, this is the
largest tree I have seen, and it continues everything I saw before.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature

from ethics.checkpoints import NOTHING_SEEN, TreeHead, merge_checkpoints, read_checkpoint, signature_lines
from ethics.encoding import to_base64
from ethics.errors import BadProof, NotVerified, QuorumMissed, WitnessRefused
from ethics.merkle import verify_consistency
from keys import Identity, PublicIdentity
from keys.notes import DASH, split_note

COSIGNATURE: Final = "cosignature/v1"
COSIGNATURE_TYPE: Final = b"\x04"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: which witness, and when it says it signed."""

    witness: str
    at: datetime


def cosigner_key_id(witness: PublicIdentity) -> bytes:
    """The four bytes that name a witness's key in a checkpoint."""
    return hashlib.sha256(witness.name.encode() + b"\n" + COSIGNATURE_TYPE + witness.ed25519).digest()[:4]


def _message(text: str, *, seconds: int) -> bytes:
    return f"{COSIGNATURE}\ntime {seconds}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness of one log. What it has seen is kept by the caller, and must be stored before the note is sent."""

    identity: Identity
    log: PublicIdentity

    def cosign(
        self, note: str, *, consistency: Sequence[bytes], seen: TreeHead, now: datetime
    ) -> tuple[str, TreeHead]:
        """The checkpoint with this witness's line, and what it has seen from now on.

        `consistency` leads from `seen` to the checkpoint; `seen` is `NOTHING_SEEN` at first.

        Raises:
            NotVerified: the log did not sign the checkpoint.
            WitnessRefused: it is older than what was seen, or another history.
        """
        head = read_checkpoint(note, log=self.log)
        if head.size < seen.size:
            raise WitnessRefused(
                f"{self.log.name} shows {head.size} entries after it showed {seen.size}: entries were taken away; "
                "keep both checkpoints as evidence and tell the board"
            )
        try:
            verify_consistency(seen.size, size=head.size, proof=consistency, old_root=seen.root, root=head.root)
        except BadProof as fault:
            raise WitnessRefused(
                f"{self.log.name} does not prove that its {head.size} entries continue the {seen.size} seen before; "
                "ask for the proof again, and if it fails keep both checkpoints and tell the board"
            ) from fault
        return add_cosignature(note, by=self.identity, now=now), head


def add_cosignature(note: str, *, by: Identity, now: datetime) -> str:
    """The note with a cosignature line by `by`, in place of an earlier one. Checks nothing: `Witness.cosign` does."""
    text, _ = split_note(note)
    seconds = int(now.timestamp())
    blob = cosigner_key_id(by.public) + seconds.to_bytes(8, "big")
    blob += by.signer().sign(_message(text, seconds=seconds))
    return merge_checkpoints(note, other=f"{text}\n{DASH}{by.name} {to_base64(blob)}\n")


def only_known(note: str, *, log: PublicIdentity, witnesses: Collection[PublicIdentity]) -> str:
    """The note without signature lines by others than the log and these witnesses. Verifies nothing."""
    known = {(log.name, log.key_hash)} | {(one.name, cosigner_key_id(one)) for one in witnesses}
    lines = [one.line for one in signature_lines(note) if (one.name, one.key_id) in known]
    return split_note(note)[0] + "\n" + "".join(f"{line}\n" for line in lines)


def verify_cosignatures(
    note: str, *, witnesses: Collection[PublicIdentity], quorum: int
) -> tuple[Cosignature, ...]:
    """The cosignatures by these witnesses; at least `quorum` of them. Lines by others are passed over.

    The log's own signature is not looked at here.

    Raises:
        NotVerified: a witness's line does not fit the checkpoint, or two witnesses are one key.
        QuorumMissed: too few of them have cosigned.
    """
    if len({one.ed25519 for one in witnesses}) != len(witnesses):
        raise NotVerified("two of the witnesses have the same key: one key is one witness")
    text, _ = split_note(note)
    by_line = {(one.name, cosigner_key_id(one)): one for one in witnesses}
    found: dict[str, Cosignature] = {}
    for line in signature_lines(note):
        witness = by_line.get((line.name, line.key_id))
        if witness is None:
            continue
        seconds = int.from_bytes(line.signature[:8], "big")
        try:
            witness.verifier().verify(line.signature[8:], _message(text, seconds=seconds))
            found[witness.name] = Cosignature(witness.name, datetime.fromtimestamp(seconds, tz=UTC))
        except (InvalidSignature, ValueError, OverflowError, OSError) as fault:
            raise NotVerified(
                f"the cosignature of {witness.name} does not fit this checkpoint: it was altered"
            ) from fault
    if len(found) < quorum:
        raise QuorumMissed(
            f"{len(found)} of the {len(witnesses)} known witnesses have cosigned, and {quorum} are asked for"
        )
    return tuple(found[name] for name in sorted(found))


__all__ = [
    "NOTHING_SEEN",
    "Cosignature",
    "TreeHead",
    "Witness",
    "add_cosignature",
    "cosigner_key_id",
    "only_known",
    "verify_cosignatures",
]
