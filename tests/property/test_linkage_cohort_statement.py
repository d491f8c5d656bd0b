"""Counting by one parameterised statement, against slow and obvious counting; and no text of a request ever in the statement."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.central.cohort import NO_RECORD, Cohort, Made, Over, Where, Within, count
from linkage.central.cohort_sql import Column, Selection, compile_cohort
from linkage.errors import BadInput, BadSubmission

PARTNERS = ("police", "schools")
LISTED = ("no", "yes", "later")
DAYS = [str(date(2026, 1, 1) + timedelta(days=n)) for n in (0, 1, 6, 7, 8, 13, 14, 15, 40)]
MADE = {
    "derived.both": Made(True, (("police.flag", ("yes", "later")), ("schools.flag", ("yes",)))),
    "derived.either": Made(False, (("police.area", ("a", "ä")), ("schools.flag", ("later", "never")))),
    "derived.neither": Made(True, (("derived.both", ("no",)), ("derived.either", ("no",)))),
}
ORDER = {f"{p}.flag": LISTED for p in PARTNERS} | dict.fromkeys(MADE, ("no", "yes"))
slow = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def table(rows: Sequence[tuple[int, Any, Any, Any]]) -> pa.Table:
    refs, flags, areas, days = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "record_ref": pa.array([n.to_bytes(16, "big") for n in refs], pa.binary(16)),
            "flag": pa.array(flags, pa.string()),
            "area": pa.array(areas, pa.string()),
            "on": pa.array(days, pa.string()),
        }
    )


def made_up(seed: int) -> dict[str, Any]:
    """Some thirty records of two partners, several of a person, with their people, and what each partner opened of them.

    Some records are in the spine and not opened, some the other way round, and both partners count their records from 1.
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, list[tuple[int, Any, Any, Any]]] = {}
    spine: list[tuple[str, int, str]] = []
    for partner in PARTNERS:
        rows[partner] = []
        for number in range(1, int(rng.integers(1, 30))):
            if rng.random() < 0.9:
                spine.append((partner, number, f"person-{rng.integers(12):02d}"))
            if rng.random() < 0.9:
                flag, area = rng.choice([*LISTED, "unlisted", ""]), rng.choice(["a", "b", "ä", "'", ""])
                day = rng.choice([*DAYS, "", ""])
                rows[partner].append(
                    (number, str(flag) or None, str(area) or None, str(day) or rng.choice([None, ""]))
                )
    return {"rows": rows, "spine": spine}


worlds = st.integers(0, 2**32 - 1).map(made_up)


@st.composite
def selections(draw: st.DrawFn) -> list[Selection]:
    """Some conditions and windows."""
    out: list[Selection] = []
    for _ in range(draw(st.integers(0, 2))):
        partner, other = draw(st.permutations(PARTNERS))
        if draw(st.booleans()):
            op = draw(st.sampled_from(["within-days-after", "within-days-before"]))
            out.append(Within(f"{partner}.on", op, f"{other}.on", draw(st.sampled_from([7, 14, 30]))))
        else:
            column, values = draw(
                st.sampled_from(
                    [("flag", [*LISTED, "other"]), ("area", ["a", "b", "ä", "'", "z"]), ("", ["yes", "no"])]
                )
            )
            name = f"{partner}.{column}" if column else draw(st.sampled_from(sorted(MADE)))
            op = draw(st.sampled_from(["is", "is-not", "in"]))
            most = 3 if op == "in" else 1
            chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True))
            out.append(Where(name, op, tuple(chosen)))
    return out


def spine_of(world: dict[str, Any]) -> pa.Table:
    partners, refs, people = zip(*world["spine"], strict=True) if world["spine"] else ((), (), ())
    return pa.table(
        {
            "partner": pa.array(partners, pa.string()),
            "record_ref": pa.array([n.to_bytes(16, "big") for n in refs], pa.binary(16)),
            "person_id": pa.array(people, pa.string()),
        }
    )


def by_hand(world: dict[str, Any], population: Sequence[Selection], group_by: Sequence[str]) -> Cohort:
    """The same cohort, one person after another."""
    person_of = {(partner, ref): person for partner, ref, person in world["spine"]}
    everyone = sorted(set(person_of.values()))
    held: dict[tuple[str, str], dict[str, Any]] = {}
    for partner, rows in world["rows"].items():
        for ref, *values in rows:
            person = person_of.get((partner, ref))
            for name, value in zip(("flag", "area", "on"), values, strict=True):
                if person is not None and value not in (None, ""):
                    held.setdefault((f"{partner}.{name}", person), {}).setdefault(value, None)

    def value(attribute: str, person: str) -> Any:
        if attribute in MADE:
            rule = MADE[attribute]
            own = [(value(source, person), wanted) for source, wanted in rule.of]
            holds = [one in wanted for one, wanted in own]
            if all(one is None for one, _ in own):
                return None
            return "yes" if (all(holds) if rule.every else any(holds)) else "no"
        found = held.get((attribute, person), {})
        order = ORDER.get(attribute) or sorted(found)
        ranked = [v for v in order if v in found]
        return ranked[-1] if ranked else None

    def meets(one: Selection, person: str) -> bool:
        if isinstance(one, Where):
            own = value(one.attribute, person)
            return own is not None and (own in one.values) == (one.op != "is-not")
        first = min(held.get((one.of, person), {}), default=None)
        if first is None:
            return False
        apart = [
            (date.fromisoformat(d) - date.fromisoformat(first)).days
            for d in held.get((one.attribute, person), {})
        ]
        inside = range(one.days + 1) if one.op == "within-days-after" else range(-one.days, 0)
        return any(gap in inside for gap in apart)

    people = [person for person in everyone if all(meets(one, person) for one in population)]
    asked = {
        name
        for one in population
        for name in ((one.attribute,) if isinstance(one, Where) else (one.attribute, one.of))
    }
    sure = {name.partition(".")[0] for name in asked - MADE.keys()}
    categories = []
    for attribute in group_by:
        every = ORDER.get(attribute) or sorted({value(attribute, p) for p in everyone} - {None})
        known = [
            v
            for v in every
            if all(
                isinstance(w, Within) or w.attribute != attribute or (v in w.values) == (w.op != "is-not")
                for w in population
            )
        ]
        certain = (attribute in asked or attribute.partition(".")[0] in sure) and all(
            value(attribute, p) is not None for p in people
        )
        categories.append(tuple(known) if certain else (*known, NO_RECORD))
    cells = Counter(tuple(value(a, p) or NO_RECORD for a in group_by) for p in people)
    counts = np.array([cells[cell] for cell in product(*categories)], dtype=np.int64).reshape(
        [len(c) for c in categories]
    )
    assert sum(cells.values()) == counts.sum()
    return Cohort(tuple(everyone), tuple(people), tuple(group_by), tuple(categories), counts)


@slow
@given(
    worlds,
    selections(),
    st.lists(
        st.sampled_from(["police.flag", "police.area", "schools.flag", "schools.area", *MADE]),
        unique=True,
        max_size=3,
    ),
)
def test_the_cohort_is_the_one_counted_by_hand(
    world: dict[str, Any], population: list[Selection], group_by: list[str]
) -> None:
    tables = {partner: table(rows) for partner, rows in world["rows"].items()}
    found = count(spine_of(world), tables, population=population, group_by=group_by, order=ORDER, made=MADE)
    expected = by_hand(world, population, group_by)
    assert (found.everyone, found.people, found.categories) == (
        expected.everyone,
        expected.people,
        expected.categories,
    )
    assert found.counts.tolist() == expected.counts.tolist()
    for name, values in found.seen.items():
        assert name.endswith(".area")
        assert list(values) == sorted(values)


# Texts that mean something to a database, and any others.
SHARP = ["'", '"', "';--", "x'; DROP TABLE spine; --", "$values0", "?", "%s", "{0}", "/*", "*/", "\\", "`", "0 OR 1=1", "p0", "NULL", "’", "𝓢", "\u202e", "a\nb", "", "\x00"]  # fmt: skip
texts = st.one_of(st.sampled_from(SHARP), st.text(max_size=20))


def statement_of(names: Sequence[str], partners: Sequence[str], values: Sequence[tuple[str, ...]]) -> Any:
    columns = {
        names[0]: Column(0, 0, values[0]),
        names[1]: Column(1, 1, ()),
        names[2]: Column(0, 2, ()),
        names[3]: Column(1, 3, ()),
    }
    population: list[Selection] = [
        Where(names[0], "in", values[1]),
        Where(names[1], "is-not", values[2]),
        Within(names[2], "within-days-before", names[3], 30),
    ]
    made = {"derived.x": Made(False, ((names[0], values[1]), (names[1], values[2])))}
    asked = [names[1], names[0], "derived.x"]
    return compile_cohort(columns, partners=partners, population=population, group_by=asked, made=made)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(texts, min_size=4, max_size=4, unique=True),
    st.lists(texts, min_size=2, max_size=2),
    st.lists(st.lists(texts, min_size=1, max_size=4).map(tuple), min_size=3, max_size=3),
)
def test_no_text_that_anybody_writes_alters_the_statement(
    names: list[str], partners: list[str], values: list[tuple[str, ...]]
) -> None:
    plain = statement_of(["a.a", "b.b", "a.on", "b.on"], ["a", "b"], [("x",), ("x",), ("x",)])
    sharp = statement_of(names, partners, values)
    assert sharp.text == plain.text
    assert sharp.parameters.keys() == plain.parameters.keys()
    assert sharp.parameters["values0"] == list(values[1])
    assert sharp.parameters["partner1"] == partners[1]


@settings(max_examples=8, deadline=None)
@given(texts, texts, st.lists(texts, min_size=1, max_size=9, unique=True))
def test_sharp_texts_select_exactly_the_people_who_have_them(
    partner: str, column: str, values: list[str]
) -> None:
    """Through the database: names and values as they are, as values, as order and as conditions."""
    column = column if column != "record_ref" else "x"
    attribute = f"{partner}.{column}"
    every = [*values, "none of these"]
    records = pa.array([n.to_bytes(16, "big") for n in range(len(every))], pa.binary(16))
    people = [f"person-{n}" for n in range(len(every))]
    spine = pa.table({"partner": [partner] * len(every), "record_ref": records, "person_id": people})
    opened = {partner: pa.table([records, pa.array(every)], names=["record_ref", column])}
    for order in ({}, {attribute: tuple(dict.fromkeys(every))}):
        for op, wanted in (("in", len(values)), ("is-not", len(set(every) - {values[0]}))):
            chosen = tuple(values) if op == "in" else tuple(values[:1])
            found = count(
                spine, opened, population=[Where(attribute, op, chosen)], group_by=[attribute], order=order
            )  # type: ignore[arg-type]
            assert len(found.people) == wanted
            assert int(found.counts.sum()) == wanted


def test_an_attribute_that_was_not_opened_is_refused() -> None:
    spine = spine_of({"spine": [("police", 1, "person-1")]})
    opened = {"police": table([(1, "yes", "a", DAYS[0])])}
    for population, group_by in (
        ([Where("police.height", "is", ("tall",))], []),
        ([], ["derived.known"]),
        ([Within("police.on", "within-days-after", "schools.on", 7)], []),
    ):
        with pytest.raises(BadInput, match="no column that was opened"):
            count(spine, opened, population=population, group_by=group_by, order=ORDER)
    compared: list[Selection] = [
        Within("police.on", "within-days-after", "police.on", 7),
        Where("police.on", "is", ("x",)),
    ]
    with pytest.raises(BadInput, match="is a day"):
        count(spine, opened, population=compared, group_by=[], order=ORDER)


@pytest.mark.parametrize(
    "bad", ["01/02/2026", "2026-02-30", "2026-1-5", "2026-01-05 ", "2026-01-05T10:00", "soon", "２０２６-01-05"]
)
def test_what_is_no_day_is_refused_and_not_told(bad: str) -> None:
    spine = spine_of({"spine": [("police", 1, "p"), ("schools", 2, "p")]})
    opened = {"police": table([(1, "yes", "a", bad)]), "schools": table([(2, "yes", "a", DAYS[0])])}
    window = [Within("police.on", "within-days-after", "schools.on", 7)]
    with pytest.raises(BadSubmission, match=r"1 values of police\.on are no days") as caught:
        count(spine, opened, population=window, group_by=[], order=ORDER)
    assert bad not in str(caught.value)


def test_nobody_at_all_is_counted_as_nobody() -> None:
    empty = {"police": table([]), "schools": table([])}
    found = count(
        spine_of({"spine": []}),
        empty,
        population=[Where("police.flag", "is", ("yes",))],
        group_by=["police.flag"],
        order=ORDER,
    )
    assert (found.everyone, found.people) == ((), ())
    assert found.counts.sum() == 0


@slow
@given(worlds)
def test_people_are_counted_by_the_month_of_their_earliest_day_and_nobody_else_is(
    world: dict[str, Any],
) -> None:
    periods = {"2026-01": "first", "2026-03": "second"}
    over = Over("police.on", "police.on first-on", periods)
    tables = {partner: table(rows) for partner, rows in world["rows"].items()}
    found = count(spine_of(world), tables, population=(), group_by=["schools.flag"], order=ORDER, over=over)
    person_of = {(partner, ref): person for partner, ref, person in world["spine"]}
    earliest: dict[str, str] = {}
    for ref, _, _, day in world["rows"]["police"]:
        if day and (who := person_of.get(("police", ref))) is not None:
            earliest[who] = min(day, earliest.get(who, day))
    inside = {who: periods[day[:7]] for who, day in earliest.items() if day[:7] in periods}
    assert found.people == tuple(sorted(inside))
    assert (found.dimensions[-1], found.categories[-1]) == ("police.on first-on", ("first", "second"))
    assert found.counts.sum(axis=0).tolist() == [
        list(inside.values()).count(one) for one in ("first", "second")
    ]
