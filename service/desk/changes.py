"""How the linked data changed since earlier releases: who came and who left, by the people whom the desk keeps sealed."""

from collections.abc import Iterator
from dataclasses import replace

from policies.disclosure import Change
from service.desk.people import open_described
from service.desk.shapes import Described, Desk, Output


def changes_since(everyone: frozenset[str] | None, *, desk: Desk) -> dict[str, Change]:
    """For each other population of the ledger, how many people came and left since; nothing for one of which the people were not kept.

    `everyone` is in the linked data now.
    """
    if everyone is None:
        return {}
    return {
        population: Change(len(everyone - before), len(before - everyone))
        for population, before in _kept(desk)
        if before != everyone
    }


def to_keep(output: Output, *, desk: Desk) -> Described:
    """What of a release is kept: everyone in the linked data only where no earlier release keeps them already."""
    told = output.described
    here = {one.layout.population for one in output.tables}
    return replace(told, everyone=None) if any(known in here for known, _ in _kept(desk)) else told


def _kept(desk: Desk) -> Iterator[tuple[str, frozenset[str]]]:
    """Each population of the ledger with its people, where some release keeps them."""
    sealed, found = desk.state.cohorts(), set[str]()
    for entry in desk.state.ledger().entries:
        population = entry.table.layout.population
        if population not in found:
            people = open_described(sealed[entry.release], entry.release, desk).everyone
            if people is not None:
                found.add(population)
                yield population, people
