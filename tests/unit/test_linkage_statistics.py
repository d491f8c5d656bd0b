"""What a partner tells about its file as a whole: rounded rates, which identifiers it holds, and no more."""

import numpy as np
import pandas as pd
import pytest

from keys import Secret
from linkage.central.pairs.learn import check_statistics
from linkage.manifest import Manifest, Round
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.records import Column
from linkage.partner.tokenise import tokenise
from linkage.partner.tokens.prepared import bands_of
from linkage.schema import Schema, default_schema, load_schema
from linkage.tokens import PartnerStatistics

SCHEMA = default_schema()


def statistics_of(
    columns: dict[str, list[str | None]], *, seed: int = 1, schema: Schema = SCHEMA
) -> PartnerStatistics:
    rows = pd.DataFrame(
        {"id": [str(n) for n in range(len(next(iter(columns.values()))))], **columns}, dtype="str"
    )
    clean, _ = normalise(
        rows, schema=schema, mapping=ColumnMapping("id", {c: c for c in columns}), file="f.csv"
    )
    keys = (Secret(bytes(32), name="project"), Secret(bytes(32), name="own"))
    return tokenise(
        clean, schema=schema, secret=keys[0], own=keys[1], randomness=np.random.default_rng(seed).bytes
    )[1]


def test_u_is_the_share_of_random_pairs_that_agree() -> None:
    rng = np.random.default_rng(2)
    size = 3000
    found = statistics_of(
        {
            "sex": ["M" if x else "F" for x in rng.random(size) < 0.5],
            "forename": [["MARY", "MOHAMMED", "OLGA", "ZBIGNIEW"][n] for n in rng.integers(0, 4, size)],
            "date_of_birth": [
                str(d)[:10]
                for d in pd.Timestamp("1960-01-01") + pd.to_timedelta(rng.integers(0, 15_000, size), unit="D")
            ],
        }
    )
    assert found.u["sex"] == pytest.approx((0.5, 0.5), abs=0.01)
    assert found.u["forename"][:3] == pytest.approx((0.0, 0.0, 0.25), abs=0.01)
    assert found.u["forename"][-1] == pytest.approx(0.75, abs=0.01)
    assert found.u["born"][0] < 0.001
    assert found.u["born"][-1] > 0.8


def test_rates_have_three_digits_sum_to_one_and_none_is_zero() -> None:
    found = statistics_of({"surname": ["Smith", "Jones", "Okafor", "Patel"] * 50, "sex": ["F"] * 200})
    for rates in found.u.values():
        assert sum(rates) == pytest.approx(1, abs=0.005)
        assert all(r > 0 and r == float(f"{r:.3g}") for r in rates)
    assert found.u["sex"][1] < 1e-5


def test_what_the_file_holds_is_told_as_shares_and_its_size_to_the_hundred() -> None:
    found = statistics_of({"surname": ["Smith", None, "Jones", "-"] * 37})
    assert found.records == 100
    assert found.held["surname"] == 0.5
    assert found.held["postcode"] == 0.0
    assert set(found.held) == set(SCHEMA.comparisons)


def test_a_comparison_without_two_values_has_no_rates() -> None:
    found = statistics_of({"surname": ["Smith", "Jones"], "postcode": ["OX4 1AB", None]})
    assert "postcode" not in found.u
    assert "surname" in found.u
    assert statistics_of({"surname": ["Smith"]}).u == {}


def test_a_value_without_the_part_that_is_compared_exactly_counts_as_missing() -> None:
    year = load_schema(
        SCHEMA.text.partition("comparisons:")[0]
        + "comparisons:\n  born: {of: [date_of_birth], exact: true, part: year}\nkeys:\n  one: [sex.whole]\n"
    )
    dates: list[str | None] = ["1980-02-03", "1981-05-06", "????-02-03", None, "1980-07-08"] * 40
    found = statistics_of({"date_of_birth": dates}, schema=year)
    assert found.held["born"] == 0.6
    assert found.u["born"] == pytest.approx((5 / 9, 4 / 9), abs=0.01)


def test_two_rows_of_one_record_are_no_random_pair() -> None:
    found = statistics_of({"surname": ["Smith"], "previous_surname": ["Jones"]})
    assert found.u == {}


def test_rates_do_not_depend_on_the_throw_away_secret_where_values_are_equal_or_far_apart() -> None:
    columns: dict[str, list[str | None]] = {"surname": ["Smith", "Jones", "Okafor", "Mwangi"] * 100}
    one, other = (statistics_of(columns, seed=s) for s in (1, 2))
    assert one.u["surname"] == pytest.approx(other.u["surname"], abs=0.01)


def test_rates_have_the_levels_of_the_schema() -> None:
    found = statistics_of({c: ["Mary", "Tom", "Ann"] for c in ("forename", "surname", "town")})
    check_statistics(SCHEMA, [Manifest(Round("p", 1, ""), "police", "", "", "", (), found, {}, "")])


def test_statistics_survive_their_journey_as_plain_values() -> None:
    found = statistics_of({"surname": ["Smith", "Jones", "Okafor"], "sex": ["F", "M", "F"]})
    assert PartnerStatistics.from_json(found.to_json()) == found


def test_a_name_is_rare_middling_or_common_by_its_share() -> None:
    texts = ["A"] * 90 + ["B"] * 9 + ["C"] + [None] * 50
    column = Column.of(pd.Series(texts, dtype="str"))
    bands = dict(zip(column.values.to_pylist(), bands_of(column, bounds=(0.05, 0.5)), strict=True))
    assert bands == {"A": 2, "B": 1, "C": 0}
    assert bands_of(Column.missing(3), bounds=(0.05, 0.5)).tolist() == []
