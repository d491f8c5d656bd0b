"""Every range of a small piece settled exactly."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from policies.disclosure.piece import Piece
from policies.disclosure.progress import Places
from policies.disclosure.system import Solution

FEW: Final = 30
"""Statements about no more counts than this count as narrow in any piece."""
MOST_MOVES: Final = 100
"""Of mending. What that does not do, branching does, which is quick in a small piece."""


def settle_small(piece: Piece) -> bool:
    """Whether the statements of the piece can hold together; the ranges of its sums are settled on the way."""
    every = np.arange(len(piece.which))
    if _pushed(piece, every, sign=1).impossible:
        return False
    _pushed(piece, every, sign=-1)
    _together(piece)
    _one_by_one(piece)
    return True


def _pushed(piece: Piece, places: Places, *, sign: int) -> Solution:
    """Pushed in fractions of people, and whole people looked for close by."""
    found = piece.push(places, sign=sign)
    if found.counts is not None and not piece.keep(found.counts):
        objective = np.asarray(piece.sums[places].sum(axis=0) * sign, dtype=np.float64)
        if not piece.make_whole(found.counts, objective=objective, moves=MOST_MOVES) and not piece.equations:
            piece.boxed(found.counts, objective=objective)
    return found


def _together(piece: Piece) -> None:
    """Sums that lie apart pushed to the same side in one solution."""
    matrix = piece.system.matrix
    narrow = np.diff(matrix.indptr) <= max(FEW, matrix.shape[1] // 3)
    touching = csc_array(matrix[np.flatnonzero(narrow)])
    for sign in (1, -1):
        tried = np.zeros(len(piece.which), dtype=bool)
        while not piece.work.exhausted:
            left = np.isin(piece.which, piece.work.open(piece.which, sign=sign)) & ~tried
            chosen = _apart(np.flatnonzero(left), piece.sums, touching)
            if len(chosen) < 2:
                break
            tried[chosen] = True
            _pushed(piece, chosen, sign=sign)


def _apart(places: Places, sums: csr_array, touching: csc_array) -> Places:
    """Some of the sums, no two of which occur in one narrow statement: pushed together, they seldom stand in each other's way."""
    used = np.zeros(touching.shape[0], dtype=bool)
    chosen = []
    for place in places:
        atoms = sums.indices[sums.indptr[place] : sums.indptr[place + 1]]
        rows = np.concatenate([touching.indices[touching.indptr[a] : touching.indptr[a + 1]] for a in atoms])
        if not used[rows].any():
            used[rows] = True
            chosen.append(int(place))
    return np.array(chosen, dtype=np.int64)


def _one_by_one(piece: Piece) -> None:
    """Each end that is not reached yet looked for, in fractions of people and then by branching."""
    work = piece.work
    for whole in (False, True):
        for place, one in enumerate(piece.which):
            for sign in (1, -1):
                if not work.open(np.array([one]), sign=sign).size or not work.may_look(int(one), whole=whole):
                    continue
                if whole:
                    objective = sign * piece.sums[[place]].toarray().ravel()
                    found = piece.search(objective, least=piece.least, most=piece.most)
                    piece.keep(found.counts)
                else:
                    found = _pushed(piece, np.array([place]), sign=sign)
                piece.bound(place, found, sign=sign)
            if not whole:
                work.found += int(work.certain(np.array([one]))[0])
