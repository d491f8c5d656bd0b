"""Where an officer keeps the ledgers of her submissions: the newest, and the one before it in case the newest submission never arrived.

A ledger gets its name only after its submission has its own: it is written whole under a hidden name, the submission is renamed, the ledger is
renamed. A run that was killed between the last two has left a submission that is whole and a ledger that waits; the next run settles it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from keys import Identity
from keys.identity import read_private
from linkage.drafts import alone, rename_whole, telling
from linkage.errors import BadInput
from linkage.manifest import MANIFEST_NAME, Round
from linkage.partner.ledger.ledger import Ledger, open_ledger, seal_ledger

SUFFIX: Final = ".ledger"
KEPT: Final = 2
WAITING: Final = ".waiting"


class LedgerFolder:
    """The ledgers of one officer for one partner and round, in a folder that is hers alone while this is open."""

    def __init__(self, folder: Path, *, officer: Identity, one: Round, partner: str) -> None:
        self._folder, self._officer, self._one, self._partner = folder, officer, one, partner

    @contextmanager
    def opened(self) -> Iterator["LedgerFolder"]:
        """The folder, with what an earlier run left waiting settled.

        Raises:
            NotWritten: another run uses it.
        """
        with alone(self._folder):
            with telling(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._settle()
            yield self

    def latest(self, *, after: str | None = None) -> Ledger:
        """The newest ledger, or that of the submission `after`.

        Raises:
            BadInput: there is none, or it does not open.
        """
        every = self._ledgers()
        if not every:
            raise BadInput(
                f"{self._folder.name} holds no ledger of this round: submit the whole file first, and keep its ledger there"
            )
        found = [p for p in every if after in (None, _submission(p))]
        if not found:
            raise BadInput(
                f"{self._folder.name} holds no ledger of {after}; it has {', '.join(map(_submission, every))}"
            )
        ledger, _ = self._open(found[-1])
        return ledger

    def wait(self, ledger: Ledger, *, out: Path) -> None:
        """The ledger is on the disk, waiting for its submission to be whole in `out`."""
        sealed = seal_ledger(ledger, out=str(out.resolve()), officer=self._officer)
        with telling(self._folder):
            self._waiting.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(self._waiting, flags, 0o600), "wb") as sink:
                sink.write(sealed)
                sink.flush()
                os.fsync(sink.fileno())

    def keep(self, submission: str) -> None:
        """The ledger that waits is the newest; of the others the one before it is kept."""
        with telling(self._folder):
            every = self._ledgers()
            number = int(every[-1].name[:4]) + 1 if every else 1
            rename_whole(self._waiting, self._folder / f"{number:04d}.{submission}{SUFFIX}")
            for old in self._ledgers()[:-KEPT]:
                old.unlink()

    @property
    def _waiting(self) -> Path:
        return self._folder / WAITING

    def _ledgers(self) -> list[Path]:
        start = f"{self._partner}-{self._one.epoch}-"
        every = sorted(p for p in self._folder.glob(f"[0-9][0-9][0-9][0-9].*{SUFFIX}"))
        return [p for p in every if _submission(p).startswith(start)]

    def _open(self, path: Path) -> tuple[Ledger, str]:
        return open_ledger(read_private(path), one=self._one, partner=self._partner, officer=self._officer)

    def _settle(self) -> None:
        """A waiting ledger whose submission stands whole is kept; any other is removed."""
        if not self._waiting.exists():
            return
        try:
            ledger, out = self._open(self._waiting)
            text = (Path(out) / MANIFEST_NAME).read_text("utf-8")
            whole = text.rpartition("\n\n")[0] + "\n" == ledger.manifest.text()
        except (BadInput, OSError, UnicodeDecodeError):
            whole = False
        if whole:
            self.keep(ledger.manifest.submission)
        else:
            self._waiting.unlink()


def _submission(path: Path) -> str:
    return path.name[5:].removesuffix(SUFFIX)
