"""How often each agency writes each thing wrong: the one table that sets how hard linking is.

A rate is the chance for one record **in which the fault can happen** (a short form needs a name that has one; a half
surname needs a double one). Records beyond a person's first are twice as faulty: had they been right, they would have
been found. The rates are plausible, not measured: police records come from what people say in the street or the custody
suite, schools' from forms that parents fill in, the NHS trust's from a national index, the council's from referrals.
"""

from collections.abc import Mapping
from typing import Final

AGENCY_ORDER: Final = ("police", "nhs", "schools", "youth-offending", "council")

_TABLE: Final[Mapping[str, tuple[float, float, float, float, float]]] = {
    #                                police  nhs     schools youth-o council
    # Records
    "second_record":                (0.045,  0.030,  0.020,  0.025,  0.040),  # the same person entered once more
    "alias_record":                 (0.060,  0.0,    0.0,    0.030,  0.0),    # gave another name, another birth date, or both
    # Forename
    "forename_missing":             (0.003,  0.001,  0.0003, 0.001,  0.002),
    "forename_short_form":          (0.080,  0.025,  0.035,  0.090,  0.060),  # where the name has one: DAVE
    "forename_respelt":             (0.060,  0.025,  0.015,  0.045,  0.040),  # where there is another spelling: MUHAMMAD
    "forename_keyboard":            (0.018,  0.007,  0.005,  0.012,  0.011),
    "forename_phonetic":            (0.014,  0.004,  0.003,  0.010,  0.008),
    "forename_scanned":             (0.001,  0.003,  0.0005, 0.001,  0.006),  # council and NHS scan paper forms
    "forename_initial":             (0.003,  0.002,  0.0002, 0.001,  0.005),
    # Surname
    "surname_missing":              (0.001,  0.0005, 0.0002, 0.0005, 0.001),
    "surname_respelt":              (0.045,  0.015,  0.010,  0.035,  0.030),
    "surname_keyboard":             (0.020,  0.008,  0.005,  0.013,  0.012),
    "surname_phonetic":             (0.016,  0.005,  0.003,  0.011,  0.009),
    "surname_scanned":              (0.001,  0.003,  0.0005, 0.001,  0.006),
    "surname_half":                 (0.30,   0.20,   0.10,   0.30,   0.25),   # where it is double-barrelled
    "surname_previous":             (0.080,  0.060,  0.040,  0.060,  0.080),  # where it changed: still the earlier one
    # Both
    "names_exchanged":              (0.005,  0.002,  0.001,  0.003,  0.003),  # forename in the surname's place
    "middle_name_missing":          (0.45,   0.0,    0.25,   0.50,   0.0),    # where there is one
    "middle_name_initial":          (0.25,   0.0,    0.10,   0.20,   0.0),
    "previous_surname_missing":     (0.65,   0.35,   0.0,    0.0,    0.55),
    "accents_kept":                 (0.01,   0.06,   0.20,   0.05,   0.12),   # where it has accents: the system stores them
    # Date of birth
    "birth_missing":                (0.005,  0.001,  0.0002, 0.001,  0.004),
    "birth_day_month_swapped":      (0.020,  0.005,  0.004,  0.012,  0.014),  # where the result is a date
    "birth_wrong_digit":            (0.012,  0.004,  0.003,  0.008,  0.008),
    "birth_first_of_january":       (0.010,  0.002,  0.0005, 0.005,  0.006),
    "birth_year_off":               (0.006,  0.001,  0.001,  0.003,  0.003),
    # Sex
    "sex_missing":                  (0.004,  0.002,  0.0005, 0.002,  0.006),
    "sex_wrong":                    (0.003,  0.001,  0.001,  0.002,  0.003),
    # Address
    "old_address":                  (0.17,   0.09,   0.05,   0.14,   0.12),   # has moved since
    "postcode_missing":             (0.040,  0.008,  0.003,  0.025,  0.020),
    "postcode_wrong":               (0.012,  0.007,  0.004,  0.010,  0.010),
    "address_missing":              (0.035,  0.006,  0.003,  0.020,  0.015),
    "address_keyboard":             (0.020,  0.010,  0.008,  0.018,  0.015),
    "town_missing":                 (0.060,  0.0,    0.010,  0.030,  0.030),
    # Numbers and addresses of other kinds
    "nhs_number_missing":           (0.0,    0.012,  0.0,    0.50,   0.40),
    "nhs_number_wrong_digit":       (0.0,    0.0005, 0.0,    0.004,  0.004),
    "email_missing":                (0.0,    0.0,    0.30,   0.0,    0.50),
    # What is known of an attribute
    "attribute_missing":            (0.010,  0.005,  0.005,  0.010,  0.010),
    # Formatting: untidy, but nothing is wrong
    "stray_space":                  (0.015,  0.004,  0.003,  0.010,  0.010),
    "other_case":                   (0.030,  0.010,  0.020,  0.050,  0.060),  # not in the agency's usual case
    "street_cut_short":             (0.50,   0.10,   0.08,   0.25,   0.30),   # Rd, St, Ave
    "postcode_unspaced":            (0.25,   0.02,   0.06,   0.10,   0.15),
}  # fmt: skip

FAULTIER_AGAIN: Final = 2.0  # factor on every fault of a person's second and later records

# Names strange to the clerk suffer more, and some orders of names are turned around: factor on slips of spelling, and on
# exchanged names. This is what a measurement of fairness should find.
ORIGIN_FACTORS: Final[Mapping[str, tuple[float, float]]] = {
    "White British or Irish": (1.0, 1.0),
    "South Asian": (1.4, 2.0),
    "Black African": (1.6, 3.0),
    "Black Caribbean": (1.1, 1.0),
    "East European": (1.7, 1.5),
    "Chinese": (1.3, 10.0),
    "Arabic": (1.5, 3.0),
}
SPELLING_FAULTS: Final = frozenset(
    f"{name}_{slip}"
    for name in ("forename", "surname")
    for slip in ("keyboard", "phonetic", "respelt", "scanned")
)


def rates_of(agency: str) -> Mapping[str, float]:
    """The rate of every fault in one agency's records."""
    column = AGENCY_ORDER.index(agency)
    return {fault: rates[column] for fault, rates in _TABLE.items()}
