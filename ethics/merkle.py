"""The Merkle tree of RFC 6962 (section 2.1) and RFC 9162 (section 2.1) over SHA-256, as pure functions.

A tree is read through a `NodeReader`: `node(level, number)` is the hash over the leaves
`number * 2**level` up to (not including) `(number + 1) * 2**level`. Only such complete subtrees are ever kept; they never change once
they exist, so a log can store them once, and every root and proof of every size is put together from O(log n) of them.

Size 0: its root is the hash of nothing, and every tree is consistent with it by an empty proof (RFC 9162 leaves this open;
a witness that has seen nothing yet needs it).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from ethics.errors import BadProof

NodeReader: TypeAlias = Callable[[int, int], bytes]
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry: SHA-256 over 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees: SHA-256 over 0x01 and both hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels_of(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """All complete subtrees over the leaf hashes: `levels[l][n]` covers the leaves from `n * 2**l` on."""
    levels = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels


def reader_of(levels: Sequence[Sequence[bytes]]) -> NodeReader:
    """Reads the nodes that `levels_of` made."""
    return lambda level, number: levels[level][number]


def completed_by(leaf: bytes, *, number: int, node: NodeReader) -> Iterator[tuple[int, int, bytes]]:
    """The subtrees `(level, number, hash)` that are complete once the leaf hash stands at `number`.

    Two on average, at most log2(number) + 2. `node` is asked only for subtrees completed earlier.
    """
    level, hashed = 0, leaf
    yield level, number, hashed
    while number & 1:
        hashed = node_hash(node(level, number - 1), hashed)
        level, number = level + 1, number >> 1
        yield level, number, hashed


def split(width: int) -> int:
    """The largest power of two smaller than `width` (at least 2): where RFC 6962 divides a tree."""
    return 1 << ((width - 1).bit_length() - 1)


def range_root(start: int, *, end: int, node: NodeReader) -> bytes:
    """The hash over the leaves `start` up to `end`; `start` must be where RFC 6962 divides a tree, or 0."""
    width = end - start
    if width == 0:
        return EMPTY_ROOT
    if width & (width - 1) == 0:
        return node(width.bit_length() - 1, start // width)
    middle = start + split(width)
    return node_hash(range_root(start, end=middle, node=node), range_root(middle, end=end, node=node))


def inclusion_proof(number: int, *, size: int, node: NodeReader) -> list[bytes]:
    """The audit path of a leaf in the tree of `size` leaves, from the leaf's sibling up (RFC 6962, section 2.1.1).

    Raises:
        BadProof: the tree has no such leaf.
    """
    if not 0 <= number < size:
        raise BadProof(f"a log of {size} entries has no entry {number}: ask for one from 0 to {size - 1}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if number < middle:
            path.append(range_root(middle, end=end, node=node))
            end = middle
        else:
            path.append(range_root(start, end=middle, node=node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, *, size: int, node: NodeReader) -> list[bytes]:
    """Why the tree of `old` leaves is a beginning of the tree of `size` leaves (RFC 6962, section 2.1.2).

    Raises:
        BadProof: `old` is larger than `size`.
    """
    if not 0 <= old <= size:
        raise BadProof(f"a log of {size} entries did not grow from one of {old}: give the sizes in order")
    if old in (0, size):
        return []
    path: list[bytes] = []
    start, end = 0, size
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            path.append(range_root(middle, end=end, node=node))
            end = middle
        else:
            path.append(range_root(start, end=middle, node=node))
            start = middle
    if start:
        # The old root itself starts at 0 and is known to the verifier; any other common subtree must be told.
        path.append(range_root(start, end=end, node=node))
    return path[::-1]


def verify_inclusion(leaf: bytes, *, number: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Returns if the proof shows that the leaf hash stands at `number` in the tree of that size and root.

    The algorithm of RFC 9162, section 2.1.3.2.

    Raises:
        BadProof: it does not show that.
    """
    if not 0 <= number < size:
        raise BadProof(f"a log of {size} entries has no entry {number}: the proof is for another log")
    low, last, hashed = number, size - 1, leaf
    for step in proof:
        if last == 0:
            raise BadProof(f"the inclusion proof of entry {number} is too long for a log of {size} entries")
        if low & 1 or low == last:
            hashed = node_hash(step, hashed)
            while low and not low & 1:
                low, last = low >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        low, last = low >> 1, last >> 1
    if last != 0 or hashed != root:
        raise BadProof(f"entry {number} is not in the log of {size} entries that this proof names")


def verify_consistency(old: int, *, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Returns if the proof shows that the tree of `old` leaves and root `old_root` is a beginning of the newer tree.

    The algorithm of RFC 9162, section 2.1.4.2, with the convention for size 0 named above.

    Raises:
        BadProof: it does not show that.
    """
    if not 0 <= old <= size:
        raise BadProof(f"a log of {size} entries did not grow from one of {old}: entries were taken away")
    if old == size and old_root != root:
        raise BadProof(f"two histories of {size} entries each: their roots differ")
    if old == 0 and old_root != EMPTY_ROOT:
        raise BadProof("a log without entries has one root only, and this is not it")
    if old in (0, size):
        if proof:
            raise BadProof(f"the consistency proof from {old} to {size} entries should be empty")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise BadProof(f"the consistency proof from {old} to {size} entries is empty")
    low, last = old - 1, size - 1
    while low & 1:
        low, last = low >> 1, last >> 1
    was = now = path[0]
    for step in path[1:]:
        if last == 0:
            raise BadProof(f"the consistency proof from {old} to {size} entries is too long")
        if low & 1 or low == last:
            was, now = node_hash(step, was), node_hash(step, now)
            while low and not low & 1:
                low, last = low >> 1, last >> 1
        else:
            now = node_hash(now, step)
        low, last = low >> 1, last >> 1
    if last != 0 or was != old_root or now != root:
        raise BadProof(f"the log of {size} entries does not begin with the log of {old} entries seen before")
