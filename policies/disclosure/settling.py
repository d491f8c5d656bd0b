"""The ranges of sums of counts settled, one piece of a system after another. See `policies.disclosure.bounds`.

Fractions of people are found fast and prove what is too narrow. Whole people, who prove what is wide enough, are looked for close to them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from policies.disclosure.large_piece import settle_large
from policies.disclosure.lattice import Lattices
from policies.disclosure.network import network
from policies.disclosure.network_piece import settle_network
from policies.disclosure.piece import Piece
from policies.disclosure.pieces import part
from policies.disclosure.progress import Places, Work
from policies.disclosure.small_piece import settle_small
from policies.disclosure.system import Floats, Room, System
from policies.disclosure.walked import Walked

LARGE: Final = 300
"""Counts in one piece, or sums of them, beyond which only those ranges are looked at that are not known to be wide enough."""


def settle(
    system: System,
    columns: Places,
    inside: Places,
    which: Places,
    *,
    known: Room,
    endless: float,
    work: Work,
    start: Floats | None,
    lattices: Lattices,
) -> bool:
    """Whether the statements of one piece can hold together; the ranges of its sums are settled on the way. `start`: whole counts that satisfy all statements, if any are known; `lattices`: of equations that were asked for before."""
    counts = np.where(known.least == known.most, known.least, 0.0)
    if not len(columns):
        work.saw(work.sums[which] @ counts, which)
        return True
    least, most = known.least[columns], np.minimum(known.most[columns], endless)
    if len(columns) == 1:  # every whole number between its limits is possible
        for value in (least, most):
            counts[columns] = value
            work.saw(work.sums[which] @ counts, which)
        return True
    statements = part(system, known, columns, inside)
    piece = Piece(
        statements, columns, which, least=least, most=most, counts=counts, work=work, lattices=lattices
    )  # fmt: skip
    if start is not None:
        piece.keep(start[columns])
    large = work.hurried or max(len(columns), len(which)) > LARGE
    if work.walking:  # the ranges of networks are found sooner than whole people are moved
        if (
            piece.equations
            and statements.whole
            and network(statements, piece.sums, least=least, most=most) is None
        ):
            Walked(piece, []).soon()
        return True
    holds = settle_network(piece, start=None if start is None else start[columns], exact=not large)
    if holds is not None:
        return holds
    return (settle_large if large else settle_small)(piece)
