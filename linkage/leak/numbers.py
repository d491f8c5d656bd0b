"""Numbers that the made-up agencies do not hold, so that match keys made of them can be measured as well: telephone, UPN, PNC identifier, UPRN.

None can be anybody's: telephones stand under +999, which the ITU has given to nobody, the others under codes that are not in use.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.leak.colours import Flags, Numbers
from linkage.partner.identifiers import pnc_id, upn
from linkage.people.population import Population

Texts = npt.NDArray[np.object_]
HAS_PHONE: Final = 0.85  # of people of 16 and more; younger ones have a parent's
HAS_PNC: Final = 0.12  # of people of 10 and more
WRITTEN: Final = 0.95  # records of those who have a number in which it is written
ADULT: Final = 16
PUPIL: Final = (5, 18)
SUSPECT: Final = 10


def numbers_of(
    person: Numbers, home: Numbers, *, population: Population, rng: np.random.Generator
) -> dict[str, Texts]:
    """The numbers of each record, which is of `person` and gives the address of `home`; None where there is none."""
    age, people = population.households.age, population.people
    guardian = np.where(age < ADULT, population.households.first, np.arange(people))
    phones = _texts("+999", _different(people, digits=9, rng=rng), 9)
    pupil = (age >= PUPIL[0]) & (age <= PUPIL[1])
    found = {
        "phone": _where(rng.random(people) < HAS_PHONE, phones)[guardian],
        "upn": _where(pupil, _pupil_numbers(people, rng=rng)),
        "pnc_id": _where((age >= SUSPECT) & (rng.random(people) < HAS_PNC), _police_numbers(people, rng=rng)),
    }
    out = {name: values[person] for name, values in found.items()}
    out["uprn"] = _texts("9999", home, 8)
    return {name: _where(rng.random(len(person)) < WRITTEN, values) for name, values in out.items()}


def _where(flags: Flags, values: Texts) -> Texts:
    out = values.copy()
    out[~flags] = None
    return out


def _different(count: int, *, digits: int, rng: np.random.Generator) -> Numbers:
    """As many different numbers of at most so many digits, in random order and without a run of zeros in front."""
    step = 9 * 10 ** (digits - 1) // count
    return rng.permutation(10 ** (digits - 1) + np.arange(count) * step + rng.integers(0, step, count))


def _texts(front: str, numbers: Numbers, digits: int) -> Texts:
    return np.array([f"{front}{n:0{digits}d}" for n in numbers.tolist()], dtype=object)


def _pupil_numbers(count: int, *, rng: np.random.Generator) -> Texts:
    """UPNs of authority 999, with the check letter that `linkage.partner.identifiers.upn` asks for."""
    digits = _texts("999", _different(count, digits=9, rng=rng), 9)
    sums = [sum(weight * int(d) for weight, d in enumerate(text, 2)) for text in digits]
    return np.array([upn.ALPHABET[s % 23] + text for s, text in zip(sums, digits, strict=True)], dtype=object)


def _police_numbers(count: int, *, rng: np.random.Generator) -> Texts:
    """PNC identifiers of 1950, when there were none, with their check letter."""
    serials = _texts("", _different(count, digits=7, rng=rng), 7)
    return np.array([f"1950/{s}{pnc_id.ALPHABET[int('50' + s) % 23]}" for s in serials], dtype=object)
