"""One run of the linker at work: chunks opened, compared and scored, each kept under seal as soon as it is finished."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from keys import PublicIdentity
from linkage.central.pairs.among import Among
from linkage.central.pairs.chunks import Room, Share, block_order, inside, ordered, shares, split
from linkage.central.pairs.compare import Compared, Counted, added, compare, counted
from linkage.central.pairs.followed import OpenRows, opened_once
from linkage.central.pairs.journal import Journal
from linkage.central.pairs.keep_rows import InOrder, keep_rows
from linkage.central.pairs.levels import LaneLevels
from linkage.central.pairs.model import LinkType, Model, PassModel
from linkage.central.pairs.opened import fresh_blocks, kept_context, kept_path, open_rows
from linkage.central.pairs.resident import space_to_open
from linkage.central.pairs.scoring import score_pairs
from linkage.central.pairs.sealed_pairs import PAIRS_SUFFIX, seal_pairs
from linkage.central.pairs.token_files import Columns, Tokens
from linkage.central.pairs.waiting_pairs import COMPARED_FORMAT, COMPARED_SUFFIX, open_compared, seal_compared
from linkage.schema import MatchKey
from linkage.tokens import PassTable

# Rows that an incremental run which was broken off may compare again: some seconds' work. Of each small chunk by itself the journal is not told.
AGAIN_AT_MOST: Final = 1 << 20
# The name of a step, how much of it is done, of how much, and of what.
Told = Callable[[str, int, int, str], None]
Fresh = dict[str, npt.NDArray[np.int8]] | None


@dataclass(frozen=True, slots=True)
class Pass:
    """What is to be done of one pass: its chunks, in the groups that are opened together, and about how many rows they have."""

    key: MatchKey
    lanes: tuple[LaneLevels, ...]
    shares: tuple[Share, ...]
    rows: int

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return self.shares[0].of

    def name(self, chunk: int, suffix: str) -> str:
        """The name of the file of a chunk; that of a pass in one piece has no number."""
        return f"{self.key.name}{suffix}" if self.chunks == 1 else f"{self.key.name}.{chunk + 1:04d}{suffix}"


class Linking:
    """One run: what is linked, by whom and for whom, and how much memory it may take. With `before`, how many submissions of each partner are linked
    already, only pairs with a row of a later one are compared. With `keep` the rows stay beside the submissions, under seal, in the form in which an
    incremental run opens few of them."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        assembler: PublicIdentity,
        link_type: LinkType,
        room: Room,
        progress: Told,
        before: Mapping[str, int] | None = None,
        keep: bool = False,
    ) -> None:
        self.tokens, self.assembler, self.link_type = tokens, assembler, link_type
        self._room, self._progress, self._before = room, progress, before
        self._keep = keep
        self._space = space_to_open()

    def inputs(self) -> dict[str, object]:
        """What a run must have in common with an earlier one to go on with what that one finished."""
        one = self.tokens.one
        return {
            "project": one.project,
            "epoch": one.epoch,
            "schema": one.schema_digest,
            "link_type": self.link_type,
            "submissions": {partner: chain[-1] for partner, chain in self.tokens.digests.items()},
            "assembler": self.assembler.fingerprint,
            "compared": COMPARED_FORMAT,
            "chunk": self._room.chunk,
            "keep": self._keep,
            "before": self._before and dict(self._before),
        }

    def plan(self, lanes: Mapping[str, tuple[LaneLevels, ...]]) -> list[Pass]:
        """The passes whose lanes are given, by the name of the match key. The rows of an incremental run are those that are new and those that meet them,
        which are no more than as many again for each partner."""
        tokens, out = self.tokens, []
        for key in tokens.schema.match_keys:
            if lanes.get(key.name):
                size = tokens.size(key, before=self._before or {})
                most = size if self._before is None else size * (1 + len(tokens.manifests))
                its = tuple(shares(most, room=self._room))
                out.append(Pass(key, lanes[key.name], its, tokens.rows(key, size=size)))
        return out

    def compare(self, passes: Sequence[Pass], *, kept: Journal) -> dict[str, Counted]:
        """How often each pattern occurs in each pass. The pairs themselves lie sealed, to the linker alone, in the journal's folder."""
        found: dict[str, Counted] = {}
        for one, share, tell in self._shares(passes):
            missing, parts = [], []
            for chunk in range(share.first, share.last):
                earlier = self._kept(one, chunk, kept=kept)
                if earlier is None:
                    missing.append(chunk)
                else:
                    parts.append(counted([earlier]))
                    tell(chunk)
            for chunk, compared in self._compared(one, share, missing=missing):
                name = one.name(chunk, COMPARED_SUFFIX)
                tokens = self.tokens
                kept.put(name, seal_compared(compared, name=name, one=tokens.one, linker=tokens.linker))
                parts.append(counted([compared]))
                tell(chunk)
            before = [found[one.key.name]] if one.key.name in found else []
            found[one.key.name] = added([*before, *parts])
        return found

    def _shares(self, passes: Sequence[Pass]) -> Iterator[tuple[Pass, Share, Callable[[int], None]]]:
        """Every share of every pass, and what tells that a chunk of it is done."""
        total, before = sum(p.rows for p in passes), 0

        def tell(chunk: int, *, one: Pass, before: int) -> None:
            self._progress("comparing", before + one.rows * (chunk + 1) // one.chunks, total, "rows")

        for one in passes:
            for share in one.shares:
                yield one, share, partial(tell, one=one, before=before)
            before += one.rows

    def _compared(self, one: Pass, share: Share, *, missing: Collection[int]) -> Iterator[tuple[int, Compared]]:
        """Those chunks of the share that are `missing`, compared."""
        for chunk, tables, fresh in self._opened(one, share) if missing else ():
            if chunk in missing:
                yield (
                    chunk,
                    compare(
                        tables, one.lanes, link_type=self.link_type, fresh=fresh, threads=self._room.threads
                    ),
                )

    def _kept(self, one: Pass, chunk: int, *, kept: Journal) -> Compared | None:
        name = one.name(chunk, COMPARED_SUFFIX)
        sealed = kept.read(name)
        if sealed is None:
            return None
        return open_compared(sealed, name=name, one=self.tokens.one, linker=self.tokens.linker)

    def _opened(self, one: Pass, share: Share) -> Iterator[tuple[int, dict[str, PassTable], Fresh]]:
        """The rows of each chunk of the share, by partner, and what is new of them in an incremental run."""
        opened = (
            self._anew(one, share) if self._before is None else self._since(one, share, before=self._before)
        )
        parts = {
            partner: dict(split(columns, key=one.key.name, share=share)) for partner, columns in opened.items()
        }
        for chunk in range(share.first, share.last):
            tables = {partner: its.pop(chunk) for partner, its in parts.items()}
            if self._before is None:
                yield chunk, tables, None
            else:
                fresh = {p: t.columns["fresh"].astype(np.int8) for p, t in tables.items()}
                plain = {
                    p: PassTable(t.key, {n: c for n, c in t.columns.items() if n != "fresh"})
                    for p, t in tables.items()
                }
                yield chunk, plain, fresh

    def _anew(self, one: Pass, share: Share) -> dict[str, Columns]:
        """All rows of the share, those of each partner in the order of their blocks: rows that meet are near each other then."""
        tokens, several = self.tokens, dict[str, InOrder]()
        path = kept_path(tokens, one.key)
        wanted = None if share.whole else partial(inside, share=share)
        for head in tokens.manifests:
            rows = open_rows(one.key, tokens, heads=[head], wanted=wanted)[head.partner]
            order = block_order(rows.columns["block"])
            ordered(rows.columns, order)
            several[head.partner] = InOrder(rows.columns, order, tokens.digests[head.partner][-1])
            # Where they lay up to linkage-rows/v3.
            (tokens.inbox / head.partner / path.name).unlink(missing_ok=True)
        if self._keep and share.whole:
            keep_rows(path, several, context=kept_context(tokens, one.key), linker=tokens.linker)
        else:
            # None of an earlier run are kept.
            path.unlink(missing_ok=True)
        return {partner: its.columns for partner, its in several.items()}

    def _since(self, one: Pass, share: Share, *, before: Mapping[str, int]) -> dict[str, Columns]:
        """The rows of the share that are new, and those that meet them; `fresh` tells which."""
        pieces = opened_once(one.key, self.tokens)
        near = fresh_blocks(self.tokens, before=before, pieces=pieces)
        opened = open_rows(
            one.key,
            self.tokens,
            heads=self.tokens.manifests,
            wanted=Among(near if share.whole else near[inside(near, share=share)]),
            # Of what is new in a pass of one share, all blocks are wanted.
            whole_since=before if share.whole else None,
            pieces=pieces,
            space=self._space,
        )
        for partner, rows in opened.items():
            rows.columns["fresh"] = _fresh(rows, before=before.get(partner, 0))
        return {partner: rows.columns for partner, rows in opened.items()}

    def compare_and_score(
        self, passes: Sequence[Pass], *, model: Model, kept: Journal, out: Path
    ) -> Iterator[tuple[str, str]]:
        """A file of scored pairs for every chunk of these passes of the model, in `out`: their names and digests. Where the model is there already, a chunk is scored
        as soon as it is compared."""
        by_key, unsaid = {p.key: p for p in model.passes}, 0
        for one, share, tell in self._shares(passes):
            names = {chunk: one.name(chunk, PAIRS_SUFFIX) for chunk in range(share.first, share.last)}
            done = {chunk: kept.digest(name, at=out) for chunk, name in names.items()}
            missing = [chunk for chunk, digest in done.items() if digest is None]
            for chunk, compared in self._compared(one, share, missing=missing):
                unsaid += one.rows // one.chunks
                its, says = by_key[one.key.name], unsaid >= AGAIN_AT_MOST
                done[chunk] = self._put(one, names[chunk], compared, model=its, kept=kept, out=out, says=says)
                unsaid = 0 if says else unsaid
            for chunk, digest in done.items():
                assert digest is not None  # noqa: S101  it was done, or is done now
                tell(chunk)
                yield names[chunk], digest

    def _put(
        self,
        one: Pass,
        name: str,
        compared: Compared,
        *,
        model: PassModel,
        kept: Journal,
        out: Path,
        says: bool = True,
    ) -> str:
        """The pairs stand scored and sealed in a file of this name; gives its digest."""
        pairs = score_pairs(compared, model=model)
        sealed = seal_pairs(pairs, key=one.key.name, one=self.tokens.one, assembler=self.assembler)
        return kept.put(name, sealed, at=out, says=says)

    def score(
        self, passes: Sequence[Pass], *, model: Model, kept: Journal, out: Path
    ) -> Iterator[tuple[str, str]]:
        """A file of scored pairs for every chunk of every pass of the model, in `out`: their names and digests."""
        by_key = {p.key: p for p in model.passes}
        scored = [(one, chunk) for one in passes if one.key.name in by_key for chunk in range(one.chunks)]
        for done, (one, chunk) in enumerate(scored, 1):
            name = one.name(chunk, PAIRS_SUFFIX)
            digest = kept.digest(name, at=out)
            if digest is None:
                compared = self._kept(one, chunk, kept=kept)
                assert compared is not None  # noqa: S101  comparing has just finished it
                digest = self._put(one, name, compared, model=by_key[one.key.name], kept=kept, out=out)
            yield name, digest
            self._progress("scoring", done, len(scored), "chunks")


def _fresh(rows: OpenRows, *, before: int) -> npt.NDArray[np.int8]:
    """Of every row, whether it is old (0), new (1), or new in place of an earlier one (2)."""
    new = rows.link >= before
    return new.astype(np.int8) + (new & rows.again).astype(np.int8)
