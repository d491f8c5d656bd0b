"""An attribute and what it is made of are not both described of the same people."""

from importlib import resources

import pytest

from policies.catalogue_document import load_catalogue
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


AFTER = "police.arrested_on within-days-after schools.excluded_on"
SAME_FROM_THE_OTHER_END = "schools.excluded_on within-days-before police.arrested_on"


def test_a_window_is_not_told_from_either_end() -> None:
    """What is between the two are those with both on one day: 43 less 40 would be three people."""
    one = layout("schools.suspended", restrict=AFTER)
    other = layout("schools.suspended", restrict=SAME_FROM_THE_OTHER_END)
    assert "from either end" in refused(one, ledger=released(other))
    assert "from either end" in refused(other, ledger=released(one))
    both = Layout("everyone", (), (), (*one.restrictions, *other.restrictions))
    assert "from either end" in refused(both, ledger=Ledger())


def test_other_windows_of_the_same_events_are_no_matter() -> None:
    one = layout("schools.suspended", restrict=AFTER)
    for restrict in (AFTER, AFTER.replace("after", "before")):
        refuse_entangled(
            one, ledger=released(layout("schools.suspended", restrict=restrict)), catalogue=CATALOGUE
        )
    elsewhere = layout("schools.suspended", on="others", restrict=SAME_FROM_THE_OTHER_END)
    refuse_entangled(one, ledger=released(elsewhere), catalogue=CATALOGUE)
