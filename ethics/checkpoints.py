"""Checkpoints: size and root of the log as a signed note of three lines (C2SP tlog-checkpoint).

Origin, size, root hash. The origin is the name of the log's identity; extension lines are refused, since nobody can audit
them. Witnesses add their lines below the log's (`ethics.witness`).
"""

from dataclasses import dataclass

from ethics.encoding import decimal, from_base64, from_base64_hash, to_base64
from ethics.errors import NotVerified
from ethics.merkle import EMPTY_ROOT
from keys import BadSignature, Identity, PublicIdentity, sign_note, verify_note
from keys.notes import DASH, split_note


@dataclass(frozen=True, slots=True)
class TreeHead:
    """How many entries a log has, and the Merkle root over them (32 bytes)."""

    size: int
    root: bytes


NOTHING_SEEN = TreeHead(0, EMPTY_ROOT)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under a note: whose it says it is, the key's four-byte id, and the signature bytes."""

    name: str
    key_id: bytes
    signature: bytes
    line: str


def sign_checkpoint(head: TreeHead, *, by: Identity) -> str:
    """The checkpoint of a tree as a note signed by the log."""
    return sign_note(f"{by.name}\n{head.size}\n{to_base64(head.root)}\n", by=by)


def signature_lines(note: str) -> tuple[SignatureLine, ...]:
    """The signature lines of a note, each in its one canonical spelling.

    Raises:
        NotVerified: it is no note, or a line is spelt otherwise.
    """
    try:
        return tuple(_signature_line(line) for line in split_note(note)[1])
    except (BadSignature, ValueError) as fault:
        raise NotVerified("this checkpoint is damaged: its signature lines cannot be read") from fault


def _signature_line(line: str) -> SignatureLine:
    name, gap, coded = line.removeprefix(DASH).partition(" ")
    blob = from_base64(coded)
    if not name or not gap or len(blob) <= 4:
        raise ValueError("a signature line is a name, a space and more than four bytes in base64")
    return SignatureLine(name, blob[:4], blob[4:], line)


def read_checkpoint(note: str, *, log: PublicIdentity) -> TreeHead:
    """The size and root that the log signed.

    Raises:
        NotVerified: the log did not sign it, or it is not exactly three lines in canonical spelling.
    """
    signature_lines(note)
    try:
        head = _head_in(verify_note(note, known=[log], kind=log.name).text)
    except BadSignature as fault:
        raise NotVerified(f"this is no checkpoint that {log.name} signed: {fault}") from fault
    except ValueError as fault:
        raise NotVerified(
            f"the checkpoint of {log.name} is signed but not of the three lines origin, size and root"
        ) from fault
    if (head.size == 0) != (head.root == EMPTY_ROOT):
        raise NotVerified(f"the checkpoint of {log.name} names a root that no log of its size has")
    return head


def stated_head(note: str, *, origin: str) -> TreeHead:
    """The size and root that a checkpoint of this log states, whoever signed it: for one that its reader kept, and so believes.

    Raises:
        NotVerified: it is no checkpoint, or one of another log.
    """
    try:
        text, _ = split_note(note)
        if text.partition("\n")[0] != origin:
            raise NotVerified(f"this is no checkpoint of {origin}: its first line names another log")
        return _head_in(text)
    except (BadSignature, ValueError) as fault:
        raise NotVerified(f"this is no checkpoint of {origin}: it is damaged") from fault


def _head_in(text: str) -> TreeHead:
    _, size, root = text.removesuffix("\n").split("\n")
    return TreeHead(decimal(size), from_base64_hash(root))


def merge_checkpoints(note: str, *, other: str) -> str:
    """One note with the signature lines of both; of two by the same key the one in `other` stays.

    Raises:
        NotVerified: they are not about the same text.
    """
    lines = {(one.name, one.key_id): one.line for one in (*signature_lines(note), *signature_lines(other))}
    text, _ = split_note(note)
    if split_note(other)[0] != text:
        raise NotVerified("these two checkpoints differ: signatures can be joined under the same text only")
    return text + "\n" + "".join(line + "\n" for line in lines.values())
