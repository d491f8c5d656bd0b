"""An implementation of the same formats by others (aics-tlog, Apache-2.0, for Python 3.12 and newer) reads what this one writes, and refuses the same."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ethics.audit import AuditLog
from ethics.checkpoints import NOTHING_SEEN
from ethics.events import Event
from ethics.log_policy import log_vkey, witness_vkey
from ethics.witness import Witness
from keys import Identity

theirs: Any = pytest.importorskip(
    "aics_tlog", reason="aics-tlog needs Python 3.12 or newer, and is a dependency of tests alone"
)

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LOG = Identity.make("log/demo")
WATCH = [Identity.make(f"{name}/witness") for name in ("police", "council", "nhs")]
SIZE = 713


@pytest.fixture(scope="module")
def log() -> AuditLog:
    """A log with 713 entries whose checkpoint two of three witnesses cosigned, and entries after it."""
    made = AuditLog.open(sqlite3.connect(":memory:"), origin="log/demo")
    grow(made, SIZE)
    note = made.checkpoint(by=LOG, now=NOW)
    for one in WATCH[:2]:
        cosigned, _ = Witness(one, LOG.public).cosign(note, consistency=(), seen=NOTHING_SEEN, now=NOW)
        made.keep_cosigned(cosigned, log=LOG.public, witnesses=[w.public for w in WATCH], now=NOW)
    return made


def grow(log: AuditLog, count: int) -> None:
    with log.connection:
        log.connection.execute("BEGIN")
        for number in range(count):
            details: dict[str, str | int] = {"request": f"R-{number}", "reasons": "no-clause"}
            log.append(Event("request-refused", NOW, "centre/desk", "demo", details))


@pytest.fixture
def folder(log: AuditLog, tmp_path: Path) -> Path:
    log.export(tmp_path / "log")
    return tmp_path / "log"


def checked(text: str, *, quorum: int) -> Any:
    keys = [theirs.parse_vkey(witness_vkey(one.public)) for one in WATCH]
    return theirs.verify_checkpoint(
        theirs.parse_note(text),
        theirs.parse_vkey(log_vkey(LOG.public)),
        keys,
        quorum,
        expected_origin="log/demo",
    )


def test_it_reads_our_keys_as_its_own(log: AuditLog) -> None:
    public = LOG.public.verifier()
    assert theirs.format_vkey(theirs.vkey_from_ed25519("log/demo", public)) == log_vkey(LOG.public)
    for one in WATCH:
        assert theirs.format_vkey(theirs.cosignature_vkey(one.name, one.public.verifier())) == witness_vkey(
            one.public
        )


@pytest.mark.parametrize(("quorum", "holds"), [(0, True), (1, True), (2, True), (3, False)])
def test_it_counts_the_cosignatures_of_our_checkpoint_as_we_do(folder: Path, quorum: int, holds: bool) -> None:
    found = checked((folder / "checkpoint").read_text("utf-8"), quorum=quorum)
    assert (found.ok, found.cosignature_count, found.size) == (holds, 2, SIZE)


def test_it_refuses_our_checkpoint_with_any_byte_of_its_text_changed(folder: Path) -> None:
    text = (folder / "checkpoint").read_text("utf-8")
    for at in range(text.index("\n\n")):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        try:
            assert not checked(changed, quorum=0).ok, at
        except ValueError:
            continue


def test_it_finds_every_tile_and_bundle_that_we_wrote_to_be_right(log: AuditLog, folder: Path) -> None:
    reader = theirs.FileSystemTileReader(folder)
    head = log.head(SIZE)
    assert theirs.tree_root_from_tiles(reader, SIZE) == head.root
    found = theirs.audit_tiles(reader, SIZE, head.root)
    written = {p.relative_to(folder).parts[1] for p in folder.glob("tile/*/**/*") if p.is_file()}
    assert written == {"0", "1", "entries"}
    assert (found.size, found.bundles) == (SIZE, 3)
    assert theirs.VerifiedTileReader(reader, SIZE, head.root).entry(300) == log.entry(300)


def test_it_finds_a_byte_changed_in_any_file(log: AuditLog, folder: Path) -> None:
    head = log.head(SIZE)
    for path in sorted(p for p in folder.glob("tile/**/*") if p.is_file()):
        whole = path.read_bytes()
        path.write_bytes(
            bytes([*whole[:40], whole[40] ^ 1, *whole[41:]]) if len(whole) > 40 else bytes(len(whole))
        )
        with pytest.raises((theirs.TileVerificationError, theirs.TileMissingError, ValueError)):
            theirs.audit_tiles(theirs.FileSystemTileReader(folder), SIZE, head.root)
        path.write_bytes(whole)


@pytest.mark.parametrize("number", [0, 1, 255, 256, 511, SIZE - 1])
def test_its_proofs_are_ours_and_it_accepts_them(log: AuditLog, folder: Path, number: int) -> None:
    root = log.head(SIZE).root
    reader = theirs.FileSystemTileReader(folder)
    steps = theirs.inclusion_proof_from_tiles(reader, number, SIZE)
    lines = log.prove(number).partition("\n\n")[0].split("\n")[2:]
    assert [theirs.note.b64_encode(step) for step in steps] == lines
    assert theirs.verify_leaf_inclusion(log.entry(number), number, SIZE, steps, root)
    assert not theirs.verify_leaf_inclusion(log.entry((number + 1) % SIZE), number, SIZE, steps, root)


@pytest.mark.parametrize("old", [1, 2, 255, 256, 300, 512, SIZE - 1, SIZE])
def test_it_accepts_our_consistency_proofs_and_makes_the_same(log: AuditLog, folder: Path, old: int) -> None:
    before, after = log.head(old).root, log.head(SIZE).root
    steps = log.prove_consistency(old, size=SIZE)
    assert theirs.verify_consistency(old, SIZE, before, after, steps)
    assert theirs.consistency_proof_from_tiles(theirs.FileSystemTileReader(folder), old, SIZE) == steps
    assert not theirs.verify_consistency(old, SIZE, after if old < SIZE else bytes(32), after, steps)
