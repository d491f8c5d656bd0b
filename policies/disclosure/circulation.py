"""People moved round a network, so that as many or as few as possible go through one edge.

What can be moved is a path from one end of the edge to the other through the room that is left; where there is none, what goes through the edge is at its limit (Ford and Fulkerson,
Flows in Networks, 1962). Paths with much room are taken first (capacity scaling: Ahuja, Magnanti and Orlin, Network Flows, 1993, section 7.3), each with as few edges as may be.
"""

from __future__ import annotations

import numpy as np

from policies.disclosure.network import Network
from policies.disclosure.progress import Places
from policies.disclosure.system import Floats


class Circulation:
    """Whole counts that satisfy a network, and move. `low`, `high`: how few and how many went through each edge so far; `spent`: the edges looked at."""

    def __init__(self, network: Network, counts: Floats) -> None:
        through = np.round(network.sums @ counts).astype(np.int64)
        everybody = int(through[: len(counts)].sum())
        self._tail, self._head = network.tail, network.head
        self._least, self._most = network.low.copy(), network.high.copy()
        self._at = np.append(through, everybody)
        self.low, self.high = self._at.copy(), self._at.copy()
        self.spent = 0
        self._room = np.zeros((network.nodes, network.nodes), dtype=np.int64)
        np.add.at(self._room, (self._tail, self._head), self._most - self._at)
        np.add.at(self._room, (self._head, self._tail), self._at - self._least)
        between: dict[tuple[int, int], list[int]] = {}
        for edge, ends in enumerate(zip(self._tail.tolist(), self._head.tolist(), strict=True)):
            between.setdefault((min(ends), max(ends)), []).append(edge)
        self._between = {ends: np.array(edges, dtype=np.int64) for ends, edges in between.items()}

    @property
    def holds(self) -> bool:
        """Whether the counts that it began with satisfied the network."""
        return bool((self._at >= self._least).all() and (self._at <= self._most).all())

    def moved(self, edge: int, *, goal: int) -> int:
        """How many go through the edge once as many have been moved as brings it to the goal, or as close to it as is possible at all."""
        tail, head, at = int(self._tail[edge]), int(self._head[edge]), int(self._at[edge])
        least, most = int(self._least[edge]), int(self._most[edge])
        self._limit(edge, at, at)  # nobody goes back through the edge itself
        if goal > at:
            by = self._send(head, tail, min(goal, most) - at)
        else:
            by = -self._send(tail, head, at - max(goal, least))
        self._at[edge] = at + by
        self._least[edge], self._most[edge] = at + by, at + by
        self._limit(edge, least, most)
        self._saw(np.array([edge]))
        return at + by

    def _limit(self, edge: int, least: int, most: int) -> None:
        tail, head, at = self._tail[edge], self._head[edge], self._at[edge]
        self._room[tail, head] += (most - at) - (self._most[edge] - at)
        self._room[head, tail] += (at - least) - (at - self._least[edge])
        self._least[edge], self._most[edge] = least, most

    def _saw(self, edges: Places) -> None:
        self.low[edges] = np.minimum(self.low[edges], self._at[edges])
        self.high[edges] = np.maximum(self.high[edges], self._at[edges])

    def _send(self, source: int, sink: int, amount: int) -> int:
        """How many of so many could be moved from one node to another."""
        sent, step = 0, amount
        while sent < amount:
            step = min(step, amount - sent)
            path = self._path(source, sink, step)
            if path is None:
                if step == 1:
                    break
                step //= 2
                continue
            some = min(amount - sent, min(int(self._room[one, next_]) for one, next_ in path))
            for one, next_ in path:
                self._push(one, next_, some)
            sent += some
        return sent

    def _path(self, source: int, sink: int, least: int) -> list[tuple[int, int]] | None:
        """The shortest path with room for so many."""
        before = np.full(len(self._room), -1, dtype=np.int64)
        before[source] = source
        last: Places = np.array([source])
        while last.size and before[sink] < 0:
            open_ = (self._room[last] >= least) & (before < 0)
            self.spent += open_.size
            reached = np.flatnonzero(open_.any(axis=0))
            before[reached] = last[open_[:, reached].argmax(axis=0)]
            last = reached
        if before[sink] < 0:
            return None
        path, node = [], sink
        while node != source:
            path.append((int(before[node]), node))
            node = int(before[node])
        return path

    def _push(self, one: int, next_: int, amount: int) -> None:
        """So many moved from one node to the next, through edges that lead there or back through edges that lead here."""
        self._room[one, next_] -= amount
        self._room[next_, one] += amount
        edges = self._between[min(one, next_), max(one, next_)]
        on = self._tail[edges] == one
        room = np.where(on, self._most[edges] - self._at[edges], self._at[edges] - self._least[edges])
        some = np.clip(amount - (np.cumsum(room) - room), 0, room)
        self._at[edges] += np.where(on, some, -some)
        self._saw(edges)
