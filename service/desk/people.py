"""The people of a release, kept sealed by the desk for as long as another cohort could be compared with them."""

from collections.abc import Set

from keys import open_sealed, seal
from service.desk.shapes import Desk


def seal_people(people: Set[str], release_id: str, desk: Desk) -> bytes:
    """The ids, sealed to the desk and bound to the release."""
    return seal(
        "\n".join(sorted(people)).encode(),
        to=desk.identity.public,
        context=desk.one.context("cohort", release_id),
    )


def open_people(sealed: bytes, release_id: str, desk: Desk) -> frozenset[str]:
    """The ids that `seal_people` sealed.

    Raises:
        BadSeal: they are another release's, or were altered.
    """
    opened = open_sealed(sealed, by=desk.identity, context=desk.one.context("cohort", release_id))
    return frozenset(opened.decode().splitlines())
