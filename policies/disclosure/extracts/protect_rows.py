"""From rows of people to an extract that may enter the secure setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Final

import numpy as np

from policies.decision import Permit, genuine
from policies.disclosure.errors import DisclosureError, NotPermitted, TableInvalid
from policies.disclosure.extracts.measures import groups_of, k_anonymity, l_diversity
from policies.disclosure.extracts.roles import QUASI
from policies.disclosure.extracts.rows import Codes, Column, Rows
from policies.disclosure.extracts.search import Generalisation, generalise
from policies.obligations import Obligations

_SEAL: Final = object()  # INVARIANT: only `protect_rows` names it
ROWS: Final = "pseudonymised-extract"
LEAST_K: Final = 10


@dataclass(frozen=True, slots=True)
class SafeExtract:
    """Rows that passed. Only `protect_rows` makes one. `kept` says which of the people given are in it, in the order of `rows`; `coarse` gives for each
    quasi-identifier how many levels it was coarsened and what its values are now. `groups` numbers, for each row, those that look alike.

    For the output checkers: `uniques_before`, the combinations of quasi-identifiers that one person alone had, and `uniques_after`, the rows that
    differ from every other when all columns are looked at.
    """

    columns: tuple[Column, ...]
    kept: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    dropped: int
    k: int
    l: int  # noqa: E741
    coarse: Mapping[str, tuple[int, tuple[str, ...]]]
    loss: float
    uniques_before: tuple[tuple[str, ...], ...]
    uniques_after: tuple[tuple[str, ...], ...]
    obligations: Obligations
    permit: str
    groups: tuple[int, ...] = ()
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise DisclosureError("a safe extract comes from protect_rows(rows, permit=...)")


def protect_rows(rows: Rows, *, obligations: Obligations, permit: Permit) -> SafeExtract:
    """The rows, coarsened and thinned out until each looks like at least k - 1 others and the sensitive values of every group differ.

    The strictest of `obligations` and the permit's own apply, and never fewer than 10 rows that look alike. What comes out is measured again, apart from how it
    was made.

    Raises:
        PermitForged: the permit did not come from the engine.
        NotPermitted: the permit is not for an extract, or does not cover a column.
        Unsafe: these people and columns cannot be made safe, or there is nobody.
        TableInvalid: there is no column, or there are too many.
    """
    permit = genuine(permit)
    if permit.form != ROWS:
        raise NotPermitted(f"the permit is for {permit.form}, not for an extract: ask for {ROWS}")
    if missing := sorted({column.name for column in rows.columns} - permit.attributes):
        raise NotPermitted(f"the permit does not cover {', '.join(missing)}: ask for them, or leave them out")
    if not rows.columns:
        raise TableInvalid("an extract has at least one column")
    strictest = permit.obligations.strictest(obligations)
    k = max(strictest.k_anonymity, LEAST_K)
    made = generalise(rows, k=k, l=strictest.l_diversity)
    sensitive = rows.codes[made.kept][:, list(rows.sensitive)]
    reached = (k_anonymity(made.codes), l_diversity(made.codes, sensitive=sensitive))
    if reached[0] < k or (rows.sensitive and reached[1] < strictest.l_diversity):
        raise DisclosureError("an extract came out less safe than it was meant to: nothing is released")
    every = _with_sensitive(rows, made)
    labels = [
        made.levels[rows.quasi.index(place)].labels if column.role == QUASI else column.categories
        for place, column in enumerate(rows.columns)
    ]
    printed = tuple(tuple(labels[place][code] for place, code in enumerate(row)) for row in every.tolist())
    quasi = rows.codes[:, list(rows.quasi)]
    before = [
        tuple(rows.columns[place].categories[code] for place, code in zip(rows.quasi, quasi[number].tolist(), strict=True))
        for number in _alone(quasi)
    ]  # fmt: skip
    return SafeExtract(
        columns=rows.columns,
        kept=tuple(int(n) for n in np.flatnonzero(made.kept)),
        groups=tuple(int(n) for n in groups_of(made.codes)),
        rows=printed,
        dropped=int((~made.kept).sum()),
        k=reached[0],
        l=reached[1],
        coarse={
            rows.columns[place].name: (number, level.labels)
            for place, number, level in zip(rows.quasi, made.numbers, made.levels, strict=True)
        },
        loss=made.loss,
        uniques_before=tuple(sorted(before)) if rows.quasi else (),
        uniques_after=tuple(sorted(printed[number] for number in _alone(every))),
        obligations=strictest,
        permit=permit.decision,
        seal=_SEAL,
    )


def _with_sensitive(rows: Rows, made: Generalisation) -> Codes:
    every = rows.codes[made.kept].copy()
    for at, place in enumerate(rows.quasi):
        every[:, place] = made.codes[:, at]
    return every


def _alone(codes: Codes) -> list[int]:
    """Rows that no other row equals."""
    groups = groups_of(codes)
    return [int(n) for n in np.flatnonzero(np.bincount(groups)[groups] == 1)]
