"""The partners' rows of one pass, opened into memory alone: those of the whole submission, and of each update after it less what it says is gone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from keys import Identity
from linkage.central.chain import Link
from linkage.central.pairs.among import NONE, Among, Names, Wanted, each_once
from linkage.central.pairs.resident import ROWS_SUFFIX, Resident, Space, resident, space_to_open
from linkage.central.pairs.token_files import Columns, Refs, Tokens, gone_rows, pieces_of
from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round
from linkage.schema import MatchKey, Schema
from linkage.tokens import PassTable, lane_type, lanes_of


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
    whole_since: int | None = None,
    pieces: Pieces | None = None,
    space: Space | None = None,
) -> OpenRows:
    """The rows of one partner's chain; only those whose blocks are `wanted`, where that is said, and all of the submissions from the place `whole_since` in the chain on.
    `pieces` gives those of each submission; what the linker keeps is opened into `space`.

    Raises:
        BadSubmission: a file is missing, or is of another partner or pass than its place says, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this linker.
    """
    links = tokens.chains[head.partner]
    pieces = pieces or opened_once(key, tokens)
    space = space_to_open() if space is None else space
    with _first(key, links, tokens, wanted=wanted, pieces=pieces, space=space) as (begin, first):
        brought = [_joined(list(pieces(link)), schema=tokens.schema, key=key) for link in links[begin + 1 :]]
        gone = [gone_rows(key, link, tokens) for link in links[begin + 1 :]]
        names = Names([*gone, *(columns["row_ref"] for columns in brought)])
        updates = [
            _Update(link, columns, names.marks(its), names.marks(columns["row_ref"]))
            for link, columns, its in zip(links[begin + 1 :], brought, gone, strict=True)
        ]
        parts = [
            (columns, number)
            for number in range(begin, len(links))
            for columns in (
                first
                if number == begin
                else _Whole(
                    [updates[number - begin - 1].columns],
                    wanted if whole_since is None or number < whole_since else None,
                )
            ).left(names, updates[number - begin :])
        ]
    for update in updates:
        update.check(key.name)
    whole = _joined([columns for columns, _ in parts], schema=tokens.schema, key=key)
    link_of = np.repeat(np.array([n for _, n in parts], dtype=np.int16), [len(c["row_ref"]) for c, _ in parts])
    again = np.zeros(len(link_of), dtype=bool)
    # A row of the submissions that are read together would be gone if an update had taken it back.
    came = link_of > begin
    which = names.numbers(whole["row_ref"][came])
    for update in updates:
        again[came] |= update.is_gone[which]
    return OpenRows(whole, link_of, again)


def fresh_blocks(tokens: Tokens, *, before: Mapping[str, int], pieces: Pieces) -> Refs:
    """The blocks of the rows that came after the first submissions of each partner, rising and each once."""
    found = [np.empty(0, dtype=np.int64)]
    for partner, chain in tokens.chains.items():
        for link in chain[before.get(partner, 0) :]:
            found += [columns["block"] for columns in pieces(link)]
    return each_once(np.concatenate(found))


class _Rows(Protocol):
    """Rows of a submission, or of several, of which some may be wanted."""

    def left(self, names: Names, updates: Sequence["_Update"], /) -> Iterable[Columns]:
        """Those that are wanted and left after these updates, which are told of all rows that they name; `names` are those of all updates."""


class _Whole:
    """Rows that are open with all their lanes."""

    def __init__(self, several: Iterable[Columns], wanted: Wanted | None) -> None:
        self._several, self._wanted = several, wanted

    def left(self, names: Names, updates: Sequence["_Update"], /) -> Iterator[Columns]:
        """Those that are wanted and left after these updates."""
        for columns in self._several:
            stays = np.ones(len(columns["row_ref"]), dtype=bool)
            # Most rows are named by no update, and nothing becomes of them.
            its, which = names.places(columns["row_ref"])
            stays[its] = _outlived(which, updates)
            if self._wanted is not None:
                stays &= self._wanted(columns["block"])
            yield columns if stays.all() else {n: c[stays] for n, c in columns.items()}


class _Kept:
    """Rows that the linker keeps: it is known which are wanted before any of them is opened."""

    def __init__(self, rows: Resident, blocks: Refs) -> None:
        self._rows, self._blocks = rows, blocks

    def left(self, names: Names, updates: Sequence["_Update"], /) -> Iterator[Columns]:
        """Those whose blocks are wanted and that are left after these updates."""
        numbers, block = self._rows.of_blocks(self._blocks)
        row_ref, dead, seen, taken = np.empty_like(block), [NONE], 0, 0
        for refs in self._rows.references():
            its, which = names.places(refs)
            dead.append(its[~_outlived(which, updates)] + seen)
            upto = int(np.searchsorted(numbers, seen + len(refs)))
            row_ref[taken:upto] = refs[numbers[taken:upto] - seen]
            seen, taken = seen + len(refs), upto
        stays = ~np.isin(numbers, np.concatenate(dead), assume_unique=True)
        yield {"row_ref": row_ref[stays], "block": block[stays], **self._rows.rows(numbers[stays])}


def _outlived(which: Refs, updates: Sequence["_Update"]) -> npt.NDArray[np.bool_]:
    """Which rows with the names of these numbers stand after the updates."""
    stays = np.ones(len(which), dtype=bool)
    for update in updates:
        stays = update.outlived(which, stays)
    return stays


@contextmanager
def _first(
    key: MatchKey, links: Sequence[Link], tokens: Tokens, *, wanted: Wanted | None, pieces: Pieces, space: Space
) -> Iterator[tuple[int, _Rows]]:
    """The number of the submission up to which rows are read together, and these rows: as the linker keeps them, where those of some blocks are wanted and it
    keeps them, and else those of the whole submission."""
    partner = links[0].manifest.partner
    path = kept_path(tokens, key, partner=partner)
    if isinstance(wanted, Among) and path.is_file():
        context = kept_context(tokens, key, partner=partner)
        with resident(path, context=context, linker=tokens.linker, space=space) as rows:
            digests = tokens.digests[partner]
            if rows.upto in digests:
                yield digests.index(rows.upto), _Kept(rows, wanted.words)
                return
    yield 0, _Whole(pieces(links[0]), wanted)


def kept_path(tokens: Tokens, key: MatchKey, *, partner: str) -> Path:
    """Where the linker keeps a partner's rows of a pass between runs."""
    return tokens.inbox / partner / f"{key.name}{ROWS_SUFFIX}"


def kept_context(tokens: Tokens, key: MatchKey, *, partner: str) -> bytes:
    """What binds the rows that the linker keeps to their round and place."""
    return tokens.one.context(partner, key.name, "rows")


@dataclass(slots=True)
class _Update:
    """What an update brings, and which of all names it takes back and brings; and how it fits the rows before it, which pass by in pieces."""

    link: Link
    columns: Columns
    is_gone: npt.NDArray[np.bool_]
    is_brought: npt.NDArray[np.bool_]
    taken: int = 0
    twice: bool = field(default=False)

    def outlived(self, which: Refs, stood: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of the earlier rows that stood before this update stand after it; they have the names of these numbers."""
        dead = stood & self.is_gone[which]
        self.taken += int(dead.sum())
        left: npt.NDArray[np.bool_] = stood & ~dead
        self.twice = self.twice or bool((left & self.is_brought[which]).any())
        return left

    def check(self, key: str) -> None:
        submission = self.link.manifest.submission
        if self.taken != int(self.is_gone.sum()):
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
