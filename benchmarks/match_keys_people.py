"""People with known truth as match keys see them: cleaned by the product, each part of each identifier as codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.partner.identifiers import KINDS
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.suggestions.headings import by_headers
from linkage.people import make_world
from linkage.schema import IDENTIFIERS, NAMES, default_schema

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
SETS: Final = {
    "febrl4": ("a.parquet", "b.parquet"),
    "essnet_sw": ("census.parquet", "cis.parquet"),
    "pp_census_ssa": ("census.parquet", "ssa.parquet"),
    "splink_fake_1000": ("all.parquet",),
}
NOT_USED: Final = ("record_id", "entity_id", "soc_sec_id", "ssn")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one match key does to one set: true pairs that share it, and what it costs."""

    found: Flags
    rows: Mapping[int, float]
    candidates: float
    blocks: Ints

    @property
    def crowded(self) -> float:
        """Share of the kept rows in blocks of three records or more of one file."""
        return float(self.blocks[self.blocks >= 3].sum() / max(self.blocks.sum(), 1))

    @property
    def mean_block(self) -> float:
        """Mean number of one file's records in a block."""
        return float(self.blocks.mean()) if len(self.blocks) else 0.0


@dataclass(frozen=True, slots=True)
class People:
    """The rows of one set's files, one below the other, and its true pairs as record numbers.

    `record` is the record of each row, `file` the file of each record; one file alone is looked through for pairs inside it.
    """

    name: str
    record: Ints
    file: Ints
    pairs: Ints
    columns: Mapping[str, tuple[Ints, list[str]]]
    _parts: dict[str, list[Ints]] = field(default_factory=dict)

    def rows_of(self, part: str) -> list[Ints]:
        """The values of a part such as `postcode.sector`, as codes a row; one array for each way of reading it, -1 where there is none."""
        if part not in self._parts:
            owner, _, name = part.rpartition(".")
            read = (
                _named(owner, self.columns, name)
                if owner.startswith("name.")
                else _coded(owner, self.columns, name, {})
            )
            self._parts[part] = [codes for codes in read if (codes >= 0).any()]
        return self._parts[part]

    def measure(self, parts: tuple[str, ...], *, most: int) -> Measured:
        """What the compound of these parts does; a value that more than `most` records of a file share is dropped there."""
        variants = list(product(*(self.rows_of(p) for p in parts)))
        read = [_compound(v, [int(max(c.max() for c in self.rows_of(p))) + 2 for p in parts]) for v in variants]
        row = np.concatenate([r for r, _ in read]) if read else np.empty(0, dtype=np.int64)
        _, block = np.unique(np.concatenate([c for _, c in read]) if read else row, return_inverse=True)
        files, blocks = int(self.file.max()) + 1, int(block.max(initial=-1)) + 1
        row, block = _distinct(row, block, blocks)
        kept, at = _distinct(self.record[row], block, blocks)
        size = np.bincount(at * files + self.file[kept], minlength=blocks * files)
        here = size[block * files + self.file[self.record[row]]] <= most
        still = size[at * files + self.file[kept]] <= most
        size = np.where(size <= most, size, 0)
        a_file = np.bincount(self.file[self.record[row[here]]], minlength=files) / np.bincount(
            self.file, minlength=files
        )
        return Measured(
            found=_found(self.pairs, kept[still], at[still], records=len(self.file), blocks=blocks),
            rows=dict(enumerate(a_file.tolist())) | {-1: float(here.sum() / len(self.file))},
            candidates=_candidates(size.reshape(-1, files)) / max(len(self.pairs), 1),
            blocks=size[size > 0],
        )


def _compound(variant: tuple[Ints, ...], sizes: list[int]) -> tuple[Ints, Ints]:
    row = np.flatnonzero(np.logical_and.reduce([codes >= 0 for codes in variant]))
    code = np.zeros(len(row), dtype=np.int64)
    for codes, size in zip(variant, sizes, strict=True):
        code = code * size + codes[row]
    return row, code


def _distinct(a: Ints, b: Ints, most_b: int) -> tuple[Ints, Ints]:
    both = np.unique(a * max(most_b, 1) + b)
    return both // max(most_b, 1), both % max(most_b, 1)


def _candidates(size: Ints) -> float:
    whole = size.sum(axis=1).astype(float)
    if size.shape[1] == 1:
        return float((whole * (whole - 1)).sum() / 2)
    return float((whole**2 - (size.astype(float) ** 2).sum(axis=1)).sum() / 2)


def _found(pairs: Ints, record: Ints, block: Ints, *, records: int, blocks: int) -> Flags:
    """Which pairs share a block; `record` is sorted, and (record, block) pairs are distinct."""
    found = np.zeros(len(pairs), dtype=bool)
    if not len(record):
        return found
    here = np.sort(record * blocks + block)
    start = np.searchsorted(here // blocks, np.arange(records + 1))
    first, second = pairs[:, 0], pairs[:, 1]
    times = start[first + 1] - start[first]
    pair = np.repeat(np.arange(len(pairs)), times)
    offset = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    wanted = second[pair] * blocks + here[start[first][pair] + offset] % blocks
    place = np.minimum(np.searchsorted(here, wanted), len(here) - 1)
    found[pair[here[place] == wanted]] = True
    return found


def _values(identifier: str, value: str, part: str) -> tuple[str, ...]:
    return KINDS[identifier].parts(value, part)


def _coded(
    identifier: str, columns: Mapping[str, tuple[Ints, list[str]]], part: str, vocabulary: dict[str, int]
) -> list[Ints]:
    if identifier not in columns:
        return []
    codes, values = columns[identifier]
    images = [_values(identifier, v, part) for v in values]
    width = max(map(len, images), default=0)
    table = np.full((len(values) + 1, max(width, 1)), -1, dtype=np.int64)
    for at, image in enumerate(images):
        table[at, : len(image)] = [vocabulary.setdefault(v, len(vocabulary)) for v in image]
    return [table[codes, way] for way in range(width)]


def _named(owner: str, columns: Mapping[str, tuple[Ints, list[str]]], part: str) -> list[Ints]:
    vocabulary: dict[str, int] = {}
    fore, last = (_coded(n, columns, part, vocabulary) for n in NAMES)
    if owner == "name.any":
        return fore + last
    size = len(vocabulary)
    return [
        np.where(np.minimum(f, s) < 0, -1, np.minimum(f, s) * size + np.maximum(f, s))
        for f in fore
        for s in last
    ]


def _people(name: str, files: list[tuple[pd.DataFrame, ColumnMapping, list[str]]]) -> People:
    record, file, entity, texts = [], [], [], []
    for number, (frame, mapping, truth) in enumerate(files):
        clean, _ = normalise(frame, schema=default_schema(), mapping=mapping, file=name)
        record.append(np.asarray(clean.record, dtype=np.int64) + len(entity))
        file += [number] * len(frame)
        entity += truth
        texts.append(pd.DataFrame({i: c.texts() for i, c in clean.columns.items()}))
    whole, where = pd.concat(texts, ignore_index=True), np.array(file)
    groups = pd.Series(np.arange(len(entity))).groupby(np.array(entity)).indices.values()
    pairs = [
        p for g in groups for p in combinations(sorted(g), 2) if len(files) == 1 or where[p[0]] != where[p[1]]
    ]
    columns = {}
    for identifier in (i for i in IDENTIFIERS if i in whole and whole[i].notna().any()):
        codes, values = pd.factorize(whole[identifier].astype(object), use_na_sentinel=True)
        columns[identifier] = (codes.astype(np.int64), [str(v) for v in values])
    return People(name, np.concatenate(record), where, np.array(pairs, dtype=np.int64).reshape(-1, 2), columns)


def sets(folder: Path, *, kept: float = 1.0) -> Iterator[People]:
    """The sets that are there; with `kept` below 1 that share of each file, drawn with a fixed seed."""
    for name, files in SETS.items():
        if not (folder / name / files[0]).exists():
            continue
        read = []
        for number, file in enumerate(files):
            rows = (
                pd.read_parquet(folder / name / file)
                .sample(frac=kept, random_state=number + 1)
                .reset_index(drop=True)
            )
            mapping = ColumnMapping("record_id", by_headers([c for c in rows.columns if c not in NOT_USED]))
            read.append((rows, mapping, rows["entity_id"].astype(str).tolist()))
        yield _people(name, read)


def made_up(people: int, *, name: str, seed: int, agencies: tuple[str, ...] = ()) -> People:
    """Made-up people in the files of the agencies (all, where none is named)."""
    world = make_world(people=people, seed=seed)
    read = []
    for agency in world.agencies:
        if not agencies or agency.name in agencies:
            mapping = ColumnMapping(agency.record_id, agency.identifiers, agency.date_order)
            truth = world.truth[agency.name].loc[agency.frame[agency.record_id]].astype(str).tolist()
            read.append((agency.frame, mapping, truth))
    return _people(name, read)
