"""How surely the records of a person belong together, coarsely: the weakest link that holds them, one letter a record in the spine.

The records of a person hang together by the strongest links there are between them, a maximum spanning tree; its weakest link says where the person would
fall apart first (single-linkage clustering: Gower and Ross, "Minimum spanning trees and single linkage cluster analysis", 1969). It lies in a band or above
where the links of that band and above hang the records together, so that no tree has to be found. Three bands, and no
probability: an analyst can leave out the weakest people and see whether a result stands, and nobody can be found by a number.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.central.assembly.components import components
from linkage.central.assembly.records import Numbers
from linkage.errors import BadSubmission

Ints = npt.NDArray[np.int64]
SURE_FROM: Final = 0.99
LIKELY_FROM: Final = 0.9
WEAKEST_LINK: Final = "weakest_link"
SURE: Final = "s"
LIKELY: Final = "l"
WEAK: Final = "w"
ONE_RECORD: Final = "-"
NOT_SAID: Final = "not known"
BANDS: Final[Mapping[str, str]] = {SURE: "sure", LIKELY: "likely", WEAK: "weak", ONE_RECORD: "one record"}


def weakest_links(
    person: Ints, *, left: Numbers, right: Numbers, probability: npt.NDArray[np.float64], threshold: float
) -> dict[str, str]:
    """What the spine says of its people: a letter for each record, in the order of the records, the same for all records of a person.

    `person` numbers the person of each record; `left`, `right` and `probability` are the scored pairs of records.
    """
    inside = (probability >= threshold) & (person[left] == person[right])
    size_of = np.bincount(person)

    def held_from(least: float) -> npt.NDArray[np.bool_]:
        its = inside & (probability >= least)
        part = components(left[its], right[its], count=len(person))
        of_part = np.empty(int(part.max(initial=-1)) + 1, dtype=np.int64)
        of_part[part] = person
        one: npt.NDArray[np.bool_] = np.bincount(of_part, minlength=len(size_of)) == 1
        return one

    # Records that were put together without a link between them hang together by nothing that was measured: they are weak.
    letters = np.where(held_from(LIKELY_FROM), LIKELY, WEAK)
    letters = np.where(held_from(SURE_FROM), SURE, letters)
    letters = np.where(size_of == 1, ONE_RECORD, letters)
    return {WEAKEST_LINK: "".join(letters[person].tolist())}


def bands_of(people: Sequence[str], *, meta: Mapping[str, str]) -> dict[str, str]:
    """The band of each person, in words, from the spine's rows (`people` has the person of each) and its metadata; a spine that does not say leaves those of
    several records not known.

    Raises:
        BadSubmission: what it says does not fit its rows.
    """
    letters = meta.get(WEAKEST_LINK)
    if letters is None:
        records = Counter(people)
        return {one: NOT_SAID if count > 1 else BANDS[ONE_RECORD] for one, count in records.items()}
    if len(letters) != len(people) or not set(letters) <= BANDS.keys():
        raise BadSubmission("the spine says something else of its links than of its records: assemble again")
    return {one: BANDS[letter] for one, letter in zip(people, letters, strict=True)}
