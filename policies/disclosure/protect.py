"""From counts to a table that may leave: hidden, rounded, and attacked before anybody else can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from types import MappingProxyType
from typing import Final

from policies.cohort import attributes_of
from policies.decision import Permit, genuine
from policies.disclosure import progress
from policies.disclosure.attack import Audit, Finding
from policies.disclosure.errors import DisclosureError, NotPermitted, Unsafe
from policies.disclosure.exact import show_exactly
from policies.disclosure.hiding import suppress_and_round
from policies.disclosure.ledger import Ledger
from policies.disclosure.progress import Effort
from policies.disclosure.rounding import Rule
from policies.disclosure.subtracted import refuse_subtracted
from policies.disclosure.table import CountTable, PublishedTable
from policies.disclosure.together import audit_together
from policies.disclosure.updates import Change, across_update
from policies.obligations import Obligations
from policies.terms import words

_SEAL: Final = object()  # INVARIANT: only `protect` names it

THIS: Final = "this table"
NOT_KNOWN: Final[Mapping[str, Change]] = MappingProxyType({})
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


def protect(
    table: CountTable,
    *,
    obligations: Obligations,
    ledger: Ledger,
    permit: Permit,
    changes: Mapping[str, Change] = NOT_KNOWN,
) -> SafeTable:
    """The table with small counts hidden and the others rounded, once an attack with everything released has failed.

    Where the obligations let exact counts out, the others stay as they are, and further cells are hidden so that none follows. The strictest of `obligations` and the permit's own apply. The caller checks the permit's date and, with
    `refuse_overlap`, that no other cohort is too close. `changes`: for each earlier population of the ledger, how many came and left since; where that is not
    given, the reader is taken to know of nobody whom the tables do not tell of.

    Raises:
        PermitForged: the permit did not come from the engine.
        NotPermitted: the permit is not for a table, or does not cover a dimension or restriction of this one.
        Unsafe: a reader could narrow down a hidden cell, here or in an earlier release; or exact counts cannot be protected by hiding others.
    """
    permit = genuine(permit)
    _refuse_uncovered(table, permit)
    strictest = permit.obligations.strictest(obligations)
    published = printed_under(strictest, table)
    earlier = [(entry.name, entry.table) for entry in ledger.on(table.layout.population)]
    effort = Effort(progress.MOST_SPENT)
    report = audit_together([(THIS, published), *earlier], effort=effort)
    if report.findings:
        raise Unsafe(_in_words(report), findings=report.findings)
    _refuse_across_updates([(THIS, published), *earlier], ledger, changes, effort)
    every = [(entry.name, entry.table) for entry in ledger.entries]
    refuse_subtracted(published, earlier=every, suppress=strictest.suppress)
    return SafeTable(published, report, strictest, permit.decision, seal=_SEAL)


def _refuse_across_updates(
    after: list[tuple[str, PublishedTable]], ledger: Ledger, changes: Mapping[str, Change], effort: Effort
) -> None:
    every = dict.fromkeys(entry.table.layout.population for entry in ledger.entries)
    every.pop(after[0][1].layout.population, None)
    effort.until = progress.WITH_UPDATES
    for population, share in zip(every, effort.in_turn(len(every)), strict=True):
        before = [(entry.name, entry.table) for entry in ledger.on(population)]
        findings = across_update(after, before=before, change=changes.get(population), effort=share)
        if findings:
            raise Unsafe(
                f"before and after an update of the linked data, together with {len(after) + len(before) - 1} earlier release(s), a reader could narrow down hidden "
                f"cells or tell of a few people who came or left ({_places(findings)}): combine categories, or wait until more has changed",
                findings=findings,
            )


def printed_under(obligations: Obligations, table: CountTable) -> PublishedTable:
    """The table as the obligations let it be printed, before it is attacked.

    Raises:
        Unsafe: exact counts cannot be protected by hiding others.
    """
    hide_zeros = "hide-zeros" in obligations.duties
    if obligations.exact:
        least = max(obligations.exact_from, obligations.suppress + 1)
        return show_exactly(table, least=least, width=max(obligations.suppress - 1, 1), hide_zeros=hide_zeros)
    return suppress_and_round(table, rule=Rule(obligations.suppress, obligations.round_to, hide_zeros))


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
    places = _places(report.findings)
    if "left-out" in codes:
        return (
            f"together with {report.tables - 1} earlier release(s) on these people a reader could work out groups of a few people that no table prints "
            f"({places}): leave a dimension or a condition out"
        )
    if codes == {"unsettled"}:
        return (
            f"together with {report.tables - 1} earlier release(s) on these people it could not be settled, with the effort that one attack may take, whether a reader "
            f"could narrow down hidden cells ({places}), so nothing leaves: combine categories, or leave a dimension out"
        )
    return (
        f"together with {report.tables - 1} earlier release(s) on these people a reader could narrow down hidden cells "
        f"({places}): combine categories, or leave a dimension out"
    )


def _places(findings: tuple[Finding, ...]) -> str:
    return "; ".join(f"{one.table}, {' × '.join(one.cell) or 'the only cell'}" for one in findings[:5])
