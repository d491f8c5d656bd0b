"""What make_world promises about the files, the truth and the repetition of both."""

import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from linkage.people import PARTNERSHIP_OF_AREA, AgencyFile, World, make_world
from linkage.people.errors import PeopleError, WorldSizeError
from linkage.people.households import STUDY_DATE, whole_years
from linkage.people.population import Population, make_population

SEED = 7
PEOPLE = 20_000
STANDARD = {
    "forename", "middle_name", "surname", "previous_surname", "date_of_birth", "sex", "postcode", "address", "town",
    "nhs_number", "email",
}  # fmt: skip
ATTRIBUTES = {
    "police": {"arrested_violence", "victim_violence", "custody_episodes"},
    "nhs": {"ae_assault", "ae_visits"},
    "schools": {"suspended", "permanently_excluded", "persistent_absence", "free_school_meals"},
    "youth-offending": {"mentoring", "reoffended_12m"},
    "council": {"child_in_need", "protection_plan"},
}
DIGEST = """
import hashlib
from linkage.people import make_world
world = make_world(people=300, seed=5)
text = "".join(a.frame.to_csv() + world.truth[a.name].to_csv() for a in world.agencies) + world.origin.to_csv()
print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(people=PEOPLE, seed=SEED)


@pytest.fixture(scope="module")
def population() -> Population:
    return make_population(PEOPLE, rng=np.random.default_rng([SEED, 0]))


def digest(world: World) -> str:
    text = (
        "".join(a.frame.to_csv() + world.truth[a.name].to_csv() for a in world.agencies) + world.origin.to_csv()
    )
    return hashlib.sha256(text.encode()).hexdigest()


def by_name(world: World) -> dict[str, AgencyFile]:
    return {agency.name: agency for agency in world.agencies}


def test_the_same_arguments_give_the_same_bytes_in_any_process() -> None:
    digests = {digest(make_world(people=300, seed=5))}
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout.strip())
    assert len(digests) == 1


def test_another_seed_gives_another_world() -> None:
    assert digest(make_world(people=300, seed=5)) != digest(make_world(people=300, seed=6))


def test_the_five_agencies_hold_what_they_are_said_to_hold(world: World) -> None:
    assert [agency.name for agency in world.agencies] == list(ATTRIBUTES)
    for agency in world.agencies:
        assert set(agency.identifiers) <= STANDARD
        assert set(agency.attributes) == ATTRIBUTES[agency.name] | {"area", "age_band"}
        assert list(agency.frame.columns) == [
            agency.record_id,
            *agency.identifiers.values(),
            *agency.attributes,
        ]
        assert agency.date_order in {"YMD", "DMY"}
    assert {agency.date_order for agency in world.agencies} == {"YMD", "DMY"}


def test_every_cell_is_text_or_missing(world: World) -> None:
    for agency in world.agencies:
        for column in agency.frame:
            cells = agency.frame[column]
            assert all(isinstance(cell, str) and cell.strip() for cell in cells[cells.notna()]), column
        assert agency.frame[agency.record_id].notna().all()


def test_the_truth_names_a_person_for_every_record(world: World) -> None:
    for agency in world.agencies:
        truth = world.truth[agency.name]
        assert truth.index.is_unique
        assert list(truth.index) == list(agency.frame[agency.record_id])
        assert truth.between(0, PEOPLE - 1).all()
    assert list(world.origin.index) == list(range(PEOPLE))
    assert world.origin.notna().all()
    assert world.people == PEOPLE


def test_neither_row_order_nor_record_id_gives_the_person_away(world: World) -> None:
    for agency in world.agencies:
        person = world.truth[agency.name].to_numpy()
        number = agency.frame[agency.record_id].str[1:].astype(int)
        bound = 4 / np.sqrt(len(person))
        assert abs(np.corrcoef(person, np.arange(len(person)))[0, 1]) < bound
        assert abs(np.corrcoef(person, number)[0, 1]) < bound
        twice = pd.Series(person).duplicated(keep=False)
        gaps = pd.Series(np.flatnonzero(twice)).groupby(person[twice]).agg(np.ptp)
        assert gaps.mean() > len(person) / 8  # records of one person do not stand together


def test_nobody_is_in_more_files_than_life_explains(world: World) -> None:
    age = whole_years(make_population(PEOPLE, rng=np.random.default_rng([SEED, 0])).households.born)
    members = {name: np.isin(np.arange(PEOPLE), truth.to_numpy()) for name, truth in world.truth.items()}
    of_school_age, child, young = (age >= 5) & (age <= 17), age <= 17, (age >= 10) & (age <= 19)
    assert 0.60 <= members["nhs"].mean() <= 0.70
    assert 0.10 <= members["police"].mean() <= 0.14
    assert members["schools"][of_school_age].mean() > 0.94
    assert not members["schools"][~of_school_age].any()
    assert 0.02 <= members["youth-offending"][young].mean() <= 0.05
    assert not members["youth-offending"][~young].any()
    assert 0.10 <= members["council"][child].mean() <= 0.15
    assert 0 < members["council"][~child].mean() < 0.10
    assert members["police"][members["youth-offending"]].mean() > 3 * members["police"][young].mean()
    assert 0.15 < (~np.logical_or.reduce(list(members.values()))).mean() < 0.5


@pytest.mark.parametrize("name", ["nhs", "schools", "council"])
def test_two_to_five_in_a_hundred_people_have_a_second_record(world: World, name: str) -> None:
    truth = world.truth[name]
    assert 0.015 <= 1 - truth.nunique() / len(truth) <= 0.05


def test_police_know_some_people_under_several_names(world: World) -> None:
    police = by_name(world)["police"]
    person = world.truth["police"].to_numpy()
    surname = police.frame[police.identifiers["surname"]].str.upper().str.strip()
    names = surname.groupby(person).nunique()
    assert 0.03 < (names > 1).mean() < 0.12


def test_dates_are_written_in_the_declared_order(world: World, population: Population) -> None:
    born = pd.Series(population.households.born.astype(str))
    for agency in world.agencies:
        written = agency.frame[agency.identifiers["date_of_birth"]]
        parts = [re.fullmatch(r"(\d+)([-/.])(\d+)\2(\d+)", cell) for cell in written[written.notna()]]
        assert all(parts)
        order = [(p[1], p[3], p[4]) if agency.date_order == "YMD" else (p[4], p[3], p[1]) for p in parts if p]
        iso = pd.Series([f"{y}-{int(m):02}-{int(d):02}" for y, m, d in order])
        true = born.loc[world.truth[agency.name].to_numpy()][written.notna().to_numpy()]
        assert (iso.to_numpy() == true.to_numpy()).mean() > 0.9
        assert pd.to_datetime(iso).le(pd.Timestamp(STUDY_DATE.item())).all()


def test_the_styles_of_the_agencies_differ(world: World) -> None:
    agencies = by_name(world)
    firsts = {name: a.frame[a.identifiers["date_of_birth"]].dropna() for name, a in agencies.items()}
    assert firsts["police"].str.fullmatch(r"\d\d/\d\d/\d{4}").all()
    assert firsts["schools"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert firsts["youth-offending"].str.fullmatch(r"\d\d\.\d\d\.\d{4}").all()
    assert firsts["council"].str.fullmatch(r"[1-9]\d?/[1-9]\d?/\d{4}").all()
    police = agencies["police"]
    assert police.frame[police.identifiers["surname"]].dropna().str.isupper().mean() > 0.9
    assert len({tuple(a.identifiers.values()) for a in agencies.values()}) == 5


def test_age_band_and_area_fit_what_the_record_says(world: World) -> None:
    schools = by_name(world)["schools"].frame
    assert set(schools["area"].dropna()) <= set(PARTNERSHIP_OF_AREA)
    assert schools["age_band"].isin(["0-9", "10-14", "15-17"]).mean() > 0.98
    for agency in world.agencies:
        unborn = agency.frame[agency.identifiers["date_of_birth"]].isna()
        assert (agency.frame["age_band"].isna() == unborn).all()


def test_nhs_numbers_in_the_files_are_those_of_the_person_but_for_rare_slips(
    world: World, population: Population
) -> None:
    for name in ("nhs", "council", "youth-offending"):
        agency = by_name(world)[name]
        written = agency.frame[agency.identifiers["nhs_number"]].str.replace(" ", "")
        true = population.nhs_number[world.truth[name].to_numpy()]
        held = written.notna().to_numpy()
        assert (written[held].to_numpy() == true[held]).mean() > 0.98


def test_emails_use_domains_reserved_for_examples(world: World) -> None:
    for name in ("schools", "council"):
        agency = by_name(world)[name]
        emails = agency.frame[agency.identifiers["email"]].dropna()
        assert len(emails)
        assert emails.str.fullmatch(r"[a-z0-9.\-]+@example\.(com|org|net)").all()


@pytest.mark.parametrize(("people", "seed"), [(0, 1), (-3, 1), (900_001, 1), (10, -1)])
def test_a_size_or_seed_that_cannot_be_served_is_refused(people: int, seed: int) -> None:
    with pytest.raises(WorldSizeError, match=r"people is|seed is") as refusal:
        make_world(people=people, seed=seed)
    assert isinstance(refusal.value, PeopleError)
