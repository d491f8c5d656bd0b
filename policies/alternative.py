"""The nearest request that would be allowed, said as changes to the one that was refused.

Who asks and what for are never changed: offering another purpose would teach people to name a false one.
"""

from __future__ import annotations

from policies.decision import Change
from policies.request import Request
from policies.terms import phrase


def changes_between(old: Request, new: Request) -> tuple[Change, ...]:
    """What has to be done to the old request to get the new one."""
    changes = []
    lost = tuple(sorted(old.requested - new.requested))
    if lost:
        changes.append(Change("attributes", lost, ()))
    changes += [
        Change(field, (str(getattr(old, field)),), (str(getattr(new, field)),))
        for field in ("form", "area", "use_until")
        if getattr(old, field) != getattr(new, field)
    ]
    return tuple(changes)


def words_for(change: Change) -> str:
    """One change as an instruction."""
    if change.field == "attributes":
        return f"Leave out {', '.join(change.old)}, also where it selects or groups people."
    if change.field == "use_until":
        return f"Use it until {change.new[0]} instead of {change.old[0]}."
    old, new = (phrase(word, kind=change.field) for word in (change.old[0], change.new[0]))
    return (
        f"Ask for {new} instead of {old}."
        if change.field == "form"
        else f"Ask for areas by {new} instead of {old}."
    )
