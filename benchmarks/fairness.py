"""Quality of cleaning and linkage by group: `python benchmarks/fairness.py [FOLDER] [SCHEMA.yaml] [--people N] [--write docs/fairness.md]`.

Made-up people of all five agencies, linked between the agencies' files, by name-origin group; once more with every origin written down with equal care,
which shows what is left of a gap when clerks make no difference. FOLDER holds the data sets that `quality.py` names; they say nothing of origin, so they are shown by the form of
what is written. SCHEMA is a linkage schema; where none is given the default one counts, and for a set of one file that for finding doubles. `--write` puts what is printed between the two markers of a page.
Secrets and random numbers are fixed: the same schema gives the same tables.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np
import pandas as pd
from match_keys_people import NOT_USED, SETS

from keys import Secret
from linkage.central.assemble import best_of, gather, resolve
from linkage.central.link import score, train
from linkage.manifest import RECORDS, Manifest, Round
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.records import CleanRecords
from linkage.partner.suggestions.headings import by_headers
from linkage.partner.tokenise import record_refs, tokenise
from linkage.people import faults, make_world
from linkage.people.cultures import ORIGINS
from linkage.schema import Schema, dedupe_schema, default_schema, load_schema
from linkage.tokens import PassMap, TokenTable
from service.officer.fairness import (
    EQUAL_COLUMNS,
    FIELDS,
    FORM_COLUMNS,
    FORMS,
    LINKAGE_COLUMNS,
    RECORD_COLUMNS,
    Flags,
    Share,
    between,
    difference,
    forms,
    in_group,
    largest,
    rewritten,
    share,
    table,
)

SEED: Final = 3
FEWEST: Final = 50  # true pairs of a group that is shown


@dataclass(frozen=True, slots=True)
class File:
    """One file: its rows, how they are mapped, the true person of each row, and the cleaned records."""

    name: str
    rows: pd.DataFrame
    mapping: ColumnMapping
    person: np.ndarray
    clean: CleanRecords

    def raw(self, identifier: str) -> pd.Series:
        """The column as the file writes it."""
        return self.rows[self.mapping.identifiers[identifier]]

    def valid(self, identifier: str) -> np.ndarray:
        """Which records have a usable value."""
        return self.clean.columns[identifier].present[: len(self.rows)]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of records, what is true of each, and a person of each."""

    left: np.ndarray
    right: np.ndarray
    true: dict[str, np.ndarray]
    person: np.ndarray

    def of(self, member: Flags, measure: str, *, others: bool = False) -> Share:
        """The share of the group's pairs of which it is true; of the pairs of `others`, those that do not concern the group."""
        here = in_group(member, left=self.left, right=self.right) ^ others
        return share(self.true[measure][here], person=self.person[here])


@dataclass(frozen=True, slots=True)
class Linked:
    """A linkage with known truth. `truth` has the true pairs (`reached`: they share a match key; `found`: linked at the default threshold);
    `links` both ends of each link, once each (`sound`: the link is of one person), so that a wrong link counts alike for the two it joins.
    A record's number is its place in the files one below the other."""

    truth: Pairs
    links: Pairs

    def shares(self, member: Flags, *, others: bool = False) -> list[Share]:
        """Reached, found and right, of a group."""
        return [
            self.truth.of(member, "reached", others=others),
            self.truth.of(member, "found", others=others),
            self.links.of(member, "sound", others=others),
        ]


def clean_file(
    name: str, rows: pd.DataFrame, mapping: ColumnMapping, person: np.ndarray, *, schema: Schema
) -> File:
    clean, _ = normalise(rows, schema=schema, mapping=mapping, file=name)
    return File(name, rows, mapping, person, clean)


def made_up(people: int, *, schema: Schema) -> tuple[list[File], pd.Series]:
    """The five agencies' files, and the name-origin group of each person number."""
    world = make_world(people=people, seed=SEED)
    files = []
    for agency in world.agencies:
        mapping = ColumnMapping(agency.record_id, agency.identifiers, agency.date_order)
        person = world.truth[agency.name].loc[agency.frame[agency.record_id]].to_numpy()
        files.append(clean_file(agency.name, agency.frame, mapping, person, schema=schema))
    return files, world.origin


def sets(folder: Path, *, given: Schema | None) -> Iterator[tuple[str, list[File], Schema]]:
    """The data sets that are there, each with the schema that was given, or the one that is meant for one file or for several."""
    for name, paths in SETS.items():
        if (folder / name / paths[0]).exists():
            files, schema = [], given or (default_schema() if len(paths) > 1 else dedupe_schema())
            for path in paths:
                rows = pd.read_parquet(folder / name / path)
                mapping = ColumnMapping("record_id", by_headers([c for c in rows.columns if c not in NOT_USED]))
                files.append(
                    clean_file(
                        Path(path).stem, rows, mapping, rows["entity_id"].astype(str).to_numpy(), schema=schema
                    )
                )
            yield name, files, schema


def link(files: list[File], *, schema: Schema) -> Linked:
    """The files linked by the partners' and the centre's own functions; sealing, which changes no value, is left out."""
    kind = "dedupe_only" if len(files) == 1 else "link_only"
    rng = np.random.default_rng(SEED)
    secret = Secret(rng.bytes(32), name="project secret")
    one = Round("fairness", 1, schema.digest)
    tokens: dict[str, TokenTable] = {}
    everyone, manifests, number = {}, [], {}
    for file in files:
        own = Secret(rng.bytes(32), name=f"{file.name} own")
        tokens[file.name], told = tokenise(
            file.clean, schema=schema, secret=secret, own=own, randomness=rng.bytes
        )
        refs = record_refs(file.clean.record_ids, own=own)
        number |= {bytes(ref): len(number) + at for at, ref in enumerate(refs)}
        everyone[file.name] = PassMap(RECORDS, np.arange(len(refs)), refs)
        manifests.append(Manifest(one, file.name, "measured", "", "", (), told, {}, ""))
    tables = {k.name: {n: t.passes[at] for n, t in tokens.items()} for at, k in enumerate(schema.match_keys)}
    maps = {k.name: {n: t.maps[at] for n, t in tokens.items()} for at, k in enumerate(schema.match_keys)}
    model = train(lambda k: tables[k.name], schema=schema, manifests=manifests, link_type=kind)
    scored = score(lambda k: tables[k.name], model=model, schema=schema)
    records = gather(everyone)
    best = best_of([resolve(t, maps=maps[k], records=records) for k, t in scored.items()])
    ours = np.array([number[bytes(ref)] for ref in records.record_ref])
    linked = best.probability >= model.threshold
    left, right = np.sort(ours[np.column_stack([best.left, best.right])[linked]], axis=1).T
    person = np.concatenate([f.person for f in files])
    first, second = true_pairs(person, [len(f.rows) for f in files])
    reached = np.zeros(len(first), dtype=bool)
    for key in tables:
        reached |= meet(tables[key], maps[key], number, first=first, second=second)
    size, codes = len(person), pd.factorize(person)[0]
    ends = np.concatenate([left, right])
    found = np.isin(first * size + second, left * size + right)
    return Linked(
        Pairs(first, second, {"reached": reached, "found": found}, codes[first]),
        Pairs(ends, ends, {"sound": np.tile(person[left] == person[right], 2)}, codes[ends]),
    )


def true_pairs(person: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of records of one person: of different files, or inside the only one."""
    where = np.repeat(np.arange(len(sizes)), sizes)
    groups = pd.Series(np.arange(len(person))).groupby(person).indices.values()
    found = [
        p for g in groups for p in combinations(sorted(g), 2) if len(sizes) == 1 or where[p[0]] != where[p[1]]
    ]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def meet(
    tables: Mapping[str, object],
    maps: Mapping[str, PassMap],
    number: Mapping[bytes, int],
    *,
    first: np.ndarray,
    second: np.ndarray,
) -> np.ndarray:
    """Which pairs have rows in one block of the pass."""
    record = np.concatenate([[number[bytes(r)] for r in m.record_ref] for m in maps.values()]).astype(np.int64)
    block = pd.factorize(np.concatenate([t.columns["block"] for t in tables.values()]))[0]
    rows = pd.DataFrame({"record": record, "block": block}).drop_duplicates()
    pairs = pd.DataFrame({"pair": np.arange(len(first)), "first": first, "second": second})
    at = pairs.merge(rows, left_on="first", right_on="record").drop(columns="record")
    at = at.merge(rows, left_on=["second", "block"], right_on=["record", "block"])
    return np.isin(np.arange(len(first)), at["pair"])


def record_rows(files: list[File], groups: Mapping[str, Flags]) -> list[list[str]]:
    """A row a group for the table of records."""
    starts = np.cumsum([0, *(len(f.rows) for f in files)])
    changed = np.concatenate(
        [(text(f, "forename").map(rewritten) | text(f, "surname").map(rewritten)).to_numpy() for f in files]
    )
    out = []
    for name, member in groups.items():
        its = [member[a:b] for a, b in pairwise(starts)]
        cells, given, refused = [], 0, 0
        for field in FIELDS:
            held = [(f, m) for f, m in zip(files, its, strict=True) if field in f.mapping.identifiers]
            valid = np.concatenate([f.valid(field)[m] for f, m in held])
            wrote = np.concatenate([f.raw(field).notna().to_numpy()[m] for f, m in held])
            given, refused = given + int(wrote.sum()), refused + int((wrote & ~valid).sum())
            cells.append(percent(valid.mean(), digits=1))
        cells += [percent(refused / given, digits=2), percent(changed[member].mean(), digits=1)]
        out.append([name, f"{int(member.sum()):,}", *cells])
    return out


def text(file: File, identifier: str) -> pd.Series:
    """The column as the file writes it, missing as the empty text."""
    return file.raw(identifier).fillna("").astype(str)


def percent(value: float, *, digits: int) -> str:
    return f"{100 * value:.{digits}f}"


def compared(one: list[Share], other: list[Share] | None) -> list[str]:
    """Each share and its difference to the other group's."""
    out = []
    for at, its in enumerate(one):
        gap = difference(its, less=other[at]) if other else None
        out += [its.text, gap.text if gap else "–"]
    return out


def group_rows(linked: Linked, groups: Mapping[str, Flags], *, measures: int = 3) -> list[list[str]]:
    """A row a group: shares, and differences to the largest group."""
    shares = {n: linked.shares(m)[:measures] for n, m in groups.items()}
    most = largest({n: s[0].of for n, s in shares.items()})
    return [[n, f"{s[0].of:,}", *compared(s, None if n == most else shares[most])] for n, s in shares.items()]


def form_rows(name: str, files: list[File], *, schema: Schema) -> list[list[str]]:
    """A row a form that enough pairs of the set have, and that enough have not: shares, and differences to the other pairs."""
    linked = link(files, schema=schema)
    its = np.concatenate([forms_in(f) for f in files])
    out = []
    for at, form in enumerate(FORMS):
        one, other = linked.shares(its[:, at]), linked.shares(its[:, at], others=True)
        if min(one[0].of, other[0].of) >= FEWEST:
            out.append([name, form, f"{one[0].of:,}", *compared(one, other)])
    return out


def forms_in(file: File) -> np.ndarray:
    """Which forms each record has, a column a form. A field counts as missing where the file has it for nine records in ten."""
    usual = [i for i in file.mapping.identifiers if i in file.clean.columns and file.valid(i).mean() >= 0.9]
    missing = ~np.logical_and.reduce([np.ones(len(file.rows), dtype=bool), *(file.valid(i) for i in usual)])
    sex = file.clean.columns["sex"].texts()[: len(file.rows)]
    names = (text(file, i) for i in ("forename", "surname"))
    found = [
        forms(forename=f, surname=s, sex=x, missing=bool(m))
        for f, s, x, m in zip(*names, sex, missing, strict=True)
    ]
    return np.array([[form in its for form in FORMS] for its in found])


def report(folder: Path | None, *, given: Schema | None, people: int) -> str:
    """All tables, with their captions."""
    schema = given or default_schema()
    files, origin = made_up(people, schema=schema)
    groups = by_origin(files, origin)
    out = [
        f"Made-up people: {people:,}, schema `{schema.name}` version {schema.version}, {len(schema.keys)} match keys. All numbers but counts are per cent.",
        "**Records**, after cleaning, of all five agencies:",
        table(RECORD_COLUMNS, record_rows(files, groups)),
        "**Linkage** between the agencies' files, at the default threshold; differences to the largest group, in percentage points:",
        table(LINKAGE_COLUMNS, group_rows(link(files, schema=schema), groups)),
    ]
    with patch.object(faults, "ORIGIN_FACTORS", dict.fromkeys(ORIGINS, (1.0, 1.0))):
        files, origin = made_up(people, schema=schema)
    out += [
        "**The same, had every name been written down with equal care**:",
        table(EQUAL_COLUMNS, group_rows(link(files, schema=schema), by_origin(files, origin), measures=2)),
    ]
    if folder is not None:
        rows = [row for name, its, one in sets(folder, given=given) for row in form_rows(name, its, schema=one)]
        out += [
            f"**Public test sets**, by the form of what is written; differences to all other pairs of the set; forms of {FEWEST} true pairs or more:",
            table(FORM_COLUMNS, rows),
        ]
    return "\n\n".join(out)


def by_origin(files: list[File], origin: pd.Series) -> dict[str, Flags]:
    """The records of each name-origin group."""
    its = origin.loc[np.concatenate([f.person for f in files])].to_numpy()
    return {name: np.asarray(its == name) for name in ORIGINS}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("given", nargs="*", type=Path, help="a folder of data sets, a schema (.yaml)")
    words.add_argument("--people", type=int, default=20_000)
    words.add_argument("--write", type=Path, help="the page whose tables are renewed")
    asked = words.parse_args()
    folder = next((p for p in asked.given if p.is_dir()), None)
    path = next((p for p in asked.given if p.suffix == ".yaml"), None)
    if unread := [p for p in asked.given if p not in (folder, path)]:
        words.error(f"{unread[0].name} is neither a folder nor a .yaml file")
    given = load_schema(path.read_text("utf-8")) if path else None
    printed = report(folder, given=given, people=asked.people)
    print(printed)
    if asked.write:
        asked.write.write_text(between(asked.write.read_text("utf-8"), printed), "utf-8")


if __name__ == "__main__":
    main()
