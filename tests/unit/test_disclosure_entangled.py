"""An attribute and what it is made of are not both described of the same people."""

from importlib import resources

import pytest

from policies import load_catalogue
from policies.disclosure import Layout, Ledger, PublishedTable, Restriction, Rule, Unsafe
from policies.disclosure.entangled import refuse_entangled

CATALOGUE = load_catalogue((resources.files("policies") / "library" / "catalogue.yaml").read_text("utf-8"))
YES_NO = ("yes", "no")


def layout(*names: str, on: str = "everyone", restrict: str = "") -> Layout:
    restrictions = (Restriction(restrict, ("yes",), YES_NO),) if restrict else ()
    return Layout(on, names, tuple(YES_NO for _ in names), restrictions)


def released(one: Layout) -> Ledger:
    cells = tuple("0" for _ in one.cells())
    return Ledger().add("release-1", table=PublishedTable(one, Rule(7, 5, False), cells))


def refused(one: Layout, *, ledger: Ledger) -> str:
    with pytest.raises(Unsafe) as caught:
        refuse_entangled(one, ledger=ledger, catalogue=CATALOGUE)
    return str(caught.value)


def test_a_table_by_what_is_made_and_by_what_it_is_made_of_is_refused() -> None:
    said = refused(layout("derived.known_to_three", "schools.suspended"), ledger=Ledger())
    assert "derived.known_to_three and schools.suspended" in said
    assert refused(layout("schools.suspended", restrict="derived.known_to_three"), ledger=Ledger())


def test_a_table_by_what_is_made_is_refused_after_one_by_what_it_is_made_of_and_the_other_way_round() -> None:
    made, source = layout("derived.violence_any_source"), layout("police.victim_violence")
    assert refused(made, ledger=released(source))
    assert refused(source, ledger=released(made))


def test_other_attributes_other_people_and_the_same_table_again_are_no_matter() -> None:
    made = layout("derived.violence_any_source")
    for one, ledger in (
        (made, released(layout("schools.suspended"))),
        (made, released(layout("police.victim_violence", on="others"))),
        (made, released(made)),
        (layout("police.victim_violence", "schools.suspended"), Ledger()),
    ):
        refuse_entangled(one, ledger=ledger, catalogue=CATALOGUE)
