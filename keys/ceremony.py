"""The project secret: made once a round, sealed to each data officer, kept by each in a file that only they can read."""

import base64
import binascii
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from keys.derive import encode
from keys.errors import BadKeyFile
from keys.identity import Identity, PublicIdentity, read_private, write_private
from keys.passphrase import Unlock
from keys.sealing import open_sealed, seal
from keys.secret import Secret

SECRET_FORMAT: Final = "linkage-secret/v1"  # noqa: S105  the name of a file format
SECRET_BYTES: Final = 32


def make_secret(*, name: str, randomness: Callable[[int], bytes]) -> Secret:
    """A new secret of 256 bits."""
    return Secret(randomness(SECRET_BYTES), name=name)


def _context(project: str, epoch: int, to: str) -> bytes:
    return encode([SECRET_FORMAT, project, str(epoch), to])


def deliver_secret(secret: Secret, *, project: str, epoch: int, to: PublicIdentity) -> bytes:
    """The secret sealed to one data officer, bound to project and epoch."""
    return seal(secret.expose(), to=to, context=_context(project, epoch, to.name))


def accept_secret(sealed: bytes, *, project: str, epoch: int, by: Identity) -> Secret:
    """The secret that was delivered to `by`.

    Raises:
        BadSeal: it is for someone else, for another project or epoch, or was altered.
    """
    opened = open_sealed(sealed, by=by, context=_context(project, epoch, by.name))
    return Secret(opened, name=f"{project} epoch {epoch}")


def save_secret(
    secret: Secret,
    path: Path,
    *,
    passphrase: Secret | None = None,
    randomness: Callable[[int], bytes] = os.urandom,
) -> None:
    """Writes the secret to a new file of mode 0600; with a passphrase, protected by it.

    Raises:
        BadKeyFile: the file exists already.
    """
    write_private(path, secret_content(secret), passphrase=passphrase, randomness=randomness)


def secret_content(secret: Secret) -> bytes:
    """The bytes of a secret file without a passphrase: the secret, readable."""
    return f"{SECRET_FORMAT}\n{base64.b64encode(secret.expose()).decode()}\n".encode()


def load_secret(path: Path, *, name: str, unlock: Unlock | None = None) -> Secret:
    """The secret in a file that `save_secret` wrote. If it is protected, `unlock` gives its passphrase.

    Raises:
        BadKeyFile: the file is missing, readable by others, no secret, or protected and there is no `unlock`.
        WrongPassphrase: the passphrase does not open it.
    """
    first, _, body = read_private(path, unlock=unlock).decode(errors="replace").partition("\n")
    try:
        value = base64.b64decode(body.strip(), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if first != SECRET_FORMAT or len(value) != SECRET_BYTES:
        raise BadKeyFile(
            f"{path.name} is no secret file: its first line should be {SECRET_FORMAT}, then one line of base64"
        )
    return Secret(value, name=name)
