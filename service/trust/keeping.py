"""Passphrases that the operating system's keyring keeps for its user, so that nobody has to type them.

An entry is found by the salt of the file that it opens: a file that is moved or renamed keeps its entry, and while a passphrase is changed
the old file's and the new one's stand side by side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import keyring
from keyring.core import recommended
from keyring.errors import KeyringError

from keys.passphrase import read_protection
from keys.secret import Secret
from service.errors import NoKeyring

SERVICE: Final = "linkage"


def _user(content: bytes) -> str:
    return read_protection(content).salt.hex()


def kept(content: bytes) -> Secret | None:
    """The passphrase that the keyring keeps for this protected content, or nothing if it keeps none or cannot be asked."""
    try:
        found = keyring.get_password(SERVICE, _user(content))
    except KeyringError:
        return None
    return None if found is None else Secret(found.encode(), name="passphrase from the keyring")


def keep(content: bytes, *, passphrase: Secret) -> None:
    """The keyring keeps this passphrase for this protected content; it was read back.

    Raises:
        NoKeyring: there is no keyring here that encrypts what it keeps, or it does not take the passphrase.
    """
    if not recommended(keyring.get_keyring()):
        raise NoKeyring(
            "this machine has no keyring that keeps a passphrase safe: leave out --keyring and choose one yourself"
        )
    try:
        keyring.set_password(SERVICE, _user(content), passphrase.expose().decode())
    except KeyringError:
        taken = False
    else:
        taken = kept(content) == passphrase
    if not taken:
        raise NoKeyring("the keyring did not take the passphrase: unlock it, or leave out --keyring")


def forget(content: bytes) -> None:
    """The keyring keeps no passphrase for this protected content any more, if it can be asked."""
    try:
        if keyring.get_password(SERVICE, _user(content)) is not None:
            keyring.delete_password(SERVICE, _user(content))
    except KeyringError:
        return


@contextmanager
def while_kept(content: bytes, *, passphrase: Secret | None) -> Iterator[None]:
    """The keyring keeps the passphrase for this content, and goes on doing so if what is done meanwhile succeeds; without one, nothing.

    Raises:
        NoKeyring: as `keep`; nothing is done then.
    """
    if passphrase is None:
        yield
        return
    keep(content, passphrase=passphrase)
    try:
        yield
    except BaseException:
        forget(content)
        raise
