"""What a model rests on, and where it rests on too little: told in the model itself, so that nobody takes a guess for a measurement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from linkage.central.pairs.levels import LaneLevels
from linkage.central.pairs.training import PRIOR_M_PAIRS, PRIOR_U_PAIRS, ROUNDS, Fit

# Below so many expected matches the standard error of a rate of one half is above five points.
ENOUGH_MATCHES: Final = 100
ENOUGH_PAIRS: Final = 30
NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Learnt:
    """Where one lane's m and u come from: `m` from "passes" together, from this "pass", or from the "prior"; `u` from "partners", from this
    "pass", or from the "prior"; and how many expected matches, and others, with a value on both sides taught them."""

    m: str
    m_pairs: float
    u: str
    u_pairs: float


def how_learnt(
    fits: Sequence[Fit], lanes: Sequence[Sequence[LaneLevels]], *, measured: Collection[str]
) -> list[dict[str, Learnt]]:
    """For every pass and lane where its rates come from: from the prior where fewer pairs taught them than the prior counts for."""
    together: dict[str, float] = {}
    for one, its in zip(fits, lanes, strict=True):
        for lane in its:
            if not lane.dependent:
                together[lane.lane] = together.get(lane.lane, 0.0) + one.seen[lane.lane][0]
    return [
        {lane.lane: _learnt(one, lane, together=together, measured=measured) for lane in its}
        for one, its in zip(fits, lanes, strict=True)
    ]


def _learnt(one: Fit, lane: LaneLevels, *, together: Mapping[str, float], measured: Collection[str]) -> Learnt:
    matches, others = one.seen[lane.lane]
    told = matches if lane.dependent else together[lane.lane]
    m = "prior" if told < PRIOR_M_PAIRS else "pass" if lane.dependent else "passes"
    if not lane.dependent:
        return Learnt(m, round(told, 1), "partners" if lane.lane in measured else "prior", 0.0)
    return Learnt(m, round(told, 1), "prior" if others < PRIOR_U_PAIRS else "pass", round(others, 1))


def doubts(
    fits: Sequence[Fit], *, keys: Sequence[str], learnt: Sequence[Mapping[str, Learnt]]
) -> tuple[str, ...]:
    """The sentences that a reader of the model needs before trusting it; none, where it rests on enough."""
    out = []
    matches = max((one.matches for one in fits), default=0.0)
    if matches < ENOUGH_MATCHES:
        out.append(
            f"No match key has more than about {matches:.0f} matching pairs. The probabilities rest largely on what matches are usually like and not on"
            " these files: have pairs checked by hand before anything rests on them."
        )
    few = [key for key, one in zip(keys, fits, strict=True) if one.pairs < ENOUGH_PAIRS]
    if few:
        out.append(
            f"Fewer than {ENOUGH_PAIRS} pairs share {_named(few)}: how many of them match is taken mostly from the prior."
        )
    for which, name in (("m", "how often matches agree"), ("u", "how often strangers agree")):
        lanes = sorted({lane for its in learnt for lane, one in its.items() if getattr(one, which) == "prior"})
        if lanes:
            out.append(
                f"In some pass {name} in {_named(lanes)} is taken from the prior: too few pairs there could teach it."
            )
    unsettled = [key for key, one in zip(keys, fits, strict=True) if one.rounds >= ROUNDS]
    if unsettled:
        out.append(f"Training had not settled after {ROUNDS} rounds for {_named(unsettled)}.")
    return tuple(out)


def _named(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
