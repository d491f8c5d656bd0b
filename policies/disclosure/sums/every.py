"""The attack on tables of sums, where earlier tables sum other things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from policies.disclosure.sums.attack import attack_magnitudes
from policies.disclosure.sums.magnitudes import SUM, Magnitudes
from policies.disclosure.sums.result import Result
from policies.disclosure.sums.telling import Sides


def attack_every_sum(
    table: Magnitudes, *, earlier: Sequence[Magnitudes] = (), sides: Sides | None = None
) -> Result:
    """As `attack_magnitudes`, with every hidden sum of every table looked at, whatever it is of.

    What is summed once is attacked after the other: sums of different things are not added up, but the counts beside them are of the same people.

    Raises:
        TableInvalid: as `attack_magnitudes`.
    """
    tables = (table, *earlier)
    result = attack_magnitudes(table, earlier=earlier, sides=sides)
    found = {(one.table, one.codes, one.measure): one for one in result.findings}
    hidden = dict(result.hidden)
    for of in list(dict.fromkeys(one.of for one in tables if one.of is not None))[1:]:
        alone = [one if one.of == of else Magnitudes(one.counts, {}) for one in tables]
        beside = attack_magnitudes(alone[0], earlier=alone[1:])
        found = {(one.table, one.codes, one.measure): one for one in beside.findings} | found
        hidden[SUM] += beside.hidden[SUM]
    return replace(result, findings=tuple(found.values()), hidden=hidden)
