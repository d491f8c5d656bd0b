"""Offline proofs that an entry is in the log: one text file each (C2SP tlog-proof).

The file holds the entry's number, its Merkle path and a checkpoint with the witnesses' lines. With the entry's bytes and the public
keys of log and witnesses it convinces anyone, without asking whoever runs the log.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ethics.checkpoints import TreeHead, read_checkpoint
from ethics.encoding import decimal, from_base64, from_base64_hash, to_base64
from ethics.errors import NotVerified
from ethics.events import Event, read_event
from ethics.merkle import leaf_hash, verify_inclusion
from ethics.witness import Cosignature, verify_cosignatures
from keys import PublicIdentity

PROOF_FORMAT: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof has shown: this event is entry `number` of the log `head`, and these witnesses have seen that log."""

    event: Event
    number: int
    head: TreeHead
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class ProofFile:
    """The parts of a proof file, none of them verified."""

    number: int
    path: tuple[bytes, ...]
    checkpoint: str


def write_proof(number: int, *, path: Sequence[bytes], checkpoint: str) -> str:
    """The text of a proof file."""
    lines = [PROOF_FORMAT, f"index {number}", *(to_base64(step) for step in path)]
    return "\n".join(lines) + "\n\n" + checkpoint


def read_proof(text: str) -> ProofFile:
    """The parts of a proof file. A line `extra …`, which the format allows and nothing authenticates, is passed over.

    Raises:
        NotVerified: it is no such file.
    """
    top, gap, checkpoint = text.partition("\n\n")
    first, *lines = top.split("\n")
    if first != PROOF_FORMAT or not gap:
        raise NotVerified(f"this is no proof file: its first line should be {PROOF_FORMAT}")
    try:
        if lines and lines[0].startswith("extra "):
            from_base64(lines.pop(0).removeprefix("extra "))
        word, _, number = lines[0].partition(" ")
        if word != "index":
            raise ValueError("the index line is missing")
        return ProofFile(decimal(number), tuple(from_base64_hash(line) for line in lines[1:]), checkpoint)
    except (ValueError, IndexError) as fault:
        raise NotVerified("this proof file is damaged: its index or its path cannot be read") from fault


def verify_proof(
    text: str, entry: bytes, *, log: PublicIdentity, witnesses: Collection[PublicIdentity] = (), quorum: int = 0
) -> Proven:
    """What the proof shows about the entry; nothing but the arguments is needed.

    Raises:
        NotVerified: the proof, its checkpoint or a cosignature does not hold, or the entry is another one.
        BadEvent: the entry is in the log but is no event.
    """
    parts = read_proof(text)
    head = read_checkpoint(parts.checkpoint, log=log)
    verify_inclusion(leaf_hash(entry), number=parts.number, size=head.size, proof=parts.path, root=head.root)
    cosigned = verify_independent(parts.checkpoint, log=log, witnesses=witnesses, quorum=quorum)
    return Proven(read_event(entry), parts.number, head, cosigned)


def verify_independent(
    note: str, *, log: PublicIdentity, witnesses: Collection[PublicIdentity], quorum: int
) -> tuple[Cosignature, ...]:
    """The cosignatures by witnesses, none of whom is the log itself.

    Raises:
        NotVerified: see `verify_cosignatures`, or the log is its own witness.
    """
    if any(one.ed25519 == log.ed25519 for one in witnesses):
        raise NotVerified(f"{log.name} cannot be its own witness: take it off the list of witnesses")
    return verify_cosignatures(note, witnesses=witnesses, quorum=quorum)
