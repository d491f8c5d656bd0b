"""What is known about the names of one culture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameCulture:
    """One culture's names and the customs that make linking them harder.

    ``male``, ``female`` and ``surnames`` are ranked, the most frequent first. The other fields are shares between 0 and 1
    unless said otherwise.
    """

    origin: str  # the name-origin group the culture is counted in
    share: float  # of the households of that group
    male: tuple[str, ...]
    female: tuple[str, ...]
    surnames: tuple[str, ...]
    british_forenames: float  # people given a forename from the British tables instead
    middle_names: float  # people with a middle name
    keeps_own_surname: float  # women in a couple who do not take the partner's surname
    rare_style: str  # the syllables that rare surnames are put together from
    rare_surnames: float = 0.23  # households whose surname is in no list
    feminine: tuple[tuple[str, str, str], ...] = ()  # surname ending: a man's, a married woman's, a daughter's
    male_middle: str = ""  # middle name that most men carry, such as SINGH
    female_middle: str = ""


def names(text: str) -> tuple[str, ...]:
    """The words of the text, in order."""
    return tuple(text.split())
