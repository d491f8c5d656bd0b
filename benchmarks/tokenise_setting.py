"""Lays out what `tokenise.py` measures with: a file of records, its mapping, a project's shared folder and an officer's keys.

Made-up records are those of one agency that holds every identifier: the people, faults and attributes of the generator's health trust, with the
columns of all the others. Many records come in pieces, from worlds of at most 200,000 people each, and are written as they are made; the places
of the worlds are the same, so that the largest files are more crowded than a real county. Prints where everything lies, as JSON.
"""

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from keys import Identity, Root
from keys.ceremony import make_secret, save_secret
from keys.trust import Entry, issue_register
from linkage.manifest import Round
from linkage.people.agencies import PROFILES
from linkage.people.export import export
from linkage.people.fault_rates import rates_of
from linkage.people.faults import write_down
from linkage.people.lives import make_lives
from linkage.people.population import make_population
from linkage.people.subjects import known_people, subjects
from linkage.schema import default_schema
from service.custody.ceremony import Plan, make
from service.custody.rounds import record_path
from service.evidence import VOUCHED
from service.officer.mapping_file import as_mapping
from service.shared import ROOT_FILE, SCHEMA_FILE, TRUST_FILE, write_project, write_root
from service.writing import write_whole

PARTNER, GATEWAY, PROJECT = "nhs", "COPI-s251", "benchmark"
NINE = (
    "forename",
    "middle_name",
    "surname",
    "date_of_birth",
    "sex",
    "postcode",
    "address",
    "town",
    "nhs_number",
)
EVERY = (*NINE, "previous_surname", "email")
MOST_PEOPLE, MADE_OF_PEOPLE = 200_000, 0.6  # the trust knows some 65 of 100 people
ROWS_AT_ONCE = 50_000


def pieces(records: int) -> Iterator[pd.DataFrame]:
    """Made-up records in frames, with ids that are unique over all of them."""
    trust = next(p for p in PROFILES if p.name == PARTNER)
    style = replace(trust.style, town_in_address=False)
    profile = replace(trust, identifiers={i: i for i in EVERY}, record_id="record_id", style=style)
    rates = rates_of(PARTNER)
    seed, missing = 0, records
    while missing > 0:
        people = min(MOST_PEOPLE, int(missing / MADE_OF_PEOPLE) + 100)
        population = make_population(people, rng=np.random.default_rng([seed, 0]))
        lives = make_lives(population, rng=np.random.default_rng([seed, 1]))
        rng = np.random.default_rng([seed, 2])
        known = known_people(population, lives=lives, agency=PARTNER, rng=rng)
        entered = subjects(known, rates=rates, rng=rng)
        entries = write_down(population, subjects=entered, rates=rates, rng=rng)
        frame = export(
            entries, subjects=entered, population=population, lives=lives, profile=profile, rates=rates, rng=rng
        )
        frame = frame.head(missing)
        frame["record_id"] = f"{seed}-" + frame["record_id"]
        missing -= len(frame)
        seed += 1
        yield frame


def write_records(path: Path, records: int) -> None:
    """The made-up records as a Parquet or CSV file, piece by piece, complete or not there at all."""
    draft = path.with_name(f".{path.name}")
    writer: pq.ParquetWriter | pc.CSVWriter | None = None
    for frame in pieces(records):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        table = table.cast(pa.schema([(n, pa.string()) for n in table.column_names]))
        if writer is None:
            kind = pq.ParquetWriter if path.suffix == ".parquet" else pc.CSVWriter
            writer = kind(str(draft), table.schema)
        writer.write_table(table, ROWS_AT_ONCE)
    if writer is not None:
        writer.close()
    draft.rename(path)


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    if path.suffix.lower() == ".parquet":
        yield from pq.ParquetFile(path).iter_batches(ROWS_AT_ONCE)
        return
    with path.open(encoding="utf-8-sig") as source:
        names = pd.read_csv(source, nrows=0).columns
    texts = pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    yield from pc.open_csv(path, convert_options=texts)


def count(path: Path) -> int:
    if path.suffix.lower() == ".parquet":
        return int(pq.ParquetFile(path).metadata.num_rows)
    return sum(b.num_rows for b in batches(path))


def write_for_clkhash(source: Path, path: Path, *, columns: dict[str, str], most: int) -> None:
    """The first records as clkhash reads them: a CSV of the record id and the nine fields, of those that are there."""
    left = most
    with path.open("wb") as out:
        writer: pc.CSVWriter | None = None
        for batch in batches(source):
            part = batch.slice(0, left)
            texts = [part.column(c).cast(pa.string()).fill_null("") for c in columns.values()]
            table = pa.table(texts, names=list(columns))
            writer = writer or pc.CSVWriter(out, table.schema)
            writer.write_table(table)
            left -= part.num_rows
            if not left:
                break
        if writer is not None:
            writer.close()


def open_office(folder: Path, *, file: Path, mapping: str, now: datetime) -> Path:
    """The officer's keys and mapping and the project's shared folder: all that `linkage partner submit` asks for."""
    shared = folder / "shared"
    shared.mkdir(parents=True, exist_ok=True)
    # What an officer of an earlier run remembers has another root of trust.
    (folder / "seen.json").unlink(missing_ok=True)
    schema = default_schema()
    one = Round(PROJECT, 1, schema.digest)
    roles = {f"{PARTNER}/officer": "data-officer"} | {f"{r}/1": r for r in ("linker", "assembler", "custodian")}
    people = {name: Identity.make(name) for name in roles}
    root = Identity.make("root/1")
    entries = [
        Entry(p.public, PARTNER if roles[n] == "data-officer" else "centre", frozenset({roles[n]}), now)
        for n, p in people.items()
    ]
    (shared / SCHEMA_FILE).write_text(schema.text, encoding="utf-8")
    write_project(
        shared, one=one, link_type="link_only", purpose="service-evaluation", recipient="local-policing-body"
    )
    write_root(shared / ROOT_FILE, Root((root.public,), 1))
    register = issue_register(entries, project=PROJECT, version=1, issued_at=now, previous=None, roots=[root])
    (shared / TRUST_FILE).write_text(register, encoding="utf-8")
    catalogue = resources.files("policies") / "library" / VOUCHED["catalogue"]
    (shared / VOUCHED["catalogue"]).write_text(catalogue.read_text("utf-8"), encoding="utf-8")
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    for name in ("identity.key", "project.secret", "own.secret"):
        (folder / name).unlink(missing_ok=True)
    people[f"{PARTNER}/officer"].save(folder / "identity.key")
    secrets = {name: make_secret(name=name, randomness=os.urandom) for name in ("project", "own")}
    for name, secret in secrets.items():
        save_secret(secret, folder / f"{name}.secret")
    plan = Plan(
        PROJECT, 1, 1, (people["custodian/1"].public,), (people[f"{PARTNER}/officer"].public,), None, {}
    )
    ceremony = make(plan, by=people["custodian/1"], now=now, randomness=lambda _: secrets["project"].expose())
    write_whole(record_path(shared, epoch=1), ceremony.note)
    command = {
        "file": file,
        "--mapping": folder / "mapping.yaml",
        "--identity": folder / "identity.key",
        "--secret": folder / "project.secret",
        "--own": folder / "own.secret",
        "--shared": shared,
    }
    told = folder / "command.json"
    told.write_text(json.dumps({k: str(v.resolve()) for k, v in command.items()}), encoding="utf-8")
    return told


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("work", type=Path)
    ask.add_argument("--records", type=int)
    ask.add_argument("--file", type=Path)
    ask.add_argument("--map", nargs="+", default=[])
    ask.add_argument("--record-id", default="record_id")
    ask.add_argument("--dates", default="YMD")
    ask.add_argument("--format", default="parquet")
    ask.add_argument("--clk-records", type=int, default=0)
    asked = ask.parse_args()
    made = asked.file is None
    file = asked.work / f"people-{asked.records}.{asked.format}" if made else asked.file
    if made and not file.exists():
        write_records(file, asked.records)
    names = next(batches(file)).schema.names
    columns = dict(m.split("=", 1) for m in asked.map) or {i: i for i in EVERY if i in names}
    attributes = ("ae_assault", "ae_visits", "area", "age_band") if made else ()
    mapping = as_mapping(
        partner=PARTNER, record_id=asked.record_id, date_order=asked.dates, identifiers=columns, attributes={a: a for a in attributes},
        token_gateway=GATEWAY, attribute_gateways=dict.fromkeys(attributes, GATEWAY),
    )  # fmt: skip
    records = count(file)
    clk = asked.work / f"clkhash-{file.stem}-{asked.clk_records}.csv"
    if asked.clk_records and (not made or not clk.exists()):
        fields = {"record_id": asked.record_id} | {i: columns[i] for i in NINE if i in columns}
        write_for_clkhash(file, clk, columns=fields, most=asked.clk_records)
    office = open_office(asked.work / f"office-{file.stem}", file=file, mapping=mapping, now=datetime.now(UTC))
    print(json.dumps({"records": records, "office": str(office), "clk": str(clk)}))


if __name__ == "__main__":
    main()
