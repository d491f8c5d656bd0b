"""A file of made-up people that holds everything a schema can ask for, faults, aliases and repeated records included."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from linkage.errors import BadInput
from linkage.leak.colours import Numbers
from linkage.leak.numbers import numbers_of
from linkage.partner.normalise import ALTERNATIVES, ColumnMapping, normalise
from linkage.partner.records import CleanRecords
from linkage.people.agencies import PROFILES
from linkage.people.fault_rates import rates_of
from linkage.people.faults import write_down
from linkage.people.population import MOST_PEOPLE, make_population
from linkage.people.styles import styled
from linkage.people.subjects import subjects
from linkage.schema import IDENTIFIERS, Schema

LEAST_PEOPLE: Final = 100
WRITTEN_LIKE: Final = PROFILES[0]  # the agency with the most aliases, repeated records and slips
ONCE: Final = {"second_record": 0.0, "alias_record": 0.0}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Cleaned records, and the person that each is of."""

    clean: CleanRecords
    person: Numbers


def made_up_file(people: int, *, schema: Schema, seed: int, repeats: bool = True) -> MadeUp:
    """The cleaned records of `people` made-up people in one file: somewhat more records than people, or without `repeats` one for each. The same
    for the same arguments.

    Raises:
        BadInput: too few people to measure, or more than can be made; or the seed is negative.
    """
    if not LEAST_PEOPLE <= people <= MOST_PEOPLE:
        raise BadInput(f"people is {people:,}: ask for {LEAST_PEOPLE} to {MOST_PEOPLE:,}")
    if seed < 0:
        raise BadInput(f"seed is {seed}: give 0 or a larger whole number")
    draws = [np.random.default_rng([seed, number]) for number in range(5)]
    population = make_population(people, rng=draws[0])
    rates = {**rates_of(WRITTEN_LIKE.name), **({} if repeats else ONCE)}
    recorded = subjects(np.arange(people), rates=rates, rng=draws[1])
    entries = write_down(population, subjects=recorded, rates=rates, rng=draws[2])
    columns = styled(entries, style=WRITTEN_LIKE.style, rates=rates, rng=draws[3])
    columns = numbers_of(recorded.person, entries.home, population=population, rng=draws[4]) | columns
    usable = {c: v for c, v in columns.items() if c in IDENTIFIERS or c in ALTERNATIVES}
    frame = pd.DataFrame({c: pd.Series(v, dtype="str") for c, v in usable.items()})
    frame["record"] = np.arange(len(frame)).astype(str)
    mapping = ColumnMapping("record", {c: c for c in usable}, WRITTEN_LIKE.style.date_order)
    clean = normalise(frame.astype("str"), schema=schema, mapping=mapping, file="made-up people")[0]
    return MadeUp(clean, recorded.person.astype(np.int64))
