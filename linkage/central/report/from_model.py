"""The linker's model as a reader of its quality needs it: each pass's Splink settings, and a pair made up from them to show how weights add up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, Final

import numpy as np

from linkage.central.pairs.model import MODEL_FORMAT
from linkage.errors import BadModel

DRAWS: Final = 4_000
SEED: Final = 1
# Beyond this a probability is 1 as far as a 64-bit float can tell.
MOST_BITS: Final = 50.0


@dataclass(frozen=True, slots=True)
class PassText:
    """One pass of a model as written: its match key, how many pairs were compared, the share of matches among them, and the Splink settings."""

    key: str
    pairs: int
    prior: float
    splink: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MadeUpPair:
    """A pair that nobody is: a level for each comparison, from 0 for the best, and the weight in bits that they add up to."""

    levels: Mapping[str, int]
    weight: float


@dataclass(frozen=True, slots=True)
class ModelText:
    """A model as written: its passes, those with most pairs first, and what makes it doubtful, in sentences."""

    passes: tuple[PassText, ...]
    warnings: tuple[str, ...]


def read_model(text: str) -> ModelText:
    """The model in a text.

    Raises:
        BadModel: it is no model of this version.
    """
    first, _, body = text.partition("\n")
    if first != MODEL_FORMAT:
        raise BadModel(
            f"the model's first line should be {MODEL_FORMAT}: name the model.json that the linker wrote"
        )
    try:
        value = json.loads(body)
        passes = [
            PassText(str(p["key"]), int(p["pairs"]), float(p["prior"]), dict(p["splink"]))
            for p in value["passes"]
        ]
        warnings = tuple(str(w) for w in value["warnings"])
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise BadModel("the model is not readable: it was made by another version") from fault
    return ModelText(tuple(sorted(passes, key=lambda p: (-p.pairs, p.key))), warnings)


def made_up_pair(one: PassText, *, near: float) -> MadeUpPair:
    """The pair whose weight is nearest to `near` bits, and not below it where there is one, of some that are drawn as the model says matches come."""
    randomness = np.random.default_rng(SEED)
    prior = float(one.splink["probability_two_random_records_match"])
    weight = np.full(DRAWS, log2(prior / (1 - prior)) if 0 < prior < 1 else MOST_BITS)
    drawn: dict[str, np.ndarray[Any, Any]] = {}
    for comparison in one.splink["comparisons"]:
        levels = [one for one in comparison["comparison_levels"] if not one.get("is_null_level")]
        m, u = (
            np.array([float(level[name]) for level in levels]) for name in ("m_probability", "u_probability")
        )
        at = randomness.choice(len(levels), size=DRAWS, p=m / m.sum())
        drawn[str(comparison["output_column_name"])] = at
        weight += np.log2(m / u)[at]
    away = np.where(weight >= near, weight - near, 1e6 + near - weight)
    best = int(away.argmin())
    return MadeUpPair({name: int(at[best]) for name, at in drawn.items()}, float(weight[best]))
