"""Attack (d), inside blocks: the graph whose nodes are rows and whose edges are distances, matched to the plaintext's simulated graph.

Blocks are its components. A component is matched by its signature (attack (e)), the rows in it by their bands and by their distances to the
others, at least total cost (Kuhn 1955; Crouse 2016 as in scipy). Where two rows look the same, one is picked at random.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from linkage.leak.blocks import Blocks, by_size
from linkage.leak.colours import Numbers
from linkage.leak.known import KnownPass
from linkage.leak.matching import Match
from linkage.leak.refinement import NOBODY
from linkage.leak.sides import ABSENT, APART, EQUAL, Seen, States, band_colours
from linkage.leak.signatures import KnownPairs, Scale, Vectors, states_of

WRONG_BAND = 1e4
WRONG_STATE = 10.0


def match_rows(seen: Seen, known: KnownPass, *, match: Match, pairs: list[KnownPairs], scale: Scale) -> Numbers:
    """For each row of the file the row of the plaintext for which it is taken, or `NOBODY`."""
    claim = np.full(seen.rows, NOBODY, dtype=np.int64)
    groups = {p.blocks.size: p for p in pairs}
    for same in by_size(seen.block):
        found = np.flatnonzero(match.group[same.number] != NOBODY)
        if not len(found):
            continue
        ours = Blocks(same.number[found], same.rows[found])
        theirs = groups[same.size]
        place = np.searchsorted(theirs.blocks.number, match.group[ours.number])
        cost = _cost(
            seen, known, ours=ours, theirs=theirs, place=place, turn=match.turn[ours.number], scale=scale
        )
        order = _cheapest(cost)
        claim[ours.rows] = np.take_along_axis(theirs.blocks.rows[place], order, axis=1)
    return claim


def _cost(
    seen: Seen,
    known: KnownPass,
    *,
    ours: Blocks,
    theirs: KnownPairs,
    place: Numbers,
    turn: Numbers,
    scale: Scale,
) -> npt.NDArray[np.float64]:
    """What it costs to take row i of a block for row j of its group, (blocks, size, size)."""
    count, size = ours.rows.shape
    left, right = ours.pairs()
    distances = seen.distances(left.ravel(), right.ravel())
    states = states_of(seen.present(left.ravel(), right.ravel()), distances)
    places = np.where(states == APART, scale[np.arange(distances.shape[1]), distances], 0).astype(np.float32)
    our_profile = _profiles(states, places, size=size)
    lanes = states.shape[1]
    which = (place[:, None] * (size * (size - 1) // 2) + np.arange(size * (size - 1) // 2)).ravel()
    orders = np.array([list(order) for _, order in known.layout.turns], dtype=np.int64).reshape(-1, lanes)
    chosen = np.repeat(orders[turn], size * (size - 1) // 2, axis=0)
    their_profile = _profiles(
        np.take_along_axis(theirs.states[which], chosen, axis=1),
        np.take_along_axis(theirs.places[which], chosen, axis=1),
        size=size,
    )
    gap = our_profile[:, :, None, :] - their_profile[:, None, :, :]
    colours = np.stack(band_colours(known))
    ours_band = band_colours(seen)[0][ours.rows]
    theirs_band = colours[turn[:, None], theirs.blocks.rows[place]]
    wrong = ours_band[:, :, None] != theirs_band[:, None, :]
    return np.asarray((gap.astype(np.float64) ** 2).sum(axis=3) + WRONG_BAND * wrong).reshape(count, size, size)


def _profiles(states: States, places: Vectors, *, size: int) -> Vectors:
    """What each row of a block sees of the others, (blocks, size, 3 lanes): sums of places, and how many are equal or missing, weighted."""
    left, right = np.triu_indices(size, 1)
    each = np.concatenate(
        [places, WRONG_STATE * (states == EQUAL), WRONG_STATE * (states == ABSENT)], axis=1
    ).astype(np.float32)
    each = each.reshape(-1, len(left), each.shape[1])
    out = np.zeros((len(each), size, each.shape[2]), dtype=np.float32)
    for at, (a, b) in enumerate(zip(left, right, strict=True)):
        out[:, a] += each[:, at]
        out[:, b] += each[:, at]
    return out


def _cheapest(cost: npt.NDArray[np.float64]) -> Numbers:
    """For each block the assignment of least cost, (blocks, size)."""
    count, size, _ = cost.shape
    order = np.tile(np.arange(size), (count, 1))
    if size == 2:
        crossed = cost[:, 0, 1] + cost[:, 1, 0] < cost[:, 0, 0] + cost[:, 1, 1]
        order[crossed] = [1, 0]
        return order
    for at in range(count):
        order[at] = linear_sum_assignment(cost[at])[1]
    return order
