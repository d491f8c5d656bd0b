"""The log in its database: commits with the state it records, and takes nothing but the next entry."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ethics.audit import AuditLog
from ethics.checkpoints import NOTHING_SEEN, read_checkpoint
from ethics.errors import BadEvent, BadTransaction, NotInLog, NotVerified
from ethics.events import Event, read_event
from ethics.proofs import verify_proof
from ethics.roles import log_keys
from ethics.witness import Witness
from keys import Identity, NotTrusted, TrustRegister
from keys.trust import Entry
from tests.merkle_roots import root_of

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LOG = Identity.make("log/demo")
WITNESS = Identity.make("council/witness")


def event(number: int = 1) -> Event:
    details: dict[str, str | int] = {"request": f"R-{number}", "purpose": "research", "form": "flag-count"}
    return Event("request-made", NOW, "university/analyst", "demo", details)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE state (word TEXT)")
    yield made
    made.close()


@pytest.fixture
def log(connection: sqlite3.Connection) -> AuditLog:
    return AuditLog.open(connection, origin="log/demo")


def fill(log: AuditLog, count: int) -> None:
    with log.connection:
        log.connection.execute("BEGIN")
        for number in range(count):
            log.append(event(number))


def test_an_event_commits_with_the_state_it_records(log: AuditLog) -> None:
    with log.connection:
        log.connection.execute("INSERT INTO state VALUES ('done')")
        assert log.append(event()) == 0
    assert list(log.events()) == [event()]
    assert log.head().root == root_of([event().to_bytes()])


def test_an_event_rolls_back_with_the_state_it_records(log: AuditLog) -> None:
    log.connection.execute("INSERT INTO state VALUES ('undone')")
    log.append(event())
    log.connection.rollback()
    assert log.head() == NOTHING_SEEN
    fill(log, 1)
    assert log.head().size == 1


def test_an_event_outside_a_transaction_is_refused(log: AuditLog) -> None:
    with pytest.raises(BadTransaction, match="BEGIN"):
        log.append(event())
    assert log.head().size == 0


def test_nothing_is_signed_inside_an_open_transaction(log: AuditLog) -> None:
    log.connection.execute("BEGIN")
    log.append(event())
    with pytest.raises(BadTransaction):
        log.checkpoint(by=LOG, now=NOW)


def test_the_root_is_that_of_the_entries_at_every_size(log: AuditLog) -> None:
    fill(log, 40)
    entries = [log.entry(number) for number in range(40)]
    assert [log.head(size).root for size in range(41)] == [root_of(entries[:size]) for size in range(41)]


def test_a_checkpoint_says_size_and_root_under_the_logs_name(log: AuditLog) -> None:
    fill(log, 5)
    note = log.checkpoint(by=LOG, now=NOW)
    assert note.split("\n")[:2] == ["log/demo", "5"]
    assert read_checkpoint(note, log=LOG.public) == log.head()
    assert log.last_checkpoint() == note


def test_only_the_logs_own_identity_signs(log: AuditLog) -> None:
    with pytest.raises(NotInLog):
        log.checkpoint(by=WITNESS, now=NOW)


def test_a_rotated_key_goes_on_when_the_former_one_is_named(log: AuditLog) -> None:
    fill(log, 1)
    log.checkpoint(by=LOG, now=NOW)
    rotated = Identity.make("log/demo")
    with pytest.raises(NotVerified, match="former"):
        log.checkpoint(by=rotated, now=NOW)
    log.checkpoint(by=rotated, now=NOW, formerly=[LOG.public])
    log.checkpoint(by=rotated, now=NOW)


def test_every_entry_is_proven_offline(log: AuditLog) -> None:
    fill(log, 11)
    log.checkpoint(by=LOG, now=NOW)
    for number in range(11):
        shown = verify_proof(log.prove(number), log.entry(number), log=LOG.public)
        assert (shown.number, shown.event, shown.head.size) == (number, event(number), 11)


def test_an_entry_newer_than_the_checkpoint_is_not_yet_proven(log: AuditLog) -> None:
    with pytest.raises(NotInLog):
        log.prove(0)
    fill(log, 3)
    log.checkpoint(by=LOG, now=NOW)
    fill(log, 1)
    with pytest.raises(NotInLog, match="checkpoint first"):
        log.prove(3)


def test_proofs_carry_the_cosignatures_once_they_are_kept(log: AuditLog) -> None:
    fill(log, 3)
    witness = Witness(WITNESS, LOG.public)
    note = log.checkpoint(by=LOG, now=NOW)
    cosigned, seen = witness.cosign(
        note, consistency=log.prove_consistency(0, size=3), seen=NOTHING_SEEN, now=NOW
    )
    log.keep_cosigned(cosigned, log=LOG.public, witnesses=[WITNESS.public], now=NOW)
    shown = verify_proof(log.prove(1), log.entry(1), log=LOG.public, witnesses=[WITNESS.public], quorum=1)
    assert [one.witness for one in shown.cosignatures] == ["council/witness"]
    fill(log, 4)
    later = log.checkpoint(by=LOG, now=NOW)
    witness.cosign(later, consistency=log.prove_consistency(seen.size, size=7), seen=seen, now=NOW)


def test_a_checkpoint_without_a_verified_cosignature_is_not_kept_as_cosigned(log: AuditLog) -> None:
    fill(log, 3)
    note = log.checkpoint(by=LOG, now=NOW)
    with pytest.raises(NotVerified):
        log.keep_cosigned(note, log=LOG.public, witnesses=[WITNESS.public], now=NOW)


def test_a_database_holds_one_log_under_one_name(log: AuditLog) -> None:
    AuditLog.open(log.connection, origin="log/demo")
    with pytest.raises(NotInLog, match="log/demo"):
        AuditLog.open(log.connection, origin="log/other")


def test_two_connections_write_one_log(tmp_path: Path) -> None:
    logs = [AuditLog.open(sqlite3.connect(tmp_path / "state.db"), origin="log/demo") for _ in range(2)]
    for number in range(6):
        fill(logs[number % 2], 1)
    logs[0].checkpoint(by=LOG, now=NOW)
    logs[1].checkpoint(by=LOG, now=NOW)
    assert logs[0].head() == logs[1].head()
    assert logs[0].head().root == root_of([logs[1].entry(number) for number in range(6)])
    for log in logs:
        log.connection.close()


def test_the_trust_register_names_the_log_and_its_witnesses() -> None:
    since = NOW - timedelta(days=1)
    entries = (
        Entry(LOG.public, "centre", frozenset({"audit-log"}), since),
        Entry(WITNESS.public, "council", frozenset({"witness", "data-officer"}), since),
    )
    keys = log_keys(TrustRegister("demo", 1, entries), at=NOW)
    assert (keys.log, keys.witnesses) == (LOG.public, (WITNESS.public,))
    with pytest.raises(NotTrusted):
        log_keys(TrustRegister("demo", 1, entries[1:]), at=NOW)


def test_a_proof_may_carry_an_extra_line_that_nothing_depends_on(log: AuditLog) -> None:
    fill(log, 2)
    log.checkpoint(by=LOG, now=NOW)
    proof = log.prove(0).replace("@v1\n", "@v1\nextra aGVsbG8=\n")
    assert verify_proof(proof, log.entry(0), log=LOG.public).number == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "gossip"}, "not listed"),
        ({"details": {"request": "R-1", "purpose": "research"}}, "missing: form"),
        ({"details": {"request": "R-1", "purpose": "research", "form": "flag-count", "rows": 1}}, "rows"),
        ({"details": {"request": "Jo Bloggs", "purpose": "research", "form": "flag-count"}}, "request should"),
        ({"details": {"request": "9434765919", "purpose": "research", "form": "flag-count"}}, "request should"),
        ({"details": {"request": "R-1", "purpose": 7, "form": "flag-count"}}, "purpose should"),
        ({"at": datetime(2026, 11, 2)}, "time zone"),
        ({"by": "Jo Bloggs"}, "identity"),
        ({"project": "Demo Project"}, "project"),
    ],
)
def test_what_may_not_be_logged_cannot_become_an_event(change: dict[str, object], says: str) -> None:
    good: dict[str, object] = {
        "kind": "request-made",
        "at": NOW,
        "by": "university/analyst",
        "project": "demo",
        "details": {"request": "R-1", "purpose": "research", "form": "flag-count"},
    }
    with pytest.raises(BadEvent, match=says) as refused:
        Event(**(good | change))  # type: ignore[arg-type]
    assert "Bloggs" not in str(refused.value)
    assert "9434765919" not in str(refused.value)


@pytest.mark.parametrize("count", [True, -1, 2**53, "7", 1.5])
def test_a_count_is_a_whole_number_and_nothing_else(count: object) -> None:
    details = {"linkage": "L-1", "people": count}
    with pytest.raises(BadEvent, match="people"):
        Event("people-formed", NOW, "centre/assembler", "demo", details)  # type: ignore[arg-type]


def test_an_event_cannot_be_changed_once_it_is_made() -> None:
    details: dict[str, str | int] = {"request": "R-1", "purpose": "research", "form": "flag-count"}
    made = Event("request-made", NOW, "university/analyst", "demo", details)
    details["request"] = "R-2"
    assert made.details["request"] == "R-1"
    with pytest.raises(TypeError):
        made.details["request"] = "R-3"  # type: ignore[index]


def test_events_are_kept_in_universal_time() -> None:
    summer = datetime.fromisoformat("2026-07-01T10:30:00+01:00")
    made = Event("secret-rotated", summer, "centre/custodian", "demo", {"epoch": 2})
    assert b'"at":"2026-07-01T09:30:00.000000Z"' in made.to_bytes()
    assert made.at == summer
    assert made.at.utcoffset() == timedelta(0)
    assert made.says.endswith(".")


ENTRY = event().to_bytes()


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY.replace(b'":"', b'": "', 1),
        ENTRY + b"\n",
        ENTRY.replace(b"000000Z", b"000000+00:00"),
        ENTRY.replace(b".000000Z", b"Z"),
        ENTRY.replace(b'{"at"', b'{"also":1,"at"'),
        ENTRY.replace(b'"project":"demo"', b'"project":"demo","project":"demo"'),
        ENTRY.replace(b"demo", b"\\u0064emo"),
        ENTRY.replace(b"linkage-event/v1", b"linkage-event/v2"),
        ENTRY.replace(b'"format":"linkage-event/v1",', b""),
        b"[]",
        b"1",
        b"",
        b"\xff",
        b"[" * 60_000,
    ],
)
def test_an_entry_in_another_form_is_no_event(entry: bytes) -> None:
    assert read_event(ENTRY) == event()
    with pytest.raises(BadEvent):
        read_event(entry)
