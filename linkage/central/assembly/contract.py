"""Correlation clustering of one connected group of records: ties are contracted, the strongest first, while they say one person.

Greedy additive edge contraction (Keuper, Levinkov, Bonneel, Lavoué, Brox, Andres 2015, "Efficient decomposition of image and mesh graphs by lifted
multicuts", section 4.1) of correlation clustering (Bansal, Blum, Chawla 2004): what two groups' pairs say is added up, and every pair that was never
scored speaks against. So a chain of single ties parts where it is weakest, and a large group needs many ties to take in another.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from linkage.central.assembly.rules import UNIT, UNSEEN_BETWEEN, UNSEEN_INSIDE

INSIDE: Final = round(UNSEEN_INSIDE * UNIT)
BETWEEN: Final = round(UNSEEN_BETWEEN * UNIT)
NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Tie:
    """What is known between two groups: the sum of their pairs' weights, and how many pairs were scored inside a partner's file and between files."""

    weight: int
    inside: int
    between: int

    def __add__(self, other: "Tie") -> "Tie":
        """Both together."""
        return Tie(self.weight + other.weight, self.inside + other.inside, self.between + other.between)


class Contraction:
    """Groups of records, each record alone at first. Records are numbered from 0 in an order that does not depend on how they came, by which draws are settled."""

    def __init__(
        self, partner: Sequence[int], ties: Mapping[tuple[int, int], int], *, deduplicated: frozenset[int]
    ) -> None:
        self._members = [[n] for n in range(len(partner))]
        self._files: list[dict[int, int]] = [{p: 1} for p in partner]
        self._ties: list[dict[int, Tie]] = [{} for _ in partner]
        self._changed = [0] * len(partner)
        self._deduplicated = deduplicated
        self._waiting: list[tuple[int, int, int, int, int]] = []
        for (a, b), weight in ties.items():
            same = partner[a] == partner[b]
            self._ties[a][b] = self._ties[b][a] = Tie(weight, int(same), int(not same))
        for a, its in enumerate(self._ties):
            for b in its:
                if a < b:
                    self._offer(a, b)

    def groups(self) -> list[list[int]]:
        """The groups when no tie says one person any more; each in order."""
        while self._waiting:
            _, a, b, at_a, at_b = heapq.heappop(self._waiting)
            if (self._changed[a], self._changed[b]) == (at_a, at_b):
                self._contract(a, b)
        return [sorted(members) for members in self._members if members]

    def _offer(self, a: int, b: int) -> None:
        says = self._says(a, b)
        if says >= 0:
            heapq.heappush(self._waiting, (-says, a, b, self._changed[a], self._changed[b]))

    def _says(self, a: int, b: int) -> int:
        """What all pairs between the groups say together; `NEVER` where two records of a file without doubles would meet."""
        one, other = self._files[a], self._files[b]
        shared = [(p, count * other[p]) for p, count in one.items() if p in other]
        if any(p in self._deduplicated for p, _ in shared):
            return NEVER
        tie, inside = self._ties[a][b], sum(count for _, count in shared)
        between = len(self._members[a]) * len(self._members[b]) - inside
        return tie.weight - INSIDE * (inside - tie.inside) - BETWEEN * (between - tie.between)

    def _contract(self, a: int, b: int) -> None:
        """`a`, the one with the first record, takes `b` in."""
        self._members[a] += self._members[b]
        self._members[b] = []
        for p, count in self._files[b].items():
            self._files[a][p] = self._files[a].get(p, 0) + count
        del self._ties[a][b]
        for c, tie in self._ties[b].items():
            if c != a:
                del self._ties[c][b]
                both = self._ties[a][c] + tie if c in self._ties[a] else tie
                self._ties[a][c] = self._ties[c][a] = both
        self._ties[b] = {}
        self._changed[a] += 1
        self._changed[b] = -1
        for c in self._ties[a]:
            self._offer(min(a, c), max(a, c))
