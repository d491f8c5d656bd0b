"""The partners' rows of one pass, opened into memory alone: those of the whole submission, and of each update after it less what it says is gone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from keys import Identity
from linkage.central.chain import Link
from linkage.central.pairs.resident import ROWS_SUFFIX, resident
from linkage.central.pairs.token_files import Columns, Refs, Tokens, gone_rows, pieces_of
from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round
from linkage.schema import MatchKey, Schema
from linkage.tokens import PassTable, lane_type, lanes_of

NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class OpenRows:
    """The rows of one partner in one pass. `link` tells which of its submissions brought each: 0 the whole one, 1 the first update; `again`
    marks those that an update brought in place of an earlier row of the same reference. Rows are in the order of submissions."""

    columns: Columns
    link: npt.NDArray[np.int16]
    again: npt.NDArray[np.bool_]


def open_tables(
    key: MatchKey, *, inbox: Path, manifests: Sequence[Manifest], schema: Schema, one: Round, linker: Identity
) -> dict[str, PassTable]:
    """The partners' rows of one pass, unsealed into memory alone: those of the whole submission, and of each update after it less what it says is gone.

    Raises:
        BadSubmission: a file is missing, or is of another partner or pass than its place says, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this linker.
    """
    tokens = Tokens.of(inbox, manifests=manifests, schema=schema, one=one, linker=linker)
    tables = {}
    for manifest in manifests:
        rows = open_rows(key, tokens, head=manifest)
        columns = rows.columns
        if rows.link.any():
            order = np.argsort(columns["row_ref"], kind="stable")
            columns = {n: c[order] for n, c in columns.items()}
        tables[manifest.partner] = PassTable(key.name, columns)
    return tables


Wanted = Callable[[Refs], npt.NDArray[np.bool_]]
Pieces = Callable[[Link], Iterable[Columns]]


def opened_once(key: MatchKey, tokens: Tokens) -> Pieces:
    """Gives the rows that a submission brings to a pass, and opens an update once however often it is asked for; whole submissions are too large to hold."""
    known: dict[str, list[Columns]] = {}

    def pieces(link: Link) -> Iterable[Columns]:
        if link.manifest.kind == "whole":
            return pieces_of(key, link, tokens)
        name = link.manifest.submission
        if name not in known:
            known[name] = list(pieces_of(key, link, tokens))
        # Who asked may take columns out of what it was given.
        return [dict(piece) for piece in known[name]]

    return pieces


def open_rows(
    key: MatchKey,
    tokens: Tokens,
    *,
    head: Manifest,
    wanted: Wanted | None = None,
    pieces: Pieces | None = None,
) -> OpenRows:
    """The rows of one partner's chain; only those whose blocks are `wanted`, where that is said. `pieces` gives those of each submission.

    Raises:
        BadSubmission: a file is missing, or is of another partner or pass than its place says, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this linker.
    """
    links = tokens.chains[head.partner]
    pieces = pieces or opened_once(key, tokens)
    with _first(key, links, tokens, wanted=wanted, pieces=pieces) as (begin, first):
        updates = [_Update.of(key, link, tokens, pieces=pieces) for link in links[begin + 1 :]]
        parts: list[tuple[Columns, int]] = []
        names = np.sort(np.concatenate([NONE, *(refs for u in updates for refs in u.names)]))
        named = among(names)
        for number in range(begin, len(links)):
            several = first if number == begin else [_Whole(updates[number - begin - 1].columns)]
            for piece in several:
                stays = np.ones(len(piece.row_ref), dtype=bool)
                # Most rows are named by no update, and nothing becomes of them.
                its = places_among(names, within=piece.row_ref, named=named)
                for update in updates[number - begin :]:
                    stays[its] = update.outlived(piece.row_ref[its], stays[its])
                if wanted is not None:
                    stays &= wanted(piece.block)
                parts.append((piece.rows(np.flatnonzero(stays)), number))
    for update in updates:
        update.check(key.name)
    whole = _joined([columns for columns, _ in parts], schema=tokens.schema, key=key)
    link_of = np.repeat(np.array([n for _, n in parts], dtype=np.int16), [len(c["row_ref"]) for c, _ in parts])
    again = np.zeros(len(link_of), dtype=bool)
    for update in updates:
        again |= (link_of > 0) & update.is_gone(whole["row_ref"])
    return OpenRows(whole, link_of, again)


def fresh_blocks(tokens: Tokens, *, before: Mapping[str, int], pieces: Pieces) -> Refs:
    """The blocks of the rows that came after the first submissions of each partner, rising."""
    found = [np.empty(0, dtype=np.int64)]
    for partner, chain in tokens.chains.items():
        for link in chain[before.get(partner, 0) :]:
            found += [columns["block"] for columns in pieces(link)]
    return np.sort(np.concatenate(found))


def among(blocks: Refs) -> Wanted:
    """Tells which words are among these, which rise. Blocks and references are pseudo-random, so that a table of their first bits settles nearly all."""
    bits = min(26, max(8, len(blocks).bit_length() + 6))
    shift = np.uint64(64 - bits)
    table = np.zeros(1 << bits, dtype=bool)
    table[blocks.view(np.uint64) >> shift] = True

    def wanted(block: Refs) -> npt.NDArray[np.bool_]:
        # No bit beyond the table's is left, so that nothing wraps: it spares numpy a look at each.
        marks = table.take((block.view(np.uint64) >> shift).view(np.int64), mode="wrap")
        likely = np.flatnonzero(marks)
        if len(likely):
            place = np.searchsorted(blocks, block[likely]).clip(max=len(blocks) - 1)
            marks[likely] = blocks[place] == block[likely]
        return marks

    return wanted


def places_among(names: Refs, *, within: Refs, named: Wanted) -> Refs:
    """Where the references stand that are among the names, which rise; `named` tells it of each. Those of a whole submission rise too, and then the few names are
    looked for among them instead of each of them among the names."""
    if not len(names) or not len(within):
        return NONE
    if not (within[1:] > within[:-1]).all():
        return np.flatnonzero(named(within))
    first, past = np.searchsorted(names, within[0]), np.searchsorted(names, within[-1], side="right")
    likely = names[first:past]
    place = np.searchsorted(within, likely)
    return np.unique(place[within[place] == likely])


class _Piece(Protocol):
    """Some rows of which those that stay are taken with all their lanes."""

    @property
    def row_ref(self) -> Refs:
        """The references of all rows."""

    @property
    def block(self) -> Refs:
        """Their blocks."""

    def rows(self, places: Refs, /) -> Columns:
        """The rows at these places, which rise."""


class _Whole:
    """Rows that are open with all their lanes."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.row_ref, self.block = columns["row_ref"], columns["block"]

    def rows(self, places: Refs, /) -> Columns:
        """The rows at these places, which rise."""
        if len(places) == len(self.row_ref):
            return self._columns
        return {n: c[places] for n, c in self._columns.items()}


@contextmanager
def _first(
    key: MatchKey, links: Sequence[Link], tokens: Tokens, *, wanted: Wanted | None, pieces: Pieces
) -> Iterator[tuple[int, Iterable[_Piece]]]:
    """The number of the submission up to which rows are read together, and these rows: as the linker keeps them, where only some are wanted and it keeps
    them, and else those of the whole submission."""
    partner = links[0].manifest.partner
    path = kept_path(tokens, key, partner=partner)
    if wanted is not None and path.is_file():
        context = kept_context(tokens, key, partner=partner)
        with resident(path, context=context, linker=tokens.linker) as rows:
            digests = tokens.digests[partner]
            if rows.upto in digests:
                yield digests.index(rows.upto), rows.pieces()
                return
    yield 0, (_Whole(columns) for columns in pieces(links[0]))


def kept_path(tokens: Tokens, key: MatchKey, *, partner: str) -> Path:
    """Where the linker keeps a partner's rows of a pass between runs."""
    return tokens.inbox / partner / f"{key.name}{ROWS_SUFFIX}"


def kept_context(tokens: Tokens, key: MatchKey, *, partner: str) -> bytes:
    """What binds the rows that the linker keeps to their round and place."""
    return tokens.one.context(partner, key.name, "rows")


@dataclass(slots=True)
class _Update:
    """What an update brings and takes back, and how it fits the rows before it, which pass by in pieces."""

    link: Link
    columns: Columns
    gone: Refs
    is_gone: Wanted
    is_brought: Wanted
    taken: int = 0
    twice: bool = field(default=False)

    @classmethod
    def of(cls, key: MatchKey, link: Link, tokens: Tokens, *, pieces: Pieces) -> "_Update":
        own = _joined(list(pieces(link)), schema=tokens.schema, key=key)
        gone = gone_rows(key, link, tokens)
        return cls(link, own, gone, among(np.sort(gone)), among(np.sort(own["row_ref"])))

    @property
    def names(self) -> tuple[Refs, Refs]:
        """The references of the rows that it takes back, and of those that it brings."""
        return self.gone, self.columns["row_ref"]

    def outlived(self, rows: Refs, stood: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of the earlier rows that stood before this update stand after it."""
        dead = stood & self.is_gone(rows)
        self.taken += int(dead.sum())
        left: npt.NDArray[np.bool_] = stood & ~dead
        self.twice = self.twice or bool((left & self.is_brought(rows)).any())
        return left

    def check(self, key: str) -> None:
        submission = self.link.manifest.submission
        if self.taken != len(self.gone):
            raise BadSubmission(f"{submission} takes back rows of {key} that are not there")
        if self.twice:
            raise BadSubmission(f"{submission} brings rows of {key} that are there already")


def _joined(parts: list[Columns], *, schema: Schema, key: MatchKey) -> Columns:
    """The pieces as one, a column at a time and the pieces let go of."""
    if len(parts) == 1:
        return parts[0]
    out: Columns = {}
    for name in lanes_of(schema, key):
        none = np.empty(0, dtype=lane_type(name).to_pandas_dtype())
        out[name] = np.concatenate([none, *(part[name] for part in parts)])
    return out
