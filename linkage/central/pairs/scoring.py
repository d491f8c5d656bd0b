"""Pairs as the model scores them: the weight of each agreement pattern, worked out once and given to every pair that shows it.

The weight is that of Fellegi and Sunter (1969) as Splink writes it, log2 of the prior odds plus log2(m/u) of every level, less what relatives who agree so
would account for (`relatives`); tests hold both against Splink.
"""

import numpy as np
import pyarrow as pa

from linkage.central.pairs.compare import Compared, levels_of
from linkage.central.pairs.model import PassModel
from linkage.central.pairs.sealed_pairs import SCORED_FROM
from linkage.central.pairs.training import Patterns, log_odds
from linkage.columns import as_arrow, named


def score_pairs(compared: Compared, *, model: PassModel, at_least: float = SCORED_FROM) -> pa.Table:
    """The pairs whose match probability is at least `at_least`: columns source_l, row_ref_l, source_r, row_ref_r (partner names, int64 row
    references), match_weight (log2 odds), match_probability, and `conflicts` (int8): how many unique numbers both sides have and differ in. A pair
    with a row in place of an earlier one is told whatever its score, so that it stands in place of the earlier pair."""
    levels = levels_of(compared.codes, model.lanes)
    rates = [{n: np.array(v) for n, v in p.items()} for p in (model.m, model.u)]
    odds = log_odds(
        Patterns(levels, np.ones(len(levels))),
        model.lanes,
        prior=model.prior,
        m=rates[0],
        u=rates[1],
        relatives=model.relatives,
    )
    chance = 1.0 / (1.0 + np.exp(-odds))
    conflicts = np.zeros(len(levels), dtype=np.int8)
    for at, lane in enumerate(model.lanes):
        if lane.unique:
            conflicts += levels[:, at] == lane.size - 1
    pattern = compared.pairs["pattern"]
    told = (chance >= at_least)[pattern]
    if "again" in compared.pairs:
        told |= compared.pairs["again"]
    kept = np.flatnonzero(told)
    its = pattern[kept]
    columns = {}
    for end in ("l", "r"):
        columns[f"source_{end}"] = named(compared.pairs[f"source_{end}"][kept], compared.partners)
        columns[f"row_ref_{end}"] = as_arrow(compared.pairs[f"row_ref_{end}"][kept])
    columns["match_weight"] = as_arrow((odds / np.log(2.0))[its])
    columns["match_probability"] = as_arrow(chance[its])
    columns["conflicts"] = as_arrow(conflicts[its])
    return pa.table(columns)
