"""Files protected by a passphrase: without it they do not open, and every guess costs 64 MiB of memory.

The key comes from the passphrase by Argon2id (RFC 9106, the second recommended choice: 3 passes, 4 lanes, 64 MiB); it seals the content with
AES-256-GCM (NIST SP 800-38D), and the header is bound to it as associated data. What a file asks for is bounded before anything is derived.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from keys.errors import BadKeyFile, WrongPassphrase
from keys.secret import Secret

PROTECTED_FORMAT: Final = "linkage-protected/v1"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
PARAMETERS: Final = re.compile(
    rb"argon2id memory=(0|[1-9][0-9]{0,9}) passes=(0|[1-9][0-9]{0,9}) lanes=(0|[1-9][0-9]{0,9}) salt=([A-Za-z0-9+/]{22}==)"
)

Unlock = Callable[[str], Secret]
"""Gives the passphrase of a protected file; asked with the file's path as it was given."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs: KiB of memory, passes over it, and lanes that can run at once."""

    memory: int
    passes: int
    lanes: int


RECOMMENDED: Final = Cost(memory=65_536, passes=3, lanes=4)
MOST: Final = Cost(memory=2_097_152, passes=16, lanes=16)
LEAST_MEMORY_A_LANE: Final = 8


@dataclass(frozen=True, slots=True)
class Protection:
    """The readable top of a protected file: what a guess costs, and the salt, which is another one in every file."""

    cost: Cost
    salt: bytes

    @property
    def text(self) -> bytes:
        """The header as it stands in the file: two lines and an empty one."""
        salt = base64.b64encode(self.salt).decode()
        cost = f"memory={self.cost.memory} passes={self.cost.passes} lanes={self.cost.lanes}"
        return f"{PROTECTED_FORMAT}\nargon2id {cost} salt={salt}\n\n".encode()

    def key(self, passphrase: Secret) -> Secret:
        """The key that this passphrase gives here.

        Raises:
            BadKeyFile: this machine has not the memory for it.
        """
        argon2 = Argon2id(
            salt=self.salt,
            length=KEY_BYTES,
            iterations=self.cost.passes,
            lanes=self.cost.lanes,
            memory_cost=self.cost.memory,
        )
        try:
            return Secret(argon2.derive(passphrase.expose()), name="key of a protected file")
        except MemoryError:
            raise BadKeyFile(
                f"it takes {self.cost.memory:,} KiB of memory to open: this machine has not so much free"
            ) from None


def is_protected(content: bytes) -> bool:
    """Whether the content says of itself that it is protected."""
    return content.startswith(f"{PROTECTED_FORMAT}\n".encode())


def protect(
    content: bytes, *, passphrase: Secret, randomness: Callable[[int], bytes], cost: Cost = RECOMMENDED
) -> bytes:
    """The content so that it opens with the passphrase alone; salt and nonce are new each time."""
    header = Protection(cost, randomness(SALT_BYTES))
    nonce = randomness(NONCE_BYTES)
    cipher = AESGCM(header.key(passphrase).expose())
    return header.text + nonce + cipher.encrypt(nonce, content, header.text)


def read_protection(content: bytes) -> Protection:
    """The header of protected content.

    Raises:
        BadKeyFile: it is not of this format, or asks for more than is ever derived here.
    """
    lines = content.split(b"\n", 3)
    found = PARAMETERS.fullmatch(lines[1]) if len(lines) == 4 else None
    if found is None:
        raise BadKeyFile(
            f"this is no {PROTECTED_FORMAT} file: it is damaged, or was made by another version; restore it from its backup"
        )
    memory, passes, lanes = (int(found[at]) for at in (1, 2, 3))
    try:
        header = Protection(Cost(memory, passes, lanes), base64.b64decode(found[4], validate=True))
    except binascii.Error as fault:
        raise BadKeyFile("its salt cannot be read: restore it from its backup") from fault
    if not content.startswith(header.text):
        raise BadKeyFile("its header is not written as it should be: restore it from its backup")
    _check_bounds(header.cost)
    return header


def _check_bounds(cost: Cost) -> None:
    """Raises BadKeyFile unless the cost is one that Argon2 knows and this machine could pay."""
    if not 1 <= cost.lanes <= MOST.lanes:
        raise BadKeyFile(f"it asks for {cost.lanes} lanes; from 1 to {MOST.lanes} are accepted")
    if not 1 <= cost.passes <= MOST.passes:
        raise BadKeyFile(f"it asks for {cost.passes} passes; from 1 to {MOST.passes} are accepted")
    least = LEAST_MEMORY_A_LANE * cost.lanes
    if not least <= cost.memory <= MOST.memory:
        raise BadKeyFile(
            f"it asks for {cost.memory:,} KiB of memory; from {least} to {MOST.memory:,} are accepted"
        )


def unprotect(content: bytes, *, passphrase: Secret) -> bytes:
    """What `protect` was given.

    Raises:
        BadKeyFile: the content is not of this format, or asks for more memory or time than is accepted; nothing is derived.
        WrongPassphrase: the passphrase is another, or the content was altered; the two cannot be told apart.
    """
    header = read_protection(content)
    body = content[len(header.text) :]
    if len(body) < NONCE_BYTES + TAG_BYTES:
        raise BadKeyFile("it is cut short: restore it from its backup")
    cipher = AESGCM(header.key(passphrase).expose())
    try:
        return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], header.text)
    except InvalidTag:
        raise WrongPassphrase(f"the {passphrase.name} does not open it, or it was altered") from None
