"""What linking costs as files grow, and beside plain Splink.

    python benchmarks/scale.py tables RECORDS [--passes 8] [--update 0.01] [--work DIR]
    python benchmarks/scale.py people PEOPLE [--work DIR]
    python benchmarks/scale.py update RECORDS [--passes 24] [--update 0.01] [--one] [--apart] [--times 3] [--work DIR]

`tables` makes the pass files directly (benchmarks/scale_tables.py says how) and runs the linker over them: opening, comparing, training, scoring,
sealing; and again over an update of that share of the records. `people` goes the whole way with three agencies of the generator (`linkage.people`), and
links the same cleaned values with the same match keys by Splink in the clear. `update` runs the commands of linker and assembler over files made
directly, in full and after an update (benchmarks/scale_update.py).

Every step is a process of its own: seconds of processor time of that process and all its threads, by the clock, and its peak of resident memory. Disks and
other work on the machine move the clock and not so much the processor time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.schema import Schema

AGENCIES = ("nhs", "police", "schools")


def step(name: str, *words: object) -> dict[str, Any]:
    """The step in a process of its own: what it told, its processor seconds, its seconds and its peak in MB."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen([sys.executable, __file__, "step", name, *map(str, words)], stdout=told)
        _, status, used = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"{name} failed")
        told.seek(0)
        report: dict[str, Any] = json.loads(told.read() or b"{}")
    report |= {
        "cpu": round(used.ru_utime + used.ru_stime, 1),
        "clock": round(time.monotonic() - began, 1),
        "peak_mb": round(used.ru_maxrss / 1000),
    }
    print(f"{name}: {json.dumps(report)}", flush=True)
    return report


# Steps. Each imports what it needs itself: a child's peak should be its own.
def opened(folder: Path) -> dict[str, Any]:
    """Who is who, the round and the manifests, as the steps before left them."""
    from keys import Identity
    from linkage.central.chain import link_folders, partner_folders, stated_manifest
    from linkage.manifest import Round
    from linkage.schema import load_schema

    schema = load_schema((folder / "schema.yaml").read_text("utf-8"))
    manifests = [stated_manifest(link_folders(p)[-1]) for p in partner_folders(folder / "linker")]
    return {
        "schema": schema,
        "one": Round("scale", 1, schema.digest),
        "manifests": manifests,
        "linker": Identity.load(folder / "linker.key"),
        "assembler": Identity.load(folder / "assembler.key"),
    }


def schema_of(passes: int) -> "Schema":
    """The default schema with so many of its match keys."""
    from linkage.schema import default_schema, load_schema

    head, _, keys = default_schema().text.partition("keys:\n")
    lines = [line for line in keys.splitlines() if line.strip()]
    every = max(1, len(lines) // passes)
    return load_schema(f"{head}keys:\n" + "\n".join(lines[::every][:passes]) + "\n")


def make_tables(folder: Path, records: int, passes: int) -> dict[str, Any]:
    """Submissions of so many records, as scale_tables makes them."""
    from scale_tables import World, write_world

    from keys import Identity
    from linkage.manifest import Round

    schema = schema_of(passes)
    (folder / "schema.yaml").write_text(schema.text, encoding="utf-8")
    people = {n: Identity.make(n) for n in ("linker", "assembler")}
    for name, one in people.items():
        one.save(folder / f"{name}.key")
    world = World(schema, Round("scale", 1, schema.digest), records)
    manifests = write_world(folder / "linker", world, linker=people["linker"])
    size = sum(f.size for m in manifests for f in m.files)
    return {"records": sum(m.statistics.records for m in manifests), "gb": round(size / 1e9, 2)}


def make_update(folder: Path, records: int, share: float) -> dict[str, Any]:
    """An update of one partner."""
    from scale_tables import World, write_update

    about = opened(folder)
    base = next(m for m in about["manifests"] if m.partner == "police")
    world = World(about["schema"], about["one"], records)
    made = write_update(folder / "linker", world, base=base, share=share, linker=about["linker"])
    return {"gb": round(sum(f.size for f in made.files) / 1e9, 3)}


def link(folder: Path, keep: int) -> dict[str, Any]:
    """The linker's run over what is there; it keeps the rows for updates, or not."""
    from linkage.central.link import run_linker

    about = opened(folder)
    model = run_linker(
        folder / "linker",
        out=folder / "pairs",
        schema=about["schema"],
        one=about["one"],
        manifests=about["manifests"],
        linker=about["linker"],
        assembler=about["assembler"].public,
        link_type="link_only",
        progress=lambda *told: print(*told, file=sys.stderr, flush=True),
        keep=keep,
    )
    (folder / "model.json").write_text(model.to_json(), encoding="utf-8")
    return {"passes": len(model.passes), "pairs": sum(p.pairs for p in model.passes)}


def update(folder: Path) -> dict[str, Any]:
    """The linker's incremental run over what is new."""
    from linkage.central.link import run_update
    from linkage.central.pairs.model import read_model

    began = time.process_time()
    about = opened(folder)
    run_update(
        folder / "linker",
        out=folder / "pairs",
        schema=about["schema"],
        one=about["one"],
        manifests=about["manifests"],
        linker=about["linker"],
        assembler=about["assembler"].public,
        model=read_model((folder / "model.json").read_text("utf-8"), schema=about["schema"]),
    )
    return {"without_start": round(time.process_time() - began, 2)}


def assemble(folder: Path) -> dict[str, Any]:
    """The assembler's run over the same."""
    from linkage.central.assemble import run_assembler

    about = opened(folder)
    linkage = run_assembler(
        folder / "assembler",
        pairs=folder / "pairs",
        one=about["one"],
        manifests=about["manifests"],
        assembler=about["assembler"],
        linker=about["linker"].public,
    )
    return {"records": linkage.records.count, "people": linkage.people}


def make_people(folder: Path, people: int) -> dict[str, Any]:
    """Three agencies' cleaned records: as sealed submissions at the centre's doorstep, and in the clear for Splink."""
    from datetime import UTC, datetime

    from keys import Identity, Secret, TrustRegister
    from keys.trust import Entry
    from linkage.central.receive import Doorstep, receive
    from linkage.manifest import Round
    from linkage.partner.normalise import ColumnMapping, normalise
    from linkage.partner.submission import Recipients, seal_submission
    from linkage.partner.tokenise import Tokeniser
    from linkage.people import make_world
    from linkage.schema import default_schema
    from service.centre.evaluate import _clear_rows

    schema = default_schema()
    (folder / "schema.yaml").write_text(schema.text, encoding="utf-8")
    who = {n: Identity.make(n) for n in ("linker", "assembler", "custodian", "centre", *AGENCIES)}
    for name in ("linker", "assembler"):
        who[name].save(folder / f"{name}.key")
    one, now = Round("scale", 1, schema.digest), datetime(2026, 11, 22, 12, tzinfo=UTC)
    entries = tuple(Entry(who[a].public, a, frozenset({"data-officer"}), now) for a in AGENCIES)
    trust = TrustRegister("scale", 1, entries)
    recipients = Recipients(*(who[n].public for n in ("linker", "assembler", "custodian")))
    doorstep = Doorstep(folder / "linker", folder / "assembler", folder / "desk")
    secret, first, times = Secret(os.urandom(32), name="project secret"), 0, {"clean": 0.0, "tokenise": 0.0}
    (folder / "clear").mkdir()
    world = make_world(people=people, seed=7)
    for agency in (a for a in world.agencies if a.name in AGENCIES):
        mapping = ColumnMapping(agency.record_id, dict(agency.identifiers), agency.date_order)
        began = time.process_time()
        clean, _ = normalise(agency.frame.astype("str"), schema=schema, mapping=mapping, file=agency.name)
        times["clean"] += time.process_time() - began
        _clear_rows(clean, schema, first).to_parquet(folder / "clear" / f"{agency.name}.parquet")
        first += len(agency.frame)
        began = time.process_time()
        sent = seal_submission(
            Tokeniser(clean, schema=schema, secret=secret, own=Secret(os.urandom(32), name="own"), randomness=os.urandom),
            schema=schema, attributes=None, attribute_gateways={}, token_gateway="scale",  # noqa: S106  the name of a gateway
            one=one, secret=secret, signer=who[agency.name], partner=agency.name, recipients=recipients,
            folder=folder / "out" / agency.name, now=now,
        )  # fmt: skip
        times["tokenise"] += time.process_time() - began
        receive(sent.folder, trust=trust, one=one, doorstep=doorstep, signer=who["centre"], now=now)
    return {"records": first} | {n: round(s, 1) for n, s in times.items()}


def cleartext(folder: Path) -> dict[str, Any]:
    """Splink on the same values with the same match keys: u from random pairs, m by its EM with `max_pairs`, scores, people."""
    import contextlib

    import numpy as np
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from linkage.central.pairs.cleartext import ClearFile, run_cleartext
    from linkage.central.store import open_locked
    from linkage.schema import load_schema

    schema = load_schema((folder / "schema.yaml").read_text("utf-8"))
    files = [ClearFile(p.stem, pd.read_parquet(p)) for p in sorted((folder / "clear").glob("*.parquet"))]
    took: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(name: str) -> Any:
        began = time.process_time()
        yield
        took[name] = round(time.process_time() - began, 1)

    with open_locked(memory="12GB") as connection, timed("all"):
        scored = run_cleartext(files, schema=schema, link_type="link_only", connection=connection, step=timed)
        count = sum(len(f.rows) for f in files)
        with timed("cluster"):
            kept = (
                scored.groupby(["left", "right"], as_index=False)["probability"]
                .max()
                .query("probability >= 0.85")
            )
            pairs = (np.ones(len(kept), dtype=np.int8), (kept["left"], kept["right"]))
            found, _ = connected_components(coo_array(pairs, shape=(count, count)), directed=False)
    return {"records": count, "people": int(found), **took}


STEPS = {
    f.__name__: (f, kinds)
    for f, *kinds in (
        (make_tables, int, int), (make_update, int, float), (link, int), (update,), (assemble,), (make_people, int), (cleartext,),
    )
}  # fmt: skip


def tables(records: int, *, passes: int, share: float, folder: Path) -> None:
    step("make_tables", folder, records, passes)
    full = step("link", folder, int(share > 0))
    if share:
        step("make_update", folder, records, share)
        again = step("update", folder)
        print(f"update of {share:.1%}: {again['cpu'] / full['cpu']:.1%} of the full run's processor time")


def people(number: int, *, folder: Path) -> None:
    made = step("make_people", folder, number)
    sides = step("link", folder, 0), step("assemble", folder), step("cleartext", folder)
    private = sides[0]["cpu"] + sides[1]["cpu"]
    print(
        f"{made['records']:,} records: private : cleartext = {private / sides[2]['cpu']:.2f} of its processor time,"
        f" peaks {sides[0]['peak_mb']:,} and {sides[1]['peak_mb']:,} MB against {sides[2]['peak_mb']:,} MB"
    )


def main() -> None:
    if sys.argv[1:2] == ["step"]:
        run, kinds = STEPS[sys.argv[2]]
        words = [kind(word) for kind, word in zip([Path, *kinds], sys.argv[3:], strict=True)]
        print(json.dumps(run(*words)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("tables", "people", "update"))
    parser.add_argument("number", type=int)
    parser.add_argument("--passes", type=int, default=8)
    parser.add_argument("--update", type=float, default=0.01)
    parser.add_argument("--apart", action="store_true", help="update: a command each for linker and assembler")
    parser.add_argument("--times", type=int, default=3, help="update: how often it is run")
    parser.add_argument("--one", action="store_true", help="update: all of it from one partner")
    parser.add_argument("--work", type=Path, default=None)
    given = parser.parse_args()
    if given.kind == "update":
        from scale_update import update as compared_with_full

        schema = schema_of(given.passes)
        compared_with_full(
            given.number,
            schema=schema,
            share=given.update,
            work=given.work,
            apart=given.apart,
            from_one=given.one,
            times=given.times,
        )
        return
    with tempfile.TemporaryDirectory(dir=given.work, prefix="scale-") as name:
        if given.kind == "tables":
            tables(given.number, passes=given.passes, share=given.update, folder=Path(name))
        else:
            people(given.number, folder=Path(name))


if __name__ == "__main__":
    main()
