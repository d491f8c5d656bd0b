"""Sealed files that are written a little at a time: under their name whole or not at all, and never in memory a second time."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from keys import PublicIdentity
from keys.sealing import Sealer
from linkage.central.direct import Written
from linkage.drafts import drafted, sync_folder, telling

PIECE: Final = 1 << 18


class Sealing(io.RawIOBase):
    """Seals what is written to it, a little at a time, so that what is sealed last is still near the processor."""

    def __init__(self, sink: BinaryIO, *, to: PublicIdentity, context: bytes) -> None:
        self._sealer = Sealer(sink, to=to, context=context)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:
        """Takes the bytes; gives back how many."""
        plain = memoryview(data).cast("B")
        for at in range(0, len(plain), PIECE):
            self._sealer.write(plain[at : at + PIECE])  # type: ignore[arg-type]  # any buffer is sealed
        return len(plain)

    def finish(self) -> None:
        """Writes what shows that nothing is missing."""
        self._sealer.finish()


class _Watched(io.RawIOBase):
    """Hands on what is written to it, and shows it."""

    def __init__(self, sink: io.RawIOBase, *, seen: Callable[[bytes], object]) -> None:
        self._sink, self._seen = sink, seen

    def write(self, data: Any, /) -> int:
        self._seen(data)
        return self._sink.write(data) or 0


@contextmanager
def sealed_whole(
    path: Path, *, to: PublicIdentity, context: bytes, seen: Callable[[bytes], object] | None = None
) -> Iterator[Sealing]:
    """What is written inside the block stands in the file, sealed, on the disk; what stood there before stays until then, and for good if the block fails. All bytes
    of the sealed file are `seen` on their way, one piece after another.

    Raises:
        NotWritten: the system refused.
    """
    with telling(path), drafted(path) as draft:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb", buffering=0) as file:
            out = Written(file)
            sink = out if seen is None else _Watched(out, seen=seen)
            sealing = Sealing(sink, to=to, context=context)  # type: ignore[arg-type]  # it writes; that is all
            yield sealing
            sealing.finish()
            out.finish()
        draft.replace(path)
        sync_folder(path.parent)
