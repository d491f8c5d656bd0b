"""A partner's rows of one pass after every update: those of the whole submission, or those that the linker kept, less what each update says is gone, and what it brings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from linkage.central.chain import Link
from linkage.central.pairs.among import Names, Wanted
from linkage.central.pairs.token_files import Columns, Refs, Tokens, gone_rows, pieces_of
from linkage.errors import BadSubmission
from linkage.manifest import Manifest
from linkage.schema import MatchKey, Schema
from linkage.tokens import lane_type, lanes_of


@dataclass(frozen=True, slots=True)
class OpenRows:
    """The rows of one partner in one pass. `link` tells which of its submissions brought each: 0 the whole one, 1 the first update; `again`
    marks those that an update brought in place of an earlier row of the same reference. Rows are in the order of submissions."""

    columns: Columns
    link: npt.NDArray[np.int16]
    again: npt.NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class Followed:
    """The chain of a partner in one pass: `begin` is the place of the submission up to which its rows are read together, as the linker keeps them (`is_kept`) or as the
    whole submission has them; `updates` are those after it, and `names` the references that these name."""

    key: MatchKey
    tokens: Tokens
    head: Manifest
    pieces: Pieces
    begin: int
    is_kept: bool
    names: Names
    updates: tuple["_Update", ...]

    @classmethod
    def of(
        cls, key: MatchKey, tokens: Tokens, *, head: Manifest, kept_upto: str | None, pieces: Pieces
    ) -> "Followed":
        """The chain, of which the linker may keep the rows up to the submission with that digest.

        Raises:
            BadSubmission, BadSeal: an update's file is missing, altered, or of another partner or pass than its place says.
        """
        digests = tokens.digests[head.partner]
        begin = digests.index(kept_upto) if kept_upto in digests else 0
        links = tokens.chains[head.partner][begin + 1 :]
        brought = [_joined(list(pieces(link)), schema=tokens.schema, key=key) for link in links]
        gone = [gone_rows(key, link, tokens) for link in links]
        names = Names([*gone, *(columns["row_ref"] for columns in brought)])
        updates = tuple(
            _Update(link, columns, names.marks(its), names.marks(columns["row_ref"]))
            for link, columns, its in zip(links, brought, gone, strict=True)
        )
        return cls(key, tokens, head, pieces, begin, kept_upto in digests, names, updates)

    def taken_back(self, rising: Refs) -> Refs:
        """The places, among references of rows that are read together, of those that an update says are gone. Each row is asked about once."""
        places, which = self.names.places_in_order(rising)
        return places[~_outlived(which, self.updates)]

    def opened(self, kept: Columns | None, *, wanted: Wanted | None, whole_since: int | None) -> OpenRows:
        """The rows after all updates: of what is `kept` those that are left, and else of the whole submission; those of submissions before the place `whole_since` only where
        their blocks are `wanted`.

        Raises:
            BadSubmission: an update does not fit what it follows; or as `of`.
        """
        if kept is None:
            link = self.tokens.chains[self.head.partner][self.begin]
            parts = [(c, self.begin) for c in self._left(self.pieces(link), self.updates, wanted)]
        else:
            parts = [(kept, self.begin)]
        for at, update in enumerate(self.updates):
            number = self.begin + 1 + at
            its = wanted if whole_since is None or number < whole_since else None
            parts += [(c, number) for c in self._left([update.columns], self.updates[at + 1 :], its)]
        for update in self.updates:
            update.check(self.key.name)
        return self._joined(parts)

    def _left(
        self, several: Iterable[Columns], updates: Sequence["_Update"], wanted: Wanted | None
    ) -> Iterator[Columns]:
        """The rows that are wanted and left after these updates, which are told of all rows that they name."""
        for columns in several:
            stays = np.ones(len(columns["row_ref"]), dtype=bool)
            # Most rows are named by no update, and nothing becomes of them.
            places, which = self.names.places(columns["row_ref"])
            stays[places] = _outlived(which, updates)
            if wanted is not None:
                stays &= wanted(columns["block"])
            yield columns if stays.all() else {n: c[stays] for n, c in columns.items()}

    def _joined(self, parts: Sequence[tuple[Columns, int]]) -> OpenRows:
        whole = _joined([columns for columns, _ in parts], schema=self.tokens.schema, key=self.key)
        sizes = [len(columns["row_ref"]) for columns, _ in parts]
        link_of = np.repeat(np.array([number for _, number in parts], dtype=np.int16), sizes)
        again = np.zeros(len(link_of), dtype=bool)
        # A row of the submissions that are read together would be gone if an update had taken it back.
        came = link_of > self.begin
        which = self.names.numbers(whole["row_ref"][came])
        for update in self.updates:
            again[came] |= update.is_gone[which]
        return OpenRows(whole, link_of, again)


def _outlived(which: Refs, updates: Sequence["_Update"]) -> npt.NDArray[np.bool_]:
    """Which rows with the names of these numbers stand after the updates."""
    stays = np.ones(len(which), dtype=bool)
    for update in updates:
        stays = update.outlived(which, stays)
    return stays


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
