"""How well a linkage serves each group of people: shares with intervals, differences between groups, forms of names, and the tables of
docs/fairness.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Z_95: Final = 1.959964  # normal quantile of a two-sided 95 % interval

FIELDS: Final[Mapping[str, str]] = {
    "forename": "forename",
    "surname": "surname",
    "date_of_birth": "date of birth",
    "postcode": "postcode",
    "nhs_number": "NHS number",
}
RECORD_COLUMNS: Final = ("group", "records", *FIELDS.values(), "values refused", "names rewritten")
_MEASURES: Final = (
    "share a match key",
    "difference",
    "found",
    "difference",
    "links that are right",
    "difference",
)
LINKAGE_COLUMNS: Final = ("group", "true pairs", *_MEASURES)
EQUAL_COLUMNS: Final = ("group", "true pairs", "share a match key", "difference", "found", "difference")
FORM_COLUMNS: Final = ("set", "form", "true pairs", *_MEASURES)

TWO_PARTS: Final = "surname with a space, hyphen or apostrophe"
NOT_ASCII: Final = "name with letters beyond A to Z"
SHORT: Final = "surname of three letters or fewer"
FEMALE: Final = "recorded as female"
INCOMPLETE: Final = "a field missing"
FORMS: Final = (TWO_PARTS, NOT_ASCII, SHORT, FEMALE, INCOMPLETE)
SHORTEST: Final = 3

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"


@dataclass(frozen=True, slots=True)
class Share:
    """A share between 0 and 1, of how many cases, and the bounds of its 95 % interval."""

    value: float
    of: int
    low: float
    high: float

    @property
    def text(self) -> str:
        """The share and its interval in per cent; a dash where there is no case."""
        if not self.of:
            return "–"
        return f"{100 * self.value:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True, slots=True)
class Difference:
    """One share less another, and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def flag(self) -> str:
        """`lower` or `higher` where the interval leaves zero out, else nothing."""
        return "lower" if self.high < 0 else "higher" if self.low > 0 else ""

    @property
    def text(self) -> str:
        """The difference in percentage points, with its flag."""
        return f"{100 * self.value:+.1f}" + (f" **{self.flag}**" if self.flag else "")


def wilson(hits: float, of: float, *, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); the whole of 0 to 1 where there is no case. `hits` and `of` need not be whole numbers.

    Raises:
        ValueError: there are more hits than cases, or fewer than none.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    if not of:
        return 0.0, 1.0
    p = hits / of
    middle, half = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def design_effect(right: Flags, *, person: npt.NDArray[np.int64]) -> float:
    """By how much the variance of a share grows because one person has several cases, 1 or more: the variance between persons of the sums of
    residuals over that of independent cases (Kish 1965). Where all cases are alike, as if a person's cases always were."""
    if not len(right):
        return 1.0
    its = np.unique(person, return_inverse=True)[1]
    if right.all() or not right.any():
        cases = np.bincount(its)
        return float((cases**2).sum() / cases.sum())
    rest = right - right.mean()
    return max(float((np.bincount(its, weights=rest) ** 2).sum() / (rest**2).sum()), 1.0)


def share(right: Flags, *, person: npt.NDArray[np.int64]) -> Share:
    """The share of the cases that are right. Its Wilson interval counts the cases as fewer where they belong to the same persons."""
    hits, of = int(right.sum()), len(right)
    effect = design_effect(right, person=person)
    low, high = wilson(hits / effect, of / effect)
    return Share(hits / of if of else 0.0, of, low, high)


def difference(one: Share, *, less: Share) -> Difference | None:
    """`one` less the other with a score interval (Newcombe 1998, method 10); None where either has no case."""
    if not one.of or not less.of:
        return None
    value = one.value - less.value
    down = sqrt((one.value - one.low) ** 2 + (less.high - less.value) ** 2)
    up = sqrt((one.high - one.value) ** 2 + (less.value - less.low) ** 2)
    return Difference(value, value - down, value + up)


def in_group(member: Flags, *, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> Flags:
    """Which pairs of records concern a group: those of which at least one record is a member's."""
    return np.asarray(member[left] | member[right], dtype=np.bool_)


def largest(sizes: Mapping[str, int]) -> str:
    """The group with most cases; of two alike the first."""
    return max(sizes, key=lambda name: sizes[name])


def forms(*, forename: str, surname: str, sex: str | None, missing: bool) -> frozenset[str]:
    """The forms that a record has. Only what stands there is looked at: script, signs, length, gaps; never where a name may come from.

    `sex` is the cleaned value, M or F; the names are as the file writes them, empty where there is none.
    """
    family = surname.strip()
    letters = [c for c in family if c.isalpha()]
    found = {
        TWO_PARTS: any(c in " -'’‐‑" for c in family),
        NOT_ASCII: rewritten(forename) or rewritten(surname),
        SHORT: 0 < len(letters) <= SHORTEST,
        FEMALE: sex == "F",
        INCOMPLETE: missing,
    }
    return frozenset(name for name in FORMS if found[name])


def rewritten(name: str) -> bool:
    """Whether cleaning has to write letters of the name as other ones: it has some beyond A to Z."""
    return any(c.isalpha() and not c.isascii() for c in name)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows as a Markdown table.

    Raises:
        ValueError: a row has not as many cells as there are columns.
    """
    if wrong := [row for row in rows if len(row) != len(columns)]:
        raise ValueError(f"a row has {len(wrong[0])} cells, the table {len(columns)} columns")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def between(page: str, text: str) -> str:
    """The page with the text between its two markers.

    Raises:
        ValueError: the page has not each marker once, the first before the second.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the page needs {BEGIN} and, after it, {END}, each once")
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"
