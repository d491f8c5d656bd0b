"""From counts to a table that may leave: hidden, rounded, and attacked before anybody else can."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.cohort import attributes_of
from policies.decision import Permit, genuine
from policies.disclosure.attack import Audit, audit, view
from policies.disclosure.errors import DisclosureError, NotPermitted, Unsafe
from policies.disclosure.ledger import Ledger
from policies.disclosure.rounding import Rule
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE, CountTable, PublishedTable
from policies.obligations import Obligations
from policies.terms import words

_SEAL: Final = object()  # INVARIANT: only `protect` names it

TABLE_FORMS: Final = frozenset(words("form")) - {"model-summary", "pseudonymised-extract"}


@dataclass(frozen=True, slots=True)
class SafeTable:
    """A table that passed. Only `protect` makes one. `permit` is the digest of the decision that allowed it."""

    published: PublishedTable
    audit: Audit
    obligations: Obligations
    permit: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise DisclosureError("a safe table comes from protect(table, permit=...)")


def protect(table: CountTable, *, obligations: Obligations, ledger: Ledger, permit: Permit) -> SafeTable:
    """The table with small counts hidden and the others rounded, once an attack with everything released has failed.

    The strictest of `obligations` and the permit's own apply. The caller checks the permit's date and, with
    `refuse_overlap`, that no other cohort is too close.

    Raises:
        PermitForged: the permit did not come from the engine.
        NotPermitted: the permit is not for a table, or does not cover a dimension or restriction of this one.
        Unsafe: a reader could narrow down a hidden cell, here or in an earlier release.
    """
    permit = genuine(permit)
    _refuse_uncovered(table, permit)
    strictest = permit.obligations.strictest(obligations)
    published = suppress_and_round(
        table, rule=Rule(strictest.suppress, strictest.round_to, "hide-zeros" in strictest.duties)
    )
    earlier = [view(entry.table, name=entry.release) for entry in ledger.on(table.layout.population)]
    report = audit([view(published, name="this table"), *earlier])
    if report.findings:
        raise Unsafe(_in_words(report), findings=report.findings)
    return SafeTable(published, report, strictest, permit.decision, seal=_SEAL)


def suppress_and_round(table: CountTable, *, rule: Rule) -> PublishedTable:
    """The table as it is printed under the rule.

    A true zero is shown, unless the rule hides zeros or a zero would tell about everybody else: when in some line of the
    table all people fall in one category, all zeros of the table are hidden. (Hiding some of them would let a reader who
    knows the rule find out which.) Source of the concern: "class disclosure", GSS and OpenSAFELY guidance.
    """
    counts, structural = table.counts, table.structural
    hide_zeros = rule.hide_zeros or tells_about_a_class(counts, structural)
    hidden = (counts <= rule.largest_hidden) & ~structural & ((counts > 0) | hide_zeros)
    printed = np.where(structural, NOT_APPLICABLE, np.where(hidden, HIDDEN, rule.rounded(counts).astype(str)))
    return PublishedTable(table.layout, rule, tuple(str(cell) for cell in printed.ravel()))


def tells_about_a_class(counts: NDArray[np.int64], structural: NDArray[np.bool_]) -> bool:
    """Whether some line of the table has people in exactly one of several categories."""
    return any(
        bool((((counts > 0).sum(axis=axis) == 1) & ((~structural).sum(axis=axis) > 1)).any())
        for axis in range(counts.ndim)
    )


def _refuse_uncovered(table: CountTable, permit: Permit) -> None:
    if permit.form not in TABLE_FORMS:
        raise NotPermitted(
            f"the permit is for {permit.form}, not for a table: ask for one of {', '.join(sorted(TABLE_FORMS))}"
        )
    dimensions = {
        *table.layout.dimensions,
        *(restriction.dimension for restriction in table.layout.restrictions),
    }
    used = frozenset(name for dimension in dimensions for name in attributes_of(dimension))
    missing = sorted(used - permit.attributes)
    if missing:
        raise NotPermitted(
            f"the permit does not cover {', '.join(missing)}: ask for them, or leave them out of the table"
        )


def _in_words(report: Audit) -> str:
    codes = {finding.code for finding in report.findings}
    if "too-large" in codes:
        return "the releases on these people use too many dimensions together to be checked: leave some out of this table"
    if "contradiction" in codes:
        return "this table and earlier releases on these people contradict each other: check that they describe the same people"
    places = "; ".join(
        f"{finding.table}, {' × '.join(finding.cell) or 'the only cell'}" for finding in report.findings[:5]
    )
    return (
        f"together with {report.tables - 1} earlier release(s) on these people a reader could narrow down hidden cells "
        f"({places}): combine categories, or leave a dimension out"
    )
