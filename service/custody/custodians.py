"""A custodian at work: who it is, its own folder, and the project as it verified it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ethics.events import Event
from keys import Identity, TrustRegister
from keys.ceremony_record import CUSTODIAN
from keys.passphrase import Unlock
from service.custody.rounds import Rounds, read_rounds
from service.custody.strongbox import Strongbox, opened
from service.memory import remember, shown_register
from service.shared import Project, read_project, read_root
from service.trust.listed import listed


@dataclass(frozen=True, slots=True)
class Where:
    """The files that a custodian's command names: the project's shared folder, the root's public keys, the identity, the custodian's own folder; and
    how private files open."""

    shared: Path
    root: Path
    identity: Path
    folder: Path
    unlock: Unlock


@dataclass(frozen=True, slots=True)
class AtWork:
    """One custodian whom the trust register knows, its strongbox, the project and its rounds, at one moment."""

    me: Identity
    box: Strongbox
    project: Project
    rounds: Rounds
    now: datetime

    @property
    def trust(self) -> TrustRegister:
        """The trust register."""
        return self.project.trust

    def event(self, kind: str, **details: str | int) -> Event:
        """An event by this custodian, now."""
        return Event(kind, at=self.now, by=self.me.name, project=self.project.one.project, details=details)


@contextmanager
def at_work(where: Where, *, now: datetime) -> Iterator[AtWork]:
    """The custodian of the identity file, if the trust register has it with these keys.

    Raises:
        NotTrusted: it has not.
        RolledBack: the register, a record or the clock is older than what this custodian has seen.
        BadSignature, BadInput: a document of the shared folder does not hold.
    """
    project = read_project(where.shared, root=read_root(where.root))
    loaded = Identity.load(where.identity, unlock=where.unlock)
    me = listed(loaded, role=CUSTODIAN, trust=project.trust, at=now)
    where.folder.mkdir(parents=True, exist_ok=True)
    remember(where.folder, shown_register(project.trust), now=now, root=project.root.digest.hex())
    rounds = read_rounds(where.shared, project=project, folder=where.folder, now=now)
    with opened(where.folder, owner=me.name) as box:
        yield AtWork(me, box, project, rounds, now)
