"""The Merkle functions against a second implementation, straight from the recursive definitions of RFC 6962, section 2.1."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ethics.errors import BadProof
from ethics.merkle import (
    NodeReader,
    completed_by,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels_of,
    range_root,
    reader_of,
    verify_consistency,
    verify_inclusion,
)
from ethics.tiles import tile_reader, tiles_of
from tests.merkle_roots import root_of


def below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = below(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = below(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: Sequence[bytes], whole: bool) -> list[bytes]:
    if m == len(d):
        return [] if whole else [mth(d)]
    k = below(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


LEVELS_OF_70_000 = levels_of([leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)])
entries = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


def reader(d: Sequence[bytes]) -> NodeReader:
    return reader_of(levels_of([leaf_hash(entry) for entry in d]))


@given(entries)
def test_roots_are_those_of_the_definition(d: list[bytes]) -> None:
    assert root_of(d) == mth(d)


@given(entries, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_verify(d: list[bytes], data: st.DataObject) -> None:
    m = data.draw(st.integers(0, len(d) - 1))
    proof = inclusion_proof(m, size=len(d), node=reader(d))
    assert proof == path(m, d)
    verify_inclusion(leaf_hash(d[m]), number=m, size=len(d), proof=proof, root=mth(d))


@given(entries, st.data())
def test_consistency_proofs_are_those_of_the_definition_and_verify(d: list[bytes], data: st.DataObject) -> None:
    m = data.draw(st.integers(1, len(d)))
    proof = consistency_proof(m, size=len(d), node=reader(d))
    assert proof == subproof(m, d, True)
    verify_consistency(m, size=len(d), proof=proof, old_root=mth(d[:m]), root=mth(d))


@given(entries)
def test_adding_leaves_one_by_one_completes_exactly_the_subtrees_of_the_tree(d: list[bytes]) -> None:
    stored: dict[tuple[int, int], bytes] = {}
    for number, entry in enumerate(d):
        for level, place, hashed in completed_by(
            leaf_hash(entry), number=number, node=lambda lv, n: stored[lv, n]
        ):
            assert (level, place) not in stored
            stored[level, place] = hashed
        assert range_root(0, end=number + 1, node=lambda lv, n: stored[lv, n]) == mth(d[: number + 1])
    levels = levels_of([leaf_hash(entry) for entry in d])
    assert stored == {(lv, n): h for lv, row in enumerate(levels) for n, h in enumerate(row)}


@given(entries, st.data())
def test_an_inclusion_proof_with_anything_changed_is_refused(d: list[bytes], data: st.DataObject) -> None:
    m = data.draw(st.integers(0, len(d) - 1))
    proof, leaf, root = path(m, d), leaf_hash(d[m]), mth(d)
    changed = [
        (leaf, [*proof, leaf], root),
        (leaf_hash(d[m] + b"!"), proof, root),
        (leaf, proof, leaf_hash(root)),
    ]
    if proof:
        spot = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[spot][0] ^ 1]) + proof[spot][1:]
        changed += [(leaf, proof[:-1], root), (leaf, [*proof[:spot], flipped, *proof[spot + 1 :]], root)]
    for leaf_, proof_, root_ in changed:
        with pytest.raises(BadProof):
            verify_inclusion(leaf_, number=m, size=len(d), proof=proof_, root=root_)


@given(entries, st.data())
def test_an_inclusion_proof_shows_one_place_only(d: list[bytes], data: st.DataObject) -> None:
    m = data.draw(st.integers(0, len(d) - 1))
    other = data.draw(
        st.integers(-1, len(d)).filter(lambda n: n != m and (not 0 <= n < len(d) or d[n] != d[m]))
    )
    with pytest.raises(BadProof):
        verify_inclusion(leaf_hash(d[m]), number=other, size=len(d), proof=path(m, d), root=mth(d))


@given(entries, st.data())
def test_a_consistency_proof_with_anything_changed_is_refused(d: list[bytes], data: st.DataObject) -> None:
    m = data.draw(st.integers(1, len(d)))
    proof, old, new = subproof(m, d, True), mth(d[:m]), mth(d)
    other = leaf_hash(new)
    changed = [([*proof, old], old, new), (proof, other, new), (proof, old, other)]
    if proof:
        spot = data.draw(st.integers(0, len(proof) - 1))
        flipped = proof[spot][:-1] + bytes([proof[spot][-1] ^ 1])
        changed += [(proof[:-1], old, new), ([*proof[:spot], flipped, *proof[spot + 1 :]], old, new)]
    for proof_, old_, new_ in changed:
        with pytest.raises(BadProof):
            verify_consistency(m, size=len(d), proof=proof_, old_root=old_, root=new_)


@given(entries, st.data())
def test_a_rewritten_history_has_no_consistency_proof_by_the_honest_recipe(
    d: list[bytes], data: st.DataObject
) -> None:
    m = data.draw(st.integers(1, len(d)))
    place = data.draw(st.integers(0, m - 1))
    forged = [*d[:place], d[place] + b"!", *d[place + 1 :]]
    proof = consistency_proof(m, size=len(d), node=reader(forged))
    with pytest.raises(BadProof):
        verify_consistency(m, size=len(d), proof=proof, old_root=mth(d[:m]), root=mth(forged))


@given(size=st.integers(1, 70_000), data=st.data())
def test_every_subtree_read_from_the_published_tiles_is_that_of_the_whole_tree(
    size: int, data: st.DataObject
) -> None:
    levels = LEVELS_OF_70_000
    here = [level[: size >> at] for at, level in enumerate(levels) if size >> at]
    files = dict(tiles_of([], levels=here))
    opened: list[str] = []
    node = tile_reader(lambda path: opened.append(path) or files[path], size=size)
    level = data.draw(st.integers(0, size.bit_length() - 1))
    number = data.draw(st.integers(0, (size >> level) - 1))
    assert node(level, number) == levels[level][number]
    assert len(opened) == 1
    entry = data.draw(st.integers(0, size - 1))
    opened.clear()
    assert inclusion_proof(entry, size=size, node=node) == inclusion_proof(
        entry, size=size, node=reader_of(here)
    )
    assert len(opened) <= 2 * 3
    old = data.draw(st.integers(0, size))
    assert consistency_proof(old, size=size, node=node) == consistency_proof(
        old, size=size, node=reader_of(here)
    )


def test_a_tile_of_another_length_is_not_read() -> None:
    files = dict(
        tiles_of([], levels=[level[: 300 >> at] for at, level in enumerate(LEVELS_OF_70_000) if 300 >> at])
    )
    node = tile_reader(lambda path: files[path][:-1], size=300)
    with pytest.raises(ValueError, match="256 hashes has 8191 bytes"):
        node(0, 3)
