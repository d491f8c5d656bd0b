"""Faults of overlap: a clause inside another one that is at least as strict decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import Clause, Coverage
from policies.faults import Fault, Setting
from policies.terms import finer


def overlap(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """Whether another clause permits all that this one permits. Of two that say the same, the later one is meant.

    A clause with stricter obligations is none: where both permit, the obligations of both apply, so it tightens the other.
    """
    clauses = setting.policy.clauses
    place = clauses.index(clause)
    floors = setting.policy.floors.obligations()
    for number, other in enumerate(clauses):
        if number == place or not _inside(clause, other) or (number > place and _inside(other, clause)):
            continue
        if other.obligations.on_top_of(floors).at_least(clause.obligations.on_top_of(floors)):
            message = f"Clause {other.id} permits all that it permits, at least as strictly."
            yield Fault(clause.id, "swallowed", message, f"Remove it, or narrow clause {other.id}.")


def _inside(clause: Clause, other: Clause) -> bool:
    mine, its = clause.permit, other.permit
    return (
        mine.purposes <= its.purposes
        and mine.forms <= its.forms
        and mine.roles <= its.roles
        and not finer(mine.finest_area, than=its.finest_area)
        and clause.gateways <= other.gateways
        and _covered_by(clause.attributes, other.attributes)
        and not (clause.review and other.review and clause.review > other.review)  # it would outlive the other
    )


def _covered_by(mine: Coverage, its: Coverage) -> bool:
    return (
        mine.classes <= its.classes
        and mine.flags <= its.flags
        and (not its.only or (bool(mine.only) and mine.only <= its.only))
        and (its.leave_out <= mine.leave_out or bool(mine.only and not mine.only & its.leave_out))
    )
