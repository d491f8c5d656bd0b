"""A search for match keys: greedy, with removals and exchanges, on an objective that is written down here.

The objective to be made small, over the sets that are learnt from:

    mean over sets of [ half the loss of the set + half the mean loss of its views ] + 0.01 * rows a record + 0.04 * passes

where the loss of true pairs missed, as a share m, is log2(m + 0.002) + 10 m (halving a set's misses counts alike on every set, and misses
count by themselves), a view is the set as if an identifier were not held (keys that read it find nothing; pairs that nothing then reaches are
left out), and rows are those on made-up people. A key may stand in the set only if, on 100,000 made-up people, at most 2 % of its rows
(6 % where it reads an e-mail address, which few hold) lie in blocks of three or more records of one file, and it brings at most 3.2
candidate pairs a true pair. A key that only reads what a household shares (no forename, no date of birth) is no candidate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
from match_keys_people import People

Key = tuple[str, ...]
Matrix = npt.NDArray[np.float32]
ROW, PASS, FLOOR, LINEAR = 0.01, 0.04, 0.002, 10.0
CROWDED, CROWDED_EMAIL, CANDIDATES = 0.02, 0.06, 3.2
VIEWS: Final = {
    "without place": ("postcode", "address", "town"),
    "without postcode": ("postcode",),
    "without address": ("address",),
    "without date": ("date_of_birth",),
    "without middle name": ("middle_name",),
}
NAMES: Final = [
    *(f"name.both.{p}" for p in ("initial", "start", "end", "sound", "phonetic")),
    *(f"name.any.{p}" for p in ("initial", "start", "end", "sound", "phonetic", "whole")),
    *(f"forename.{p}" for p in ("initial", "start", "end", "sound", "root")),
]
# A whole name part beside two other parts is rarer than it needs to be; these are what is left to try there.
SHORT_NAMES: Final = (
    "name.both.initial",
    "name.any.initial",
    "name.any.start",
    "name.any.end",
    "name.any.sound",
    "forename.initial",
)
DATES: Final = [f"date_of_birth.{p}" for p in ("whole", "year", "year-month", "year-day", "day-month")]
PLACES: Final[list[Key]] = [
    ("postcode.whole",), ("postcode.sector",), ("postcode.outward",), ("address.house",), ("address.street",), ("address.number",),
    ("town.whole",), ("town.start",), ("postcode.sector", "address.number"), ("postcode.whole", "address.number"),
    ("address.street", "postcode.sector"),
]  # fmt: skip
OTHERS: Final[list[Key]] = [("sex.whole",), ("middle_name.initial",), ("email.local",), ("email.start",)]


def candidates() -> Iterator[Key]:
    """Two or three of: a part of names, of the date of birth, of the place, and one other; never what a household shares alone."""
    for name, date, place, other in product(
        [(), *((n,) for n in NAMES)], [(), *((d,) for d in DATES)], [(), *PLACES], [(), *OTHERS]
    ):
        groups = sum(map(bool, (name, date, place, other)))
        personal = bool(date) or any(n.startswith(("forename", "name.both")) for n in name)
        short = not name or name[0] in SHORT_NAMES
        email = bool(other) and other[0].startswith("email")
        narrow = short and (not name or date != ("date_of_birth.whole",)) and not (email and date)
        if personal and (groups == 2 or (groups == 3 and narrow)):
            yield name + date + place + other


@dataclass(frozen=True, slots=True)
class Table:
    """The candidates against the true pairs of one set: who finds which, and rows a record."""

    finds: npt.NDArray[np.bool_]
    reads: Mapping[str, npt.NDArray[np.bool_]]


def tabulate(people: People, keys: Sequence[Key], *, most: int) -> Table:
    """Each candidate measured on the set, and which candidates read what a view hides."""
    found = np.stack([people.measure(k, most=most).found for k in keys])
    hidden = {
        v: np.array([any(p.startswith(h) for p in k for h in hides) for k in keys])
        for v, hides in VIEWS.items()
    }
    return Table(found, hidden)


@dataclass(frozen=True, slots=True)
class View:
    """One way of seeing a set: its weight, the share of pairs that any candidate reaches in it, and who finds which of those."""

    weight: float
    share: float
    finds: Matrix

    def loss(self, missed: float | npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """The weighted loss for a number of missed pairs."""
        share = self.share * np.asarray(missed, dtype=float) / max(self.finds.shape[1], 1)
        out: npt.NDArray[np.float64] = self.weight * (np.log2(share + FLOOR) + LINEAR * share)
        return out


def views(tables: Sequence[Table]) -> list[View]:
    """All views of all sets; a set weighs as much as any other, its views together as much as the set as it is."""
    out = []
    for table in tables:
        partial = []
        for reads in table.reads.values():
            finds = table.finds & ~reads[:, None]
            reach = finds.any(axis=0)
            if (table.finds & reads[:, None]).any() and reach.any():
                partial.append((reach, finds))
        out.append(View(0.5 / len(tables), 1.0, table.finds.astype(np.float32)))
        weight = 0.5 / len(tables) / max(len(partial), 1)
        out += [
            View(weight, float(reach.mean()), finds[:, reach].astype(np.float32)) for reach, finds in partial
        ]
    return out


def search(seen: Sequence[View], rows: npt.NDArray[np.float64], *, allowed: Callable[[int], bool]) -> list[int]:
    """Candidates that make the objective small: added while one pays, then removed and exchanged while that pays. `allowed` is asked late."""
    cost = ROW * rows + PASS

    def missed(chosen: list[int]) -> list[npt.NDArray[np.float32]]:
        return [(v.finds[chosen].max(axis=0, initial=0) == 0).astype(np.float32) for v in seen]

    def objective(chosen: list[int]) -> float:
        return float(
            sum(v.loss(m.sum()) for v, m in zip(seen, missed(chosen), strict=True)) + cost[chosen].sum()
        )

    def with_one_more(chosen: list[int]) -> npt.NDArray[np.float64]:
        left = missed(chosen)
        out = (
            sum(v.loss(m.sum() - v.finds @ m) for v, m in zip(seen, left, strict=True))
            + cost
            + cost[chosen].sum()
        )
        out[chosen] = np.inf
        return np.asarray(out)

    def better(chosen: list[int], than: float) -> list[int] | None:
        after = with_one_more(chosen)
        best = next((int(i) for i in np.argsort(after) if after[i] >= than - 1e-9 or allowed(int(i))), None)
        return None if best is None or after[best] >= than - 1e-9 else [*chosen, best]

    chosen: list[int] = []
    while True:
        before = objective(chosen)
        while (grown := better(chosen, objective(chosen))) is not None:
            chosen = grown
        for one in list(chosen):
            rest = [c for c in chosen if c != one]
            now = objective(chosen)
            chosen = rest if objective(rest) <= now else better(rest, now) or chosen
        if objective(chosen) >= before - 1e-6:
            return chosen
