"""Attack (d), across blocks: the lanes' words are taken as if they could be compared everywhere, as in files of plain Bloom filters.

Two programs, both of which learn nothing where every block has keys of its own. One builds the similarity graph of the most frequent words and
matches it to the plaintext values' graph under simulated keys: by profile first, then by distances to what is matched already, until
nothing changes (after Vidanage and others 2020, and Schaefer, Armknecht and Heng 2024). The other looks for words that return in several blocks and,
where there are any, refines the graph of rows and words as in attack (a).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from keys import Secret
from linkage.leak.colours import Numbers, Words, dense, row_colours
from linkage.leak.known import KnownPass, Values
from linkage.leak.refinement import NOBODY, Incidence, name_in_the_best_round
from linkage.leak.sides import Seen
from linkage.partner.tokens.prf import Prp

MOST_WORDS: Final = 150
MOST_REST: Final = 8_000
DRAWS: Final = 3
TURNS: Final = 12
PATIENCE: Final = 1  # turns after which graphs that do not begin to fit are given up
CONSISTENT: Final = 0.3
RETURNING: Final = 0.01
MOST_ROUNDS: Final = 4

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Distinct words, most frequent first: the (k, 2) `words`, how often each occurs, and for every occurrence which it is (-1 beyond)."""

    words: Words
    counts: Numbers
    which: Numbers


def vocabulary(words: Words) -> Vocabulary:
    """The vocabulary of (n, 2) words."""
    kinds, first, at, counts = np.unique(
        row_colours(words.view(np.int64)), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(kinds), dtype=np.int64)
    rank[order] = np.arange(len(kinds))
    return Vocabulary(words[first[order]], counts[order].astype(np.int64), rank[at])


def returning(vocabulary: Vocabulary, block: Numbers) -> float:
    """The share of rows whose word occurs in more than one block."""
    if not len(block):
        return 0.0
    low, high = np.full(len(vocabulary.counts), block.max() + 1), np.full(len(vocabulary.counts), -1)
    np.minimum.at(low, vocabulary.which, block)
    np.maximum.at(high, vocabulary.which, block)
    return float((low < high)[vocabulary.which].mean())


def name_values(seen: Vocabulary, values: Values, *, rng: np.random.Generator) -> Numbers:
    """For each occurrence the number of the value for which its word is taken, or `NOBODY`. Where the two graphs do not fit, which the attacker
    sees, he claims nothing."""
    number, counts = np.unique(values.number[values.present], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    number, counts = number[order], counts[order]
    most = min(MOST_WORDS, len(number), len(seen.counts))
    claim = np.full(len(seen.which), NOBODY, dtype=np.int64)
    if most < 2:
        return claim
    known = _one_key(values, number[:MOST_REST], draws=DRAWS, rng=rng)
    ours = distances(seen.words[:most][None])
    theirs = distances(known[:, :most])
    taken = match_graphs(ours, theirs, ours_weight=seen.counts[:most], theirs_weight=counts[:most])
    if consistency(ours, theirs, taken) < CONSISTENT:
        return claim
    named = np.full(len(seen.counts), NOBODY, dtype=np.int64)
    named[:most] = number[:most][taken]
    rest = slice(most, MOST_REST)
    named[rest] = number[:MOST_REST][_by_anchors(seen.words[rest], seen.words[:most], known, taken)]
    return named[seen.which]


def _one_key(values: Values, number: Numbers, *, draws: int, rng: np.random.Generator) -> Words:
    """(draws, k, 2) filters of the values, all under one secret in each draw."""
    out = np.empty((draws, len(number), 2), dtype=np.uint64)
    for draw in range(draws):
        secrets = np.tile(rng.integers(0, 1 << 64, (1, 2), dtype=np.uint64), (len(number), 1))
        out[draw] = values.filters(Prp(Secret(rng.bytes(32), name="simulated")), secrets, number=number)
    return out


def distances(words: Words) -> Matrix:
    """The mean Hamming distances among k words over the draws: (draws, k, 2) words to (k, k)."""
    return between(words, words)


def between(left: Words, right: Words) -> Matrix:
    """The mean Hamming distances of (draws, k, 2) words to (draws, m, 2) others, (k, m)."""
    out = np.zeros((left.shape[1], right.shape[1]), dtype=np.float32)
    for a, b in zip(left, right, strict=True):
        for half in (0, 1):
            out += np.bitwise_count(a[:, None, half] ^ b[None, :, half])
    return out / np.float32(len(left))


def match_graphs(ours: Matrix, theirs: Matrix, *, ours_weight: Numbers, theirs_weight: Numbers) -> Numbers:
    """For each of our nodes the one of theirs for which it is taken, one to one, from (k, k) distances and frequencies alone."""
    profile = [np.sort(m, axis=1) for m in (ours, theirs)]
    frequency = [np.log(w.astype(np.float32))[:, None] for w in (ours_weight, theirs_weight)]
    cost = _squared(profile[0], profile[1]) / ours.shape[1] + _squared(frequency[0] * 10, frequency[1] * 10)
    taken = linear_sum_assignment(cost)[1]
    for turn in range(TURNS):
        again = linear_sum_assignment(_squared(ours, theirs[:, taken]))[1]
        hopeless = turn >= PATIENCE and consistency(ours, theirs, again) < CONSISTENT / 2
        if hopeless or (again == taken).all():
            break
        taken = again
    return np.asarray(taken, dtype=np.int64)


def consistency(ours: Matrix, theirs: Matrix, taken: Numbers) -> float:
    """The correlation of the two sides' distances under a matching: what an attacker can see of his success."""
    upper = np.triu_indices(len(ours), 1)
    a, b = ours[upper], theirs[np.ix_(taken, taken)][upper]
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _by_anchors(rest: Words, anchors: Words, known: Words, taken: Numbers) -> Numbers:
    """For each further word the known value whose distances to the anchors' values are most like its distances to the anchors."""
    theirs = between(known, known[:, taken])
    out = np.empty(len(rest), dtype=np.int64)
    for at in range(0, len(rest), 1_000):
        some = rest[at : at + 1_000]
        out[at : at + len(some)] = _squared(between(some[None], anchors[None]), theirs).argmin(axis=1)
    return out


def _squared(a: Matrix, b: Matrix) -> Matrix:
    return np.asarray(
        (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * (a @ b.T), dtype=np.float32
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """Where one lane's words come from on one side: the (rows, 2) words, and the rows on either end of the pairs inside blocks."""

    words: Words
    left: Numbers
    right: Numbers

    def single(self) -> tuple[Numbers, Words]:
        """Each row with its own word."""
        return np.arange(len(self.words)), self.words

    def paired(self) -> tuple[Numbers, Words]:
        """Each row of a pair with the pair's difference, where there is one: masks of a block's own cancel in it."""
        difference = self.words[self.left] ^ self.words[self.right]
        some = difference.any(axis=1)
        return np.concatenate([self.left[some], self.right[some]]), np.tile(difference[some], (2, 1))


def one_key_words(values: Values, *, rng: np.random.Generator) -> Words:
    """(rows, 2) filters of each row's value under one secret for all blocks; noise where there is no value."""
    number = values.number
    kinds, at = np.unique(number[values.present], return_inverse=True)
    out = rng.integers(0, 1 << 64, (len(number), 2), dtype=np.uint64)
    out[values.present] = _one_key(values, kinds, draws=1, rng=rng)[0][at]
    return out


def name_rows(ours: list[Sources], theirs: list[Sources], *, seen: Seen, known: KnownPass) -> Numbers:
    """For each row of the file the record it must be by the words, or differences of words, that return in several blocks, or `NOBODY`."""
    edges: list[tuple[tuple[Numbers, Words], tuple[Numbers, Words]]] = []
    for us, them in zip(ours, theirs, strict=True):
        for mine, other in ((us.single(), them.single()), (us.paired(), them.paired())):
            if returning(vocabulary(mine[1]), seen.block[mine[0]]) > RETURNING:
                edges.append((mine, other))
    if not edges:
        return np.full(seen.rows, NOBODY, dtype=np.int64)
    graphs = [_graph([e[side] for e in edges], block) for side, block in ((0, seen.block), (1, known.block))]
    return name_in_the_best_round(graphs, record=known.record, rounds=MOST_ROUNDS)


def _graph(edges: list[tuple[Numbers, Words]], block: Numbers) -> Incidence:
    rows = [np.arange(len(block)), *(row for row, _ in edges)]
    nodes = [dense(block), *(vocabulary(words).which for _, words in edges)]
    starts = np.cumsum([0, *(int(n.max(initial=-1)) + 1 for n in nodes)])
    return Incidence(
        np.concatenate(rows),
        np.concatenate([n + s for n, s in zip(nodes, starts, strict=False)]),
        np.repeat(np.arange(len(nodes)), [len(n) for n in nodes]).astype(np.uint64),
        len(block),
        int(starts[-1]),
    )
