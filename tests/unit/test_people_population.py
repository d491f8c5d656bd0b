"""What the made-up people truly are: families, names, homes and numbers."""

from collections import Counter

import numpy as np
import pytest

from linkage.people import PARTNERSHIP_OF_AREA
from linkage.people.cultures import CULTURES, ORIGINS
from linkage.people.forenames import FEMALE_FORENAMES, MALE_FORENAMES
from linkage.people.households import ADULT, CHILD, PARTNER
from linkage.people.naming import Names
from linkage.people.population import Population, make_population, nhs_numbers
from linkage.people.short_forms import SHORT_FORMS
from linkage.people.spellings import SPELLINGS

PEOPLE = 40_000


@pytest.fixture(scope="module")
def population() -> Population:
    return make_population(PEOPLE, rng=np.random.default_rng(11))


@pytest.fixture(scope="module")
def names(population: Population) -> Names:
    return population.names


def is_valid_nhs_number(number: str) -> bool:
    """The check as the NHS Data Dictionary states it, digit by digit."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True))
    check = 11 - total % 11
    return check != 10 and (0 if check == 11 else check) == int(number[9])


def test_the_check_digit_rule_agrees_with_a_published_example() -> None:
    assert is_valid_nhs_number("9434765919")  # the example of the NHS Data Dictionary's users' guides
    assert not is_valid_nhs_number("9434765918")


def test_nhs_numbers_are_valid_different_and_from_the_test_range(population: Population) -> None:
    numbers = population.nhs_number.tolist()
    assert len(set(numbers)) == PEOPLE
    assert all(len(n) == 10 and n.startswith("999") and is_valid_nhs_number(n) for n in numbers)


def test_the_test_range_holds_enough_numbers_for_the_largest_world() -> None:
    assert len(nhs_numbers(900_000, rng=np.random.default_rng(1))) == 900_000


def test_the_name_tables_are_large_and_skewed(names: Names) -> None:
    forenames = {n for table in (MALE_FORENAMES, FEMALE_FORENAMES) for ranked in table.values() for n in ranked}
    forenames |= {n for culture in CULTURES for n in culture.male + culture.female}
    surnames = {n for culture in CULTURES for n in culture.surnames}
    assert len(forenames) >= 400
    assert len(surnames) >= 700
    counts = Counter(names.surname.tolist())
    assert 0.01 < counts.most_common(1)[0][1] / PEOPLE < 0.03
    assert sum(n for _, n in counts.most_common(20)) / PEOPLE > 0.12
    assert len(counts) > 4_000


def test_a_fifth_to_a_quarter_of_people_carry_a_rare_surname(names: Names) -> None:
    assert 0.20 <= names.rare.mean() <= 0.25
    listed = {n for culture in CULTURES for n in culture.surnames}
    rare = names.surname[names.rare]
    assert np.mean([s.split("-")[0] in listed for s in rare]) < 0.02


def test_every_table_entry_is_upper_case_and_of_use() -> None:
    listed = {n for table in (MALE_FORENAMES, FEMALE_FORENAMES) for ranked in table.values() for n in ranked}
    listed |= {n for culture in CULTURES for n in culture.male + culture.female + culture.surnames}
    assert all(n == n.upper() and n.strip("-'") == n and " " not in n for n in listed)
    assert sum(name in listed for name in SHORT_FORMS) > 150
    assert all(name not in short for name, short in SHORT_FORMS.items())
    assert all(others and name not in others for name, others in SPELLINGS.items())


def test_every_origin_group_is_large_enough_to_measure(names: Names) -> None:
    shares = np.bincount(names.origin, minlength=len(ORIGINS)) / PEOPLE
    assert shares.min() > 0.01
    assert 0.55 < shares[0] < 0.80


def test_the_eighteen_areas_belong_to_nine_partnerships(population: Population) -> None:
    assert len(PARTNERSHIP_OF_AREA) == 18
    assert len(set(PARTNERSHIP_OF_AREA.values())) == 9
    assert set(np.unique(population.area)) == set(range(18))


def test_postcodes_are_formed_as_postcodes_are(population: Population) -> None:
    import re

    pattern = re.compile(r"(OX|RG|SL|HP|MK)\d{1,2} [1-9][ABD-HJLNP-UW-Z]{2}")
    assert all(pattern.fullmatch(postcode) for postcode in population.homes.postcode)


def test_no_parent_is_younger_than_sixteen_at_a_birth(population: Population) -> None:
    h = population.households
    child = np.flatnonzero(h.role == CHILD)
    assert (h.age[h.first[child]] - h.age[child]).min() >= 15  # whole years cut off on both sides
    assert h.age.min() == 0
    assert h.age.max() < 100


def test_the_population_is_young(population: Population) -> None:
    age = population.households.age
    assert 0.2 < ((age >= 5) & (age <= 17)).mean() < 0.3


def test_families_share_address_and_mostly_surname(population: Population, names: Names) -> None:
    h = population.households
    child = np.flatnonzero(h.role == CHILD)
    assert (population.home[child] == population.home[h.first[child]]).all()
    assert 0.75 < (names.surname[child] == names.surname[h.first[child]]).mean() < 0.97


def test_twins_share_birth_date_surname_and_address_but_not_forename(
    population: Population, names: Names
) -> None:
    h = population.households
    twin = np.flatnonzero(h.twin)
    assert len(twin) > 100
    assert (h.born[twin] == h.born[twin - 1]).all()
    assert (population.home[twin] == population.home[twin - 1]).all()
    inflected = np.isin(names.origin[twin], [ORIGINS.index("East European"), ORIGINS.index("South Asian")])
    assert (names.surname[twin] == names.surname[twin - 1])[~inflected].all()
    assert (names.forename[twin] == names.forename[twin - 1]).mean() < 0.02


def test_there_are_fathers_and_sons_of_one_name(population: Population, names: Names) -> None:
    h = population.households
    son = np.flatnonzero((h.role == CHILD) & ~h.female)
    father = h.first[son]
    same = (names.forename[son] == names.forename[father]) & (names.surname[son] == names.surname[father])
    assert same.mean() > 0.015


def test_many_married_women_have_an_earlier_surname(population: Population, names: Names) -> None:
    h = population.households
    changed = np.array([p is not None for p in names.previous_surname])
    wife = (h.role == PARTNER) & h.female
    assert changed[wife].mean() > 0.45
    assert changed[(h.role == ADULT) & ~h.female].mean() < 0.05
    assert (names.previous_surname[changed] != names.surname[changed]).all()


def test_namesakes_and_double_surnames_exist(population: Population, names: Names) -> None:
    full = Counter(zip(names.forename.tolist(), names.surname.tolist(), strict=True))
    assert sum(n for n in full.values() if n > 1) / PEOPLE > 0.15
    assert 0.01 < np.mean(["-" in s for s in names.surname]) < 0.08


def test_sikh_and_polish_women_carry_the_feminine_form(population: Population, names: Names) -> None:
    counts = Counter(zip(names.surname.tolist(), population.households.female.tolist(), strict=True))
    assert counts["KAUR", True] > counts["SINGH", True]
    assert counts["SINGH", False] > 5 * counts["SINGH", True]
    feminine = sum(n for (surname, female), n in counts.items() if female and surname.endswith(("SKA", "CKA")))
    assert feminine > 100


def test_most_earlier_homes_are_in_the_same_area(population: Population) -> None:
    earlier = population.homes.area[population.earlier_home]
    assert 0.70 < (earlier == population.area).mean() < 0.85
    assert (population.earlier_home != population.home).mean() > 0.99


def test_brothers_and_sisters_under_sixteen_often_share_an_email(population: Population) -> None:
    h = population.households
    second = np.flatnonzero((h.role[1:] == CHILD) & (h.role[:-1] == CHILD) & (h.age[:-1] < 16)) + 1
    held = second[[population.email[i] is not None for i in second]]
    assert (population.email[held] == population.email[held - 1]).mean() > 0.4
