"""A schema that breaks a rule is refused with its place; token and map files that are not of the schema, too."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linkage.errors import BadSchema, BadSubmission
from linkage.schema import IDENTIFIERS, MOST_EXACT, NAMES, PARTS, default_schema, load_schema
from linkage.tokens import (
    MAP_FORMAT,
    TOKENS_FORMAT,
    PassMap,
    PassTable,
    compared_names,
    lane_type,
    lanes_of,
    read_map,
    read_pass,
    read_table,
    write_map,
    write_pass,
    write_table,
)

TEXT = (Path(__file__).parents[1] / "vectors" / "tokens_schema.yaml").read_text("utf-8")
SCHEMA = load_schema(TEXT)


def test_the_shipped_schema_holds_its_rules_and_its_digest_is_that_of_its_bytes() -> None:
    shipped = default_schema()
    assert shipped.digest == hashlib.sha256(shipped.text.encode()).hexdigest()
    assert load_schema(shipped.text) == shipped
    assert load_schema(shipped.text + "\n").digest != shipped.digest
    assert len(shipped.match_keys) == len({k.name for k in shipped.match_keys}) > 3


def changed(old: str, new: str) -> Callable[[], str]:
    def text() -> str:
        assert old in TEXT, f"the schema does not say {old!r}"
        return TEXT.replace(old, new, 1)

    return text


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        (lambda: "", "is empty or no mapping"),
        (lambda: "- a\n- b\n", "is empty or no mapping"),
        (lambda: "a: [1\nb: 2\n", "is no YAML at line"),
        (lambda: "1: 2\n", "breaks its rules"),
        (lambda: TEXT + "text: mine\n", "text: there is no such entry"),
        (lambda: TEXT + "colour: red\n", "colour: Extra inputs"),
        (
            changed("schema: linkage-schema/v1", "schema: linkage-schema/v2"),
            "schema: Input should be 'linkage-schema/v1'",
        ),
        (changed("filter_bits: 128", "filter_bits: 256"), "filter_bits"),
        (changed("version: 2", "version: 0"), "version"),
        (changed("most_people_per_key: 2", "most_people_per_key: 0"), "most_people_per_key"),
        (changed("bands: [0.12, 0.3]", "bands: [0.3, 0.12]"), "bands must be two shares that rise"),
        (changed("of: [forename]", "of: [shoe_size]"), "unknown identifier shoe_size"),
        (changed("of: [forename]", "of: [surname]"), "compared twice"),
        (changed("levels: [0, 17, 29]", "levels: [1, 17, 29]"), "levels must rise from 0"),
        (changed("levels: [0, 17, 29]", "levels: [0, 29, 17]"), "levels must rise from 0"),
        (changed("exact: true", "exact: false"), "say either"),
        (
            changed("part: initial", "part: ending"),
            f"middle_name has no part 'ending'; known are {', '.join(sorted(PARTS['middle_name']))}",
        ),
        (changed("  forename:   {", "  name_a:   {"), "'name_a' cannot name a comparison"),
        (changed("  forename:   {", '  "a; DROP TABLE rows":   {'), "cannot name a comparison"),
        (changed("  nhs-number:", "  records:"), "'records' cannot name a match key"),
        (changed("  nhs-number:", "  ../up:"), "'../up' cannot name a match key"),
        (
            changed("  nhs-number:        [nhs_number.whole]", "  nhs-number: []"),
            "nhs-number has no parts",
        ),
        (changed("[nhs_number.whole]", "[nhs_number.half]"), "unknown part 'nhs_number.half'"),
        (changed("bits_per_gram: 6", "bits_per_gram: 5"), "bits_per_gram: Input should be 2, 4, 6 or 8"),
        (changed("bits_per_gram: 6", "bits_per_gram: 10"), "bits_per_gram: Input should be 2, 4, 6 or 8"),
        (
            changed("[name.both.sound, date_of_birth.year]", "[name.both.sound, name.any.initial]"),
            "names-year puts the names in order twice",
        ),
        (changed("  forename:   {", "  given:   {"), "compare both names or neither, by the same grams"),
        (
            changed(
                "surname:    {of: [surname],       grams: name", "surname:    {of: [surname], grams: email"
            ),
            "compare both names or neither, by the same grams",
        ),
        (
            changed("  surname:    {of: [surname]", "  surname:    {of: [pnc_id]"),
            "compare both names or neither, by the same grams",
        ),
    ],
)
def test_a_schema_that_breaks_a_rule_is_refused(text: Callable[[], str], saying: str) -> None:
    with pytest.raises(BadSchema) as caught:
        load_schema(text())
    assert saying in str(caught.value)


def with_exact(count: int, of_all: int) -> str:
    """The schema with `of_all` comparisons, `count` of them exact, and one match key of date of birth."""
    others = [i for i in IDENTIFIERS if i not in NAMES][:of_all]
    assert len(others) == of_all
    lines = [
        f"  c{n}: {{of: [{i}], {'exact: true' if n < count else 'grams: name'}}}" for n, i in enumerate(others)
    ]
    head, _, _ = TEXT.partition("comparisons:")
    return f"{head}comparisons:\n" + "\n".join(lines) + "\nkeys:\n  one: [date_of_birth.year]\n"


def test_comparisons_fill_lane_after_lane_and_too_many_are_refused() -> None:
    schema = load_schema(with_exact(MOST_EXACT, 12))
    made = compared_names(schema, schema.match_keys[0])
    presence = [one.presence for one in made]
    assert presence == [(f"presence_{n // 10}", 6 * (n % 10)) for n in range(12)]
    places = [one.place for one in made if one.exact]
    assert places == [(f"exact_{n // 4}", 16 * (n % 4)) for n in range(MOST_EXACT)]
    lanes = lanes_of(schema, schema.match_keys[0])
    assert lanes[:6] == ("row_ref", "block", "presence_0", "presence_1", "exact_0", "exact_1")
    assert len(lanes) == 6 + 2 * (12 - MOST_EXACT)
    with pytest.raises(BadSchema, match=f"at most {MOST_EXACT} exact comparisons"):
        load_schema(with_exact(MOST_EXACT + 1, 12))


def test_a_place_that_a_key_settles_is_free_for_the_next_and_presence_places_are_not() -> None:
    every = {one.comparison: one for one in compared_names(SCHEMA, SCHEMA.match_key("email-local"))}
    fewer = {one.comparison: one for one in compared_names(SCHEMA, SCHEMA.match_key("nhs-number"))}
    assert "nhs_number" in every
    assert "nhs_number" not in fewer
    assert fewer["uprn"].place == every["phone"].place
    assert all(fewer[n].presence == every[n].presence for n in fewer)


def some_pass(key: str = "born-name", rows: int = 4) -> PassTable:
    rng = np.random.default_rng(3)
    lanes = lanes_of(SCHEMA, SCHEMA.match_key(key))
    return PassTable(
        key,
        {
            n: rng.integers(0, 3, rows, dtype=np.int8)
            if n.endswith("_band")
            else rng.integers(-(1 << 62), 1 << 62, rows)
            for n in lanes
        },
    )


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_a_pass_survives_its_journey(rows: int) -> None:
    table = some_pass(rows=rows)
    read, meta = read_pass(write_pass(table, schema=SCHEMA, partner="police"), schema=SCHEMA)
    assert meta == {"partner": "police", "key": "born-name"}
    assert list(read.columns) == list(table.columns)
    assert all((read.columns[n] == table.columns[n]).all() for n in table.columns)
    assert all(read.columns[n].dtype == table.columns[n].dtype for n in table.columns)
    assert read.rows == rows


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_a_map_survives_its_journey(rows: int) -> None:
    refs = np.arange(rows * 16).reshape(rows, 16).astype(np.uint8)
    one = PassMap("born-name", np.arange(rows, dtype=np.int64), refs)
    read, meta = read_map(write_map(one, partner="police"))
    assert meta == {"partner": "police", "key": "born-name"}
    assert read.key == one.key
    assert (read.row_ref == one.row_ref).all()
    assert (read.record_ref == refs).all()


def arrow(columns: dict[str, pa.Array], *, kind: str, key: str = "born-name") -> bytes:
    table = pa.table(columns).replace_schema_metadata({"key": key})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    body: bytes = sink.getvalue().to_pybytes()
    return f"{kind}\n".encode() + body


def test_a_token_file_that_is_not_of_the_schema_is_refused() -> None:
    table = some_pass()
    lanes = {n: pa.array(c) for n, c in table.columns.items()}
    with_null = {**lanes, "block": pa.array([1, None, 2, 3], pa.int64())}
    as_float = {**lanes, "block": pa.array([1.0, 2.0, 3.0, 4.0])}
    wide_band = {**lanes, "name_a_band": pa.array([0, 1, 2, 0], pa.int64())}
    fewer = {n: c for n, c in lanes.items() if n != "exact_0"}
    more = {**lanes, "surname": pa.array(["a", "b", "c", "d"])}
    turned = dict(reversed(lanes.items()))
    for columns in (with_null, as_float, wide_band, fewer, more, turned):
        with pytest.raises(BadSubmission, match="has not the lanes of the schema"):
            read_pass(arrow(columns, kind=TOKENS_FORMAT), schema=SCHEMA)
    assert read_pass(arrow(lanes, kind=TOKENS_FORMAT), schema=SCHEMA)[0].rows == 4
    with pytest.raises(BadSubmission, match="of a pass that the schema does not know"):
        read_pass(arrow(lanes, kind=TOKENS_FORMAT, key="other"), schema=SCHEMA)
    types = {n: lane_type(n) for n in table.columns}
    with pytest.raises(BadSubmission, match="of a pass that the schema does not know"):
        read_pass(write_table(table.columns, kind=TOKENS_FORMAT, types=types, meta={}), schema=SCHEMA)


def test_a_map_file_that_is_none_is_refused() -> None:
    good = {"row_ref": pa.array([1, 2]), "record_ref": pa.array([b"a" * 16, b"b" * 16], pa.binary(16))}
    assert len(read_map(arrow(good, kind=MAP_FORMAT))[0].row_ref) == 2
    for bad in (
        {**good, "row_ref": pa.array([1.0, 2.0])},
        {**good, "row_ref": pa.array([1, None])},
        {**good, "record_ref": pa.array([b"a", b"b"])},
        {**good, "record_ref": pa.array([b"a" * 16, None], pa.binary(16))},
        {"row_ref": good["row_ref"]},
    ):
        with pytest.raises(BadSubmission, match="has not the columns of a map"):
            read_map(arrow(bad, kind=MAP_FORMAT))


def test_a_file_of_another_kind_or_cut_short_is_refused() -> None:
    content = write_pass(some_pass(), schema=SCHEMA, partner="police")
    with pytest.raises(BadSubmission, match=f"first line should be {MAP_FORMAT}"):
        read_map(content)
    for length in (len(TOKENS_FORMAT) + 1, len(content) // 3, len(content) // 2):
        with pytest.raises(BadSubmission, match="damaged inside its seal"):
            read_table(content[:length], kind=TOKENS_FORMAT)
