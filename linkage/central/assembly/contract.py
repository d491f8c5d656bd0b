"""Correlation clustering of one connected group of records: ties are contracted, the strongest first, while they say one person.

Greedy additive edge contraction (Keuper, Levinkov, Bonneel, Lavoué, Brox, Andres 2015, "Efficient decomposition of image and mesh graphs by lifted
multicuts", section 4.1) of correlation clustering (Bansal, Blum, Chawla 2004): what two groups' pairs say is added up, and every pair that was never
scored speaks against. So a chain of single ties parts where it is weakest, and a large group needs many ties to take in another.
"""

import heapq
from collections.abc import Mapping, Sequence
from typing import Final

from linkage.central.assembly.rules import UNIT, UNSEEN_BETWEEN, UNSEEN_INSIDE

INSIDE: Final = round(UNSEEN_INSIDE * UNIT)
BETWEEN: Final = round(UNSEEN_BETWEEN * UNIT)


class Contraction:
    """Groups of records, each record alone at first. Records are numbered from 0 in an order that does not depend on how they came, by which draws are settled.

    Between two groups it is kept what their scored pairs say beyond what they would say unscored, in one number: so that two ties are added as numbers,
    and what all pairs say together is that number less what as many unscored pairs would say.
    """

    def __init__(
        self, partner: Sequence[int], ties: Mapping[tuple[int, int], int], *, deduplicated: frozenset[int]
    ) -> None:
        self._members = [[n] for n in range(len(partner))]
        self._files: list[dict[int, int]] = [{p: 1} for p in partner]
        self._ties: list[dict[int, int]] = [{} for _ in partner]
        self._changed = [0] * len(partner)
        self._deduplicated = deduplicated
        self._waiting: list[tuple[int, int, int, int, int]] = []
        for (a, b), weight in ties.items():
            same = partner[a] == partner[b]
            self._ties[a][b] = self._ties[b][a] = weight + (INSIDE if same else BETWEEN)
            # Of two records alone, the tie is all there is to say.
            if weight >= 0 and not (same and partner[a] in deduplicated):
                self._waiting.append((-weight, a, b, 0, 0))
        heapq.heapify(self._waiting)

    def groups(self) -> list[list[int]]:
        """The groups when no tie says one person any more; each in order."""
        while self._waiting:
            _, a, b, at_a, at_b = heapq.heappop(self._waiting)
            if self._changed[a] == at_a and self._changed[b] == at_b:
                self._contract(a, b)
        return [sorted(members) for members in self._members if members]

    def _offer(self, a: int, b: int) -> None:
        """The couple waits, if all pairs between the groups together say one person and no two records of a file without doubles would meet."""
        one, other = self._files[a], self._files[b]
        inside = 0
        for p, count in one.items():
            if p in other:
                if p in self._deduplicated:
                    return
                inside += count * other[p]
        pairs = len(self._members[a]) * len(self._members[b])
        says = self._ties[a][b] - INSIDE * inside - BETWEEN * (pairs - inside)
        if says >= 0:
            heapq.heappush(self._waiting, (-says, a, b, self._changed[a], self._changed[b]))

    def _contract(self, a: int, b: int) -> None:
        """`a`, the one with the first record, takes `b` in."""
        self._members[a] += self._members[b]
        self._members[b] = []
        files, ties = self._files[a], self._ties[a]
        for p, count in self._files[b].items():
            files[p] = files.get(p, 0) + count
        del ties[b]
        for c, tie in self._ties[b].items():
            if c != a:
                del self._ties[c][b]
                ties[c] = self._ties[c][a] = ties.get(c, 0) + tie
        self._ties[b] = {}
        self._changed[a] += 1
        self._changed[b] = -1
        for c in ties:
            self._offer(*((a, c) if a < c else (c, a)))
