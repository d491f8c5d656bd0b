"""That each fault happens as often as the table says, to whom it says, and changes nothing else."""

import numpy as np
import pytest

from linkage.people.cultures import ORIGINS
from linkage.people.date_slips import can_swap, day_and_month
from linkage.people.draws import present
from linkage.people.fault_rates import AGENCY_ORDER, FAULTIER_AGAIN, rates_of
from linkage.people.faults import Entries, write_down
from linkage.people.population import Population, make_population
from linkage.people.short_forms import SHORT_FORMS
from linkage.people.spellings import ACCENTED, SPELLINGS
from linkage.people.subjects import Subjects, subjects

PEOPLE = 20_000
NOTHING = dict.fromkeys(rates_of("police"), 0.0)
TEXTS = (
    "forename",
    "middle_name",
    "surname",
    "previous_surname",
    "sex",
    "postcode",
    "address",
    "town",
    "nhs_number",
)


@pytest.fixture(scope="module")
def population() -> Population:
    return make_population(PEOPLE, rng=np.random.default_rng(21))


@pytest.fixture(scope="module")
def once(population: Population) -> Subjects:
    nobody = np.zeros(population.people, dtype=bool)
    return Subjects(person=np.arange(population.people), again=nobody, alias=nobody)


@pytest.fixture(scope="module")
def clean(population: Population, once: Subjects) -> Entries:
    return write_down(population, subjects=once, rates=NOTHING, rng=np.random.default_rng(1))


def changed(entries: Entries, clean: Entries, column: str) -> np.ndarray:
    if column == "born":
        return entries.born != clean.born
    return entries.written[column] != clean.written[column]


def close(observed: np.ndarray, rate: float) -> bool:
    return abs(observed.mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / len(observed)) + 1e-9


def test_without_faults_the_entries_are_the_truth(population: Population, clean: Entries) -> None:
    names, homes, home = population.names, population.homes, population.home
    assert (clean.written["forename"] == names.forename).all()
    assert (clean.written["surname"] == names.surname).all()
    assert (clean.written["previous_surname"] == names.previous_surname).all()
    assert (clean.written["postcode"] == homes.postcode[home]).all()
    assert (clean.written["address"] == homes.address[home]).all()
    assert (clean.born == population.households.born).all()
    assert ((clean.written["sex"] == "F") == population.households.female).all()


# Each fault alone: the column it changes, and where it can happen. Slips may leave a few texts as they were (a sound
# that cannot be spelled otherwise), hence a least share of the rate.
ALONE = {
    "forename_missing": ("forename", 1.0),
    "forename_short_form": ("forename", 1.0),
    "forename_respelt": ("forename", 1.0),
    "forename_initial": ("forename", 1.0),
    "forename_keyboard": ("forename", 0.93),
    "forename_phonetic": ("forename", 0.90),
    "forename_scanned": ("forename", 0.90),
    "surname_missing": ("surname", 1.0),
    "surname_respelt": ("surname", 1.0),
    "surname_keyboard": ("surname", 0.93),
    "surname_phonetic": ("surname", 0.90),
    "surname_scanned": ("surname", 0.90),
    "surname_half": ("surname", 1.0),
    "surname_previous": ("surname", 1.0),
    "names_exchanged": ("forename", 0.98),
    "middle_name_missing": ("middle_name", 1.0),
    "middle_name_initial": ("middle_name", 1.0),
    "previous_surname_missing": ("previous_surname", 1.0),
    "accents_kept": ("forename", 1.0),
    "birth_missing": ("born", 1.0),
    "birth_day_month_swapped": ("born", 0.98),
    "birth_wrong_digit": ("born", 1.0),
    "birth_first_of_january": ("born", 0.98),
    "birth_year_off": ("born", 0.96),
    "sex_missing": ("sex", 1.0),
    "sex_wrong": ("sex", 1.0),
    "old_address": ("address", 0.97),
    "postcode_missing": ("postcode", 1.0),
    "postcode_wrong": ("postcode", 1.0),
    "address_missing": ("address", 1.0),
    "address_keyboard": ("address", 0.85),
    "town_missing": ("town", 1.0),
    "nhs_number_missing": ("nhs_number", 1.0),
    "nhs_number_wrong_digit": ("nhs_number", 1.0),
}
ALSO = {
    "surname_previous": {"previous_surname"},
    "names_exchanged": {"surname"},
    "accents_kept": {"surname"},
    "old_address": {"postcode", "town"},
}


def possible(fault: str, *, clean: Entries) -> np.ndarray:
    written = clean.written
    where = {
        "forename_short_form": lambda: np.isin(written["forename"].astype(str), list(SHORT_FORMS)),
        "forename_respelt": lambda: np.isin(written["forename"].astype(str), list(SPELLINGS)),
        "surname_respelt": lambda: np.isin(written["surname"].astype(str), list(SPELLINGS)),
        "surname_half": lambda: np.array(["-" in s for s in written["surname"]]),
        "surname_previous": lambda: present(written["previous_surname"]),
        "previous_surname_missing": lambda: present(written["previous_surname"]),
        "middle_name_missing": lambda: present(written["middle_name"]),
        "middle_name_initial": lambda: present(written["middle_name"]),
        "accents_kept": lambda: np.isin(written["forename"].astype(str), list(ACCENTED)),
        "birth_day_month_swapped": lambda: can_swap(clean.born),
    }
    return where.get(fault, lambda: np.ones(len(clean.born), dtype=bool))()


@pytest.mark.parametrize("fault", ALONE)
def test_a_fault_alone_happens_at_its_rate_and_changes_nothing_else(
    population: Population, once: Subjects, clean: Entries, fault: str
) -> None:
    column, least = ALONE[fault]
    rate = 0.2
    entries = write_down(
        population, subjects=once, rates={**NOTHING, fault: rate}, rng=np.random.default_rng(2)
    )
    can = possible(fault, clean=clean)
    british = population.names.origin == ORIGINS.index("White British or Irish")  # for whom every factor is 1
    if fault != "accents_kept":
        can &= british
    hit = changed(entries, clean, column)[can]
    tolerance = 5 * np.sqrt(rate * (1 - rate) / len(hit))
    assert least * rate - tolerance < hit.mean() < rate + tolerance
    others = {*TEXTS, "born"} - {column} - ALSO.get(fault, set())
    assert not any(changed(entries, clean, other).any() for other in others)


def test_every_fault_of_the_table_is_tested_alone_or_elsewhere() -> None:
    elsewhere = {
        "second_record", "alias_record", "email_missing", "attribute_missing",
        "stray_space", "other_case", "street_cut_short", "postcode_unspaced",
    }  # fmt: skip
    assert set(ALONE) | elsewhere == set(NOTHING)


@pytest.mark.parametrize("agency", AGENCY_ORDER)
def test_an_agency_writes_with_its_own_rates(
    population: Population, once: Subjects, clean: Entries, agency: str
) -> None:
    rates = rates_of(agency)
    entries = write_down(population, subjects=once, rates=rates, rng=np.random.default_rng(3))
    for column in ("forename", "surname", "sex", "postcode", "address", "town", "nhs_number"):
        assert close(~present(entries.written[column]), rates[f"{column}_missing"]), column
    assert close(np.isnat(entries.born), rates["birth_missing"])
    assert close(entries.home != clean.home, rates["old_address"])
    both = present(entries.written["sex"])
    assert close(changed(entries, clean, "sex")[both], rates["sex_wrong"])
    day, month = day_and_month(clean.born)
    first = entries.born == clean.born.astype("M8[Y]").astype("M8[D]")
    assert close(first[(day > 1) & (month > 1)], rates["birth_first_of_january"])


def test_police_records_are_the_faultiest_and_schools_the_best() -> None:
    faults = [f for f in NOTHING if f.startswith(("forename", "surname", "birth")) and f != "forename_scanned"]
    rates = {agency: rates_of(agency) for agency in AGENCY_ORDER}
    assert all(0 <= rate <= 1 for table in rates.values() for rate in table.values())
    means = {agency: np.mean([table[fault] for fault in faults]) for agency, table in rates.items()}
    assert max(means, key=lambda agency: means[agency]) == "police"
    assert min(means, key=lambda agency: means[agency]) == "schools"


def test_further_records_are_twice_as_faulty(population: Population, once: Subjects, clean: Entries) -> None:
    again = Subjects(person=once.person, again=~once.again, alias=once.alias)
    entries = write_down(
        population, subjects=again, rates={**NOTHING, "sex_missing": 0.1}, rng=np.random.default_rng(2)
    )
    assert close(changed(entries, clean, "sex"), 0.1 * FAULTIER_AGAIN)


def test_names_of_some_origins_are_exchanged_more_often(
    population: Population, once: Subjects, clean: Entries
) -> None:
    entries = write_down(
        population, subjects=once, rates={**NOTHING, "names_exchanged": 0.03}, rng=np.random.default_rng(2)
    )
    swapped = changed(entries, clean, "surname")
    chinese, british = (
        population.names.origin == ORIGINS.index(o) for o in ("Chinese", "White British or Irish")
    )
    assert swapped[chinese].mean() > 5 * swapped[british].mean()


def test_an_alias_changes_name_or_birth_date_and_keeps_the_rest(
    population: Population, once: Subjects, clean: Entries
) -> None:
    aliases = Subjects(person=once.person, again=~once.again, alias=~once.alias)
    entries = write_down(population, subjects=aliases, rates=NOTHING, rng=np.random.default_rng(2))
    forename, surname, born = (changed(entries, clean, column) for column in ("forename", "surname", "born"))
    assert (forename | surname | born).mean() > 0.95
    assert 0.4 < forename.mean() < 0.55
    assert 0.35 < surname.mean() < 0.5
    assert 0.25 < born.mean() < 0.35
    assert not any(changed(entries, clean, column).any() for column in ("sex", "postcode", "nhs_number"))
    years = np.abs((entries.born[born] - clean.born[born]).astype(int)) / 365.25
    assert years.max() < 3


def test_second_and_alias_records_come_at_their_rates() -> None:
    people = np.arange(50_000)
    rates = {**NOTHING, "second_record": 0.04, "alias_record": 0.06}
    drawn = subjects(people, rates=rates, rng=np.random.default_rng(1))
    assert close(np.isin(people, drawn.person[drawn.again & ~drawn.alias]), 0.04)
    assert close(np.isin(people, drawn.person[drawn.alias]), 0.06)
    assert sorted(drawn.person[~drawn.again]) == list(people)
    assert drawn.again[drawn.alias].all()
