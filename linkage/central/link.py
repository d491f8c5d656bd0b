"""The linker's run: one pass after another, trained and scored; what it hands on are scored row references, pass by pass."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Identity, PublicIdentity, open_sealed, seal
from linkage.central.chain import Link, chain_of
from linkage.central.levels import BANDS, LaneLevels, lane_levels
from linkage.central.linker import OpenPass
from linkage.central.model import DEFAULT_THRESHOLD, LinkType, Model, build
from linkage.central.run import RUN_NAME, Run, sha256, submissions_of, write_run
from linkage.central.store import open_locked
from linkage.central.training import Patterns, combined_u, fit_all, pooled_m
from linkage.errors import BadSubmission
from linkage.gone import GONE, read_gone
from linkage.manifest import GONE_SUFFIX, Manifest, Round
from linkage.schema import MatchKey, Schema
from linkage.tokens import PassTable, read_pass

PAIRS_FORMAT: Final = "linkage-pairs/v1"
PAIRS_SUFFIX: Final = ".pairs.sealed"
SCORED_FROM: Final = 0.01
HELD_FROM: Final = 0.01


def open_tables(
    key: MatchKey, *, inbox: Path, manifests: Sequence[Manifest], schema: Schema, one: Round, linker: Identity
) -> dict[str, PassTable]:
    """The partners' rows of one pass, unsealed into memory alone: those of the whole submission, and of each update after it less what it says is gone.

    Raises:
        BadSubmission: a file is missing, or is of another partner or pass than its place says, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this linker.
    """
    tables = {}
    for manifest in manifests:
        table: PassTable | None = None
        for link in chain_of(inbox, head=manifest):
            its = _own_rows(key, link, schema=schema, one=one, linker=linker)
            gone = _gone_rows(key, link, one=one, linker=linker) if table is not None else None
            table = its if table is None or gone is None else _after(table, its, gone=gone, link=link)
        assert table is not None  # noqa: S101  a chain has a whole submission
        tables[manifest.partner] = table
    return tables


def _own_rows(key: MatchKey, link: Link, *, schema: Schema, one: Round, linker: Identity) -> PassTable:
    """The rows that one submission brings."""
    partner = link.manifest.partner
    opened = _opened(
        link, f"{key.name}.tokens.sealed", what=key.name, context=one.context(partner, key.name), linker=linker
    )
    table, meta = read_pass(opened, schema=schema)
    if table.key != key.name or meta.get("partner") != partner:
        raise BadSubmission(f"the tokens in the place of {partner}, pass {key.name}, belong elsewhere")
    return table


def _gone_rows(key: MatchKey, link: Link, *, one: Round, linker: Identity) -> npt.NDArray[np.int64]:
    partner = link.manifest.partner
    context = one.context(partner, key.name, GONE)
    opened = _opened(link, f"{key.name}{GONE_SUFFIX}", what=key.name, context=context, linker=linker)
    return read_gone(opened, key=key.name, partner=partner)


def _opened(link: Link, name: str, *, what: str, context: bytes, linker: Identity) -> bytes:
    path = link.folder / name
    if not path.is_file():
        raise BadSubmission(
            f"the linker has no tokens of {link.manifest.partner} for pass {what}: receive its submission again"
        )
    sealed = path.read_bytes()
    link.manifest.check_file(name, sealed)
    return open_sealed(sealed, by=linker, context=context)


def _after(before: PassTable, its: PassTable, *, gone: npt.NDArray[np.int64], link: Link) -> PassTable:
    """The rows before, less those that are gone, and the update's own, in the order of `row_ref`."""
    there = before.columns["row_ref"]
    stays = ~np.isin(there, gone)
    if len(there) - int(stays.sum()) != len(gone):
        raise BadSubmission(f"{link.manifest.submission} takes back rows of {before.key} that are not there")
    if np.isin(its.columns["row_ref"], there[stays]).any():
        raise BadSubmission(f"{link.manifest.submission} brings rows of {before.key} that are there already")
    order = np.argsort(np.concatenate([there[stays], its.columns["row_ref"]]), kind="stable")
    columns = {n: np.concatenate([before.columns[n][stays], its.columns[n]])[order] for n in before.columns}
    return PassTable(before.key, columns)


def held_by_enough(schema: Schema, manifests: Sequence[Manifest], *, link_type: LinkType) -> frozenset[str]:
    """The comparisons whose identifier is held by partners enough to compare it."""
    need = 2 if link_type == "link_only" else 1
    counts = {c: sum(m.statistics.held.get(c, 0.0) > HELD_FROM for m in manifests) for c in schema.comparisons}
    return frozenset(c for c, n in counts.items() if n >= need)


def check_statistics(schema: Schema, manifests: Sequence[Manifest]) -> None:
    """Nothing, if every partner's rates are of the schema's comparisons and levels.

    Raises:
        BadSubmission: they are not; the message names the partner and the comparison.
    """
    sizes = {n: len(c.levels) + 1 + (len(BANDS) - 1) * c.banded for n, c in schema.comparisons.items()}
    sizes |= {n: len(t.levels) + 1 for n, t in schema.together.items()}
    for manifest in manifests:
        for name, rates in manifest.statistics.u.items():
            if len(rates) != sizes.get(name):
                raise BadSubmission(
                    f"the statistics of {manifest.partner} for {name} have not the levels of the schema: tokenise again"
                )


def train(
    load: Callable[[MatchKey], Mapping[str, PassTable]],
    *,
    schema: Schema,
    manifests: Sequence[Manifest],
    link_type: LinkType,
    threshold: float = DEFAULT_THRESHOLD,
    progress: Callable[[str], None] = lambda _: None,
) -> Model:
    """The model of all passes that have pairs; `load` gives a pass's rows.

    Raises:
        BadModel: no pass has a pair.
        BadSubmission: a partner's statistics are not of the schema.
    """
    check_statistics(schema, manifests)
    held = held_by_enough(schema, manifests, link_type=link_type)
    statistics = [m.statistics for m in manifests]
    keys: list[str] = []
    counted: list[Patterns] = []
    all_lanes: list[tuple[LaneLevels, ...]] = []
    with open_locked() as connection:
        for key in schema.match_keys:
            lanes = lane_levels(schema, key, held=held)
            with OpenPass(connection, load(key), link_type=link_type) as rows:
                patterns = rows.patterns(lanes) if rows.linkable and lanes else None
            progress(key.name)
            if patterns is not None and patterns.pairs:
                keys.append(key.name)
                counted.append(patterns)
                all_lanes.append(lanes)
    fits = fit_all(counted, all_lanes, u=[combined_u(statistics, lanes) for lanes in all_lanes])
    return build(
        fits,
        keys=keys,
        lanes=all_lanes,
        pooled=pooled_m(fits, all_lanes),
        schema_digest=schema.digest,
        link_type=link_type,
        threshold=threshold,
    )


def score(
    load: Callable[[MatchKey], Mapping[str, PassTable]],
    *,
    model: Model,
    schema: Schema,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, pa.Table]:
    """The scored pairs of every pass of the model."""
    out = {}
    with open_locked() as connection:
        for one in model.passes:
            with OpenPass(connection, load(schema.match_key(one.key)), link_type=model.link_type) as rows:
                out[one.key] = rows.score(one, at_least=SCORED_FROM)
            progress(one.key)
    return out


def pairs_context(one: Round, key: str) -> bytes:
    """What binds a pass's sealed pairs to their round and place."""
    return one.context("pairs", key)


def seal_pairs(pairs: pa.Table, *, key: str, one: Round, assembler: PublicIdentity) -> bytes:
    """The pass's scored pairs, for the assembler alone."""
    sink = io.BytesIO(f"{PAIRS_FORMAT}\n".encode())
    sink.seek(0, io.SEEK_END)
    with pa.ipc.new_stream(sink, pairs.schema) as out:
        out.write_table(pairs)
    return seal(sink.getvalue(), to=assembler, context=pairs_context(one, key))


def open_pairs(sealed: bytes, *, key: str, one: Round, assembler: Identity) -> pa.Table:
    """The scored pairs that `seal_pairs` sealed.

    Raises:
        BadSeal: they were altered, or belong to another pass or round.
    """
    first, _, body = open_sealed(sealed, by=assembler, context=pairs_context(one, key)).partition(b"\n")
    if first != PAIRS_FORMAT.encode():
        raise BadSubmission(f"a file's first line should be {PAIRS_FORMAT}")
    with pa.ipc.open_stream(body) as source:
        return source.read_all()


def run_linker(
    inbox: Path,
    *,
    out: Path,
    schema: Schema,
    one: Round,
    manifests: Sequence[Manifest],
    linker: Identity,
    assembler: PublicIdentity,
    link_type: LinkType,
    progress: Callable[[str], None] = lambda _: None,
) -> Model:
    """The model, and in `out` a sealed file of scored pairs a pass and the run's signed note. Nothing unsealed is ever written; without the
    note, which comes last, there is no run."""

    def load(key: MatchKey) -> dict[str, PassTable]:
        return open_tables(key, inbox=inbox, manifests=manifests, schema=schema, one=one, linker=linker)

    model = train(
        load, schema=schema, manifests=manifests, link_type=link_type, progress=lambda k: progress(f"train {k}")
    )
    out.mkdir(parents=True, exist_ok=True)
    for earlier in (out / RUN_NAME, *out.glob(f"*{PAIRS_SUFFIX}")):
        earlier.unlink(missing_ok=True)
    files = {}
    for key, pairs in score(
        load, model=model, schema=schema, progress=lambda k: progress(f"score {k}")
    ).items():
        sealed = seal_pairs(pairs, key=key, one=one, assembler=assembler)
        (out / f"{key}{PAIRS_SUFFIX}").write_bytes(sealed)
        files[f"{key}{PAIRS_SUFFIX}"] = sha256(sealed)
    run = Run(one, sha256(model.to_json().encode()), submissions_of(manifests), files)
    write_run(out, run=run, by=linker)
    return model
