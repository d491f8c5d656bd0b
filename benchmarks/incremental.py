"""What the assembler's share of an update costs beside a full assembly: `python benchmarks/incremental.py [RECORDS] [SHARE]`.

RECORDS (100,000 by default) made-up records of five partners stand in 24 passes, nine of ten in each; people have one to six records, and every two records of
a person meet in about a third of the passes, and some strangers do. There are maps and scored pairs as partners and linker would seal them; neither runs here.
SHARE (0.01) of the records come with an update: half new, half replaced. CPU seconds of one process and the peak of its memory; the
spine is made and sealed in both, and the people are compared in the end with those of a full run on the same state.
"""

import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from keys import Identity, Secret, seal, sign_note
from linkage.central.assemble import kept_spine
from linkage.central.assembly.keeping import Assembled, Counted, Terms, assemble
from linkage.central.assembly.kept import Place
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.runs import read_runs
from linkage.central.assembly.sealed_files import sealed_whole
from linkage.central.pairs.run import Run, sha256, submissions_of, write_run
from linkage.central.pairs.sealed_pairs import seal_pairs
from linkage.central.report.calibration import AS_SCORED
from linkage.gone import GONE, write_gone
from linkage.manifest import MANIFEST_NAME, RECORDS, Base, Manifest, Round, SealedFile
from linkage.tokens import PartnerStatistics, PassMap, write_map

ONE: Final = Round("measured", 1, "d" * 64)
PARTNERS: Final = ("council", "nhs", "police", "schools", "youth-offending")
PASSES: Final = tuple(f"key-{n:02d}" for n in range(24))
STANDS: Final = 0.9
MEET: Final = 0.35
NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class World:
    """All records by number: their partner, person, pseudonym, and how often each was rewritten."""

    partner: np.ndarray
    person: np.ndarray
    ref: np.ndarray
    row: np.ndarray
    stands: np.ndarray

    @classmethod
    def of(cls, count: int, *, rng: np.random.Generator) -> "World":
        sizes = rng.choice(6, count, p=(0.55, 0.26, 0.11, 0.05, 0.02, 0.01)) + 1
        person = np.repeat(np.arange(count), sizes)[:count]
        return cls(
            rng.integers(0, len(PARTNERS), count),
            person,
            rng.integers(0, 256, (count, 16), dtype=np.uint8),
            rng.integers(0, 1 << 62, (len(PASSES), count)),
            rng.random((len(PASSES), count)) < STANDS,
        )

    def pairs(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """All pairs of records of one person, and a tenth as many of strangers."""
        order = np.argsort(self.person, kind="stable")
        found = [
            (order[:-gap][same], order[gap:][same])
            for gap in range(1, 6)
            for same in [self.person[order][gap:] == self.person[order][:-gap]]
        ]
        left, right = (np.concatenate(side) for side in zip(*found, strict=True))
        strangers = rng.integers(0, len(self.person), (2, len(left) // 10))
        return np.append(left, strangers[0]), np.append(right, strangers[1])


@dataclass
class Bench:
    """Where it is played, and by whom."""

    root: Path
    assembler: Identity
    linker: Identity
    officer: Identity
    heads: dict[str, Manifest]

    def send(self, world: World, *, its: np.ndarray, gone: np.ndarray | None) -> None:
        """A submission of every partner: whole, or an update that says what is gone."""
        for at, name in enumerate(PARTNERS):
            mine = its[world.partner[its] == at]
            folder = self.root / "inbox" / name / ("" if gone is None else "update-0001")
            folder.mkdir(parents=True)
            files: list[SealedFile] = []

            def put(file: str, content: bytes, *context: str) -> None:
                sealed = seal(content, to=self.assembler.public, context=ONE.context(name, *context))  # noqa: B023
                (folder / file).write_bytes(sealed)  # noqa: B023
                files.append(SealedFile(file, sha256(sealed), len(sealed)))  # noqa: B023

            for number, key in enumerate(PASSES):
                here = mine[world.stands[number, mine]]
                here = here[np.argsort(world.row[number, here])]
                put(f"{key}.map.sealed", write_map(PassMap(key, world.row[number, here], world.ref[here]), partner=name), key)  # fmt: skip
            refs = world.ref[mine]
            refs = refs[np.lexsort(refs.T[::-1])]
            put(f"{RECORDS}.map.sealed", write_map(PassMap(RECORDS, np.arange(len(refs)), refs), partner=name), RECORDS)  # fmt: skip
            before = self.heads.get(name)
            if gone is not None:
                left = world.ref[gone[world.partner[gone] == at]]
                put(f"{RECORDS}.gone.sealed", write_gone(left, key=RECORDS, partner=name), RECORDS, GONE)
            tail = hashlib.sha256("".join(f.sha256 for f in files).encode()).hexdigest()[:12]
            base = Base(before.submission, before.digest) if before is not None else None
            manifest = Manifest(
                ONE, name, f"{name}-1-{tail}", NOW.isoformat(), "00000000", tuple(files), PartnerStatistics(0, {}, {}), {}, "measured",
                kind="update" if base else "whole", base=base,
            )  # fmt: skip
            (folder / MANIFEST_NAME).write_text(sign_note(manifest.text(), by=self.officer), encoding="utf-8")
            self.heads[name] = manifest

    def link(self, world: World, pairs: tuple[np.ndarray, np.ndarray], *, only: np.ndarray | None, base: Run | None, into: str) -> Run:  # fmt: skip
        """A run of the linker; with `only`, of pairs with one of these records."""
        folder = self.root / into
        folder.mkdir(parents=True)
        files = {}
        names = pa.array(PARTNERS)
        for number, key in enumerate(PASSES):
            left, right = pairs
            drawn = _drawn(left, right, number)
            keep = (drawn % 1000 < MEET * 1000) & world.stands[number, left] & world.stands[number, right]
            keep &= left != right
            if only is not None:
                keep &= only[left] | only[right]
            a, b, drawn = left[keep], right[keep], drawn[keep]
            same = world.person[a] == world.person[b]
            said = np.where(same, 0.80 + 0.1999 * (drawn // 1000 % 997) / 997, (drawn // 1000 % 89) / 100)
            table = pa.table(
                {
                    "source_l": pa.DictionaryArray.from_arrays(
                        pa.array(world.partner[a].astype(np.int32)), names
                    ),
                    "row_ref_l": world.row[number, a],
                    "source_r": pa.DictionaryArray.from_arrays(
                        pa.array(world.partner[b].astype(np.int32)), names
                    ),
                    "row_ref_r": world.row[number, b],
                    "match_weight": np.zeros(len(a)),
                    "match_probability": said,
                    "conflicts": np.zeros(len(a), dtype=np.int8),
                }
            )
            sealed = seal_pairs(table, key=key, one=ONE, assembler=self.assembler.public)
            (folder / f"{key}.pairs.sealed").write_bytes(sealed)
            files[f"{key}.pairs.sealed"] = sha256(sealed)
        run = Run(ONE, "m" * 64, submissions_of(self.manifests), files, base.digest if base else None)
        write_run(folder, run=run, by=self.linker)
        return run

    @property
    def manifests(self) -> list[Manifest]:
        return [self.heads[n] for n in sorted(self.heads)]

    def assemble(self, *, pairs: str, people: str) -> Assembled:
        """The assembler's run, up to the sealed spine."""
        reader = Reader(self.root / "inbox", ONE, self.assembler)
        made = assemble(
            Place(self.root / people, ONE, self.assembler),
            reader=reader,
            runs=read_runs(
                self.root / pairs, reader=reader, manifests=self.manifests, linker=self.linker.public
            ),
            manifests=self.manifests,
            terms=Terms(
                Secret(b"s" * 32, name="own"),
                frozenset(),
                NOW.isoformat(),
                lambda _: AS_SCORED,
                lambda _: 0.85,
            ),
        )
        with sealed_whole(self.root / "spine.sealed", to=self.officer.public, context=b"spine") as spine:
            kept_spine(made.kept, meta={"project": ONE.project}, into=spine)
        return made


def _drawn(left: np.ndarray, right: np.ndarray, number: int) -> np.ndarray:
    """A number that looks drawn for a pair in a pass, and is always the same."""
    low, high = np.minimum(left, right).astype(np.uint64), np.maximum(left, right).astype(np.uint64)
    mixed = (
        (low * np.uint64(0x9E3779B97F4A7C15))
        ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))
        ^ np.uint64(number * 0x165667B19E3779F9 % (1 << 64))
    )
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return ((mixed ^ (mixed >> np.uint64(32))) >> np.uint64(1)).astype(np.int64)


@contextmanager
def measured(seconds: dict[str, float], name: str) -> Iterator[None]:
    """CPU seconds of what is done inside."""
    begun = time.process_time()
    yield
    seconds[name] = time.process_time() - begun


def people_of(made: Assembled) -> dict[bytes, bytes]:
    """The first record of the person of each record."""
    s = made.kept.standing
    which = s.settled_order(np.flatnonzero(s.here))
    person = s.person[which]
    first = which[np.unique(person, return_index=True)[1]][np.unique(person, return_inverse=True)[1].ravel()]
    return dict(zip(map(bytes, s.record_ref[which]), map(bytes, s.record_ref[first]), strict=True))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 0.01
    rng, seconds = np.random.default_rng(7), dict[str, float]()
    changed = round(count * share)
    world = World.of(count + changed // 2, rng=rng)
    pairs = world.pairs(rng)
    new = rng.choice(count + changed // 2, changed // 2, replace=False)
    is_new = np.zeros(len(world.person), dtype=np.bool_)
    is_new[new] = True
    renewed = rng.choice(np.flatnonzero(~is_new), changed - changed // 2, replace=False)
    told = is_new.copy()
    told[renewed] = True
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(
            Path(folder),
            Identity.make("assembler/1"),
            Identity.make("linker/1"),
            Identity.make("officer/1"),
            {},
        )
        bench.send(world, its=np.flatnonzero(~is_new), gone=None)
        old = ~is_new[pairs[0]] & ~is_new[pairs[1]]
        run = bench.link(world, (pairs[0][old], pairs[1][old]), only=None, base=None, into="pairs")
        with measured(seconds, "full"):
            made = bench.assemble(pairs="pairs", people="people")
        bench.send(world, its=np.flatnonzero(told), gone=renewed)
        bench.link(world, pairs, only=told, base=run, into="pairs/update-0001")
        with measured(seconds, "update"):
            after = bench.assemble(pairs="pairs", people="people")
        bench.link(world, pairs, only=None, base=None, into="again")
        with measured(seconds, "full again"):
            again = bench.assemble(pairs="again", people="again")
        same = after.extended and people_of(after) == people_of(again)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept = made.kept
    print(
        f"{count:,} records, {len(kept.standing.pairs.left):,} pairs of records, {Counted.of(kept).people:,} people; {changed:,} records changed"
    )
    print(
        f"CPU seconds: full {seconds['full']:.2f}, update {seconds['update']:.2f} ({seconds['update'] / seconds['full']:.1%} of full), full again {seconds['full again']:.2f}; peak {peak:,.0f} MB"
    )
    says = "are those" if same else "ARE NOT THOSE"
    print(f"the people of the update {says} of a full run; {len(after.events):,} changes of ids were told")


if __name__ == "__main__":
    main()
