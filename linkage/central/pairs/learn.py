"""From what was counted to a model, and from rows in memory to scored pairs: the steps of a linkage without files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from linkage.central.pairs.compare import Counted, compare, counted
from linkage.central.pairs.levels import BANDS, LaneLevels, lane_levels
from linkage.central.pairs.model import LinkType, Model, build
from linkage.central.pairs.scoring import score_pairs
from linkage.central.pairs.training import (
    Fit,
    Patterns,
    combined_u,
    fit_all,
    measured,
    pooled_m,
    posterior,
)
from linkage.central.report.calibration import scored_threshold
from linkage.errors import BadSubmission
from linkage.manifest import Manifest
from linkage.schema import MatchKey, Schema
from linkage.tokens import PassTable

HELD_FROM: Final = 0.01


def held_by_enough(schema: Schema, manifests: Sequence[Manifest], *, link_type: LinkType) -> frozenset[str]:
    """The comparisons whose identifier is held by partners enough to compare it."""
    need = 2 if link_type == "link_only" else 1
    counts = {c: sum(m.statistics.held.get(c, 0.0) > HELD_FROM for m in manifests) for c in schema.comparisons}
    return frozenset(c for c, n in counts.items() if n >= need)


def check_statistics(schema: Schema, manifests: Sequence[Manifest]) -> None:
    """Nothing, if every partner's rates are of the schema's comparisons and levels.

    Raises:
        BadSubmission: they are not; the message names the partner and the comparison.
    """
    sizes = {n: len(c.levels) + 1 + (len(BANDS) - 1) * c.banded for n, c in schema.comparisons.items()}
    sizes |= {n: len(t.levels) + 1 for n, t in schema.together.items()}
    for manifest in manifests:
        for name, rates in manifest.statistics.u.items():
            if len(rates) != sizes.get(name):
                raise BadSubmission(
                    f"the statistics of {manifest.partner} for {name} have not the levels of the schema: tokenise again"
                )


def train(
    load: Callable[[MatchKey], Mapping[str, PassTable]],
    *,
    schema: Schema,
    manifests: Sequence[Manifest],
    link_type: LinkType,
    threshold: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Model:
    """The model of all passes that have pairs; `load` gives a pass's rows.

    Raises:
        BadModel: no pass has a pair.
        BadSubmission: a partner's statistics are not of the schema.
    """
    check_statistics(schema, manifests)
    held = held_by_enough(schema, manifests, link_type=link_type)
    found: dict[str, Counted] = {}
    for key in schema.match_keys:
        if lanes := lane_levels(schema, key, held=held):
            found[key.name] = counted([compare(load(key), lanes, link_type=link_type)])
        progress(key.name)
    return learn(found, schema=schema, manifests=manifests, link_type=link_type, threshold=threshold)


def learn(
    found: Mapping[str, Counted],
    *,
    schema: Schema,
    manifests: Sequence[Manifest],
    link_type: LinkType,
    threshold: float | None = None,
) -> Model:
    """The model that fits how often each pattern was counted in each pass, by the name of its match key; its threshold follows from them, if none is given.

    Raises:
        BadModel: no pass has a pair.
    """
    held = held_by_enough(schema, manifests, link_type=link_type)
    keys = [k for k in schema.match_keys if k.name in found and len(found[k.name].codes)]
    lanes = [lane_levels(schema, k, held=held) for k in keys]
    statistics = [m.statistics for m in manifests]
    patterns = [found[k.name].patterns(its) for k, its in zip(keys, lanes, strict=True)]
    fits = fit_all(patterns, lanes, u=[combined_u(statistics, its) for its in lanes])
    return build(
        fits,
        keys=[k.name for k in keys],
        lanes=lanes,
        pooled=pooled_m(fits, lanes),
        schema_digest=schema.digest,
        link_type=link_type,
        threshold=_threshold(patterns, lanes, fits=fits) if threshold is None else threshold,
        held=held,
        measured=frozenset(name for its in lanes for name in measured(statistics, its)),
    )


def _threshold(
    patterns: Sequence[Patterns], lanes: Sequence[tuple[LaneLevels, ...]], *, fits: Sequence[Fit]
) -> float:
    """The default threshold on the scale of the passes' probabilities, over the pairs of all passes."""
    chances = [
        posterior(
            one, its, prior=fit.prior, m={n: np.array(v) for n, v in fit.m.items()}, u={n: np.array(v) for n, v in fit.u.items()}, relatives=fit.relatives,
        )
        for one, its, fit in zip(patterns, lanes, fits, strict=True)
    ]  # fmt: skip
    every = [np.concatenate(x) if x else np.empty(0) for x in (chances, [one.counts for one in patterns])]
    return round(scored_threshold(every[0], counts=every[1]), 4)


def score(
    load: Callable[[MatchKey], Mapping[str, PassTable]],
    *,
    model: Model,
    schema: Schema,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, pa.Table]:
    """The scored pairs of every pass of the model."""
    out = {}
    for one in model.passes:
        compared = compare(load(schema.match_key(one.key)), one.lanes, link_type=model.link_type)
        out[one.key] = score_pairs(compared, model=one)
        progress(one.key)
    return out
