"""What each printed sum says on its own, in thousandths, and what is demanded of each hidden one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import TableInvalid
from policies.disclosure.joint import Range, Reading
from policies.disclosure.magnitude import quotient
from policies.disclosure.rules import SumRules
from policies.disclosure.sums.magnitudes import PER, SUM, Magnitudes, thousandths
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE


@dataclass(frozen=True, slots=True, eq=False)
class SumReading(Reading):
    """How a reader takes the sums of one table, whose cells are those of its counts. `shown` is empty where sums of something else, or none, are printed."""

    shown: tuple[str, ...] = ()

    def ranges(self) -> list[Range]:
        """What each sum says on its own. Where nobody is counted, the sum is 0.

        Raises:
            TableInvalid: a printed sum cannot come about under the rules.
        """
        rules = self.table.rules
        base = self._base()
        of_printed = rules is not None and rules.total_kind == "sums"
        nobody = [
            one == NOT_APPLICABLE
            or (
                one == "0" and (is_base or not of_printed)
            )  # a total of nothing but hidden counts is printed as 0
            for one, is_base in zip(self.table.shown, base, strict=True)
        ]
        if not self.shown:
            return [(0.0, 0.0 if one else inf) for one in nobody]
        if of_printed:
            self._check_sums(base)
        found: list[Range] = []
        for row, (shown, empty, is_base) in enumerate(zip(self.shown, nobody, base, strict=True), start=2):
            said = (0.0, inf)
            if shown != HIDDEN and (is_base or not of_printed):
                said = _range(shown, None if rules is None else rules.sums or SumRules())
            if said[0] > said[1]:
                raise TableInvalid(
                    f"{self.table.name}, row {row}: not a sum that its rules print: correct `step` and `unit`"
                )
            if empty or shown == NOT_APPLICABLE:
                said = (max(said[0], 0.0), min(said[1], 0.0))
            if said[0] > said[1]:
                raise TableInvalid(f"{self.table.name}, row {row}: a sum that is more than 0, of nobody")
            found.append(said)
        return found

    def demands(self) -> NDArray[np.float64]:
        """1 for each hidden sum that has to keep a range, else 0."""
        rules = self.table.rules
        hidden = np.array([one == HIDDEN for one in self.shown] or [False] * len(self.table.codes), dtype=bool)
        if rules is not None and rules.total_kind == "sums":
            hidden &= self._base()
        return hidden.astype(np.float64)

    def _check_sums(self, base: NDArray[np.bool_]) -> None:
        printed = [thousandths(one) if one not in (HIDDEN, NOT_APPLICABLE) else 0 for one in self.shown]
        values = np.zeros(self.grid.shape, dtype=np.int64)
        where = [{code: n for n, code in enumerate(one.base)} for one in self.grid.axes]
        for n in np.flatnonzero(base):
            values[tuple(where[d][code] for d, code in enumerate(self.table.codes[n]))] = printed[n]
        sums = self.grid.sums(values, codes=self.table.codes)
        for n in np.flatnonzero(~base & (sums != np.array(printed))):
            raise TableInvalid(
                f"{self.table.name}, row {n + 2}: not the sum of the printed sums that it takes in: if totals are rounded on their own or exact, say so in the rules"
            )


def sum_reading(reading: Reading, *, table: Magnitudes, of: str | None) -> SumReading:
    """How a reader takes the sums of a table in a question about the sums of `of`."""
    shown = table.columns.get(SUM, ()) if table.of == of else ()
    named = replace(reading.table, name=table.counts.name)
    return SumReading(named, reading.grid, reading.hidden_from, reading.absent, shown)


def _range(shown: str, rules: SumRules | None) -> Range:
    """The smallest and largest true sum that is printed like this; the number as it stands where no rules are known."""
    if shown == NOT_APPLICABLE:
        return (0.0, 0.0)
    value = thousandths(shown)
    if rules is None:
        return (float(value), float(value))
    unit, step = rules.units
    if value % step:
        return (1.0, 0.0)
    least, above = 2 * value - step, 2 * value + step  # halves upwards
    return (float(max(-(-least // (2 * unit)), 0) * unit), float((-(-above // (2 * unit)) - 1) * unit))


def ratio_limits(table: Magnitudes, measure: str) -> list[tuple[int, float, float]]:
    """Each cell whose true sum is between so many and so many thousandths a person, as its printed mean or rate says.

    Where the rules say that it is made of the two numbers printed beside it, it says nothing that they do not.

    Raises:
        TableInvalid: it is not made of them, although the rules say so.
    """
    shown, rules = table.columns[measure], table.rules
    digits = {"mean": rules.mean, "rate": rules.rate}[measure]
    if table.counts.rules is not None and digits is not None:
        sums = table.columns.get(SUM, (HIDDEN,) * len(shown))
        for row, (one, above, below) in enumerate(zip(shown, sums, table.counts.shown, strict=True), start=2):
            if one != quotient(above, below, per=PER[measure], digits=digits):
                raise TableInvalid(
                    f"{table.counts.name}, row {row}, column {measure}: not made of the two numbers printed beside it: leave `{measure}` out of the rules, and it is read as the true one"
                )
        return []
    numbers = [(n, one) for n, one in enumerate(shown) if one not in (HIDDEN, NOT_APPLICABLE)]
    digits = max((len(one.partition(".")[2]) for _, one in numbers), default=0)
    half = 10.0**-digits / 2
    scale = 1000.0 / PER[measure]
    return [(n, max(float(one) - half, 0.0) * scale, (float(one) + half) * scale) for n, one in numbers]
