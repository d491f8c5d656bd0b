"""A published log as its readers have it: a folder of files, from which proofs are put together without reading its entries."""

from dataclasses import dataclass
from pathlib import Path

from ethics.errors import NotVerified
from ethics.merkle import consistency_proof, inclusion_proof
from ethics.tiles import CHECKPOINT, tile_reader


@dataclass(frozen=True, slots=True)
class Published:
    """The files of a log in a folder. What it gives is not verified: whoever asks holds it against a signed checkpoint."""

    directory: Path

    def read(self, path: str) -> bytes:
        """The bytes of one file.

        Raises:
            NotVerified: it is missing, or only a link.
        """
        file = self.directory / path
        if file.is_symlink() or not file.is_file():
            raise NotVerified(f"{path}: this file of the log is missing, or only a link")
        return file.read_bytes()

    def checkpoint(self) -> str:
        """The newest checkpoint with the signatures under it.

        Raises:
            NotVerified: it is missing, or no text.
        """
        try:
            return self.read(CHECKPOINT).decode("utf-8")
        except UnicodeDecodeError as fault:
            raise NotVerified(f"{CHECKPOINT}: it is not text: it was altered") from fault

    def consistency(self, old: int, *, size: int) -> list[bytes]:
        """Why the log of `size` entries continues the log of `old`, out of the hash tiles (RFC 6962, section 2.1.2).

        Raises:
            NotVerified: a tile that it needs is missing, or has another length than it should; or `old` is larger.
        """
        try:
            return consistency_proof(old, size=size, node=tile_reader(self.read, size=size))
        except ValueError as fault:
            raise NotVerified(f"the tiles of this log do not fit its {size} entries: {fault}") from fault

    def inclusion(self, number: int, *, size: int) -> list[bytes]:
        """The audit path of an entry in the log of `size` entries, out of the hash tiles (RFC 6962, section 2.1.1).

        Raises:
            NotVerified: as `consistency`; or there is no such entry.
        """
        try:
            return inclusion_proof(number, size=size, node=tile_reader(self.read, size=size))
        except ValueError as fault:
            raise NotVerified(f"the tiles of this log do not fit its {size} entries: {fault}") from fault
