"""The wrong proofs that the test suites of the Certificate Transparency implementations publish: every way in which they alter a good one is refused.

The ways are those of github.com/transparency-dev/merkle (testdata, Apache-2.0), told here as facts: which number is changed to what, and what is put
before, behind or into a proof. The good ones are in rfc6962.json. One convention differs, and is told in `ethics/merkle.py`: of a log without
entries every tree is a continuation, by an empty proof; that suite refuses to speak of size 0.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from ethics.errors import BadProof
from ethics.merkle import leaf_hash, verify_consistency, verify_inclusion

TREE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "rfc6962.json").read_text(encoding="utf-8"))
LEAVES: Final = [bytes.fromhex(leaf) for leaf in TREE["leaves"]]
ROOTS: Final = [bytes.fromhex(root) for root in TREE["roots"]]
GARBAGE: Final = b"\x00" * 32


@dataclass(frozen=True)
class Inclusion:
    leaf: bytes
    number: int
    size: int
    root: bytes
    proof: tuple[bytes, ...]

    def verify(self) -> None:
        verify_inclusion(self.leaf, number=self.number, size=self.size, proof=self.proof, root=self.root)


@dataclass(frozen=True)
class Consistency:
    old: int
    size: int
    old_root: bytes
    root: bytes
    proof: tuple[bytes, ...]

    def verify(self) -> None:
        verify_consistency(self.old, size=self.size, proof=self.proof, old_root=self.old_root, root=self.root)


def flipped(raw: bytes, bit: int) -> bytes:
    return bytes([raw[0] ^ (1 << bit), *raw[1:]])


WRONG_INCLUSION: Final[dict[str, Callable[[Inclusion], Inclusion]]] = {
    "the number before": lambda one: replace(one, number=one.number - 1),
    "the number after": lambda one: replace(one, number=one.number + 1),
    "the number with its second bit turned": lambda one: replace(one, number=one.number ^ 2),
    "half the size": lambda one: replace(one, size=one.size // 2),
    "twice the size": lambda one: replace(one, size=one.size * 2),
    "another leaf": lambda one: replace(one, leaf=leaf_hash(b"another leaf")),
    "an empty root": lambda one: replace(one, root=b""),
    "a random root": lambda one: replace(one, root=bytes(range(32))),
    "garbage behind": lambda one: replace(one, proof=(*one.proof, b"")),
    "garbage of a hash's length behind": lambda one: replace(one, proof=(*one.proof, GARBAGE)),
    "the root behind": lambda one: replace(one, proof=(*one.proof, one.root)),
    "garbage before": lambda one: replace(one, proof=(b"", *one.proof)),
    "the root before": lambda one: replace(one, proof=(one.root, *one.proof)),
    "a component put in": lambda one: replace(one, proof=(*one.proof[:1], GARBAGE, *one.proof[1:])),
    "the last component taken out": lambda one: replace(one, proof=one.proof[:-1]),
}
WRONG_CONSISTENCY: Final[dict[str, Callable[[Consistency], Consistency]]] = {
    "an entry less before": lambda one: replace(one, old=one.old - 1),
    "an entry more before": lambda one: replace(one, old=one.old + 1),
    "the old size with its second bit turned": lambda one: replace(one, old=one.old ^ 2),
    "twice the new size": lambda one: replace(one, size=one.size * 2),
    "half the new size": lambda one: replace(one, size=one.size // 2),
    "another old root": lambda one: replace(one, old_root=b"wrong root"),
    "another new root": lambda one: replace(one, root=b"wrong root"),
    "the roots swapped": lambda one: replace(one, old_root=one.root, root=one.old_root),
    "no proof": lambda one: replace(one, proof=()),
    "garbage behind": lambda one: replace(one, proof=(*one.proof, b"")),
    "the old root behind": lambda one: replace(one, proof=(*one.proof, one.old_root)),
    "the new root behind": lambda one: replace(one, proof=(*one.proof, one.root)),
    "garbage before": lambda one: replace(one, proof=(b"", *one.proof)),
    "the old root before": lambda one: replace(one, proof=(one.old_root, *one.proof)),
    "the new root before": lambda one: replace(one, proof=(one.root, *one.proof)),
    "the first component twice": lambda one: replace(one, proof=(*one.proof[:1], *one.proof)),
    "the last component taken out": lambda one: replace(one, proof=one.proof[:-1]),
}


def good_inclusion() -> Iterator[Inclusion]:
    for case in TREE["inclusion"]:
        steps = tuple(bytes.fromhex(step) for step in case["proof"])
        yield Inclusion(
            leaf_hash(LEAVES[case["number"]]), case["number"], case["size"], ROOTS[case["size"]], steps
        )


def good_consistency() -> Iterator[Consistency]:
    for case in TREE["consistency"]:
        steps = tuple(bytes.fromhex(step) for step in case["proof"])
        yield Consistency(case["old"], case["size"], ROOTS[case["old"]], ROOTS[case["size"]], steps)


@pytest.mark.parametrize("how", WRONG_INCLUSION)
def test_an_inclusion_proof_altered_in_a_published_way_is_refused(how: str) -> None:
    tried = 0
    for good in good_inclusion():
        good.verify()
        wrong = WRONG_INCLUSION[how](good)
        if wrong != good:
            with pytest.raises(BadProof):
                wrong.verify()
            tried += 1
    assert tried >= 6


@pytest.mark.parametrize("how", WRONG_CONSISTENCY)
def test_a_consistency_proof_altered_in_a_published_way_is_refused(how: str) -> None:
    tried = 0
    for good in good_consistency():
        good.verify()
        wrong = WRONG_CONSISTENCY[how](good)
        # Of a log without entries every tree is a continuation, by an empty proof: the suite does not ask that.
        if wrong != good and wrong.old > 0:
            with pytest.raises(BadProof):
                wrong.verify()
            tried += 1
    assert tried >= 3


@pytest.mark.parametrize("bit", [3, 4])
def test_a_proof_with_a_bit_of_any_component_turned_is_refused(bit: int) -> None:
    for good in (*good_inclusion(), *good_consistency()):
        for at, step in enumerate(good.proof):
            wrong = replace(good, proof=(*good.proof[:at], flipped(step, bit), *good.proof[at + 1 :]))
            with pytest.raises(BadProof):
                wrong.verify()
