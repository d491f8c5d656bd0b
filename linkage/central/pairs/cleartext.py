"""The yardstick: plain Splink on the same cleaned values, with the same match keys, to show what privacy costs. Never used on partners' data.

Good cleartext comparisons: names by Jaro-Winkler with term frequencies and the exchange of forename and surname, dates and postcodes by
Damerau-Levenshtein. Trained as Splink's documentation teaches: u from random pairs, m by its own EM, one match key after another until every
comparison was trained twice.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import duckdb
import pandas as pd

from linkage.central.pairs.linker import SPLINK_FAULTS, open_cleartext
from linkage.central.pairs.model import LinkType
from linkage.schema import MatchKey, Schema

RANDOM_PAIRS: Final = 1e6
EM_PAIRS: Final = 2e6
SESSIONS: Final = 2
MOST_VARIANTS: Final = 8
# Far below any threshold, so that the best one is not cut off: good pairs score low where a prior is not learnt for each match key.
SCORED_FROM: Final = 1e-6

Levels = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ClearFile:
    """One file's cleaned values: `rows` has `record` (a number unique over all files), a column an identifier, and a column a match-key
    part, named by `part_column`."""

    name: str
    rows: pd.DataFrame


def part_column(part: str, variant: int) -> str:
    """The name of the column that holds a match-key part as read in one order of the names."""
    return f"part_{part.replace('.', '_').replace('-', '_')}_{variant}"


def _fuzzy(column: str, function: str, bounds: Sequence[float], *, better: str) -> Levels:
    return [(f"{function}({column}_l, {column}_r) {better} {b}", f"{function} {better} {b}") for b in bounds]


def _comparison(name: str, *, of: str) -> dict[str, Any]:
    exchanged = ("forename_l = surname_r AND surname_l = forename_r", "names exchanged")
    kinds: dict[str, Levels] = {
        "forename": [exchanged, *_fuzzy("forename", "jaro_winkler_similarity", (0.92, 0.85, 0.7), better=">=")],
        "surname": [exchanged, *_fuzzy("surname", "jaro_winkler_similarity", (0.92, 0.85, 0.7), better=">=")],
        "date_of_birth": _fuzzy("date_of_birth", "damerau_levenshtein", (1, 2), better="<="),
        "postcode": _fuzzy("postcode", "damerau_levenshtein", (1, 2), better="<="),
        "address": _fuzzy("address", "jaro_winkler_similarity", (0.92, 0.8), better=">="),
        "town": _fuzzy("town", "jaro_winkler_similarity", (0.9,), better=">="),
        "email": _fuzzy("email", "jaro_winkler_similarity", (0.92, 0.85), better=">="),
    }
    equal: dict[str, Any] = {"sql_condition": f"{of}_l = {of}_r", "label_for_charts": "equal"}
    if of in ("forename", "surname"):
        equal |= {"tf_adjustment_column": of, "tf_adjustment_weight": 1.0}
    return {
        "output_column_name": name,
        "comparison_levels": [
            {
                "sql_condition": f"{of}_l IS NULL OR {of}_r IS NULL",
                "label_for_charts": "missing",
                "is_null_level": True,
            },
            equal,
            *({"sql_condition": sql, "label_for_charts": label} for sql, label in kinds.get(of, [])),
            {"sql_condition": "ELSE", "label_for_charts": "different"},
        ],
    }


def _rules(key: MatchKey, columns: Collection[str]) -> list[str]:
    """The key as Splink blocking rules over those of the columns that there are; a part with several values, such as a name that may stand in
    either place, gives one rule for each way in which two records can meet."""
    ways = [
        _equal(f"name.{p.order}.{p.part}" if p.order else f"{p.identifier}.{p.part}", columns)
        for p in key.parts
    ]
    return [" AND ".join(chosen) for chosen in product(*ways)]


def _equal(part: str, columns: Collection[str]) -> list[str]:
    variants = [c for c in (part_column(part, n) for n in range(MOST_VARIANTS)) if c in columns]
    return [f"l.{a} = r.{b}" for a, b in product(variants, variants)]


def run_cleartext(
    files: Sequence[ClearFile],
    *,
    schema: Schema,
    link_type: LinkType,
    connection: duckdb.DuckDBPyConnection,
    step: Callable[[str], Any],
) -> pd.DataFrame:
    """Scored pairs of record numbers: `left`, `right`, `probability`. `step(name)` is a context for each of train and score."""
    held: Mapping[str, bool] = {c: _held(files, c, link_type) for c in files[0].rows.columns}
    comparisons = {
        n: c
        for n, c in schema.comparisons.items()
        if held.get(c.identifier if c.part == "whole" else f"{c.identifier}_{c.part}")
    }
    there = [c for c, enough in held.items() if enough]
    keys = [k for k in schema.match_keys if _rules(k, there)]
    rules = [r for k in keys for r in _rules(k, there)]
    settings = {
        "link_type": link_type,
        "unique_id_column_name": "record",
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": r, "sql_dialect": "duckdb"} for r in rules
        ],
        "comparisons": [
            _comparison(n, of=c.identifier if c.part == "whole" else f"{c.identifier}_{c.part}")
            for n, c in comparisons.items()
        ],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "sql_dialect": "duckdb",
    }
    with step("train"):
        linker = open_cleartext({f.name: f.rows for f in files}, settings, connection=connection)
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1)
        trained = dict.fromkeys(comparisons, 0)
        for key in keys:
            learns = [n for n, c in comparisons.items() if c.identifier not in key.identifiers]
            if any(trained[n] < SESSIONS for n in learns) and _em(linker, _rules(key, there)[0]):
                trained |= {n: trained[n] + 1 for n in learns}
    with step("score"):
        scored = linker.inference.predict(
            threshold_match_probability=SCORED_FROM, warning_mode="never"
        ).as_pandas_dataframe()
    low, high = scored[["record_l", "record_r"]].min(axis=1), scored[["record_l", "record_r"]].max(axis=1)
    return pd.DataFrame({"left": low, "right": high, "probability": scored["match_probability"]})


def _em(linker: Any, rule: str) -> bool:
    """Whether a session of Splink's EM could be run: it raises where a level's probability comes out as exactly 0, or no pair shares the key."""
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=EM_PAIRS
        )
    except SPLINK_FAULTS:
        return False
    return True


def _held(files: Sequence[ClearFile], column: str, link_type: LinkType) -> bool:
    """Whether files enough hold the column to compare it."""
    need = 2 if link_type == "link_only" else 1
    return sum(f.rows[column].notna().mean() > 0.01 for f in files) >= need
