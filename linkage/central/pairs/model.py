"""The linkage model as data: one document that says how every pass is scored, and that Splink can load pass by pass."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from linkage.central.pairs.doubts import Learnt, doubts, how_learnt
from linkage.central.pairs.levels import LaneLevels, lane_levels
from linkage.central.pairs.training import Fit
from linkage.errors import BadModel
from linkage.schema import Schema

MODEL_FORMAT: Final = "linkage-model/v3"
DEFAULT_THRESHOLD: Final = 0.85
FLOOR: Final = 1e-12

LinkType = Literal["dedupe_only", "link_only", "link_and_dedupe"]


@dataclass(frozen=True, slots=True)
class PassModel:
    """How one pass is scored: the share of matches among its pairs, and of each kind of `relatives`, and m and u of each lane's levels; and how that was learnt."""

    key: str
    prior: float
    lanes: tuple[LaneLevels, ...]
    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    pairs: int
    matches: float
    rounds: int
    learnt: Mapping[str, Learnt]
    relatives: Mapping[str, float] = field(default_factory=dict)

    @property
    def prior_without_relatives(self) -> float:
        """The share of matches among matches and strangers alone."""
        return self.prior / (1.0 - sum(self.relatives.values()))

    def splink_settings(self, *, link_type: LinkType) -> dict[str, Any]:
        """The pass as a Splink 5 settings document, which knows matches and strangers: Splink's odds are our own where no pair is of relatives."""
        return {
            "link_type": link_type,
            "unique_id_column_name": "row_ref",
            "source_dataset_column_name": "source_dataset",
            "probability_two_random_records_match": min(max(self.prior_without_relatives, FLOOR), 1 - 1e-9),
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": "l.block = r.block", "sql_dialect": "duckdb"}
            ],
            "comparisons": [_comparison(one, m=self.m[one.lane], u=self.u[one.lane]) for one in self.lanes],
            "retain_matching_columns": False,
            "retain_intermediate_calculation_columns": False,
            "sql_dialect": "duckdb",
        }


def _relatives(one: PassModel, kind: str) -> dict[str, Any]:
    agree = [lane.lane for lane in one.lanes if kind in lane.shared]
    return {"kind": kind, "share": one.relatives[kind], "agree_as_matches": agree}


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


@dataclass(frozen=True)
class Model:
    """All passes of one linkage: `held` are the comparisons that partners enough could make, `warnings` what makes the model doubtful, in sentences."""

    schema_digest: str
    link_type: LinkType
    threshold: float
    passes: tuple[PassModel, ...]
    held: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> str:
        """The model as text: its format, then JSON whose `passes` hold Splink settings."""
        return self._text

    @cached_property
    def _text(self) -> str:
        return f"{MODEL_FORMAT}\n{json.dumps(self.body(), indent=1)}\n"

    def body(self) -> dict[str, Any]:
        """The model as plain values."""
        return {
            "schema_digest": self.schema_digest,
            "link_type": self.link_type,
            "threshold": self.threshold,
            "held": list(self.held),
            "warnings": list(self.warnings),
            "passes": [
                {
                    "key": p.key,
                    "pairs": p.pairs,
                    "matches": p.matches,
                    "rounds": p.rounds,
                    "prior": p.prior,
                    "relatives": [_relatives(p, kind) for kind in p.relatives],
                    "learnt": {n: asdict(one) for n, one in p.learnt.items()},
                    "splink": p.splink_settings(link_type=self.link_type),
                }
                for p in self.passes
            ],
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the model's text, hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def build(
    fits: Sequence[Fit],
    *,
    keys: Sequence[str],
    lanes: Sequence[tuple[LaneLevels, ...]],
    pooled: Mapping[str, tuple[float, ...]],
    schema_digest: str,
    link_type: LinkType,
    threshold: float = DEFAULT_THRESHOLD,
    held: Collection[str] = (),
    measured: Collection[str] = (),
) -> Model:
    """The model of these fits; lanes that do not depend on a pass's key take the pooled m. `measured` are the lanes whose u a partner has measured.

    Raises:
        BadModel: no pass has a pair to score.
    """
    passes = []
    learnt = how_learnt(fits, lanes, measured=measured)
    for one, key, its_lanes, its_learnt in zip(fits, keys, lanes, learnt, strict=True):
        m = {x.lane: one.m[x.lane] if x.dependent else pooled.get(x.lane, one.m[x.lane]) for x in its_lanes}
        counted = one.pairs, one.matches, one.rounds
        passes.append(
            PassModel(key, one.prior, its_lanes, m, dict(one.u), *counted, its_learnt, dict(one.relatives))
        )
    if not passes:
        raise BadModel(
            "no two records share a match key: check that the partners used one project secret and hold common identifiers"
        )
    warnings = doubts(fits, keys=keys, learnt=learnt)
    return Model(schema_digest, link_type, threshold, tuple(passes), tuple(sorted(held)), warnings)


def read_model(text: str, *, schema: Schema) -> Model:
    """The model that `to_json` wrote under this schema.

    Raises:
        BadModel: it is no model of this version, is of another schema, or was altered so that it no longer says what a linker wrote.
    """
    first, _, body = text.partition("\n")
    if first != MODEL_FORMAT:
        raise BadModel(
            f"the model's first line should be {MODEL_FORMAT}: it was made by another version, or is another file"
        )
    try:
        value = json.loads(body)
        if value["schema_digest"] != schema.digest:
            raise BadModel("the model is of another schema than this project's")
        held = tuple(str(name) for name in value["held"])
        model = Model(
            schema.digest,
            value["link_type"],
            float(value["threshold"]),
            tuple(_read_pass(p, schema=schema, held=held) for p in value["passes"]),
            held,
            tuple(str(sentence) for sentence in value["warnings"]),
        )
        same = model.body() == value
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, RecursionError) as fault:
        raise BadModel("the model is not readable: it was altered, or made by another version") from fault
    if not same:
        raise BadModel("the model is not as a linker wrote it under this schema: it was altered")
    # What was read is its text, as the run that it scored knows it: there is no need to write it again.
    vars(model)["_text"] = text
    return model


def _read_pass(value: Mapping[str, Any], *, schema: Schema, held: Collection[str]) -> PassModel:
    lanes = lane_levels(schema, schema.match_key(value["key"]), held=held)
    m, u = (
        {
            str(c["output_column_name"]): tuple(
                float(level[f"{which}_probability"]) for level in c["comparison_levels"][1:]
            )
            for c in value["splink"]["comparisons"]
        }
        for which in ("m", "u")
    )
    learnt = {str(n): Learnt(**one) for n, one in value["learnt"].items()}
    counted = int(value["pairs"]), float(value["matches"]), int(value["rounds"])
    relatives = {str(one["kind"]): float(one["share"]) for one in value["relatives"]}
    return PassModel(str(value["key"]), float(value["prior"]), lanes, m, u, *counted, learnt, relatives)
