"""The root of a Merkle tree by its definition, for tests of what grows it step by step."""

from collections.abc import Sequence

from ethics.merkle import leaf_hash, levels_of, range_root, reader_of


def root_of(entries: Sequence[bytes]) -> bytes:
    """The root over entries (not hashes): MTH(D) of RFC 6962."""
    return range_root(0, end=len(entries), node=reader_of(levels_of([leaf_hash(entry) for entry in entries])))
