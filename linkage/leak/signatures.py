"""Attack (e): distance signatures. A block of two or more rows is taken for the group of people whose distances look most alike.

Distances depend on the block's secret, so the attacker simulates each group under several secrets of his own, learns how far distances scatter,
and measures nearness in that scatter: with the scale below, the squared distance of two signatures is, but for a constant, twice the
negative logarithm of a Gaussian likelihood. Equal values and missing ones show without scatter and must agree exactly.
The idea that similarities alone name people: Culnane, Rubinstein and Teague 2017; graph matching: Vidanage and others 2020.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.leak.blocks import Blocks, by_size, pairs_of
from linkage.leak.colours import Flags, Numbers, Words, joined, multiset, row_colours
from linkage.leak.known import KnownPass
from linkage.leak.sides import ABSENT, APART, EQUAL, Seen, States, band_colours

Scale = npt.NDArray[np.float32]
Vectors = npt.NDArray[np.float32]
MOST_BITS: Final = 128
FAR: Final = np.float32(1e4)


@dataclass(frozen=True, slots=True)
class Signatures:
    """The signatures of blocks of one size: what must agree exactly (`stratum`), and `vectors` to be compared by distance. Entry i is of block
    `number[i]` with its lanes in turn `turn[i]`."""

    number: Numbers
    turn: Numbers
    stratum: Words
    vectors: Vectors


def scale_of(simulated: npt.NDArray[np.uint8]) -> Scale:
    """For each lane and each distance of 0 to 128 bits its place on a scale whose unit is one standard deviation of the simulated distances
    (a variance-stabilising transformation). `simulated` is (draws, pairs, lanes)."""
    _, pairs, lanes = simulated.shape
    out = np.zeros((lanes, MOST_BITS + 1), dtype=np.float32)
    for lane in range(lanes):
        values = simulated[:, :, lane].astype(np.float32)
        mean, variance = values.mean(axis=0), values.var(axis=0, ddof=1)
        places = np.rint(mean).astype(np.int64)
        counts = np.bincount(places, minlength=MOST_BITS + 1)
        sums = np.bincount(places, weights=variance, minlength=MOST_BITS + 1)
        overall = float(variance[mean > 0].mean()) if (mean > 0).any() else 1.0
        spread = np.sqrt(np.maximum((sums + 10 * overall) / (counts + 10), 1.0))
        out[lane, 1:] = np.cumsum(1 / spread[1:])
    return out if pairs else np.zeros_like(out)


def states_of(present: Flags, distances: npt.NDArray[np.uint8]) -> States:
    """How each comparison stands between two rows; `distances` may have a leading axis of draws."""
    zero = (distances == 0).all(axis=0) if distances.ndim > present.ndim else distances == 0
    return np.where(present, np.where(zero, EQUAL, APART), ABSENT).astype(np.uint8)


def ordered(codes: Words, places: Vectors) -> tuple[Words, Vectors]:
    """What is left of (n, pairs) codes and (n, pairs, lanes) places when the order of the pairs is not known: a colour of the codes, and the
    places, lane by lane, in rising order among the pairs of one code."""
    order = np.argsort(codes, axis=1)
    codes = np.take_along_axis(codes, order, axis=1)
    places = np.take_along_axis(places, order[:, :, None], axis=1)
    group = np.zeros(codes.shape, dtype=np.float32)
    group[:, 1:] = np.cumsum(codes[:, 1:] != codes[:, :-1], axis=1)
    apart = (group * FAR)[:, :, None]
    return row_colours(codes), (np.sort(places + apart, axis=1) - apart).reshape(len(codes), -1)


def seen_signatures(seen: Seen, blocks: Blocks, *, scale: Scale) -> Signatures:
    """The signatures of the file's blocks of one size, their lanes as they stand."""
    left, right = blocks.pairs()
    present = seen.present(left.ravel(), right.ravel())
    distances = seen.distances(left.ravel(), right.ravel())
    states = states_of(present, distances)
    lanes = np.arange(distances.shape[1])
    places = np.where(states == APART, scale[lanes, distances], 0).astype(np.float32)
    return _signatures(blocks, states, places, colours=band_colours(seen)[0], turn=0)


@dataclass(frozen=True, slots=True)
class KnownPairs:
    """The pairs of the plaintext groups of one size: how each comparison stands, and its mean place over the simulated draws."""

    blocks: Blocks
    states: States
    places: Vectors


def simulate_groups(
    known: KnownPass, *, draws: int, rng: np.random.Generator
) -> tuple[list[KnownPairs], Scale]:
    """The pairs of all groups of two or more rows, size by size, and the scale of their distances."""
    left, right = pairs_of(known.block)
    simulated = known.simulated(left, right, draws=draws, rng=rng)
    scale = scale_of(simulated)
    states = states_of(known.present(left, right), simulated)
    lanes = np.arange(simulated.shape[2])
    places = np.zeros(states.shape, dtype=np.float32)
    for draw in simulated:
        places += scale[lanes, draw]
    places = np.where(states == APART, places / draws, 0).astype(np.float32)
    out, first = [], 0
    for blocks in by_size(known.block):
        last = first + len(blocks.number) * blocks.size * (blocks.size - 1) // 2
        out.append(KnownPairs(blocks, states[first:last], places[first:last]))
        first = last
    return out, scale


def known_signatures(known: KnownPass, pairs: KnownPairs) -> Signatures:
    """The signatures of the plaintext groups of one size, once for each turn of the lanes."""
    colours = band_colours(known)
    made = [
        _signatures(
            pairs.blocks,
            pairs.states[:, list(order)],
            pairs.places[:, list(order)],
            colours=colours[turn],
            turn=turn,
        )
        for turn, (_, order) in enumerate(known.layout.turns)
    ]
    return stacked(made)


def _signatures(blocks: Blocks, states: States, places: Vectors, *, colours: Words, turn: int) -> Signatures:
    count, size = blocks.rows.shape
    pairs = size * (size - 1) // 2
    exact, vectors = ordered(row_colours(states).reshape(count, pairs), places.reshape(count, pairs, -1))
    at = np.repeat(np.arange(count), size)
    bands = multiset(colours[blocks.rows].ravel(), at=at, size=count)
    return Signatures(blocks.number, np.full(count, turn, dtype=np.int64), joined(exact, bands), vectors)


def stacked(parts: list[Signatures]) -> Signatures:
    """All signatures as one."""
    return Signatures(
        np.concatenate([p.number for p in parts]),
        np.concatenate([p.turn for p in parts]),
        np.concatenate([p.stratum for p in parts]),
        np.concatenate([p.vectors for p in parts]),
    )
