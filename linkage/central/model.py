"""The linkage model as data: one document that says how every pass is scored, and that Splink can load pass by pass."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from linkage.central.levels import LaneLevels
from linkage.central.training import Fit
from linkage.errors import BadModel

MODEL_FORMAT: Final = "linkage-model/v1"
DEFAULT_THRESHOLD: Final = 0.85
FLOOR: Final = 1e-12

LinkType = Literal["dedupe_only", "link_only", "link_and_dedupe"]


@dataclass(frozen=True, slots=True)
class PassModel:
    """How one pass is scored: the share of matches among its pairs, and m and u of each lane's levels."""

    key: str
    prior: float
    lanes: tuple[LaneLevels, ...]
    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    pairs: int

    def splink_settings(self, *, link_type: LinkType) -> dict[str, Any]:
        """The pass as a Splink 5 settings document."""
        return {
            "link_type": link_type,
            "unique_id_column_name": "row_ref",
            "source_dataset_column_name": "source_dataset",
            "probability_two_random_records_match": min(max(self.prior, FLOOR), 1 - 1e-9),
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": "l.block = r.block", "sql_dialect": "duckdb"}
            ],
            "comparisons": [_comparison(one, m=self.m[one.lane], u=self.u[one.lane]) for one in self.lanes],
            "retain_matching_columns": False,
            "retain_intermediate_calculation_columns": False,
            "sql_dialect": "duckdb",
        }


def _comparison(lane: LaneLevels, *, m: Sequence[float], u: Sequence[float]) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": lane.absent, "label_for_charts": "missing", "is_null_level": True}
    ]
    conditions, labels = (*lane.conditions, "ELSE"), (*lane.labels, "different")
    for condition, text, m_level, u_level in zip(conditions, labels, m, u, strict=True):
        levels.append(
            {
                "sql_condition": condition,
                "label_for_charts": text,
                "m_probability": max(m_level, FLOOR),
                "u_probability": max(u_level, FLOOR),
            }
        )
    return {
        "output_column_name": lane.lane,
        "comparison_levels": levels,
        "comparison_description": lane.comparison,
    }


@dataclass(frozen=True, slots=True)
class Model:
    """All passes of one linkage."""

    schema_digest: str
    link_type: LinkType
    threshold: float
    passes: tuple[PassModel, ...]

    def to_json(self) -> str:
        """The model as text: its format, then JSON whose `passes` hold Splink settings."""
        body = {
            "schema_digest": self.schema_digest,
            "link_type": self.link_type,
            "threshold": self.threshold,
            "passes": [
                {
                    "key": p.key,
                    "pairs": p.pairs,
                    "prior": p.prior,
                    "splink": p.splink_settings(link_type=self.link_type),
                }
                for p in self.passes
            ],
        }
        return f"{MODEL_FORMAT}\n{json.dumps(body, indent=1)}\n"


def build(
    fits: Sequence[Fit],
    *,
    keys: Sequence[str],
    lanes: Sequence[tuple[LaneLevels, ...]],
    pooled: Mapping[str, tuple[float, ...]],
    schema_digest: str,
    link_type: LinkType,
    threshold: float = DEFAULT_THRESHOLD,
) -> Model:
    """The model of these fits; lanes that do not depend on a pass's key take the pooled m.

    Raises:
        BadModel: no pass has a pair to score.
    """
    passes = []
    for one, key, its_lanes in zip(fits, keys, lanes, strict=True):
        m = {x.lane: one.m[x.lane] if x.dependent else pooled.get(x.lane, one.m[x.lane]) for x in its_lanes}
        passes.append(PassModel(key, one.prior, its_lanes, m, dict(one.u), one.pairs))
    if not passes:
        raise BadModel(
            "no two records share a match key: check that the partners used one project secret and hold common identifiers"
        )
    return Model(schema_digest, link_type, threshold, tuple(passes))
