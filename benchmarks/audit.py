"""What the audit log costs when it is long: to write, to prove from, to publish, and for a witness to follow.

    python benchmarks/audit.py [--entries 1000000] [--batch 1000] [--json FILE]

The log is a database file with write-ahead log, as the desk has it; `--batch` entries are committed together. A checkpoint is then signed, proofs
are made for entries all over the log, and it is written out as plain files. After some more entries a witness follows from what it saw: once as
the log proves it, and once with nothing but the published files, of which it reads only the hashes that it needs. Everything is measured in the
processor seconds of this process, kernel included.
"""

import argparse
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ethics.audit import AuditLog
from ethics.checkpoints import NOTHING_SEEN, read_checkpoint
from ethics.events import Event
from ethics.proofs import verify_proof
from ethics.published import Published
from ethics.verify import verify_directory
from ethics.witness import Witness
from keys import Identity

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROOFS = 200
GROWTH = 1000


def cost(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of a piece of work, and what it gave."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def append(log: AuditLog, entries: int, *, batch: int) -> None:
    """So many more events, committed in batches."""
    for start in range(0, entries, batch):
        log.connection.execute("BEGIN IMMEDIATE")
        for number in range(start, min(start + batch, entries)):
            details: dict[str, str | int] = {"request": f"request-{number}", "reasons": "no-clause"}
            log.append(Event("request-refused", NOW, "desk/1", "benchmark", details))
        log.connection.execute("COMMIT")


def measure(folder: Path, *, entries: int, batch: int) -> dict[str, float]:
    """The numbers, in processor seconds but where the name says otherwise."""
    connection = sqlite3.connect(folder / "office.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    log, signer, watcher = (
        AuditLog.open(connection, origin="log/1"),
        Identity.make("log/1"),
        Identity.make("police/witness"),
    )
    witness, public = Witness(watcher, signer.public), folder / "audit"
    found: dict[str, float] = {}
    written, _ = cost(lambda: append(log, entries, batch=batch))
    found["appended a second"] = entries / written
    found["sign a checkpoint"], note = cost(lambda: log.checkpoint(by=signer, now=NOW))
    numbers = [n * entries // PROOFS for n in range(PROOFS)]
    proved, proofs = cost(lambda: [log.prove(n) for n in numbers])
    found["prove one entry"] = proved / PROOFS
    entry = [log.entry(n) for n in numbers]
    checked, _ = cost(
        lambda: [verify_proof(p, e, log=signer.public) for p, e in zip(proofs, entry, strict=True)]
    )
    found["verify one proof"] = checked / PROOFS
    found["write all files"], _ = cost(lambda: log.export(public))
    published = Published(public)
    proved, _ = cost(lambda: [published.inclusion(n, size=entries) for n in numbers])
    found["prove one entry from the files"] = proved / PROOFS
    _, seen = witness.cosign(note, consistency=(), seen=NOTHING_SEEN, now=NOW)
    append(log, GROWTH, batch=batch)
    later = log.checkpoint(by=signer, now=NOW)

    def follow() -> Any:
        proof = log.prove_consistency(seen.size, size=entries + GROWTH)
        return witness.cosign(later, consistency=proof, seen=seen, now=NOW)

    found["witness an update"], _ = cost(follow)
    found["write the files again, grown"], _ = cost(lambda: log.export(public))

    def follow_files() -> Any:
        head = read_checkpoint(published.checkpoint(), log=signer.public)
        proof = published.consistency(seen.size, size=head.size)
        return witness.cosign(published.checkpoint(), consistency=proof, seen=seen, now=NOW)

    found["witness an update from the files"], _ = cost(follow_files)
    found["verify every file and entry"], _ = cost(lambda: verify_directory(public, log=signer.public))
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    connection.close()
    return found


def main() -> None:
    """Prints the table; writes it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), entries=asked.entries, batch=asked.batch)
    for name, value in found.items():
        print(f"{name:<36}{value:>14,.0f}" if value > 100 else f"{name:<36}{value:>14.6f}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
