"""Levels in SQL against levels counted pair by pair; and the model as a document that Splink loads and scores by."""

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from splink import DuckDBAPI, Linker

from keys import Secret
from linkage.central.pairs.compare import compare, counted
from linkage.central.pairs.conditions import MACROS
from linkage.central.pairs.learn import held_by_enough, score, train
from linkage.central.pairs.levels import LaneLevels, lane_levels
from linkage.central.pairs.model import MODEL_FORMAT, LinkType, Model, build
from linkage.central.pairs.scoring import score_pairs
from linkage.central.pairs.training import Patterns, posterior
from linkage.central.store import open_locked
from linkage.errors import BadModel
from linkage.manifest import Manifest, Round
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.tokenise import tokenise
from linkage.schema import MatchKey, load_schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, PartnerStatistics, PassTable, compared_names

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
HELD = frozenset(SCHEMA.comparisons)
LINK_TYPES = get_args(LinkType)
Tables = Mapping[str, PassTable]


def made_up(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = 60

    def some(values: list[str | None]) -> list[str | None]:
        return [values[at] for at in rng.integers(0, len(values), size)]

    return pd.DataFrame(
        {
            "id": [f"{seed}-{n}" for n in range(size)],
            "forename": some(["Mary", "Marie", "Tom", "Thom", "Ann", None]),
            "surname": some(["Smith", "Smyth", "Ann", "Jones", None]),
            "date_of_birth": some(["1980-02-03", "1980-03-02", "1980-02-04", "1991-12-30"]),
            "sex": some(["M", "F", None]),
            "postcode": some(["OX4 1AB", "OX4 1AC", "RG1 3EE", None]),
            "address": some(["1 High Street", "1 High St", "2 High Street", "9 Mill Lane", None]),
            "town": some(["Oxford", "Oxfrod", "Slough", None]),
            "email": some(["mary@example.org", "marie@example.org", None]),
            "middle_name": some(["Ann", "Bea", None]),
            "nhs_number": some(["9434765919", "4010232137", None]),
            "phone": some(["07700 900123", "07700 900124", None]),
            "upn": some(["A123456789012", "R053630027086", None]),
        },
        dtype="str",
    )


def with_bands(table: PassTable, *, seed: int) -> PassTable:
    """The table with every band of names in it; in so small a file all names are common."""
    rng = np.random.default_rng(seed)
    return PassTable(
        table.key,
        {
            n: rng.integers(0, 3, table.rows, dtype=np.int8) if n.endswith("_band") else c
            for n, c in table.columns.items()
        },
    )


@pytest.fixture(scope="module")
def partners() -> dict[str, tuple[dict[str, PassTable], PartnerStatistics]]:
    out = {}
    for at, name in enumerate(("alpha", "beta")):
        rows = made_up(at)
        mapping = ColumnMapping("id", {c: c for c in rows.columns if c != "id"})
        clean, _ = normalise(rows, schema=SCHEMA, mapping=mapping, file="made-up")
        tokens, statistics = tokenise(
            clean,
            schema=SCHEMA,
            secret=Secret(bytes(32), name="project"),
            own=Secret(bytes([at] * 32), name="own"),
            randomness=np.random.default_rng(at).bytes,
        )
        out[name] = ({t.key: with_bands(t, seed=at) for t in tokens.passes}, statistics)
    return out


def tables_of(partners: Mapping[str, Any], key: MatchKey) -> Tables:
    return {name: tables[key.name] for name, (tables, _) in partners.items()}


def manifests_of(partners: Mapping[str, Any]) -> list[Manifest]:
    one = Round("p", 1, SCHEMA.digest)
    return [Manifest(one, n, n, "", "", (), statistics, {}, "") for n, (_, statistics) in partners.items()]


def word(table: PassTable, lane: str, at: int) -> int:
    return int(table.columns[lane][at]) & (1 << 64) - 1


def levels_by_hand(key: MatchKey, a: PassTable, i: int, b: PassTable, j: int) -> dict[str, int]:
    """The level of every comparison and group of the pass for one pair of rows: -1 missing."""
    out: dict[str, int] = {}
    reached: dict[str, int] = {}
    standing = {c.comparison: c for c in compared_names(SCHEMA, key)}
    for name, comparison in SCHEMA.comparisons.items():
        if name not in standing:
            reached[name] = 0
            continue
        one = standing[name]
        lane, shift = one.presence
        absent = (word(a, lane, i) ^ word(b, lane, j)) >> shift & (1 << PRESENCE_BITS) - 1
        if one.place is not None:
            lane, shift = one.place
            same = (word(a, lane, i) ^ word(b, lane, j)) >> shift & (1 << EXACT_BITS) - 1 == 0
            level = 0 if same else 1
        else:
            apart = 0
            if one.filtered:
                apart = sum(
                    (word(a, f"{one.lane}_{h}", i) ^ word(b, f"{one.lane}_{h}", j)).bit_count() for h in (0, 1)
                )
            level = next(
                (n for n, most in enumerate(comparison.levels) if apart <= most), len(comparison.levels)
            )
            if one.banded:
                band = max(int(t.columns[f"{one.lane}_band"][at]) for t, at in ((a, i), (b, j)))
                level = band if level == 0 else level + 2
        reached[name] = -1 if absent else level
        out[one.lane] = reached[name]
    for name, group in SCHEMA.together.items():
        for member in group.of:
            out.pop(member, None)
        ways = [all(0 <= reached[m] <= most for m, most in level.items()) for level in group.levels]
        out[name] = next((n for n, holds in enumerate(ways) if holds), len(ways))
        if all(reached[m] < 0 for m in group.of):
            out[name] = -1
    return out


def pairs_by_hand(tables: Tables, *, link_type: str) -> list[tuple[str, int, str, int]]:
    rows = [(name, at) for name in sorted(tables) for at in range(tables[name].rows)]
    out = []
    for (a, i), (b, j) in itertools.combinations(rows, 2):
        same_file = a == b
        if tables[a].columns["block"][i] != tables[b].columns["block"][j]:
            continue
        if same_file and (
            link_type == "link_only" or tables[a].columns["row_ref"][i] == tables[b].columns["row_ref"][j]
        ):
            continue
        out.append((a, i, b, j))
    return out


@pytest.mark.parametrize("key", SCHEMA.match_keys, ids=lambda k: k.name)
def test_patterns_are_those_counted_pair_by_pair(partners: Any, key: MatchKey) -> None:
    tables = tables_of(partners, key)
    lanes = lane_levels(SCHEMA, key, held=HELD)
    by_count: dict[tuple[int, ...], int] = {}
    for a, i, b, j in pairs_by_hand(tables, link_type="link_only"):
        by_hand = levels_by_hand(key, tables[a], i, tables[b], j)
        assert set(by_hand) == {lane.lane for lane in lanes}
        pattern = tuple(by_hand[lane.lane] for lane in lanes)
        by_count[pattern] = by_count.get(pattern, 0) + 1
    found = counted([compare(tables, lanes, link_type="link_only")]).patterns(lanes)
    made = {tuple(int(x) for x in p): int(n) for p, n in zip(found.levels, found.counts, strict=True)}
    assert made == by_count
    assert found.pairs == sum(by_count.values()) > 0


@pytest.mark.parametrize("link_type", LINK_TYPES)
def test_each_link_type_pairs_the_rows_that_it_should(partners: Any, link_type: LinkType) -> None:
    key = SCHEMA.match_key("email-local")
    tables = dict(tables_of(partners, key))
    if link_type == "dedupe_only":
        del tables["beta"]
    pairs = len(compare(tables, lane_levels(SCHEMA, key, held=HELD), link_type=link_type).pairs["pattern"])
    assert pairs == len(pairs_by_hand(tables, link_type=link_type)) > 0


def test_a_pass_with_rows_of_one_partner_alone_is_not_linked_but_deduplicated(partners: Any) -> None:
    key = SCHEMA.match_key("email-local")
    lanes = lane_levels(SCHEMA, key, held=HELD)
    tables = tables_of(partners, key)
    empty = PassTable(key.name, {n: c[:0] for n, c in tables["beta"].columns.items()})
    alone = {**tables, "beta": empty}
    assert not len(compare(alone, lanes, link_type="link_only").codes)
    assert len(compare(alone, lanes, link_type="dedupe_only").codes)


def test_a_pass_without_rows_has_no_pairs(partners: Any) -> None:
    key = SCHEMA.match_key("email-local")
    empty = {
        n: PassTable(key.name, {c: x[:0] for c, x in t.columns.items()})
        for n, t in tables_of(partners, key).items()
    }
    for tables in (empty, {}):
        found = compare(tables, lane_levels(SCHEMA, key, held=HELD), link_type="link_and_dedupe")
        assert found.counts.sum() == 0


def one_model(partners: Any, link_type: LinkType = "link_only") -> Model:
    return train(
        lambda key: tables_of(partners, key),
        schema=SCHEMA,
        manifests=manifests_of(partners),
        link_type=link_type,
    )


@pytest.fixture(scope="module")
def model(partners: Any) -> Model:
    return one_model(partners)


def test_training_twice_gives_the_same_model_to_the_last_digit(partners: Any, model: Model) -> None:
    assert one_model(partners).to_json() == model.to_json()


def by_splink(model: Model, key: str, tables: Tables) -> pd.DataFrame:
    """The pairs of a pass as Splink itself scores them, by the settings in the model's text: the columns `match_weight` and `match_probability`, which know matches
    and strangers. `weight` and `probability` are what becomes of them when the relatives of the same text are taken out, from Splink's weight of each comparison."""
    one = next(p for p in json.loads(model.to_json().partition("\n")[2])["passes"] if p["key"] == key)
    settings = one["splink"] | {"retain_intermediate_calculation_columns": True}
    with open_locked() as connection:
        for macro in MACROS:
            connection.execute(macro)
        api = DuckDBAPI(connection=connection)
        names = sorted(tables)
        rows = [api.register(pd.DataFrame(dict(tables[n].columns)), dataset_display_name=n) for n in names]
        linker: Any = Linker(rows, settings, validate_settings=False)
        scored: pd.DataFrame = linker.inference.predict(threshold_match_probability=0.0).as_pandas_dataframe()
    strangers = 1 - one["prior"] - sum(kind["share"] for kind in one["relatives"])
    accounted = np.ones(len(scored))
    for kind in one["relatives"]:
        agreeing = scored[[f"mw_{lane}" for lane in kind["agree_as_matches"]]].sum(axis=1)
        accounted += kind["share"] / strangers * 2.0**agreeing
    weight = scored["match_weight"] - np.log2(accounted)
    return scored.assign(weight=weight, probability=1 / (1 + 2.0**-weight))


def best(sides: list[Any], weights: Any) -> dict[tuple[Any, ...], tuple[float, float]]:
    """The least and the best of every pair: a record whose two names sound alike has two rows of one reference in a block, which meet crosswise."""
    told: dict[tuple[Any, ...], list[float]] = {}
    for *pair, weight in zip(*sides, weights, strict=True):
        told.setdefault(tuple(pair), []).append(weight)
    return {pair: (min(them), max(them)) for pair, them in told.items()}


@pytest.mark.parametrize("key", SCHEMA.match_keys, ids=lambda k: k.name)
def test_scores_are_those_of_splink_with_the_settings_of_the_models_text_less_its_relatives(
    partners: Any, model: Model, key: MatchKey
) -> None:
    tables = tables_of(partners, key)
    one = next(p for p in model.passes if p.key == key.name)
    ours = score_pairs(compare(tables, one.lanes, link_type="link_only"), model=one, at_least=0.0).to_pandas()
    splinks = by_splink(model, key.name, tables)
    assert (splinks["weight"] < splinks["match_weight"]).all()
    for name, relatives_out in (("match_weight", "weight"), ("match_probability", "probability")):
        mine = best([ours["source_l"], ours["row_ref_l"], ours["source_r"], ours["row_ref_r"]], ours[name])
        theirs = best(
            [splinks[c] for c in ("source_dataset_l", "row_ref_l", "source_dataset_r", "row_ref_r")],
            splinks[relatives_out],
        )
        assert mine.keys() == theirs.keys()
        assert len(mine) > 20
        assert np.array(list(mine.values())) == pytest.approx(
            np.array([theirs[pair] for pair in mine]), rel=1e-9
        )


def test_conflicts_are_the_unique_numbers_that_both_have_and_differ_in(partners: Any, model: Model) -> None:
    key = SCHEMA.match_key("email-local")
    tables = tables_of(partners, key)
    one = next(p for p in model.passes if p.key == key.name)
    scored = score_pairs(compare(tables, one.lanes, link_type="link_only"), model=one, at_least=0.0)
    expected: dict[tuple[int, int], list[int]] = {}
    for a, i, b, j in pairs_by_hand(tables, link_type="link_only"):
        by_hand = levels_by_hand(key, tables[a], i, tables[b], j)
        refs = int(tables[a].columns["row_ref"][i]), int(tables[b].columns["row_ref"][j])
        expected.setdefault(refs, []).append(sum(by_hand[n] == 1 for n in ("nhs_number", "upn")))
    found: dict[tuple[int, int], list[int]] = {}
    for row in scored.to_pylist():
        found.setdefault((row["row_ref_l"], row["row_ref_r"]), []).append(row["conflicts"])
    assert {k: sorted(v) for k, v in found.items()} == {k: sorted(v) for k, v in expected.items()}
    assert {n for many in found.values() for n in many} == {0, 1, 2}


def test_splink_gives_each_pair_the_probability_that_training_gives_its_pattern_once_relatives_are_taken_out(
    partners: Any, model: Model
) -> None:
    wanted = [p for p in model.passes if p.key in ("email-local", "born-name", "postcode-day")]
    assert len(wanted) == 3
    for one in wanted:
        key = SCHEMA.match_key(one.key)
        tables = tables_of(partners, key)
        scored = by_splink(model, one.key, tables)
        rates = [{n: np.array(v) for n, v in p.items()} for p in (one.m, one.u)]
        expected: dict[tuple[int, int], list[float]] = {}
        for a, i, b, j in pairs_by_hand(tables, link_type="link_only"):
            by_hand = levels_by_hand(key, tables[a], i, tables[b], j)
            grid = np.array([[by_hand[lane.lane] for lane in one.lanes]], dtype=np.int64)
            chance = posterior(
                Patterns(grid, np.ones(1)), one.lanes, prior=one.prior, m=rates[0], u=rates[1], relatives=one.relatives,
            )  # fmt: skip
            refs = int(tables[a].columns["row_ref"][i]), int(tables[b].columns["row_ref"][j])
            expected.setdefault(refs, []).append(float(chance[0]))
        found: dict[tuple[int, int], list[float]] = {}
        for row in scored.itertuples():
            assert (row.source_dataset_l, row.source_dataset_r) == ("alpha", "beta")
            found.setdefault((row.row_ref_l, row.row_ref_r), []).append(row.probability)
        assert found.keys() == expected.keys()
        for refs, chances in expected.items():
            # A record whose two names sound alike has two rows of one reference in a block; Splink joins them crosswise, so that only
            # the least and the best are compared. The best is what the assembler takes.
            assert (min(found[refs]), max(found[refs])) == pytest.approx((min(chances), max(chances)), rel=1e-6)


def test_the_model_as_a_document_loads_in_splink_pass_by_pass(partners: Any, model: Model) -> None:
    first, _, body = model.to_json().partition("\n")
    assert first == MODEL_FORMAT
    document = json.loads(body)
    assert document["schema_digest"] == SCHEMA.digest
    for one in document["passes"][::3]:
        rows = pd.DataFrame(dict(tables_of(partners, SCHEMA.match_key(one["key"]))["alpha"].columns))
        with open_locked() as connection:
            for macro in MACROS:
                connection.execute(macro)
            api = DuckDBAPI(connection=connection)
            linker: Any = Linker([api.register(rows, dataset_display_name=n) for n in "ab"], one["splink"])
            assert linker.misc is not None
    for comparison in document["passes"][0]["splink"]["comparisons"]:
        rates = [(x["m_probability"], x["u_probability"]) for x in comparison["comparison_levels"][1:]]
        assert all(0 < m <= 1 and 0 < u <= 1 for m, u in rates)
        assert sum(m for m, _ in rates) == pytest.approx(1)


def test_scores_come_for_every_pass_of_the_model(partners: Any, model: Model) -> None:
    scored = score(lambda key: tables_of(partners, key), model=model, schema=SCHEMA)
    assert list(scored) == [p.key for p in model.passes]
    assert all(t.column("match_probability").to_numpy().min(initial=1.0) >= 0.01 for t in scored.values())


def test_partners_without_a_common_block_make_no_model(partners: Any) -> None:
    def load(key: MatchKey) -> Tables:
        tables = tables_of(partners, key)
        apart = {n: c ^ 1 if n == "block" else c for n, c in tables["beta"].columns.items()}
        return {**tables, "beta": PassTable(key.name, apart)}

    with pytest.raises(BadModel, match="no two records share a match key"):
        train(load, schema=SCHEMA, manifests=manifests_of(partners), link_type="link_only")
    with pytest.raises(BadModel):
        build([], keys=[], lanes=[], pooled={}, schema_digest="", link_type="link_only")


def test_an_identifier_that_one_partner_alone_holds_is_not_compared_between_partners(partners: Any) -> None:
    manifests = manifests_of(partners)
    assert held_by_enough(SCHEMA, manifests, link_type="link_only") == HELD
    assert held_by_enough(SCHEMA, manifests[:1], link_type="link_only") == frozenset()
    assert held_by_enough(SCHEMA, manifests[:1], link_type="dedupe_only") == HELD


def lane(levels: tuple[LaneLevels, ...], name: str) -> LaneLevels:
    return next(x for x in levels if x.lane == name)


def test_a_name_that_is_a_whole_part_of_the_key_is_compared_by_its_band_alone() -> None:
    levels = lane_levels(SCHEMA, SCHEMA.match_key("name-month"), held=HELD)
    assert lane(levels, "name_a").size == 4
    assert lane(levels, "name_b").size == 6
    assert "name_a_0_l" not in " ".join(lane(levels, "name_a").conditions)


def test_what_the_key_settles_is_not_compared_again() -> None:
    for key in SCHEMA.match_keys:
        names = {x.lane for x in lane_levels(SCHEMA, key, held=HELD)}
        settled = {p.identifier for p in key.parts if p.part == "whole" and p.order is None}
        alone = {n for n, c in SCHEMA.comparisons.items() if c.identifier in settled and not c.banded}
        assert not names & alone


def test_levels_say_how_they_are_missing_and_what_they_are_called() -> None:
    for key in SCHEMA.match_keys:
        for one in lane_levels(SCHEMA, key, held=HELD):
            assert len(one.labels) == len(one.conditions) == one.size - 1
            assert len(one.prior_m) == one.size
            assert sum(one.prior_m) == pytest.approx(1)
            assert re.search(r"absent\((presence_[01])_l, \1_r, \d+\)", one.absent) or "FALSE" in one.absent


def test_a_comparison_that_nobody_holds_does_not_shift_the_places_of_others(partners: Any) -> None:
    key = SCHEMA.match_key("email-local")
    every = {x.lane: x for x in lane_levels(SCHEMA, key, held=HELD)}
    fewer = {x.lane: x for x in lane_levels(SCHEMA, key, held=HELD - {"sex", "forename"})}
    assert every.keys() - fewer.keys() == {"sex", "forename"}
    assert all(every[n] == fewer[n] for n in fewer)
