"""The five made-up agencies: what each holds, under which column names, and in which style it writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Style:
    """How an agency's system writes things."""

    name_case: str  # "upper" or "title", for names and addresses
    sexes: Mapping[str, str]  # M and F -> as written
    date_order: str  # "YMD" or "DMY"
    date_separator: str
    padded_dates: bool = True  # 03/11/2009, not 3/11/2009
    spaced_nhs_number: bool = False  # 999 123 4567
    town_in_address: bool = False
    no_fixed_abode: str = ""  # written in the postcode's place where none is known


@dataclass(frozen=True, slots=True)
class AgencyProfile:
    """One agency's export."""

    name: str
    title: str
    record_id: str
    record_prefix: str
    identifiers: Mapping[str, str]  # standard identifier -> column name
    attributes: tuple[str, ...]  # beside area and age_band
    style: Style


_LETTERS: Final = {"M": "M", "F": "F"}
_UPPER_WORDS: Final = {"M": "MALE", "F": "FEMALE"}
_WORDS: Final = {"M": "Male", "F": "Female"}

PROFILES: Final[tuple[AgencyProfile, ...]] = (
    AgencyProfile(
        name="police",
        title="Police",
        record_id="nominal_ref",
        record_prefix="N",
        identifiers={
            "forename": "given_name",
            "middle_name": "middle_names",
            "surname": "family_name",
            "previous_surname": "maiden_or_former_name",
            "date_of_birth": "dob",
            "sex": "gender",
            "postcode": "post_code",
            "address": "address_line",
            "town": "town",
        },
        attributes=("arrested_violence", "victim_violence", "custody_episodes"),
        style=Style(name_case="upper", sexes=_UPPER_WORDS, date_order="DMY", date_separator="/"),
    ),
    AgencyProfile(
        name="nhs",
        title="NHS trust",
        record_id="hospital_number",
        record_prefix="H",
        identifiers={
            "forename": "pat_forename",
            "surname": "pat_surname",
            "previous_surname": "pat_previous_surname",
            "date_of_birth": "birth_date",
            "sex": "sex",
            "postcode": "pat_postcode",
            "address": "pat_address",
            "nhs_number": "nhs_no",
        },
        attributes=("ae_assault", "ae_visits"),
        style=Style(
            name_case="upper",
            sexes=_LETTERS,
            date_order="YMD",
            date_separator="-",
            spaced_nhs_number=True,
            town_in_address=True,
            no_fixed_abode="ZZ99 3VZ",  # what the NHS writes for it
        ),
    ),
    AgencyProfile(
        name="schools",
        title="Schools",
        record_id="pupil_id",
        record_prefix="S",
        identifiers={
            "forename": "Forename",
            "middle_name": "MiddleNames",
            "surname": "LegalSurname",
            "date_of_birth": "DateOfBirth",
            "sex": "Sex",
            "postcode": "Postcode",
            "address": "AddressLine1",
            "town": "Town",
            "email": "ContactEmail",
        },
        attributes=("suspended", "permanently_excluded", "persistent_absence", "free_school_meals"),
        style=Style(name_case="title", sexes=_LETTERS, date_order="YMD", date_separator="-"),
    ),
    AgencyProfile(
        name="youth-offending",
        title="Youth offending service",
        record_id="case_id",
        record_prefix="Y",
        identifiers={
            "forename": "first_name",
            "middle_name": "other_names",
            "surname": "last_name",
            "date_of_birth": "d_o_b",
            "sex": "sex",
            "postcode": "postcode",
            "address": "address",
            "town": "post_town",
            "nhs_number": "nhs_number",
        },
        attributes=("mentoring", "reoffended_12m"),
        style=Style(name_case="title", sexes=_WORDS, date_order="DMY", date_separator="."),
    ),
    AgencyProfile(
        name="council",
        title="Council children's services",
        record_id="client_no",
        record_prefix="C",
        identifiers={
            "forename": "FirstName",
            "surname": "Surname",
            "previous_surname": "PreviousSurname",
            "date_of_birth": "BirthDate",
            "sex": "Gender",
            "postcode": "PostCode",
            "address": "Street",
            "town": "City",
            "nhs_number": "NHSNumber",
            "email": "Email",
        },
        attributes=("child_in_need", "protection_plan"),
        style=Style(name_case="title", sexes=_WORDS, date_order="DMY", date_separator="/", padded_dates=False),
    ),
)
