"""The file that an agency exports: its own columns, the identifiers in its style, and what it knows of its people."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from .agencies import AgencyProfile
from .arrays import Flags, Ints, Texts
from .draws import happens, present, texts
from .faults import Entries
from .households import STUDY_DATE, whole_years
from .lives import AGE_BANDS, Lives, age_band_index
from .places import AREAS
from .population import Population
from .styles import styled
from .subjects import Subjects

_FIRST_ID: Final = 10_000_000
_LAST_ID: Final = 99_999_999
_COUNT_WORDS: Final = ("0", "1", "2", "3+")


def export(
    entries: Entries,
    *,
    subjects: Subjects,
    population: Population,
    lives: Lives,
    profile: AgencyProfile,
    rates: Mapping[str, float],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The agency's file: text columns of str or missing, one row for each subject in its order."""
    size = len(subjects.person)
    columns = {profile.record_id: _record_ids(profile.record_prefix, size=size, rng=rng)}
    identifiers = styled(entries, style=profile.style, rates=rates, rng=rng)
    columns |= {column: identifiers[standard] for standard, column in profile.identifiers.items()}
    for name in profile.attributes:
        columns[name] = _fact(lives, name=name, person=subjects.person)
        columns[name][happens(rates["attribute_missing"], size=size, rng=rng)] = None
    columns["area"] = _areas(entries, area_of_home=population.homes.area)
    columns["age_band"] = _age_bands(entries)
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def _record_ids(prefix: str, *, size: int, rng: np.random.Generator) -> Texts:
    """Different ids in random order, so that neither their order nor their size says who is who."""
    numbers = rng.choice(_LAST_ID - _FIRST_ID + 1, size=size, replace=False) + _FIRST_ID
    return np.asarray(prefix + numbers.astype(str).astype(np.object_), dtype=np.object_)


def _fact(lives: Lives, *, name: str, person: Ints) -> Texts:
    if name in lives.counts:
        return texts(_COUNT_WORDS)[np.minimum(lives.counts[name][person], len(_COUNT_WORDS) - 1)]
    return _yes_no(lives.facts[name][person])


def _yes_no(flags: Flags) -> Texts:
    return np.where(flags, "yes", "no").astype(np.object_)


def _areas(entries: Entries, *, area_of_home: Ints) -> Texts:
    """The area of the written address; None where neither postcode nor address is written."""
    area = texts([area.name for area in AREAS])[area_of_home[entries.home]]
    area[~present(entries.written["postcode"]) & ~present(entries.written["address"])] = None
    return np.asarray(area, dtype=np.object_)


def _age_bands(entries: Entries) -> Texts:
    """The age band by the written date of birth; None where none is written."""
    unknown = np.isnat(entries.born)
    band = texts(AGE_BANDS)[age_band_index(whole_years(np.where(unknown, STUDY_DATE, entries.born)))]
    band[unknown] = None
    return np.asarray(band, dtype=np.object_)
