"""The partners' rows of one pass, opened into memory alone: those of the whole submission, and of each update after it less what it says is gone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from keys import Identity
from linkage.central.chain import ROWS_FOLDER
from linkage.central.pairs.among import NONE, Among, Wanted, each_once
from linkage.central.pairs.followed import Followed, OpenRows, Pieces, opened_once
from linkage.central.pairs.resident import Resident, Space, resident, space_to_open
from linkage.central.pairs.row_pages import ROWS_SUFFIX, SOURCE
from linkage.central.pairs.token_files import Columns, Refs, Tokens
from linkage.manifest import Manifest, Round
from linkage.schema import MatchKey, Schema
from linkage.tokens import PassTable


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
        rows = open_rows(key, tokens, heads=[manifest])[manifest.partner]
        columns = rows.columns
        if rows.link.any():
            order = np.argsort(columns["row_ref"], kind="stable")
            columns = {n: c[order] for n, c in columns.items()}
        tables[manifest.partner] = PassTable(key.name, columns)
    return tables


def open_rows(
    key: MatchKey,
    tokens: Tokens,
    *,
    heads: Sequence[Manifest],
    wanted: Wanted | None = None,
    whole_since: Mapping[str, int] | None = None,
    pieces: Pieces | None = None,
    space: Space | None = None,
) -> dict[str, OpenRows]:
    """The rows of the chains of these partners; only those whose blocks are `wanted`, where that is said, and all of the submissions from the place `whole_since` in a
    partner's chain on. `pieces` gives those of each submission; what the linker keeps of all partners is opened into `space`.

    Raises:
        BadSubmission: a file is missing, or is of another partner or pass than its place says, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this linker.
    """
    pieces, since = pieces or opened_once(key, tokens), whole_since or {}
    with _kept(key, tokens, wanted=wanted, space=space) as rows:
        upto = {} if rows is None else rows.upto
        chains = {
            head.partner: Followed.of(key, tokens, head=head, kept_upto=upto.get(head.partner), pieces=pieces)
            for head in heads
        }
        kept = {} if rows is None or not isinstance(wanted, Among) else _left(rows, wanted, chains)
    return {
        partner: its.opened(kept.get(partner), wanted=wanted, whole_since=since.get(partner))
        for partner, its in chains.items()
    }


def fresh_blocks(tokens: Tokens, *, before: Mapping[str, int], pieces: Pieces) -> Refs:
    """The blocks of the rows that came after the first submissions of each partner, rising and each once."""
    found = [np.empty(0, dtype=np.int64)]
    for partner, chain in tokens.chains.items():
        for link in chain[before.get(partner, 0) :]:
            found += [columns["block"] for columns in pieces(link)]
    return each_once(np.concatenate(found))


def _left(rows: Resident, wanted: Among, chains: Mapping[str, Followed]) -> dict[str, Columns]:
    """By partner, the kept rows of these blocks that are left after the updates of its chain: it is known which are before any of them is opened."""
    numbers = rows.near(wanted.words)
    kept = {partner: its for partner, its in chains.items() if its.is_kept}
    gone = [NONE]
    for partner in (partner for partner, its in kept.items() if its.updates):
        for refs, its in rows.references(partner):
            gone.append(its[kept[partner].taken_back(refs)].astype(np.int64))
    stays = ~np.isin(numbers, np.concatenate(gone), kind="table")
    columns = rows.rows(numbers[stays])
    source = columns.pop(SOURCE)
    met = wanted.each(columns["block"])
    places = {name: np.flatnonzero(met & (source == at)) for at, name in enumerate(rows.upto) if name in kept}
    return {partner: {n: c[its] for n, c in columns.items()} for partner, its in places.items()}


@contextmanager
def _kept(
    key: MatchKey, tokens: Tokens, *, wanted: Wanted | None, space: Space | None
) -> Iterator[Resident | None]:
    """The rows that the linker keeps of the pass, where it keeps them and those of some blocks are wanted."""
    path = kept_path(tokens, key)
    if not isinstance(wanted, Among) or not path.is_file():
        yield None
        return
    with resident(
        path,
        context=kept_context(tokens, key),
        linker=tokens.linker,
        space=space_to_open() if space is None else space,
    ) as rows:
        yield rows


def kept_path(tokens: Tokens, key: MatchKey) -> Path:
    """Where the linker keeps the partners' rows of a pass between runs."""
    return tokens.inbox / ROWS_FOLDER / f"{key.name}{ROWS_SUFFIX}"


def kept_context(tokens: Tokens, key: MatchKey) -> bytes:
    """What binds the rows that the linker keeps to their round and pass."""
    return tokens.one.context("rows", key.name, "kept")
