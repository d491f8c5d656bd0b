"""The people of a release, kept sealed by the desk for as long as another cohort could be compared with them."""

import json

from keys import open_sealed, seal
from policies.disclosure.extracts import Joins
from service.desk.shapes import Described, Desk


def seal_described(described: Described, release_id: str, desk: Desk) -> bytes:
    """Whom a release describes, sealed to the desk and bound to the release."""
    return seal(
        _text(described).encode(),
        to=desk.identity.public,
        context=desk.one.context("cohort", release_id),
    )


def open_described(sealed: bytes, release_id: str, desk: Desk) -> Described:
    """What `seal_described` sealed.

    Raises:
        BadSeal: it is another release's, or was altered.
    """
    opened = open_sealed(sealed, by=desk.identity, context=desk.one.context("cohort", release_id)).decode()
    if not opened.startswith("{"):
        return Described(frozenset(opened.splitlines()))
    told = json.loads(opened)
    among, joins = told["among"], told["joins"]
    return Described(
        frozenset(told["people"]),
        None if among is None else frozenset(among),
        None if joins is None else Joins(tuple(joins["columns"]), joins["group_of"], joins.get("values")),
        frozenset(told["everyone"]) if told.get("everyone") is not None else None,
    )


def _text(described: Described) -> str:
    """The ids, one a line; where there is more to tell, as JSON."""
    people, everyone = sorted(described.people), described.everyone
    if described.among is None and described.joins is None and everyone is None:
        return "\n".join(people)
    joins = described.joins
    return json.dumps(
        {
            "people": people,
            "among": None if described.among is None else sorted(described.among),
            "joins": None
            if joins is None
            else {
                "columns": list(joins.columns),
                "group_of": dict(joins.group_of),
                "values": None if joins.values is None else {c: dict(its) for c, its in joins.values.items()},
            },
            "everyone": None if everyone is None else sorted(everyone),
        },
        sort_keys=True,
    )
