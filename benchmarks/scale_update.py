"""What an update costs of a full run, as an operator pays for it: the command that runs linker and assembler, or (`--apart`) one command for each, from start to end.

    python benchmarks/scale.py update RECORDS [--passes 24] [--update 0.01] [--one] [--apart] [--times 3] [--work DIR]

A project of three partners, with folders and keys as the demonstration's; the submissions are made directly (benchmarks/scale_tables.py says how), with the
maps that belong to them. An update of every partner brings so large a share of its records: half new, half corrected, whose filters and numbers have
other slips; with `--one` as many records come in one update of one partner. Processor seconds are those of a process and all its threads. An update is over so soon that what
memory and disk were used for before moves it by a tenth: it is run so many `--times`, over copies of the project, and the median counts.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scale_tables import (
    CHUNK,
    PARTNERS,
    World,
    mixed,
    sealed_file,
    signed_manifest,
    sorted_by_reference,
    tokens_file,
)

from linkage.gone import GONE, write_gone
from linkage.manifest import GONE_SUFFIX, RECORDS, Manifest, Round, SealedFile
from linkage.schema import MatchKey, Schema
from linkage.tokens import PassMap, write_map
from service.demonstration.cast import EPOCH, PROJECT, TOKEN_GATEWAYS, Randomness
from service.demonstration.stage import fresh_folder, set_up
from service.errors import BAD_INPUT
from service.places import Places

SEED: Final = 7

People = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a submission brings: persons, and which version of their records; and whose records it takes back."""

    brought: Sequence[tuple[People, int]]
    gone: People | None = None


class Project:
    """A project whose partners send made-up pass files and maps to linker and assembler."""

    def __init__(self, root: Path, *, schema: Schema, records: int) -> None:
        self.places = fresh_folder(Places(root).root)
        one = Round(PROJECT, EPOCH, schema.digest)
        agencies = SimpleNamespace(agencies=[SimpleNamespace(name=name) for name in PARTNERS])
        cast = set_up(self.places, agencies, schema, one, Randomness(SEED))  # type: ignore[arg-type]
        self.linker, self.assembler = cast.people["linker/1"], cast.people["assembler/1"]
        officers = {name: cast.people[f"{name}/officer"] for name in PARTNERS}
        self.world = World(schema, one, records, officers, TOKEN_GATEWAYS)
        self._heads: dict[str, Manifest] = {}

    def parts(self, partner: int, *, share: float) -> tuple[People, People, People]:
        """A partner's people: those who come with the update, those whose records it corrects, and all others."""
        own = sorted_by_reference(self.world.holds(partner), partner=partner)
        half = round(len(own) * share / 2)
        return own[:half], own[half : 2 * half], own[2 * half :]

    def submit(self, partner: int, sent: Sent) -> None:
        """The submission lies with linker and assembler."""
        name, world = PARTNERS[partner], self.world
        place = Path(name) / ("" if sent.gone is None else "update-0001")
        tokens, maps = (self.places.root / who / "inbox" / place for who in ("linker", "assembler"))
        files = []
        for key in world.schema.match_keys:
            files.append(
                tokens_file(tokens, key, world, self._rows(key, partner, sent), name=name, linker=self.linker)
            )
            its = self._map(key, partner, np.concatenate([person for person, _ in sent.brought]))
            files.append(
                self._sealed(maps / f"{key.name}.map.sealed", write_map(its, partner=name), name, key.name)
            )
            if sent.gone is not None:
                rows = self._map(key, partner, sent.gone).row_ref
                content = write_gone(rows, key=key.name, partner=name)
                context = world.one.context(name, key.name, GONE)
                files.append(
                    sealed_file(tokens / f"{key.name}{GONE_SUFFIX}", content, to=self.linker, context=context)
                )
        refs = references(np.concatenate([person for person, _ in sent.brought]), partner=partner)
        listed = PassMap(RECORDS, np.arange(len(refs)), refs)
        files.append(
            self._sealed(maps / f"{RECORDS}.map.sealed", write_map(listed, partner=name), name, RECORDS)
        )
        if sent.gone is not None:
            content = write_gone(references(sent.gone, partner=partner), key=RECORDS, partner=name)
            files.append(self._sealed(maps / f"{RECORDS}{GONE_SUFFIX}", content, name, RECORDS, GONE))
        self._heads[name] = signed_manifest(
            [tokens, maps],
            world,
            name=name,
            records=len(world.holds(partner)),
            files=files,
            base=self._heads.get(name),
        )

    def _rows(self, key: MatchKey, partner: int, sent: Sent) -> Iterator[dict[str, Any]]:
        """In the order of their references, as partners send them."""
        pieces = [
            piece
            for person, version in sent.brought
            for piece in self.world.rows(key, person, partner=partner, version=version)
        ]
        columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
        order = np.argsort(columns["row_ref"])
        for begin in range(0, len(order), CHUNK):
            yield {name: column[order[begin : begin + CHUNK]] for name, column in columns.items()}

    def _map(self, key: MatchKey, partner: int, person: People) -> PassMap:
        rows, refs = self.world.references(key, person, partner=partner), references(person, partner=partner)
        order = np.argsort(rows)
        return PassMap(key.name, rows[order], np.tile(refs, (len(rows) // max(len(refs), 1), 1))[order])

    def _sealed(self, path: Path, content: bytes, *context: str) -> SealedFile:
        return sealed_file(path, content, to=self.assembler, context=self.world.one.context(*context))


def references(person: People, *, partner: int) -> npt.NDArray[np.uint8]:
    """The pseudonyms of a partner's records, (n, 16) bytes."""
    halves = np.stack([mixed(person, partner, 12), mixed(person, partner, 13)], axis=1)
    return np.ascontiguousarray(halves.astype(">u8")).view(np.uint8).reshape(-1, 16)


def command(*words: object) -> float:
    """The processor seconds of the centre's command in a process of its own and those it starts, with their starts and threads. Python finds its modules compiled, as it does on
    every machine but for the first run."""
    began, before = time.monotonic(), _used()
    child = subprocess.run(
        [sys.executable, "-P", "-m", "cli", "centre", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=_environment(),
    )
    if child.returncode:
        raise SystemExit(f"{words[0]} failed: {child.stderr[-2000:]}")
    cpu = _used() - before
    print(f"{words[0]}: {cpu:.2f} s, {time.monotonic() - began:.1f} by the clock", flush=True)
    return cpu


def start_of_a_run(nowhere: Path) -> float:
    """The processor seconds in which the command for both is loaded and looks at what it was given, which is nothing: the least of three."""
    words = ["run", nowhere / "linker", nowhere / "assembler", "--shared", nowhere, "--out", nowhere / "spine"]
    took = []
    for _ in range(3):
        before = _used()
        child = subprocess.run(
            [sys.executable, "-P", "-m", "cli", "centre", *words],
            capture_output=True,
            check=False,
            env=_environment(),
        )
        if child.returncode != BAD_INPUT:
            raise SystemExit(f"a run of nothing ended with {child.returncode}")
        took.append(_used() - before)
    return min(took)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ran(places: Places, *words: str, apart: bool) -> list[float]:
    """Linker and assembler one after the other, by one command for both or by one for each."""
    shared, spine = places.shared, places.centre / "spine.sealed"
    more = ["--shared", shared, "--out"]
    if not apart:
        return [command("run", places.linker, places.assembler, *more, spine, *words)]
    return [
        command("link", places.linker, *more, places.assembler / "pairs", *words),
        command("assemble", places.assembler, *more, spine),
    ]


def median_of(times: int, places: Places, *, apart: bool) -> list[float]:
    """What the update that lies there costs, run so many times: that run of them which cost the median. All but the last are over copies; at ten million there is room for none."""
    runs, copy = [], places.root.with_name("copy")
    for _ in range(times - 1):
        shutil.copytree(places.root, copy)
        runs.append(ran(Places(copy), "--update", apart=apart))
        shutil.rmtree(copy)
    runs.append(ran(places, "--update", apart=apart))
    return sorted(runs, key=sum)[statistics.median_low(range(times))]


def update(
    records: int,
    *,
    schema: Schema,
    share: float,
    work: Path | None,
    apart: bool,
    from_one: bool,
    times: int,
) -> None:
    """A table of what a full run costs, and an update after it."""
    with tempfile.TemporaryDirectory(dir=work, prefix="scale-") as name:
        project = Project(Path(name) / "project", schema=schema, records=records)
        shares = [share * len(PARTNERS), *[0.0] * (len(PARTNERS) - 1)] if from_one else [share] * len(PARTNERS)
        parts = [project.parts(partner, share=its) for partner, its in enumerate(shares)]
        for partner, (_, corrected, others) in enumerate(parts):
            project.submit(partner, Sent([(corrected, 0), (others, 0)]))
        full = ran(project.places, apart=apart)
        for partner, (new, corrected, _) in enumerate(parts[:1] if from_one else parts):
            project.submit(partner, Sent([(new, 0), (corrected, 1)], gone=corrected))
        lines = {"full": full, f"update of {share:.1%}": median_of(times, project.places, apart=apart)}
        held = sum(len(part) for its in parts for part in its)
        print(f"\n{held:,} records, {len(schema.match_keys)} passes, processor seconds\n")
        start = start_of_a_run(Path(name) / "nowhere") * len(full)
        print(
            "| run | "
            + ("linker | assembler | " if apart else "")
            + "together | share of the full run | without starting |"
        )
        print("|---" * (6 if apart else 4) + "|")
        for what, took in lines.items():
            each = "".join(f"{one:.2f} | " for one in took) if apart else ""
            work = (sum(took) - start) / (sum(full) - start)
            print(f"| {what} | {each}{sum(took):.2f} | {sum(took) / sum(full):.1%} | {work:.1%} |")
        print(f"\nstarting takes {start:.2f} s of each run")
