"""Moves that have nothing in common, made together: each as if it were made alone, and never beyond its room."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from policies.disclosure.sweeping import BY, FAR, groups

MANY = settings(max_examples=80, deadline=None)
seeds = st.integers(0, 10_000)


def drawn_moves(rng, *, most=1):
    """By how much moves change the room of limits (moves x limits); each changes some, up and down."""
    changed = np.zeros((int(rng.integers(1, 12)), 15))
    for row in changed:
        which = rng.choice(15, int(rng.integers(2, 6)), replace=False)
        row[which] = rng.integers(1, most + 1, len(which)) * rng.choice([-1, 1], len(which))
    return changed


def rooms(rng, arrangements=8):
    return np.vstack([rng.integers(0, 9, (15, arrangements)), np.full((1, arrangements), FAR)]).astype(np.int32)


@MANY
@given(seed=seeds, most=st.integers(1, 3))
def test_every_move_is_in_one_group_and_no_two_of_a_group_change_the_same_limit(seed, most):
    changed = drawn_moves(np.random.default_rng(seed), most=most)
    found = groups(csr_array(changed))
    assert sorted(n for one in found for n in one.numbers) == list(range(len(changed)))
    for one in found:
        assert ((changed[one.numbers] != 0).sum(axis=0) <= 1).all()


@MANY
@given(seed=seeds, most=st.integers(1, 3))
def test_moves_change_the_room_as_often_as_they_say_and_leave_none_below_nothing(seed, most):
    rng = np.random.default_rng(seed)
    changed, room = drawn_moves(rng, most=most), rooms(rng)
    before, made = room.copy(), np.zeros((len(changed), 8))
    for one in groups(csr_array(changed)):
        made[one.numbers] += one.make(room, rng.random((len(one.numbers), 8), dtype=np.float32))
    assert np.array_equal(room[:-1], before[:-1] + changed.T @ made)
    assert (room >= 0).all()
    assert (room[-1] == FAR).all()


@MANY
@given(seed=seeds, most=st.integers(1, 3))
def test_a_move_goes_as_far_as_its_room_where_the_most_is_drawn_and_as_far_back_where_the_least_is(seed, most):
    rng = np.random.default_rng(seed)
    changed = drawn_moves(rng, most=most)[:1]
    (one,) = groups(csr_array(changed))
    for drawn, way in ((1.0, 1), (0.0, -1)):
        room = rooms(rng)
        before = room.copy()
        made = one.make(room, np.full((1, 8), drawn, dtype=np.float32))[0]
        kept = [(before[:-1] + np.outer(changed[0], way * by) >= 0).all(axis=0) for by in range(FAR + 1)]
        assert np.array_equal(made * way, np.sum(np.cumprod(kept, axis=0), axis=0) - 1)


@MANY
@given(seed=seeds, most=st.integers(1, 3))
def test_mending_leaves_no_more_missing_and_as_little_as_a_move_can(seed, most):
    rng = np.random.default_rng(seed)
    changed, room = drawn_moves(rng, most=most), rooms(rng)
    room[:-1] -= 3
    for one in groups(csr_array(changed)):
        before = room.copy()
        made = one.mend(room, rng.random((len(BY), len(one.numbers), 8), dtype=np.float32))
        assert np.array_equal(room[:-1], before[:-1] + changed[one.numbers].T @ made)
        for number in one.numbers:
            its = np.flatnonzero(changed[number])
            each = [np.minimum(before[its] + changed[number][its][:, None] * by, 0).sum(axis=0) for by in BY]
            assert np.array_equal(np.minimum(room[its], 0).sum(axis=0), np.max(each, axis=0))
