"""A release after an update of the linked data is read with those before it, and the desk knows how many people came and left."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import service.desk.counting
import service.desk.tables
from keys import seal
from policies.disclosure import Change, Unsafe
from policies.disclosure.extracts import Joins
from service.desk.people import open_described, seal_described
from service.desk.shapes import Described
from service.release import let_out


def update(monkeypatch: pytest.MonkeyPatch, *, came: int) -> None:
    """From now on so many more people are in the linked data, all of them in the largest cell that is counted."""
    count: Callable[..., Any] = service.desk.counting.count

    def after(*args: Any, **kwargs: Any) -> Any:
        cohort = count(*args, **kwargs)
        more = tuple(f"came-{n}" for n in range(came))
        counts = cohort.counts.copy()
        counts.flat[counts.argmax()] += came
        return replace(
            cohort, everyone=(*cohort.everyone, *more), people=(*cohort.people, *more), counts=counts
        )

    monkeypatch.setattr(service.desk.counting, "count", after)


def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Change]]:
    """What the desk says of changes whenever a table is protected."""
    told: list[dict[str, Change]] = []
    protect: Callable[..., Any] = service.desk.tables.protect

    def listening(*args: Any, **kwargs: Any) -> Any:
        told.append(dict(kwargs["changes"]))
        return protect(*args, **kwargs)

    monkeypatch.setattr(service.desk.tables, "protect", listening)
    return told


def test_a_table_after_an_update_that_tells_of_the_few_who_came_stays_in(office: Any, monkeypatch: Any) -> None:
    office.asked("request-9")
    let_out("request-9", by=office.analyst.public, desk=office.desk)
    update(monkeypatch, came=5)
    told = seen(monkeypatch)
    office.asked("request-10", use_until="2027-03-01")
    with pytest.raises(Unsafe, match="before and after an update of the linked data"):
        let_out("request-10", by=office.analyst.public, desk=office.desk)
    assert list(office.desk.state.log.events())[-1].details["reasons"] == "disclosure-rules"
    assert told == [dict.fromkeys(told[0], Change(5, 0))]
    assert len(told[0]) == 1


def test_a_table_after_an_update_with_many_who_came_leaves(office: Any, monkeypatch: Any) -> None:
    office.asked("request-9")
    let_out("request-9", by=office.analyst.public, desk=office.desk)
    update(monkeypatch, came=400)
    told = seen(monkeypatch)
    office.asked("request-10", use_until="2027-03-01")
    assert let_out("request-10", by=office.analyst.public, desk=office.desk).id
    assert [list(one.values()) for one in told] == [[Change(400, 0)]]
    kept = {name: open_described(its, name, office.desk) for name, its in office.desk.state.cohorts().items()}
    everyone = [one.everyone for one in kept.values() if one.everyone is not None]
    assert sorted(map(len, everyone)) == [len(everyone[0]), len(everyone[0]) + 400]


def test_everyone_is_kept_once_for_each_state_of_the_linked_data(office: Any) -> None:
    office.asked("request-9")
    let_out("request-9", by=office.analyst.public, desk=office.desk)
    kept = [open_described(its, name, office.desk) for name, its in office.desk.state.cohorts().items()]
    assert len(kept) > 1
    assert [one.everyone is not None for one in kept].count(True) == 1


def test_what_was_kept_before_everyone_was_is_read_as_it_was_written(office: Any) -> None:
    told = Described(frozenset({"a", "b"}), frozenset({"a"}))
    assert open_described(seal_described(told, "release-x", office.desk), "release-x", office.desk) == told
    more = replace(told, everyone=frozenset({"a", "b", "c"}))
    assert open_described(seal_described(more, "release-x", office.desk), "release-x", office.desk) == more


def test_an_extract_that_was_kept_without_its_values_is_read_as_one_of_which_they_are_not_known(
    office: Any,
) -> None:
    text = '{"people": ["a"], "among": null, "joins": {"columns": ["age"], "group_of": {"a": 0}}}'
    sealed = seal(
        text.encode(),
        to=office.desk.identity.public,
        context=office.desk.one.context("cohort", "release-x"),
    )
    assert open_described(sealed, "release-x", office.desk) == Described(
        frozenset({"a"}), joins=Joins(("age",), {"a": 0}, None)
    )
