"""Rows of people, made safe for the secure setting: what is coarsened, what is left out, and what is refused."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from policies.catalogue_document import load_catalogue
from policies.decision import Permit
from policies.disclosure import DisclosureError, NotPermitted, TableInvalid, Unsafe
from policies.disclosure.extracts import (
    ANY,
    QUASI,
    SENSITIVE,
    Column,
    Rows,
    SafeExtract,
    generalise,
    hierarchy_of,
    protect_rows,
    pseudonyms,
    role_of,
)
from policies.engine import decide
from policies.errors import PermitForged
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.obligations import Obligations
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
AGE, AREA, SUSPENDED = "police.age_band", "police.area", "schools.suspended"
BANDS = ("0-9", "10-14", "15-17", "18-24", "25-34", "35-54", "55+")
NO_RECORD = "no record"


def permit(*attributes: str, **changes: Any) -> Permit:
    body: dict[str, Any] = {
        "project": PROJECT, "requester": PERSON, "role": "analyst", "organisation": PROJECT, "purpose": "research",
        "form": "pseudonymised-extract", "attributes": dict.fromkeys(attributes or (AGE, AREA, SUSPENDED), "needed"),
        "area": "local-partnership", "benefit": "earlier help", "asked_on": NOW.date(), "use_until": NOW.date(),
    }  # fmt: skip
    facts = perfect_facts(POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW)
    return decide(Request.model_validate(body | changes), POLICY, facts=facts, now=NOW).require()


def ages(values: tuple[str, ...] = BANDS) -> Column:
    return Column(AGE, QUASI, (*values, NO_RECORD), len(values))


AREAS = Column(AREA, QUASI, ("Reading", "Slough", "Oxford"), 0)
FACT = Column(SUSPENDED, SENSITIVE, ("yes", "no"), 2)


def rows(codes: list[list[int]], *columns: Column) -> Rows:
    return Rows(tuple(f"p{n:04d}" for n in range(len(codes))), columns or (ages(), FACT), np.array(codes))


def test_a_catalogues_classes_say_what_others_can_know_and_what_is_sensitive() -> None:
    roles = {name: role_of(one) for name, one in CATALOGUE.attributes.items()}
    assert {roles[n] for n in (AGE, AREA, "schools.free_school_meals", "youth-offending.mentoring")} == {QUASI}
    assert {roles[n] for n in (SUSPENDED, "nhs.ae_assault", "police.custody_episodes", "derived.known_to_three")} == {SENSITIVE}  # fmt: skip


def test_neighbours_are_joined_in_pairs_and_no_record_last_of_all() -> None:
    labels = [level.labels for level in hierarchy_of(ages()).levels]
    assert labels[0] == (*BANDS, NO_RECORD)
    assert labels[1] == ("0-9 to 10-14", "15-17 to 18-24", "25-34 to 35-54", "55+", NO_RECORD)
    assert labels[2] == ("0-9 to 18-24", "25-34 to 55+", NO_RECORD)
    assert labels[3:] == [("0-9 to 55+", NO_RECORD), (ANY,)]
    assert [level.labels for level in hierarchy_of(AREAS).levels] == [AREAS.categories, (ANY,)]
    assert [level.labels for level in hierarchy_of(Column("x", QUASI, ("one",), 1)).levels] == [("one",)]
    lost = [level.lost[0] for level in hierarchy_of(ages()).levels]
    assert lost == sorted(lost)
    assert (lost[0], lost[-1]) == (0.0, 1.0)


def test_large_and_mixed_groups_stay_as_they_are() -> None:
    safe = protect_rows(
        rows([[n % 7, n // 7 % 2] for n in range(280)]), obligations=permit().obligations, permit=permit()
    )
    assert (safe.k, safe.l, safe.dropped, safe.loss) == (40, 2, 0, 0.0)
    assert safe.rows[:2] == (("0-9", "yes"), ("10-14", "yes"))
    assert safe.kept == tuple(range(280))


def test_a_few_odd_rows_are_left_out_and_many_make_the_column_coarser() -> None:
    common = [[n % 6, n // 6 % 2] for n in range(240)]
    few = protect_rows(rows([*common, [6, 0], [6, 1]]), obligations=permit().obligations, permit=permit())
    assert (few.dropped, few.coarse[AGE][0], len(few.rows)) == (2, 0, 240)
    assert few.uniques_before == ()
    half = [*([n % 6, n // 6 % 2] for n in range(60)), *([6, n % 2] for n in range(9))]
    coarser = protect_rows(rows(half), obligations=permit().obligations, permit=permit())
    assert coarser.k >= 10
    assert (coarser.coarse[AGE][0] > 0, coarser.dropped) == (True, 0)


def test_a_group_in_which_everybody_shares_a_sensitive_value_does_not_leave_as_it_is() -> None:
    codes = [*([0, 0] for _ in range(60)), *([1, n % 2] for n in range(60))]
    safe = protect_rows(rows(codes), obligations=permit().obligations, permit=permit())
    assert safe.l >= 2
    assert "0-9" not in {row[0] for row in safe.rows}


def test_whoever_stands_alone_is_listed_for_the_checkers() -> None:
    codes = [*([n % 2, n // 2 % 2] for n in range(200)), [6, 0]]
    safe = protect_rows(rows(codes), obligations=permit().obligations, permit=permit())
    assert safe.uniques_before == (("55+",),)
    assert safe.dropped == 1
    three = Column(SUSPENDED, SENSITIVE, ("yes", "no", "once"), 3)
    alone = protect_rows(rows([*([0, n % 2] for n in range(50)), [0, 2]], ages(), three), obligations=permit().obligations, permit=permit())  # fmt: skip
    assert alone.uniques_after == (("0-9", "once"),)


def test_too_few_people_or_one_value_for_all_are_no_extract() -> None:
    with pytest.raises(Unsafe, match="groups of 10 rows"):
        protect_rows(rows([[0, n % 2] for n in range(9)]), obligations=permit().obligations, permit=permit())
    with pytest.raises(Unsafe, match="ask for more people"):
        protect_rows(rows([[n % 7, 0] for n in range(500)]), obligations=permit().obligations, permit=permit())
    for columns in ((FACT,), (ages(), FACT), (ages(),)):
        nobody = Rows((), columns, np.zeros((0, len(columns))))
        with pytest.raises(Unsafe, match="ask for more people"):
            protect_rows(nobody, obligations=permit().obligations, permit=permit())
    with pytest.raises(TableInvalid, match="at least one column"):
        protect_rows(Rows(("a",), (), np.zeros((1, 0))), obligations=permit().obligations, permit=permit())


def test_never_fewer_than_ten_rows_look_alike_however_lax_the_obligations_are() -> None:
    lax = Obligations(0, 5, 2, 1, 0, 400, frozenset())
    safe = protect_rows(rows([[n % 2, n // 2 % 2] for n in range(16)]), obligations=lax, permit=permit())
    assert safe.k == 16


def test_columns_that_the_permit_does_not_cover_and_other_forms_are_refused() -> None:
    held = rows([[0, n % 2] for n in range(50)])
    with pytest.raises(NotPermitted, match=f"does not cover {AGE}"):
        protect_rows(held, obligations=permit().obligations, permit=permit(SUSPENDED))
    with pytest.raises(NotPermitted, match="is for aggregate-table"):
        protect_rows(held, obligations=permit().obligations, permit=permit(form="aggregate-table"))
    with pytest.raises(PermitForged):
        protect_rows(held, obligations=permit().obligations, permit="yes")  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match="comes from protect_rows"):
        SafeExtract((), (), (), 0, 0, 0, {}, 0.0, (), (), permit().obligations, "")


def test_too_many_columns_that_tell_who_it_is_are_refused_and_not_searched_for_ever() -> None:
    columns = tuple(Column(f"police.c{n}", QUASI, BANDS, 7) for n in range(8))
    with pytest.raises(TableInvalid, match="are too many for one extract"):
        generalise(Rows(("a",), columns, np.zeros((1, 8))), k=1, l=1)


@pytest.mark.parametrize(
    ("build", "saying"),
    [
        (lambda: Rows(("a",), (FACT,), np.array([[2]])), "none of its column's categories"),
        (lambda: Rows(("a",), (FACT,), np.array([[-1]])), "none of its column's categories"),
        (lambda: Rows(("a", "a"), (FACT,), np.array([[0], [1]])), "one row for each person"),
        (lambda: Rows(("a",), (FACT, FACT), np.array([[0, 0]])), "a column twice"),
        (lambda: Rows(("a",), (FACT,), np.zeros((2, 1))), "have the shape"),
        (lambda: Column("x", QUASI, ("a", "a"), 1), "different from each other"),
        (lambda: Column("x", QUASI, ("a",), 2), "more categories are in an order"),
    ],
)
def test_rows_that_hang_together_badly_are_refused(build: Any, saying: str) -> None:
    with pytest.raises(TableInvalid, match=saying):
        build()


def test_pseudonyms_are_equal_for_equal_people_and_keys_and_for_nothing_else() -> None:
    people = [f"person-{n}" for n in range(500)]
    first, again, other = (pseudonyms(people, key=key) for key in (b"a" * 32, b"a" * 32, b"b" * 32))
    assert first == again
    assert len(set(first)) == 500
    assert not set(first) & set(other)
    assert all(len(one) == 32 for one in first)
