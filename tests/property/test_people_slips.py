"""Properties of single slips: small, repeatable, and never nothing."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.people import date_slips, slips
from linkage.people.households import STUDY_DATE
from linkage.people.short_forms import SHORT_FORMS
from linkage.people.spellings import SPELLINGS

UNIT = st.floats(0, 1, exclude_max=True)
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'-", min_size=1, max_size=20)
BIRTHS = st.dates(datetime.date(1925, 1, 1), datetime.date(2026, 8, 31))
ALL_SLIPS = (
    slips.keyboard,
    slips.phonetic,
    slips.scanned,
    slips.short_form,
    slips.respelt,
    slips.initial,
    slips.half,
    slips.wrong_digit,
)


def as_days(*dates: datetime.date) -> np.ndarray:
    return np.array(dates, dtype="M8[D]")


@pytest.mark.parametrize("slip", ALL_SLIPS, ids=lambda slip: slip.__name__)
@given(text=st.one_of(NAMES, st.sampled_from(sorted(SHORT_FORMS) + sorted(SPELLINGS))), place=UNIT, kind=UNIT)
def test_a_slip_leaves_something_and_repeats(slip: slips.Slip, text: str, place: float, kind: float) -> None:
    if slip is slips.half and not text.strip("-"):
        return
    once = slip(text, place=place, kind=kind)
    assert once == slip(text, place=place, kind=kind)
    if slip is slips.half:
        assert once in text
    else:
        assert once
        assert abs(len(once) - len(text)) <= 2 or slip in (slips.short_form, slips.respelt, slips.initial)


@given(text=NAMES, place=UNIT, kind=UNIT)
def test_a_wrong_key_is_one_edit_away(text: str, place: float, kind: float) -> None:
    wrong = slips.keyboard(text, place=place, kind=kind)
    assert abs(len(wrong) - len(text)) <= 1
    start = next(
        (i for i, (a, b) in enumerate(zip(text, wrong, strict=False)) if a != b), min(len(text), len(wrong))
    )
    one_letter = (text[start + 1 :] == wrong[start + 1 :]) or (text[start + 1 :] == wrong[start:])
    one_letter |= text[start:] == wrong[start + 1 :]
    exchanged = (
        text[start : start + 2] == wrong[start : start + 2][::-1] and text[start + 2 :] == wrong[start + 2 :]
    )
    assert one_letter or exchanged


@given(text=NAMES, place=UNIT, kind=UNIT)
def test_a_name_heard_wrongly_keeps_its_first_letter(text: str, place: float, kind: float) -> None:
    assert slips.phonetic(text, place=place, kind=kind)[0] == text[0]


@given(number=st.from_regex(r"999[0-9]{7}", fullmatch=True), place=UNIT, kind=UNIT)
def test_a_wrong_digit_is_one_other_digit(number: str, place: float, kind: float) -> None:
    wrong = slips.wrong_digit(number, place=place, kind=kind)
    assert len(wrong) == 10
    assert wrong.isdigit()
    assert sum(a != b for a, b in zip(number, wrong, strict=True)) == 1


@given(postcode=st.from_regex(r"[A-Z]{2}[0-9]{1,2} [0-9][A-Z]{2}", fullmatch=True), place=UNIT, kind=UNIT)
def test_a_wrong_postcode_keeps_its_shape_and_differs_in_one_place(
    postcode: str, place: float, kind: float
) -> None:
    wrong = slips.wrong_postcode(postcode, place=place, kind=kind)
    assert [c.isdigit() for c in wrong] == [c.isdigit() for c in postcode]
    assert sum(a != b for a, b in zip(postcode, wrong, strict=True)) == 1


@given(born=BIRTHS)
def test_swapping_day_and_month_twice_gives_the_date_back(born: datetime.date) -> None:
    days = as_days(born)
    can = born.day <= 12 and born.day != born.month
    assert date_slips.can_swap(days)[0] == can
    if can:
        swapped = date_slips.swapped(days)
        assert swapped[0] <= STUDY_DATE
        if swapped[0] != days[0]:
            assert swapped[0].item() == born.replace(month=born.day, day=born.month)
            assert date_slips.swapped(swapped)[0] == days[0]


@given(born=BIRTHS, choice=UNIT)
def test_a_date_with_a_wrong_digit_is_a_date_one_digit_away(born: datetime.date, choice: float) -> None:
    wrong = date_slips.wrong_digit(born, choice=choice)
    assert sum(a != b for a, b in zip(born.isoformat(), wrong.isoformat(), strict=True)) == 1
    assert wrong <= STUDY_DATE.item()


@given(born=BIRTHS, number=st.sampled_from([-2, -1, 1, 2]))
def test_a_year_off_keeps_day_and_month_but_for_leap_days(born: datetime.date, number: int) -> None:
    moved = date_slips.year_off(as_days(born), number=np.array([number]))[0].item()
    assert moved <= STUDY_DATE.item()
    if moved != born:
        assert moved.year == born.year + number
        assert moved.month == born.month
        assert moved.day == born.day or (born.month, born.day, moved.day) == (2, 29, 28)


@given(born=BIRTHS)
def test_the_first_of_january_keeps_the_year(born: datetime.date) -> None:
    assert date_slips.first_of_january(as_days(born))[0].item() == datetime.date(born.year, 1, 1)
