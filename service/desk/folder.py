"""The release desk at work: its own folder opened, its two identities held against the trust register, and the custodian whom it asks."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from keys import Identity, NotTrusted, Root, Secret
from keys.ceremony import load_secret, make_secret
from keys.passphrase import Unlock
from linkage.errors import BadInput
from service import clock
from service.custody.asked import Custody
from service.custody.client import RemoteCustody
from service.custody.custodian import Custodian
from service.custody.recipient import on_duty
from service.desk.state import State
from service.errors import CustodianUnavailable
from service.memory import read_remembered
from service.release import Desk
from service.shared import Project, read_root
from service.trust.identities import save_secret_like
from service.trust.listed import listed

IDENTITY_FILE: Final = "identity.key"
LOG_KEY: Final = "log.key"
STATE_FILE: Final = "office.db"
LEDGER_SALT: Final = "ledger.salt"


@dataclass(frozen=True, slots=True)
class Where:
    """The desk's own folder, the project's shared folder, the file of the root's public keys, and how the desk's key files open."""

    folder: Path
    shared: Path
    root: Path
    unlock: Unlock


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who opens keys: the custodian at a socket, or one whose folder is on this machine. Neither, where no key is needed."""

    socket: Path | None = None
    folder: Path | None = None


class NobodyAsked:
    """Stands where no key is needed, and opens none."""

    def open_column(self, *_: object, **__: object) -> NoReturn:
        """Raises CustodianUnavailable."""
        raise CustodianUnavailable("no custodian was named to open a key")

    open_spine = open_column

    def close(self) -> None:
        """Nothing was opened."""


@contextmanager
def opened(where: Where) -> Iterator[tuple[Desk, Project]]:
    """The desk, which can ask no custodian yet, and the project as the desk's own copy of the root vouches for it.

    Raises:
        BadKeyFile, WrongPassphrase: a key file of the desk does not open.
        NotTrusted: an identity in the folder is not the desk's, or not the log's, in the trust register.
        RolledBack: the register or the clock is older than what the desk has seen.
        BadInput: the folder lacks what it had before.
    """
    root = read_root(where.root)
    identity = Identity.load(where.folder / IDENTITY_FILE, unlock=where.unlock)
    log = Identity.load(where.folder / LOG_KEY, unlock=where.unlock)
    project = read_remembered(where.shared, folder=where.folder, now=clock.now(), root=root)
    for one, role in ((identity, "desk"), (log, "audit-log")):
        listed(one, role=role, trust=project.trust, at=clock.now())
    state = _state(where.folder, origin=log.name)
    try:
        salt = _salt(where.folder, state=state, unlock=where.unlock)
        yield (
            _desk(where, root=root, project=project, identity=identity, log=log, state=state, salt=salt),
            project,
        )
    finally:
        state.close()


def _desk(
    where: Where, *, root: Root, project: Project, identity: Identity, log: Identity, state: State, salt: Secret
) -> Desk:
    return Desk(
        folder=where.folder,
        shared=where.shared,
        one=project.one,
        identity=identity,
        log_identity=log,
        root=root,
        state=state,
        custodian=NobodyAsked(),
        salt=salt,
        clock=clock.now,
    )


def _state(folder: Path, *, origin: str) -> State:
    """The desk's state and log. One that is gone while the salt is still there was lost: a new log in its place would hide all that it told."""
    path = folder / STATE_FILE
    if (folder / LEDGER_SALT).exists() and not path.exists():
        raise BadInput(
            f"{STATE_FILE} is missing in {folder.name}/, where the desk has worked before: restore it from its backup"
        )
    try:
        return State(path, origin=origin)
    except sqlite3.DatabaseError as fault:
        raise BadInput(
            f"{STATE_FILE} in {folder.name}/ cannot be used ({fault}): wait if another run is at work, or restore it from its backup"
        ) from fault


def _salt(folder: Path, *, state: State, unlock: Unlock) -> Secret:
    """The salt of the ledger's commitments, made with the desk's first use. Without it no table could be compared with those that left before."""
    path = folder / LEDGER_SALT
    if not path.exists():
        if state.ledger().entries:
            raise BadInput(
                f"{LEDGER_SALT} is missing in {folder.name}/, from which tables have left: restore it from its backup"
            )
        salt = make_secret(name="ledger salt", randomness=os.urandom)
        save_secret_like(salt, path, identity=folder / IDENTITY_FILE, unlock=unlock)
    return load_secret(path, name="ledger salt", unlock=unlock)


@contextmanager
def custody_of(keeper: Keeper, *, where: Where, desk: Desk, project: Project) -> Iterator[Custody]:
    """The custodian who is on duty, at its socket or in its folder.

    Raises:
        BadInput: neither was named, or both.
        NotTrusted: the folder is not that of the custodian on duty.
    """
    if (keeper.socket is None) == (keeper.folder is None):
        raise BadInput(
            "a release needs the custodian: name its --socket, or its folder with --custodian if that is on this machine"
        )
    known = on_duty(project.trust, at=clock.now())
    if keeper.socket is not None:
        yield RemoteCustody(keeper.socket, identity=desk.identity, custodian=known, clock=clock.now)
        return
    assert keeper.folder is not None  # noqa: S101  one of the two is named
    identity = Identity.load(keeper.folder / IDENTITY_FILE, unlock=where.unlock)
    if identity.public != known:
        raise NotTrusted(
            f"{keeper.folder.name}/ is not the folder of {known.name}, the custodian on duty in the trust register"
        )
    custodian = Custodian(keeper.folder, identity=identity, root=desk.root, one=project.one, clock=clock.now)
    try:
        yield custodian
    finally:
        custodian.close()
