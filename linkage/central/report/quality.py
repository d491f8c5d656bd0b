"""How well a linkage found the truth, where the truth is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.central.assemble import Records, ScoredRecords, people_of
from linkage.central.pairs.model import LinkType

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of pairs at a threshold of the match probability."""

    threshold: float
    precision: float
    recall: float
    f1: float

    def to_json(self) -> dict[str, float]:
        """Plain values, five digits."""
        return {k: round(getattr(self, k), 5) for k in ("threshold", "precision", "recall", "f1")}


def truth_pairs(truth: Ints, *, partner: Ints, link_type: LinkType) -> int:
    """How many pairs of records are of one person, among those that the link type compares."""

    def pairs(labels: Ints) -> int:
        sizes = np.unique(labels, return_counts=True)[1]
        return int((sizes * (sizes - 1) // 2).sum())

    within = sum(pairs(truth[partner == p]) for p in np.unique(partner))
    return pairs(truth) - within if link_type == "link_only" else pairs(truth)


def at_threshold(pairs: ScoredRecords, *, right: npt.NDArray[np.bool_], total: int, threshold: float) -> Score:
    """The score of the pairs whose probability is at least the threshold."""
    kept = right[pairs.probability >= threshold]
    return _score(threshold, int(kept.sum()), len(kept), total)


def best_threshold(pairs: ScoredRecords, *, right: npt.NDArray[np.bool_], total: int) -> Score:
    """The score at the threshold that gives the best F1: an upper bound chosen with hindsight."""
    order = np.argsort(-pairs.probability, kind="stable")
    probability, hits = pairs.probability[order], np.cumsum(right[order])
    if not len(order):
        return _score(1.0, 0, 0, total)
    ends = np.append(np.flatnonzero(np.diff(probability)), len(probability) - 1)
    f1 = 2 * hits[ends] / (ends + 1 + total)
    at = ends[int(f1.argmax())]
    return _score(float(probability[at]), int(hits[at]), int(at) + 1, total)


def _score(threshold: float, hits: int, claimed: int, total: int) -> Score:
    precision = hits / claimed if claimed else 1.0
    recall = hits / total if total else 1.0
    return Score(threshold, precision, recall, 2 * hits / (claimed + total) if claimed + total else 1.0)


def clusters(person: Ints, *, truth: Ints, partner: Ints, link_type: LinkType) -> dict[str, Any]:
    """The people formed against the people there are: pairs within clusters, sizes, and the share of true people found whole."""
    both = np.unique(np.column_stack([person, truth]), axis=0, return_inverse=True)[1].ravel()
    hits = truth_pairs(both, partner=partner, link_type=link_type)
    claimed = truth_pairs(person, partner=partner, link_type=link_type)
    total = truth_pairs(truth, partner=partner, link_type=link_type)
    score = _score(0.0, hits, claimed, total)
    size_of_cell = np.bincount(both)[both]
    whole = (size_of_cell == np.bincount(person)[person]) & (size_of_cell == np.bincount(truth)[truth])
    return {
        "found": int(person.max(initial=-1)) + 1,
        "true": int(truth.max(initial=-1)) + 1,
        "largest": int(np.bincount(person).max(initial=0)),
        "exact": round(len(np.unique(truth[whole])) / max(int(truth.max(initial=-1)) + 1, 1), 5),
        "precision": round(score.precision, 5),
        "recall": round(score.recall, 5),
        "f1": round(score.f1, 5),
    }


def assess(
    pairs: ScoredRecords, *, records: Records, truth: Ints, link_type: LinkType, threshold: float
) -> dict[str, Any]:
    """`default`, `best` and `clusters` (at the default threshold) of a linkage whose truth is known; `truth` numbers people from 0."""
    total = truth_pairs(truth, partner=records.partner, link_type=link_type)
    right = truth[pairs.left] == truth[pairs.right]
    person = people_of(pairs, records=records, threshold=threshold).person
    return {
        "default": at_threshold(pairs, right=right, total=total, threshold=threshold).to_json(),
        "best": best_threshold(pairs, right=right, total=total).to_json(),
        "clusters": clusters(person, truth=truth, partner=records.partner, link_type=link_type),
    }


def calibration(pairs: ScoredRecords, *, truth: Ints, bounds: tuple[float, ...]) -> list[Mapping[str, float]]:
    """For each band of match probability: how many pairs, their mean probability, and the share that are matches."""
    out: list[Mapping[str, float]] = []
    right = truth[pairs.left] == truth[pairs.right]
    for low, high in pairwise(bounds):
        here = (pairs.probability >= low) & (pairs.probability < high)
        if here.any():
            out.append(
                {
                    "from": low,
                    "to": high,
                    "pairs": int(here.sum()),
                    "said": float(pairs.probability[here].mean()),
                    "true": float(right[here].mean()),
                }
            )
    return out
