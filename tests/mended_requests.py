"""A request with what was offered instead of it carried out."""

from datetime import date

from policies.decision import Change
from policies.request import Request


def apply(request: Request, *, changes: tuple[Change, ...]) -> Request:
    """The request after the changes."""
    for change in changes:
        if change.field == "attributes":
            request = request.without(set(change.old))
        elif change.field == "use_until":
            request = request.model_copy(update={"use_until": date.fromisoformat(change.new[0])})
        else:
            request = request.model_copy(update={change.field: change.new[0]})
    return request
