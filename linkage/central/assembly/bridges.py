"""Ties whose loss would part a group of records."""

from collections.abc import Sequence


def bridges(count: int, ties: Sequence[tuple[int, int]]) -> list[int]:
    """How many records hang behind each bridge of a connected group, on the side away from record 0. Each tie stands once.

    Depth-first, in time linear in records and ties (Tarjan 1974, "A note on finding the bridges of a graph").
    """
    beside: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, (a, b) in enumerate(ties):
        beside[a].append((b, number))
        beside[b].append((a, number))
    reached, lowest, behind = [-1] * count, [0] * count, [1] * count
    found: list[int] = []
    reached[0], steps = 0, 1
    path = [(0, -1, iter(beside[0]))]
    while path:
        here, by, rest = path[-1]
        step = next(rest, None)
        if step is None:
            path.pop()
            if path:
                above = path[-1][0]
                lowest[above] = min(lowest[above], lowest[here])
                behind[above] += behind[here]
                if lowest[here] > reached[above]:
                    found.append(behind[here])
            continue
        there, tie = step
        if tie == by:
            continue
        if reached[there] >= 0:
            lowest[here] = min(lowest[here], reached[there])
            continue
        reached[there] = lowest[there] = steps
        steps += 1
        path.append((there, tie, iter(beside[there])))
    return found
