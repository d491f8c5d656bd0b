"""The roots of a forename: the names in full of which it may be the short form.

BOB gives ROBERT; a name in full gives itself, and so does a name that nothing is known of. A short form of several names has several
roots, at most four, the commonest first. Two names are likely to be one person's where they share a root. Short forms are those of
`families`, and for names that it does not hold those of the package `nicknames` (the table of Old Dominion University's web science group).
"""

from functools import cache
from typing import Final

from nicknames import NickNamer

from linkage.partner.identifiers.families import FAMILIES, IN_FULL

MOST_ROOTS: Final = 4


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """The roots of every name that is not its own one and only."""
    rank = {name: at for at, name in enumerate(IN_FULL)}
    package = NickNamer()
    fuller_of, shorter_of = package.canonical_lookup, package.nickname_lookup
    held = {name.upper(): len(shorter) for name, shorter in shorter_of.items()}
    own = rank.keys() | FAMILIES.keys()
    known: dict[str, set[str]] = {}
    for root, shorter in FAMILIES.items():
        for name in shorter.split():
            known.setdefault(name, {name} & own).add(root)
    for small, fuller in fuller_of.items():
        name = small.upper()
        if name in own or name in known:
            continue
        candidates = {c.upper() for c in fuller}
        if found := (candidates & rank.keys()) or {c for c in candidates if held[c] > held.get(name, 0)}:
            known[name] = found
    return {
        name: tuple(sorted(found, key=lambda c: (rank.get(c, len(rank)), -held.get(c, 0), c))[:MOST_ROOTS])
        for name, found in known.items()
    }


def roots(name: str) -> tuple[str, ...]:
    """The roots of a forename in capital letters: one to four names."""
    return _table().get(name, (name,))
