"""What an actor remembers between two runs, in a file beside its identity: which version of each document it has seen, what time it was, and when
it first accepted each submission.

Signatures alone do not tell an old register from the newest one, nor a clock that was set back. Whoever remembers can refuse both (rollback
and freeze attacks: The Update Framework, specification 1.0.33, sections 1.5.2 and 5.4; here the register plays the part of its root role).
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from keys import Root, TrustRegister
from keys.errors import BadKeyFile
from keys.identity import read_private, replace_private
from linkage.drafts import sync_folder, telling
from linkage.errors import BadInput
from service.errors import MemoryDamaged, RolledBack
from service.shared import Project, read_project

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SEEN_FORMAT: Final = "linkage-seen/v1"
SEEN_FILE: Final = "seen.json"
TRUST: Final = "trust"
TRUST_SIGNED: Final = "trust-signed"
TOLERANCE: Final = timedelta(minutes=5)
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Shown:
    """One version of a document that later versions replace. `digest` (SHA-256, hexadecimal) and `previous`, that of the version before, are
    compared where they are known."""

    version: int
    digest: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """All that was seen: the latest time, the digest of the root, the newest version of each document by its name (`trust`, `ceremony/2`), and
    when each submission was first accepted, by the digest of its manifest."""

    latest: datetime | None = None
    root: str | None = None
    documents: Mapping[str, Shown] = field(default_factory=dict)
    received: Mapping[str, datetime] = field(default_factory=dict)

    def check(self, shown: Mapping[str, Shown], *, now: datetime, root: str | None = None) -> None:
        """Nothing, if neither the clock nor any of these documents is older than what was seen, or another of the same version.

        Raises:
            RolledBack: one is; the message says which and what to do.
        """
        if self.latest is not None and now < self.latest - TOLERANCE:
            raise RolledBack(
                f"this machine's clock says {_told(now)}, and it was {_told(self.latest)} already when this was used last: "
                "set the clock right; if it was wrong then and is right now, say so with `linkage trust accept --clock`"
            )
        if root is not None and self.root not in (None, root):
            raise RolledBack(
                "the root of trust is not the one that was used here before: compare its words with a holder of the root; "
                "if it was changed on purpose, say so with `linkage trust accept --root`"
            )
        for name, one in sorted(shown.items()):
            if (before := self.documents.get(name)) is not None:
                _check_newer(name, one, before=before)

    def with_(
        self,
        shown: Mapping[str, Shown],
        *,
        now: datetime,
        root: str | None = None,
        received: Mapping[str, datetime] | None = None,
    ) -> "Memory":
        """The memory after these were seen too. A submission keeps the time at which it was accepted first."""
        return Memory(
            latest=max(now, self.latest or now),
            root=root or self.root,
            documents={**self.documents, **{n: replace(one, previous=None) for n, one in shown.items()}},
            received={**(received or {}), **self.received},
        )


def _check_newer(name: str, one: Shown, *, before: Shown) -> None:
    if one.version < before.version:
        raise RolledBack(
            f"{name} version {one.version} is older than version {before.version}, which was seen here before: somebody put an old one back, "
            "or your copy of the shared folder is old; fetch the newest"
        )
    for after, digest, saying in (
        (0, one.digest, "is another text than the version {v} that was seen here before"),
        (1, one.previous, "does not follow the version {v} that was seen here before"),
    ):
        if (
            one.version == before.version + after
            and None not in (digest, before.digest)
            and digest != before.digest
        ):
            raise RolledBack(
                f"{name} version {one.version} {saying.format(v=before.version)}: keep both, and ask those who signed which one holds"
            )


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Annotated[int, Field(ge=0, strict=True)]
    digest: Hex | None


class SeenFile(BaseModel):
    """The memory as written."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["linkage-seen/v1"]
    latest: AwareDatetime | None
    root: Hex | None
    documents: dict[str, _Document]
    received: dict[Hex, AwareDatetime]


def recall(folder: Path) -> Memory:
    """What the actor of this folder remembers; nothing at first.

    Raises:
        MemoryDamaged: there is a memory that cannot be read. It is never taken for an empty one.
    """
    path = folder / SEEN_FILE
    if not path.exists() and not path.is_symlink():
        return Memory()
    try:
        found = SeenFile.model_validate_json(read_private(path))
    except (ValidationError, BadKeyFile, OSError) as fault:
        raise MemoryDamaged(
            f"{SEEN_FILE} in {folder.name}/ cannot be read as {SEEN_FORMAT}, so that old documents could pass for new ones: restore it from a "
            "backup; if there is none, move it away, and before you go on compare the version of the trust register with another party's"
        ) from fault
    documents = {name: Shown(one.version, one.digest) for name, one in found.documents.items()}
    return Memory(found.latest, found.root, documents, found.received)


def remember(
    folder: Path,
    shown: Mapping[str, Shown],
    *,
    now: datetime,
    root: str | None = None,
    received: Mapping[str, datetime] | None = None,
    instead: frozenset[str] = frozenset(),
) -> Memory:
    """The memory of the folder's actor with these added, on the disk, if nothing of it is older than what it remembers already; what is remembered of
    the documents named in `instead` is replaced whatever it was.

    Raises:
        RolledBack: something is; nothing is written.
        MemoryDamaged: there is a memory that cannot be read.
        NotWritten: the disk refused.
        BadInput: there is no such folder.
    """
    if not folder.is_dir():
        raise BadInput(
            f"there is no folder {folder.name}/ to remember in: name the folder of your identity file"
        )
    with telling(folder / SEEN_FILE), _alone(folder):
        memory = recall(folder)
        memory = replace(memory, documents={n: d for n, d in memory.documents.items() if n not in instead})
        memory.check(shown, now=now, root=root)
        memory = memory.with_(shown, now=now, root=root, received=received)
        _write(memory, folder)
    return memory


def relearn(folder: Path, *, root: str | None, latest: datetime | None) -> None:
    """The root, the latest time or both are replaced in what the folder's actor remembers; all else stays.

    Raises:
        BadInput: nothing is remembered there.
        MemoryDamaged: there is a memory that cannot be read.
        NotWritten: the disk refused.
    """
    if not (folder / SEEN_FILE).exists():
        raise BadInput(f"there is no {SEEN_FILE} in {folder.name}/: nothing needs to be replaced")
    with telling(folder / SEEN_FILE), _alone(folder):
        memory = recall(folder)
        _write(replace(memory, root=root or memory.root, latest=latest or memory.latest), folder)


def _write(memory: Memory, folder: Path) -> None:
    """Whole or not at all, and for the owner alone."""
    body = {
        "format": SEEN_FORMAT,
        "latest": None if memory.latest is None else memory.latest.isoformat(),
        "root": memory.root,
        "documents": {
            n: {"version": one.version, "digest": one.digest} for n, one in sorted(memory.documents.items())
        },
        "received": {digest: at.isoformat() for digest, at in sorted(memory.received.items())},
    }
    replace_private(folder / SEEN_FILE, (json.dumps(body, indent=1) + "\n").encode())
    sync_folder(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other run changes this memory meanwhile; one that wants to waits."""
    held = os.open(folder / f".{SEEN_FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(held, msvcrt.LK_LOCK, 1)
        else:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def shown_register(trust: TrustRegister) -> dict[str, Shown]:
    """The trust register as a document that was seen."""
    return {TRUST: Shown(trust.version, trust.digest, trust.previous)}


def read_remembered(shared: Path, *, folder: Path, now: datetime, root: Root | None = None) -> Project:
    """The project in a shared folder, as `read_project` reads it, if nothing in it is older than what the actor of `folder` has seen; from now on it
    has seen this. `now` is what the machine's clock says.

    Raises:
        RolledBack: the register, the root or the clock is older, or another, than seen before, or the register is dated after the clock.
        MemoryDamaged: the memory cannot be read.
        BadInput, BadSignature, NotTrusted: as `read_project`.
    """
    project = read_project(shared, root=root)
    issued = project.trust.issued_at
    if issued is not None and now < issued - TOLERANCE:
        raise RolledBack(
            f"this machine's clock says {_told(now)}, and the trust register is of {_told(issued)}: set the clock right"
        )
    remember(folder, shown_register(project.trust), now=now, root=project.root.digest.hex())
    return project
