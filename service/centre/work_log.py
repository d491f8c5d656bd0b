"""A desk's own log of its work: one signed note a run in the folder `log`, each of which names the one before, so that none can be left out unseen.

It says when what was done with which submissions, by digests and counts alone. Nothing about a record is in it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keys import BadSignature, Identity, PublicIdentity, sign_note, verify_note
from keys.notes import split_note
from linkage.errors import BadInput
from service.writing import write_whole

WORK_FORMAT: Final = "linkage-work/v1"
LOG_FOLDER: Final = "log"
ENTRY: Final = re.compile(r"[0-9]{6}\.note")


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
    path = folder / LOG_FOLDER / f"{len(earlier) + 1:06d}.note"
    write_whole(path, sign_note(text, by=by))
    return path


def read_work(folder: Path, *, by: PublicIdentity) -> list[dict[str, Any]]:
    """What the log says, in order.

    Raises:
        BadInput: an entry is missing, altered or not signed by the desk.
    """
    out: list[dict[str, Any]] = []
    before: str | None = None
    for number, path in enumerate(entries(folder), 1):
        try:
            body: dict[str, Any] = json.loads(
                verify_note(path.read_text("utf-8"), known=[by], kind=WORK_FORMAT).body
            )
        except (BadSignature, ValueError, RecursionError) as fault:
            raise BadInput(f"{path.name} of the log is altered or not signed by {by.name}") from fault
        if path.name != f"{number:06d}.note" or body.get("before") != before:
            raise BadInput(f"the log has a gap before {path.name}: restore it from its backup")
        before = _digest(path)
        out.append(body)
    return out


def _digest(path: Path) -> str:
    return hashlib.sha256(split_note(path.read_text("utf-8"))[0].encode()).hexdigest()
