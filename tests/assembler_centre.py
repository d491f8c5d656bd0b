"""An assembler's folder as partners and linker would fill it, made without a partner or a linker: any records, any scores."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa

from keys import Identity, Secret, seal, sign_note
from linkage.central.assembly.keeping import Assembled, Terms, assemble
from linkage.central.assembly.kept import Place
from linkage.central.assembly.kept_tables import Kept
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.runs import Told, read_runs
from linkage.central.chain import link_folders
from linkage.central.pairs.run import Run, sha256, submissions_of, write_run
from linkage.central.pairs.sealed_pairs import seal_pairs
from linkage.central.report.calibration import AS_SCORED
from linkage.gone import GONE, write_gone
from linkage.manifest import MANIFEST_NAME, RECORDS, Base, Manifest, Round, SealedFile
from linkage.tokens import PartnerStatistics, PassMap, write_map

ONE = Round("safer-streets", 3, "d" * 64)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSES = ("born", "names")
ASSEMBLER = Identity.make("assembler/1", randomness=np.random.default_rng(1).bytes)
LINKER = Identity.make("linker/1", randomness=np.random.default_rng(2).bytes)
OFFICER = Identity.make("officer/1", randomness=np.random.default_rng(3).bytes)
OWN = Secret(b"o" * 32, name="own")

# A record as it is now: its partner, its name there, and how often it has been rewritten.
Record = tuple[str, int, int]
# The score of two records in a pass, and whether their numbers contradict each other; None where they never meet.
Score = Callable[[str, Record, Record], tuple[float, bool] | None]


def number_of(*words: object, bits: int = 62) -> int:
    """A number that looks drawn and is always the same for the same words."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:8], "big") >> (64 - bits)


def ref_of(partner: str, name: int) -> bytes:
    return hashlib.sha256(f"{partner} {name}".encode()).digest()[:16]


@dataclass
class Centre:
    """One linkage: what each partner has submitted, and who scores it. `rows` says whether a record stands in a pass."""

    root: Path
    score: Score
    rows: Callable[[str, Record], bool] = lambda _key, _record: True
    passes: tuple[str, ...] = PASSES
    records: dict[str, dict[int, int]] = field(default_factory=dict)
    heads: dict[str, Manifest] = field(default_factory=dict)
    deduplicated: frozenset[str] = frozenset()
    linked: list[Run] = field(default_factory=list)
    fresh: set[Record] = field(default_factory=set)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def pairs(self) -> Path:
        return self.root / "pairs"

    @property
    def everybody(self) -> list[Record]:
        return [(p, n, v) for p in sorted(self.records) for n, v in sorted(self.records[p].items())]

    def submit(self, partner: str, names: Mapping[int, int] | set[int]) -> None:
        """A whole submission, in place of any before it."""
        self.withdraw(partner)
        self.records[partner] = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names, 0)
        its = [(partner, n, v) for n, v in self.records[partner].items()]
        self._send(partner, self.inbox / partner, brought=its, gone=None)

    def update(self, partner: str, *, add: set[int] = frozenset(), replace: set[int] = frozenset(), delete: set[int] = frozenset()) -> None:  # type: ignore[assignment]  # fmt: skip
        here = self.records[partner]
        for name in delete:
            self.fresh.discard((partner, name, here.pop(name)))
        for name in replace:
            self.fresh.discard((partner, name, here[name]))
            here[name] += 1
        for name in add:
            here[name] = number_of("version", partner, name, len(self.linked)) % 1000
        its = [(partner, n, here[n]) for n in sorted(add | replace)]
        folders = link_folders(self.inbox / partner)
        target = self.inbox / partner / f"update-{len(folders):04d}"
        self._send(partner, target, brought=its, gone=sorted(replace | delete))

    def withdraw(self, partner: str) -> None:
        folder = self.inbox / partner
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        if folder.exists():
            folder.rmdir()
        self.records.pop(partner, None)
        self.heads.pop(partner, None)
        self.fresh = {r for r in self.fresh if r[0] != partner}

    def _send(self, partner: str, folder: Path, *, brought: list[Record], gone: list[int] | None) -> None:
        folder.mkdir(parents=True)
        self.fresh |= set(brought)
        files = []

        def put(name: str, content: bytes, *context: str) -> None:
            sealed = seal(content, to=ASSEMBLER.public, context=ONE.context(partner, *context))
            (folder / name).write_bytes(sealed)
            files.append(SealedFile(name, sha256(sealed), len(sealed)))

        for key in self.passes:
            its = [r for r in brought if self.rows(key, r)]
            rows = np.array([self.row(key, r) for r in its], dtype=np.int64)
            order = np.argsort(rows)
            refs = _refs([ref_of(p, n) for p, n, _ in its])
            put(f"{key}.map.sealed", write_map(PassMap(key, rows[order], refs[order]), partner=partner), key)
        every = _refs(sorted(ref_of(p, n) for p, n, _ in brought))
        put(f"{RECORDS}.map.sealed", write_map(PassMap(RECORDS, np.arange(len(every)), every), partner=partner), RECORDS)  # fmt: skip
        if gone is not None:
            refs = _refs([ref_of(partner, n) for n in gone])
            put(f"{RECORDS}.gone.sealed", write_gone(refs, key=RECORDS, partner=partner), RECORDS, GONE)
        before = self.heads.get(partner) if gone is not None else None
        base = Base(before.submission, before.digest) if before else None
        tail = hashlib.sha256("".join(f.sha256 for f in files).encode()).hexdigest()[:12]
        manifest = Manifest(
            ONE, partner, f"{partner}-3-{tail}", NOW.isoformat(), "00000000", tuple(files), PartnerStatistics(0, {}, {}), {}, "made-up gateway",
            kind="update" if base else "whole", base=base,
        )  # fmt: skip
        (folder / MANIFEST_NAME).write_text(sign_note(manifest.text(), by=OFFICER), encoding="utf-8")
        self.heads[partner] = manifest

    def row(self, key: str, record: Record) -> int:
        return number_of("row", key, *record[:2])

    @property
    def manifests(self) -> list[Manifest]:
        return [self.heads[p] for p in sorted(self.heads)]

    def link(self, *, extend: bool = False, into: Path | None = None) -> None:
        """A full run of the linker, or one that tells only pairs with a record that came since the last."""
        base = self.linked[-1] if extend else None
        pairs = into or self.pairs
        folder = pairs / f"update-{len(self.linked):04d}" if extend else pairs
        if not extend:
            for path in sorted(pairs.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        for key in self.passes:
            table = self.scored(key, only=self.fresh if extend else None)
            sealed = seal_pairs(table, key=key, one=ONE, assembler=ASSEMBLER.public)
            (folder / f"{key}.pairs.sealed").write_bytes(sealed)
            files[f"{key}.pairs.sealed"] = sha256(sealed)
        run = Run(ONE, "m" * 64, submissions_of(self.manifests), files, base.digest if base else None)
        write_run(folder, run=run, by=LINKER)
        if into is None:
            self.linked = [*self.linked, run] if extend else [run]
            self.fresh = set()

    def scored(self, key: str, *, only: set[Record] | None) -> pa.Table:
        found = []
        for a, b in combinations([r for r in self.everybody if self.rows(key, r)], 2):
            if (only is None or a in only or b in only) and (said := self.score(key, a, b)) is not None:
                found.append((a[0], self.row(key, a), b[0], self.row(key, b), *said))
        names = ("source_l", "row_ref_l", "source_r", "row_ref_r", "match_probability", "conflicts")
        kinds = (pa.string(), pa.int64(), pa.string(), pa.int64(), pa.float64(), pa.int8())
        columns = [pa.array([row[n] for row in found], kind) for n, kind in enumerate(kinds[:-1])]
        columns.append(pa.array([int(row[-1]) for row in found], pa.int8()))
        return pa.table(dict(zip(names, columns, strict=True)))

    @property
    def reader(self) -> Reader:
        return Reader(self.inbox, ONE, ASSEMBLER)

    def runs(self, pairs: Path | None = None) -> tuple[Told, ...]:
        return read_runs(
            pairs or self.pairs, reader=self.reader, manifests=self.manifests, linker=LINKER.public
        )

    def place(self, name: str = "people") -> Place:
        return Place(self.root / name, ONE, ASSEMBLER)

    def terms(self, threshold: float = 0.85) -> Terms:
        return Terms(OWN, self.deduplicated, NOW.isoformat(), lambda _: AS_SCORED, lambda _: threshold)

    def assemble(self, name: str = "people", pairs: Path | None = None) -> Assembled:
        return assemble(
            self.place(name), reader=self.reader, runs=self.runs(pairs), manifests=self.manifests, terms=self.terms()
        )  # fmt: skip


def people_in(kept: Kept) -> dict[tuple[str, bytes], str]:
    """The person id of each record that is here."""
    s = kept.standing
    return {
        (s.partners[s.partner[n]], bytes(s.record_ref[n])): s.people.named(s.person[n])
        for n in np.flatnonzero(s.here)
    }


def partition(kept: Kept) -> set[frozenset[tuple[str, bytes]]]:
    """The people as sets of their records."""
    out: dict[str, set[tuple[str, bytes]]] = {}
    for record, person in people_in(kept).items():
        out.setdefault(person, set()).add(record)
    return {frozenset(records) for records in out.values()}


def _refs(refs: list[bytes]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(refs), dtype=np.uint8).reshape(-1, 16)
