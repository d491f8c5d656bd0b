"""Somebody who holds the files or the database changes them. Each change is noticed with the public keys alone."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ethics.audit import AuditLog
from ethics.checkpoints import NOTHING_SEEN, TreeHead, merge_checkpoints, sign_checkpoint
from ethics.errors import EthicsError, NotVerified
from ethics.events import Event
from ethics.export import write_export
from ethics.proofs import verify_proof
from ethics.tiles import hash_levels, tiles_of
from ethics.verify import verify_directory
from ethics.witness import Witness, add_cosignature
from keys import Identity
from tests.merkle_roots import root_of

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LOG, POLICE, COUNCIL = (Identity.make(name) for name in ("log/demo", "police/witness", "council/witness"))
LOG_KEY = LOG.public
WITNESSES = [POLICE.public, COUNCIL.public]


def append(log: AuditLog, count: int) -> None:
    with log.connection:
        log.connection.execute("BEGIN")
        for number in range(count):
            details: dict[str, str | int] = {"request": f"R-{number}", "reasons": "no-clause"}
            log.append(Event("request-refused", NOW, "centre/desk", "demo", details))


@pytest.fixture
def log() -> Iterator[AuditLog]:
    connection = sqlite3.connect(":memory:")
    made = AuditLog.open(connection, origin="log/demo")
    append(made, 5)
    note = made.checkpoint(by=LOG, now=NOW)
    for one in (POLICE, COUNCIL):
        cosigned, _ = Witness(one, LOG_KEY).cosign(note, consistency=[], seen=NOTHING_SEEN, now=NOW)
        made.keep_cosigned(cosigned, log=LOG_KEY, witnesses=WITNESSES, now=NOW)
    yield made
    connection.close()


@pytest.fixture
def exported(log: AuditLog, tmp_path: Path) -> Path:
    log.export(tmp_path / "log")
    return tmp_path / "log"


def verify(directory: Path, quorum: int = 1) -> None:
    verify_directory(directory, log=LOG_KEY, witnesses=WITNESSES, quorum=quorum)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_every_flipped_byte_of_every_file_is_noticed(exported: Path) -> None:
    verify(exported)
    tried = 0
    for path in files(exported):
        content = path.read_bytes()
        for place in range(len(content)):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            with pytest.raises(NotVerified):
                verify(exported)
            tried += 1
        path.write_bytes(content)
    verify(exported)
    assert tried > 1000


def test_every_flipped_bit_of_the_checkpoint_is_noticed_even_without_a_quorum(exported: Path) -> None:
    path = exported / "checkpoint"
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(bytes(changed))
        with pytest.raises(NotVerified):
            verify(exported, quorum=0)


def test_every_cut_of_every_file_is_noticed(exported: Path) -> None:
    for path in files(exported):
        content = path.read_bytes()
        for length in range(0, len(content), 7):
            path.write_bytes(content[:length])
            with pytest.raises(NotVerified):
                verify(exported, quorum=2)
        path.write_bytes(content + b"\n")
        with pytest.raises(NotVerified):
            verify(exported, quorum=2)
        path.write_bytes(content)
    verify(exported, quorum=2)


def test_a_cosignature_taken_out_whole_is_noticed_by_the_quorum_alone(exported: Path) -> None:
    path = exported / "checkpoint"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    verify(exported, quorum=1)
    with pytest.raises(NotVerified, match="1 of the 2"):
        verify(exported, quorum=2)


def test_every_missing_file_is_noticed(exported: Path) -> None:
    for path in files(exported):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(NotVerified, match="missing"):
            verify(exported)
        path.write_bytes(content)
    verify(exported)


@pytest.mark.parametrize(
    "name", ["notes.txt", "tile/0/000", "tile/0/001.p/1", "tile/entries/000.p/4", "tile/2/000.p/1"]
)
def test_every_extra_file_is_noticed(exported: Path, name: str) -> None:
    (exported / name).write_bytes(b"extra") if (exported / name).parent.is_dir() else _plant(exported / name)
    with pytest.raises(NotVerified, match="no part of a log"):
        verify(exported)


def _plant(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"extra")


def test_a_link_in_place_of_a_file_is_noticed(exported: Path, tmp_path: Path) -> None:
    bundle = exported / "tile/entries/000.p/5"
    shutil.move(bundle, tmp_path / "elsewhere")
    bundle.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotVerified, match="link"):
        verify(exported)


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: [entries[1], entries[0], *entries[2:]],
        lambda entries: entries[:-1],
        lambda entries: [*entries, entries[-1]],
        lambda entries: [*entries[:2], *entries[3:]],
        lambda entries: [entries[0].replace(b"R-0", b"R-9"), *entries[1:]],
    ],
    ids=["reordered", "shortened", "lengthened", "one taken out", "one rewritten"],
)
def test_a_history_rewritten_with_all_its_tiles_does_not_fit_the_signed_root(
    log: AuditLog, tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    entries = change([log.entry(number) for number in range(5)])
    for path, content in tiles_of(entries, levels=hash_levels(entries)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "checkpoint").write_text(log.last_checkpoint(), encoding="utf-8")
    with pytest.raises(NotVerified):
        verify(tmp_path)


def test_a_log_that_signs_a_rewritten_history_has_no_witness_for_it(log: AuditLog, tmp_path: Path) -> None:
    entries = [log.entry(number) for number in (1, 0, 2, 3, 4)]
    forged = sign_checkpoint(_head(entries), by=LOG)
    write_export(tmp_path, entries=entries, checkpoint=forged)
    verify(tmp_path, quorum=0)
    with pytest.raises(NotVerified, match="0 of the 2"):
        verify(tmp_path, quorum=1)


def test_cosignatures_moved_from_another_checkpoint_do_not_count(log: AuditLog, tmp_path: Path) -> None:
    entries = [log.entry(number) for number in (1, 0, 2, 3, 4)]
    forged = sign_checkpoint(_head(entries), by=LOG)
    stolen = log.last_checkpoint().split("\n\n")[1].split("\n", 1)[1]
    write_export(tmp_path, entries=entries, checkpoint=forged + stolen)
    with pytest.raises(NotVerified, match="police/witness"):
        verify(tmp_path)


def test_the_same_cosignature_twice_is_noticed(exported: Path) -> None:
    path = exported / "checkpoint"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[-1]]), encoding="utf-8")
    with pytest.raises(NotVerified, match="twice"):
        verify(exported)


def test_a_log_cannot_be_its_own_witness(log: AuditLog) -> None:
    note = merge_checkpoints(
        log.last_checkpoint(), other=add_cosignature(log.last_checkpoint(), by=LOG, now=NOW)
    )
    proof = log.prove(0).split("\n\n")[0] + "\n\n" + note
    with pytest.raises(NotVerified, match="own witness"):
        verify_proof(proof, log.entry(0), log=LOG_KEY, witnesses=[LOG_KEY], quorum=1)


def test_entries_that_are_no_events_are_noticed_even_when_the_log_signed_them(tmp_path: Path) -> None:
    entries = [b'{"note":"a person\'s name"}']
    write_export(tmp_path, entries=entries, checkpoint=sign_checkpoint(_head(entries), by=LOG))
    with pytest.raises(NotVerified, match="entry 0"):
        verify(tmp_path, quorum=0)


def _head(entries: list[bytes]) -> TreeHead:
    return TreeHead(len(entries), root_of(entries))


def test_every_flipped_byte_of_a_proof_is_noticed(log: AuditLog) -> None:
    proof, entry = log.prove(3).encode(), log.entry(3)
    for place in range(len(proof)):
        changed = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
        with pytest.raises((NotVerified, UnicodeDecodeError)):
            verify_proof(changed.decode(), entry, log=LOG_KEY, witnesses=WITNESSES, quorum=2)


def test_every_flipped_byte_of_a_proven_entry_is_noticed(log: AuditLog) -> None:
    proof, entry = log.prove(3), log.entry(3)
    for place in range(len(entry)):
        changed = entry[:place] + bytes([entry[place] ^ 1]) + entry[place + 1 :]
        with pytest.raises(NotVerified):
            verify_proof(proof, changed, log=LOG_KEY, witnesses=WITNESSES, quorum=2)


def test_a_proof_for_one_entry_is_none_for_another(log: AuditLog) -> None:
    for number in (0, 1, 2, 4):
        with pytest.raises(NotVerified):
            verify_proof(log.prove(3), log.entry(number), log=LOG_KEY)


WRITES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE number = 0",
    "INSERT OR IGNORE INTO {table} SELECT * FROM {table} WHERE number = 0",
    "REPLACE INTO {table} SELECT * FROM {table} WHERE number = 0",
]


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("audit_entries", "entry"),
        ("audit_nodes", "hash"),
        ("audit_checkpoints", "note"),
        ("audit_origin", "origin"),
    ],
)
def test_the_database_refuses_every_write_but_the_next_row(
    log: AuditLog, table: str, column: str, statement: str
) -> None:
    before = list(log.connection.execute(f"SELECT * FROM {table}"))  # noqa: S608
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        log.connection.execute(statement.format(table=table, column=column))
    log.connection.rollback()
    assert list(log.connection.execute(f"SELECT * FROM {table}")) == before  # noqa: S608


@pytest.mark.parametrize("number", ["NULL", "7", "-1", "3"])
def test_the_database_refuses_entries_out_of_turn(log: AuditLog, number: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        log.connection.execute(f"INSERT INTO audit_entries VALUES ({number}, x'00')")  # noqa: S608


def test_the_database_refuses_an_upsert(log: AuditLog) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        log.connection.execute(
            "INSERT INTO audit_entries VALUES (0, x'00') ON CONFLICT (number) DO UPDATE SET entry = x'01'"
        )


def without_triggers(log: AuditLog) -> None:
    names = [row[0] for row in log.connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in names:
        log.connection.execute(f"DROP TRIGGER {name}")


def test_an_entry_altered_past_the_triggers_is_never_exported(log: AuditLog, tmp_path: Path) -> None:
    without_triggers(log)
    with log.connection:
        log.connection.execute("UPDATE audit_entries SET entry = x'7b7d' WHERE number = 2")
    with pytest.raises(NotVerified, match="do not lead to the root"):
        log.export(tmp_path)
    assert not files(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 2 AND number = 0",
        "DELETE FROM audit_entries WHERE number >= 3",
    ],
)
def test_a_log_altered_past_the_triggers_signs_nothing_more(log: AuditLog, damage: str) -> None:
    without_triggers(log)
    with log.connection:
        log.connection.execute(damage)
    with pytest.raises(NotVerified, match="nothing is signed"):
        log.checkpoint(by=LOG, now=NOW)


def test_an_old_checkpoint_put_back_past_the_triggers_is_not_accepted_unsigned(log: AuditLog) -> None:
    without_triggers(log)
    with log.connection:
        log.connection.execute(
            "UPDATE audit_checkpoints SET note = replace(note, char(10) || '5', char(10) || '4')"
        )
    with pytest.raises(EthicsError):
        log.checkpoint(by=LOG, now=NOW)
