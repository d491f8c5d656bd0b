"""Whatever is signed by whom: a register holds exactly when enough different keys of the root signed its text."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import BadSignature, Identity, Root
from keys.notes import signature_line
from keys.trust import Entry, read_register, register_text

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOLDERS = tuple(
    Identity.make(f"root/{n}", randomness=np.random.default_rng([41, n]).bytes) for n in range(1, 6)
)
STRANGERS = tuple(
    Identity.make(f"root/{n}", randomness=np.random.default_rng([42, n]).bytes) for n in range(1, 6)
)
ENTRY = Entry(STRANGERS[0].public, "centre", frozenset({"linker"}), NOW)
TEXT = register_text([ENTRY], project="p", version=1, issued_at=NOW, previous=None)
OTHER = register_text([], project="p", version=1, issued_at=NOW, previous=None)
RIGHT = [signature_line(TEXT, by=one) for one in HOLDERS]
STRANGE = [signature_line(TEXT, by=one) for one in STRANGERS]

quorums = st.integers(1, 5).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


def note(text: str, lines: list[str]) -> str:
    return f"{text}\n{''.join(lines)}"


@given(
    quorums,
    st.lists(st.sampled_from(range(5)), max_size=12),
    st.lists(st.sampled_from(range(5)), max_size=4),
    st.randoms(use_true_random=False),
)
def test_a_register_holds_exactly_when_a_quorum_of_different_keys_signed_it(
    size: tuple[int, int], by: list[int], strange: list[int], order: object
) -> None:
    """Any order, any repetition, and any signatures by keys that are not the root's, though they bear its names."""
    root = Root(tuple(one.public for one in HOLDERS[: size[0]]), size[1])
    lines = [RIGHT[n] for n in by] + [STRANGE[n] for n in strange]
    order.shuffle(lines)  # type: ignore[attr-defined]
    enough = len({n for n in by if n < size[0]}) >= size[1]
    if enough:
        assert read_register(note(TEXT, lines), root=root).entries == (ENTRY,)
    else:
        with pytest.raises(BadSignature):
            read_register(note(TEXT, lines), root=root)


@given(quorums, st.sets(st.sampled_from(range(5))), st.sampled_from(range(5)))
def test_signatures_under_another_text_add_nothing(size: tuple[int, int], by: set[int], moved: int) -> None:
    """A holder's signature of another version, laid under this one, spoils the note or is passed over; it never counts."""
    root = Root(tuple(one.public for one in HOLDERS[: size[0]]), size[1])
    lines = [RIGHT[n] for n in sorted(by)] + [signature_line(OTHER, by=HOLDERS[moved])]
    holds = moved >= size[0] and len({n for n in by if n < size[0]}) >= size[1]
    if holds:
        read_register(note(TEXT, lines), root=root)
    else:
        with pytest.raises(BadSignature):
            read_register(note(TEXT, lines), root=root)


@given(quorums, st.data())
def test_the_digest_of_a_root_depends_on_its_keys_and_its_quorum_and_not_on_their_order(
    size: tuple[int, int], data: st.DataObject
) -> None:
    keys = tuple(one.public for one in HOLDERS[: size[0]])
    turned = tuple(data.draw(st.permutations(keys)))
    assert Root(turned, size[1]).digest == Root(keys, size[1]).digest
    others = [Root(keys, q).digest for q in range(1, size[0] + 1) if q != size[1]]
    others += [Root(keys[:-1], q).digest for q in range(1, size[0])]
    assert Root(keys, size[1]).digest not in others
