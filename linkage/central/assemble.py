"""The assembler's run: scored row references become scored records, records become people. It never sees a token."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keys import Identity, PublicIdentity, Secret, open_sealed
from linkage.central.chain import Link, chain_of
from linkage.central.link import PAIRS_SUFFIX, open_pairs
from linkage.central.run import checked_file, read_run
from linkage.errors import BadSubmission
from linkage.gone import GONE, read_gone
from linkage.manifest import GONE_SUFFIX, RECORDS, Manifest, Round
from linkage.tokens import PassMap, read_map, write_table

SPINE_FORMAT: Final = "linkage-spine/v1"
SPINE_TYPES: Final = {"partner": pa.string(), "record_ref": pa.binary(16), "person_id": pa.string()}
Bytes16 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Records:
    """All records of all partners, in the order of partner and pseudonym; `partner` is a number into `partners`, `record_ref` (n, 16) bytes."""

    partners: tuple[str, ...]
    partner: npt.NDArray[np.int64]
    record_ref: Bytes16

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.partner)


@dataclass(frozen=True, slots=True)
class ScoredRecords:
    """Pairs of record numbers, left below right, each with its best match probability over the passes."""

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linkage:
    """Who is who: a person number a record, from 0, in the order of the records; and what it was made with."""

    records: Records
    person: npt.NDArray[np.int64]
    threshold: float
    pairs: ScoredRecords

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.person.max(initial=-1)) + 1


def _words(refs: Bytes16) -> npt.NDArray[np.void]:
    return np.ascontiguousarray(refs).view(np.dtype((np.void, 16))).ravel()


def gather(maps: Mapping[str, PassMap]) -> Records:
    """All records that the partners' `records` maps list, in the order of partner and pseudonym.

    Raises:
        BadSubmission: a partner lists a record twice.
    """
    partners = tuple(sorted(maps))
    for name in partners:
        if len(np.unique(_words(maps[name].record_ref))) != len(maps[name].record_ref):
            raise BadSubmission(f"{name} lists a record twice")
    return Records(
        partners,
        np.concatenate([np.full(len(maps[n].record_ref), at, dtype=np.int64) for at, n in enumerate(partners)]),
        np.concatenate([np.sort(_words(maps[n].record_ref)).view(np.uint8).reshape(-1, 16) for n in partners]),
    )


def resolve(pairs: pa.Table, *, maps: Mapping[str, PassMap], records: Records) -> pd.DataFrame:
    """The pass's pairs as record numbers (`left` < `right`) with their probability; rows of one record are no pair.

    Raises:
        BadSubmission: a pair names a row that no map knows.
    """
    sides = []
    for end in ("l", "r"):
        source = np.asarray(pairs.column(f"source_{end}").to_pylist(), dtype=object)
        row = pairs.column(f"row_ref_{end}").to_numpy()
        number = np.full(len(row), -1, dtype=np.int64)
        for name, one_map in maps.items():
            here = source == name
            if here.any():
                number[here] = _record_numbers(one_map, row[here], records=records, partner=name)
        if (number < 0).any():
            raise BadSubmission("a scored pair names a partner that has no map for its pass")
        sides.append(number)
    left, right = np.minimum(*sides), np.maximum(*sides)
    probability = pairs.column("match_probability").to_numpy()
    keep = left != right
    return pd.DataFrame({"left": left[keep], "right": right[keep], "probability": probability[keep]})


def _record_numbers(
    one_map: PassMap, row: npt.NDArray[np.int64], *, records: Records, partner: str
) -> npt.NDArray[np.int64]:
    order = np.argsort(one_map.row_ref)
    known = one_map.row_ref[order]
    place = np.searchsorted(known, row).clip(max=max(len(known) - 1, 0))
    if not len(known) or (known[place] != row).any():
        raise BadSubmission(f"a scored pair names a row that the map of {partner} does not know")
    its = np.flatnonzero(records.partner == records.partners.index(partner))
    all_refs = _words(records.record_ref[its])
    refs = _words(one_map.record_ref[order[place]])
    number = np.searchsorted(all_refs, refs).clip(max=max(len(all_refs) - 1, 0))
    if not len(all_refs) or (all_refs[number] != refs).any():
        raise BadSubmission(f"a map of {partner} names a record that its list does not have")
    numbers: npt.NDArray[np.int64] = its[number]
    return numbers


def best_of(passes: Sequence[pd.DataFrame]) -> ScoredRecords:
    """Every pair once, with its best probability over the passes."""
    every = (
        pd.concat(passes, ignore_index=True)
        if passes
        else pd.DataFrame({"left": [], "right": [], "probability": []})
    )
    best = every.groupby(["left", "right"], sort=True, as_index=False)["probability"].max()
    return ScoredRecords(
        best["left"].to_numpy(dtype=np.int64),
        best["right"].to_numpy(dtype=np.int64),
        best["probability"].to_numpy(dtype=np.float64),
    )


def people_of(pairs: ScoredRecords, *, records: Records, threshold: float) -> Linkage:
    """The people: connected components of the pairs at or above the threshold (SciPy); a record without such a pair is one person."""
    keep = pairs.probability >= threshold
    left, right = pairs.left[keep], pairs.right[keep]
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(records.count, records.count))
    _, person = connected_components(graph, directed=False)
    return Linkage(records, person.astype(np.int64), threshold, pairs)


def person_ids(linkage: Linkage, *, secret: Secret) -> npt.NDArray[np.object_]:
    """One id a record, equal for the records of a person: HMAC-SHA-256 of the person's least record pseudonym, cut to 96 bits."""
    first = pd.Series(np.arange(linkage.records.count)).groupby(linkage.person).min().to_numpy()
    key = secret.expose()
    ids = np.array(
        [hmac.digest(key, bytes(linkage.records.record_ref[at]), "sha256")[:12].hex() for at in first],
        dtype=object,
    )
    return ids[linkage.person]


def expected_error(linkage: Linkage) -> dict[str, str]:
    """What the match probabilities themselves say of the linkage: the share of linked pairs expected to be wrong, and the share of the
    expected matches among the scored pairs that were not linked, in per cent."""
    probability = linkage.pairs.probability
    linked = probability >= linkage.threshold
    wrong = float((1 - probability[linked]).mean()) if linked.any() else 0.0
    missed = float(probability[~linked].sum() / probability.sum()) if probability.sum() else 0.0
    return {"expected_wrong": f"{wrong:.1%}", "expected_missed": f"{missed:.1%}"}


def write_spine(linkage: Linkage, *, secret: Secret, meta: Mapping[str, str]) -> bytes:
    """The spine as bytes: `partner` (its name), `record_ref` (16 bytes), `person_id` (text)."""
    ids = person_ids(linkage, secret=secret)
    names = np.asarray(linkage.records.partners, dtype=object)[linkage.records.partner]
    return write_table(
        {"partner": names.astype(str), "record_ref": linkage.records.record_ref, "person_id": ids.astype(str)},
        kind=SPINE_FORMAT,
        types=SPINE_TYPES,
        meta={**meta, **expected_error(linkage)},
    )


def open_maps(
    keys: Sequence[str], *, inbox: Path, manifests: Sequence[Manifest], one: Round, assembler: Identity
) -> dict[str, dict[str, PassMap]]:
    """The partners' maps of these passes, by pass and partner: those of the whole submission, and of each update after it, less the records that it
    says are gone.

    Raises:
        BadSubmission: a map is missing or belongs elsewhere, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this assembler.
    """
    out: dict[str, dict[str, PassMap]] = {key: {} for key in keys}
    for manifest in manifests:
        for number, link in enumerate(chain_of(inbox, head=manifest)):
            gone = _gone_records(link, one=one, assembler=assembler) if number else None
            for key in keys:
                its = _own_map(key, link, one=one, assembler=assembler)
                before = out[key].get(manifest.partner)
                out[key][manifest.partner] = (
                    its if before is None or gone is None else _after(before, its, gone=gone, link=link)
                )
    return out


def _own_map(key: str, link: Link, *, one: Round, assembler: Identity) -> PassMap:
    """The map that one submission brings."""
    partner = link.manifest.partner
    context = one.context(partner, key)
    its, meta = read_map(_opened(link, f"{key}.map.sealed", what=key, context=context, assembler=assembler))
    if its.key != key or meta.get("partner") != partner:
        raise BadSubmission(f"the map in the place of {partner}, {key}, belongs elsewhere")
    return its


def _gone_records(link: Link, *, one: Round, assembler: Identity) -> Bytes16:
    partner = link.manifest.partner
    context = one.context(partner, RECORDS, GONE)
    opened = _opened(link, f"{RECORDS}{GONE_SUFFIX}", what=RECORDS, context=context, assembler=assembler)
    return read_gone(opened, key=RECORDS, partner=partner)


def _opened(link: Link, name: str, *, what: str, context: bytes, assembler: Identity) -> bytes:
    path = link.folder / name
    if not path.is_file():
        raise BadSubmission(
            f"the assembler has no map of {link.manifest.partner} for {what}: receive its submission again"
        )
    sealed = path.read_bytes()
    link.manifest.check_file(name, sealed)
    return open_sealed(sealed, by=assembler, context=context)


def _after(before: PassMap, its: PassMap, *, gone: Bytes16, link: Link) -> PassMap:
    """The map before, less the rows of records that are gone, with the update's own. A row may be told again, of the same record."""
    stays = ~np.isin(_words(before.record_ref), _words(gone))
    if before.key == RECORDS:
        return _records_after(before, its, stays=stays, gone=gone, link=link)
    kept = PassMap(before.key, before.row_ref[stays], before.record_ref[stays])
    again = np.isin(kept.row_ref, its.row_ref)
    told = _record_refs(its, kept.row_ref[again])
    if (told != kept.record_ref[again]).any():
        raise BadSubmission(f"{link.manifest.submission} gives a row of {before.key} to another record")
    rows = np.concatenate([kept.row_ref[~again], its.row_ref])
    order = np.argsort(rows, kind="stable")
    return PassMap(before.key, rows[order], np.concatenate([kept.record_ref[~again], its.record_ref])[order])


def _records_after(
    before: PassMap, its: PassMap, *, stays: npt.NDArray[np.bool_], gone: Bytes16, link: Link
) -> PassMap:
    """The list of all records, numbered anew."""
    if len(stays) - int(stays.sum()) != len(gone):
        raise BadSubmission(f"{link.manifest.submission} takes back records that are not there")
    if np.isin(_words(its.record_ref), _words(before.record_ref[stays])).any():
        raise BadSubmission(f"{link.manifest.submission} brings records that are there already")
    refs = np.concatenate([before.record_ref[stays], its.record_ref])
    return PassMap(
        RECORDS, np.arange(len(refs), dtype=np.int64), np.sort(_words(refs)).view(np.uint8).reshape(-1, 16)
    )


def _record_refs(one: PassMap, rows: npt.NDArray[np.int64]) -> Bytes16:
    """The records of these rows, each of which the map has."""
    order = np.argsort(one.row_ref, kind="stable")
    return one.record_ref[order[np.searchsorted(one.row_ref[order], rows)]]


def run_assembler(
    inbox: Path,
    *,
    pairs: Path,
    one: Round,
    manifests: Sequence[Manifest],
    assembler: Identity,
    linker: PublicIdentity,
    threshold: float,
    progress: Callable[[str], None] = lambda _: None,
) -> Linkage:
    """The people of a linkage from the sealed maps in `inbox` and the pairs in `pairs` that `linker` signed for.

    Raises:
        BadSubmission: the linker's run is unfinished, altered, not signed by it, or of other submissions.
    """
    run = read_run(pairs, one=one, manifests=manifests, linker=linker)
    everyone = open_maps([RECORDS], inbox=inbox, manifests=manifests, one=one, assembler=assembler)[RECORDS]
    records = gather(everyone)
    passes = []
    for name in sorted(run.files):
        key = name.removesuffix(PAIRS_SUFFIX)
        table = open_pairs(checked_file(pairs, name, run=run), key=key, one=one, assembler=assembler)
        maps = open_maps([key], inbox=inbox, manifests=manifests, one=one, assembler=assembler)[key]
        passes.append(resolve(table, maps=maps, records=records))
        progress(key)
    return people_of(best_of(passes), records=records, threshold=threshold)
