"""The log as plain files: written whole, verified with nothing but the files and public keys."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ethics.audit import AuditLog
from ethics.errors import BadExport, NotInLog, NotVerified
from ethics.events import Event
from ethics.tiles import framed, unframed
from ethics.verify import verify_directory
from keys import Identity

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LOG = Identity.make("log/demo")


def new_log() -> AuditLog:
    return AuditLog.open(sqlite3.connect(":memory:"), origin="log/demo")


def grow(log: AuditLog, count: int, *, purpose: str = "research") -> AuditLog:
    with log.connection:
        log.connection.execute("BEGIN")
        for _ in range(count):
            details: dict[str, str | int] = {"request": "R-1", "purpose": purpose, "form": "flag-count"}
            log.append(Event("request-made", NOW, "university/analyst", "demo", details))
    log.checkpoint(by=LOG, now=NOW)
    return log


def names(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [0, 1, 5, 255, 256, 257, 515])
def test_an_export_of_any_size_verifies(tmp_path: Path, size: int) -> None:
    grow(new_log(), size).export(tmp_path)
    shown = verify_directory(tmp_path, log=LOG.public)
    assert (shown.head.size, len(shown.events)) == (size, size)


def test_an_export_has_the_files_of_the_tiles_layout(tmp_path: Path) -> None:
    grow(new_log(), 300).export(tmp_path)
    assert names(tmp_path) == {
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }


def test_a_later_export_goes_over_an_earlier_one_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    log = new_log()
    for count in (3, 250, 4, 300):
        grow(log, count).export(tmp_path)
        assert verify_directory(tmp_path, log=LOG.public).head == log.head()


def test_an_export_interrupted_before_its_checkpoint_is_completed_by_the_next(tmp_path: Path) -> None:
    log = grow(new_log(), 3)
    log.export(tmp_path)
    (tmp_path / "tile/0/000.p/7.draft").write_bytes(b"half")
    grow(log, 1).export(tmp_path)
    assert verify_directory(tmp_path, log=LOG.public).head.size == 4


def test_entries_after_the_checkpoint_are_not_exported(tmp_path: Path) -> None:
    log = grow(new_log(), 3)
    with log.connection:
        log.connection.execute("BEGIN")
        log.append(Event("secret-rotated", NOW, "centre/custodian", "demo", {"epoch": 2}))
    log.export(tmp_path)
    assert verify_directory(tmp_path, log=LOG.public).head.size == 3


def test_a_log_without_checkpoint_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(NotInLog):
        new_log().export(tmp_path)


def test_an_export_does_not_touch_a_directory_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(BadExport, match=r"letter\.txt"):
        grow(new_log(), 3).export(tmp_path)
    assert names(tmp_path) == {"letter.txt"}


def test_an_export_does_not_go_over_a_longer_log(tmp_path: Path) -> None:
    grow(new_log(), 5).export(tmp_path)
    with pytest.raises(BadExport, match="longer"):
        grow(new_log(), 4).export(tmp_path)
    assert verify_directory(tmp_path, log=LOG.public).head.size == 5


def test_an_export_does_not_go_over_another_history(tmp_path: Path) -> None:
    grow(new_log(), 256).export(tmp_path)
    with pytest.raises(BadExport, match="differs"):
        grow(new_log(), 257, purpose="strategy-monitoring").export(tmp_path)


def test_a_directory_that_is_no_log_does_not_verify(tmp_path: Path) -> None:
    with pytest.raises(NotVerified, match="checkpoint"):
        verify_directory(tmp_path, log=LOG.public)


def test_a_log_verifies_only_with_its_own_key(tmp_path: Path) -> None:
    grow(new_log(), 3).export(tmp_path)
    with pytest.raises(NotVerified):
        verify_directory(tmp_path, log=Identity.make("log/demo").public)


def test_bundles_read_back_as_they_were_framed() -> None:
    entries = [b"a", b"", b"b" * 65535]
    assert unframed(b"".join(framed(entry) for entry in entries)) == entries
    with pytest.raises(ValueError, match="65535"):
        framed(b"b" * 65536)
    for cut in (b"\x00", b"\x00\x02a"):
        with pytest.raises(ValueError, match="ends inside"):
            unframed(cut)
