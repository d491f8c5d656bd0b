"""Events: one spelling each, and no room for anything personal."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ethics.errors import BadEvent
from ethics.events import Event, read_event
from ethics.kinds import FORM_OF, FORMS, KINDS, MAX_COUNT
from ethics.tiles import MAX_ENTRY

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def values(name: str) -> st.SearchStrategy[str | int]:
    if FORM_OF[name] == "count":
        return st.integers(0, MAX_COUNT)
    return st.from_regex(FORMS[FORM_OF[name]][0], fullmatch=True)


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(sorted(KINDS)))
    extra = draw(st.sets(st.sampled_from(sorted(KINDS[kind].may)))) if KINDS[kind].may else set()
    details = {name: draw(values(name)) for name in KINDS[kind].needs | extra}
    at = draw(
        st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
    )
    return Event(kind, at, "centre/linker", "demo", details)


@given(events())
def test_every_event_reads_back_as_itself(event: Event) -> None:
    assert read_event(event.to_bytes()) == event


@given(events())
def test_every_event_is_one_short_line_of_plain_ascii(event: Event) -> None:
    entry = event.to_bytes()
    assert entry.isascii()
    assert b"\n" not in entry
    assert len(entry) < MAX_ENTRY


@given(events(), st.data())
def test_a_changed_byte_is_another_event_or_none(event: Event, data: st.DataObject) -> None:
    entry = event.to_bytes()
    place = data.draw(st.integers(0, len(entry) - 1))
    changed = entry[:place] + bytes([entry[place] ^ data.draw(st.integers(1, 255))]) + entry[place + 1 :]
    try:
        assert read_event(changed) != event
    except BadEvent:
        return
    assert read_event(changed).to_bytes() == changed


@given(st.sampled_from(sorted(FORM_OF)), st.text(min_size=1))
def test_no_detail_takes_a_value_with_a_space_a_line_break_or_a_letter_beyond_ascii(
    name: str, text: str
) -> None:
    kind = next(kind for kind, known in KINDS.items() if name in known.needs | known.may)
    details: dict[str, str | int] = {
        need: 1 if FORM_OF[need] == "count" else "a" * 64 if FORM_OF[need] != "day" else "2026-11-02"
        for need in KINDS[kind].needs
    }
    Event(kind, AT, "centre/linker", "demo", details)
    with pytest.raises(BadEvent) as refused:
        Event(kind, AT, "centre/linker", "demo", details | {name: f"{text} Ünder\n"})
    assert "Ünder" not in str(refused.value)


def test_every_kind_has_a_sentence_and_only_listed_details() -> None:
    for kind, known in KINDS.items():
        assert known.says.endswith(".")
        assert known.needs | known.may <= set(FORM_OF), kind
        assert not known.needs & known.may, kind
    assert {name for known in KINDS.values() for name in known.needs | known.may} == set(FORM_OF)
