"""Which numbered principles of the framework carry out the principles that a clause cites."""

from collections.abc import Iterable

from ethics.errors import BadDocument
from ethics.framework import Framework


def numbers_of(cited: Iterable[str], *, framework: Framework) -> tuple[str, ...]:
    """The numbers of all principles that carry out one of those cited, in the framework's order.

    Raises:
        BadDocument: one of those cited is carried out by none.
    """
    wanted = frozenset(cited)
    carried = {name for one in framework.principles for name in one.uksa}
    if unknown := sorted(wanted - carried):
        raise BadDocument(
            f"no principle of the framework carries out {', '.join(unknown)}: cite one that it has"
        )
    return tuple(one.id for one in framework.principles if wanted & set(one.uksa))
