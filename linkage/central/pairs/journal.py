"""What a run has finished, so that one that was broken off goes on where it was: a signed note that names the run's inputs and every finished file.

A file counts only once the journal names it, and only if it is as the journal says. With other inputs, everything begins anew.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from keys import BadSignature, Identity, sign_note, verify_note
from linkage.central.pairs.run import sha256
from linkage.drafts import alone, put_unsettled, put_whole, settle, sync_folder

JOURNAL_FORMAT: Final = "linkage-journal/v1"
JOURNAL_NAME: Final = "journal.note"


class Journal:
    """The finished files of one run, by their names. `folder` is the run's own and is gone when the run has ended well."""

    def __init__(self, folder: Path, *, inputs: Mapping[str, Any], by: Identity) -> None:
        self.folder, self._inputs, self._by = folder, dict(inputs), by
        self._done: dict[str, str] = self._earlier()
        self._unsettled: list[Path] = []
        if not self._done:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)

    def _earlier(self) -> dict[str, str]:
        """What a run with the same inputs has finished; nothing, where there is none or its journal is not this linker's."""
        path = self.folder / JOURNAL_NAME
        if not path.is_file():
            return {}
        try:
            text = path.read_bytes().decode("utf-8")
            body = json.loads(verify_note(text, known=[self._by.public], kind=JOURNAL_FORMAT).body)
        except (BadSignature, ValueError, RecursionError):
            return {}
        return dict(body["done"]) if body["inputs"] == self._inputs else {}

    @property
    def done(self) -> int:
        """How many files are finished."""
        return len(self._done)

    def digest(self, name: str, *, at: Path) -> str | None:
        """The SHA-256 of a finished file `at` another folder; None if there is none, or it is not as it was."""
        return None if self.read(name, at=at) is None else self._done[name]

    def read(self, name: str, *, at: Path | None = None) -> bytes | None:
        """The content of a finished file, which lies in the run's folder or `at` another; None if there is none, or it is not as it was."""
        path = (at or self.folder) / name
        if name not in self._done or not path.is_file():
            return None
        content = path.read_bytes()
        return content if sha256(content) == self._done[name] else None

    def put(self, name: str, content: bytes, *, at: Path | None = None, says: bool = True) -> str:
        """The file stands and is finished; gives its SHA-256. What `says` leaves out may not be on the disk before the next that it does not leave out, or `settle`: the
        journal does not name it until then, and a run that breaks off makes it again."""
        path = (at or self.folder) / name
        (put_whole if says else put_unsettled)(path, content)
        self._done[name] = sha256(content)
        if says:
            self.settle()
            body = {"inputs": self._inputs, "done": self._done}
            text = f"{JOURNAL_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n"
            put_whole(self.folder / JOURNAL_NAME, sign_note(text, by=self._by).encode())
        else:
            self._unsettled.append(path)
        return self._done[name]

    def settle(self) -> None:
        """All files that were put are on the disk."""
        settle(self._unsettled)
        self._unsettled.clear()


@contextmanager
def journal(folder: Path, *, inputs: Mapping[str, Any], by: Identity) -> Iterator[Journal]:
    """The journal of a run that nobody else is at; its folder is gone when the run ends well, and stays when it breaks off.

    Raises:
        NotWritten: another run is at work there, or the system refused to write.
    """
    with alone(folder):
        yield Journal(folder, inputs=inputs, by=by)
        shutil.rmtree(folder)
        sync_folder(folder.parent)
