"""A desk's own log of its work: one signed note a run in the folder `log`, each of which names the one before, so that none can be left out unseen.

It says when what was done with which submissions, by digests and counts alone. Nothing about a record is in it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keys import BadSignature, Identity, TrustRegister, sign_note, verify_note
from keys.notes import split_note
from linkage.errors import BadInput
from service.writing import write_whole

WORK_FORMAT: Final = "linkage-work/v1"
LOG_FOLDER: Final = "log"
ENTRY: Final = re.compile(r"[0-9]{6}\.note")
DESKS: Final = ("linker", "assembler")


@dataclass(frozen=True, slots=True)
class Work:
    """An entry of a log: its file's name, who signed it, when by its own account, and what it says."""

    name: str
    by: str
    at: datetime
    body: Mapping[str, Any]


def entries(folder: Path) -> list[Path]:
    """The notes of a desk's log, in order."""
    return sorted(p for p in (folder / LOG_FOLDER).glob("*.note") if ENTRY.fullmatch(p.name))


def log_work(folder: Path, what: str, *, facts: Mapping[str, Any], by: Identity, now: datetime) -> Path:
    """A new note stands at the end of the desk's log; gives its file.

    Raises:
        NotWritten: the system refused.
    """
    earlier = entries(folder)
    before = _digest(earlier[-1]) if earlier else None
    body = {"what": what, "at": now.isoformat(timespec="seconds"), "before": before, **facts}
    text = f"{WORK_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n"
    # Where entries are missing, the last one is not written over.
    number = int(earlier[-1].stem) + 1 if earlier else 1
    path = folder / LOG_FOLDER / f"{number:06d}.note"
    write_whole(path, sign_note(text, by=by))
    return path


def read_work(folder: Path, *, trust: TrustRegister) -> list[Work]:
    """What the log says, in order: every entry is signed by the one desk whose log it is, which the register lists for the entry's time, and names the one before.

    Raises:
        BadInput: an entry is missing, altered or not signed by that desk.
    """
    out: list[Work] = []
    before: str | None = None
    for number, path in enumerate(entries(folder), 1):
        one = _verified(path, trust)
        if path.name != f"{number:06d}.note" or one.body.get("before") != before:
            raise BadInput(f"the log has a gap before {path.name}: restore it from its backup")
        if out and one.by != out[0].by:
            raise BadInput(f"{path.name} of the log is signed by {one.by}, and those before it by {out[0].by}")
        before = _digest(path)
        out.append(one)
    return out


def _verified(path: Path, trust: TrustRegister) -> Work:
    try:
        text = path.read_text("utf-8")
        body = json.loads(split_note(text)[0].partition("\n")[2])
        at = datetime.fromisoformat(body["at"])
        known = [e.identity for e in trust.entries if any(e.holds(desk, at=at) for desk in DESKS)]
        (by,) = verify_note(text, known=known, kind=WORK_FORMAT).signers
    except (BadSignature, ValueError, KeyError, TypeError, RecursionError) as fault:
        raise BadInput(
            f"{path.name} of the log is altered, or not signed by one whom the trust register lists as {' or '.join(DESKS)} at its time"
        ) from fault
    return Work(path.name, by, at, body)


def _digest(path: Path) -> str:
    return hashlib.sha256(split_note(path.read_text("utf-8"))[0].encode()).hexdigest()
