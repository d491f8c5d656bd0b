"""Who signs and who opens: an identity has one signing and one sealing key.

Signing: Ed25519 (RFC 8032). Sealing: the hybrid of X25519 and ML-KEM-768 (FIPS 203), because what is sealed here must
stay sealed for decades.
"""

import base64
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from keys.errors import BadKeyFile, WrongPassphrase
from keys.passphrase import Unlock, is_protected, protect, read_protection, unprotect
from keys.secret import Secret

IDENTITY_FORMAT: Final = "linkage-identity/v1"
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9./-]{0,62}[a-z0-9])?")
SEEDS: Final = {"ed25519": 32, "x25519": 32, "mlkem768": 64}
PUBLIC_BYTES: Final = {"ed25519": 32, "x25519": 32, "mlkem768": 1184}


def check_name(name: str) -> str:
    """The name, if it can stand in a signature line.

    Raises:
        ValueError: the name has other characters than a-z 0-9 . / - or is empty or longer than 64.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no identity name: use a-z, 0-9, '.', '/' and '-', at most 64 characters")
    return name


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """What others need to check a signature and to seal something: 32 + 32 + 1,184 bytes of public keys."""

    name: str
    ed25519: bytes
    x25519: bytes
    mlkem768: bytes

    @property
    def key_hash(self) -> bytes:
        """Four bytes that name the signing key in a signed note (C2SP signed-note, Ed25519 type byte 0x01)."""
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.ed25519).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over name and all public keys, hexadecimal."""
        return hashlib.sha256(
            self.name.encode() + b"\n" + self.ed25519 + self.x25519 + self.mlkem768
        ).hexdigest()

    def verifier(self) -> Ed25519PublicKey:
        """The signing key's public half as an object."""
        return Ed25519PublicKey.from_public_bytes(self.ed25519)

    def sealer(self) -> MLKEM768X25519PublicKey:
        """The sealing key's public half as an object."""
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(self.mlkem768), X25519PublicKey.from_public_bytes(self.x25519)
        )

    def to_json(self) -> dict[str, str]:
        """Plain strings, keys in base64."""
        return {
            "name": self.name,
            "ed25519": base64.b64encode(self.ed25519).decode(),
            "x25519": base64.b64encode(self.x25519).decode(),
            "mlkem768": base64.b64encode(self.mlkem768).decode(),
        }

    @classmethod
    def from_json(cls, value: dict[str, str]) -> "PublicIdentity":
        """The identity that `to_json` wrote.

        Raises:
            ValueError: a key is not base64, or not as long as its kind.
        """
        keys = {kind: base64.b64decode(value[kind], validate=True) for kind in PUBLIC_BYTES}
        if wrong := [kind for kind, size in PUBLIC_BYTES.items() if len(keys[kind]) != size]:
            raise ValueError(f"a public key of kind {wrong[0]} should have {PUBLIC_BYTES[wrong[0]]} bytes")
        return cls(name=check_name(value["name"]), **keys)


@dataclass(frozen=True, slots=True)
class Identity:
    """A signing and a sealing key with their owner's name. Prints without its keys."""

    name: str
    seeds: dict[str, Secret] = field(repr=False)
    _opener: list[MLKEM768X25519PrivateKey] = field(init=False, default_factory=list, repr=False, compare=False)

    @classmethod
    def make(cls, name: str, *, randomness: Callable[[int], bytes] = os.urandom) -> "Identity":
        """A new identity whose key seeds come from `randomness`."""
        check_name(name)
        return cls(
            name, {kind: Secret(randomness(size), name=f"{name} {kind}") for kind, size in SEEDS.items()}
        )

    def signer(self) -> Ed25519PrivateKey:
        """The signing key as an object."""
        return Ed25519PrivateKey.from_private_bytes(self.seeds["ed25519"].expose())

    def opener(self) -> MLKEM768X25519PrivateKey:
        """The sealing key as an object, made once from its seeds: who opens hundreds of files would spend as long on that as on opening."""
        if not self._opener:
            self._opener.append(
                MLKEM768X25519PrivateKey(
                    MLKEM768PrivateKey.from_seed_bytes(self.seeds["mlkem768"].expose()),
                    X25519PrivateKey.from_private_bytes(self.seeds["x25519"].expose()),
                )
            )
        return self._opener[0]

    @property
    def public(self) -> PublicIdentity:
        """The public half."""
        mlkem = MLKEM768PrivateKey.from_seed_bytes(self.seeds["mlkem768"].expose())
        x25519 = X25519PrivateKey.from_private_bytes(self.seeds["x25519"].expose())
        return PublicIdentity(
            name=self.name,
            ed25519=self.signer().public_key().public_bytes_raw(),
            x25519=x25519.public_key().public_bytes_raw(),
            mlkem768=mlkem.public_key().public_bytes_raw(),
        )

    def save(
        self,
        path: Path,
        *,
        passphrase: Secret | None = None,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Writes the identity to a new file that only its owner may read (mode 0600); with a passphrase, that opens with it alone.

        Raises:
            BadKeyFile: the file exists already.
        """
        write_private(path, self.content(), passphrase=passphrase, randomness=randomness)

    def content(self) -> bytes:
        """The bytes of an identity file without a passphrase: the private keys, readable."""
        seeds = {kind: base64.b64encode(seed.expose()).decode() for kind, seed in self.seeds.items()}
        body = json.dumps({"name": self.name, "seeds": seeds}, indent=1, sort_keys=True)
        return f"{IDENTITY_FORMAT}\n{body}\n".encode()

    @classmethod
    def load(cls, path: Path, *, unlock: Unlock | None = None) -> "Identity":
        """The identity in a file that `save` wrote. If it is protected, `unlock` gives its passphrase.

        Raises:
            BadKeyFile: the file is missing, readable by others, of another format, or protected and there is no `unlock`.
            WrongPassphrase: the passphrase does not open it.
        """
        first, _, body = read_private(path, unlock=unlock).decode(errors="replace").partition("\n")
        if first != IDENTITY_FORMAT:
            raise BadKeyFile(f"{path.name} is no identity file: its first line should be {IDENTITY_FORMAT}")
        # The error is raised outside the handler: what the parser raises holds the text it was given, and that is the keys.
        if (found := cls._parsed(body)) is None:
            raise BadKeyFile(f"{path.name} is damaged: restore it from its backup, or make a new identity")
        return found

    @classmethod
    def _parsed(cls, body: str) -> "Identity | None":
        try:
            value = json.loads(body)
            seeds = {k: base64.b64decode(value["seeds"][k], validate=True) for k in SEEDS}
            name = check_name(value["name"])
        except (ValueError, KeyError, TypeError):
            return None
        if any(len(seeds[k]) != size for k, size in SEEDS.items()):
            return None
        return cls(name, {k: Secret(seed, name=f"{name} {k}") for k, seed in seeds.items()})


def write_private(
    path: Path,
    content: bytes,
    *,
    passphrase: Secret | None = None,
    randomness: Callable[[int], bytes] = os.urandom,
) -> None:
    """Writes a new file with mode 0600, complete or not at all; with a passphrase, protected by it.

    Raises:
        BadKeyFile: the file exists already.
    """
    if path.exists():
        raise BadKeyFile(f"{path.name} exists already: secrets are never overwritten; move it away first")
    replace_private(path, content, passphrase=passphrase, randomness=randomness)


def replace_private(
    path: Path,
    content: bytes,
    *,
    passphrase: Secret | None = None,
    randomness: Callable[[int], bytes] = os.urandom,
) -> None:
    """Writes a file with mode 0600; what stood there stays until the new one is complete."""
    if passphrase is not None:
        content = protect(content, passphrase=passphrase, randomness=randomness)
    draft = path.with_name(path.name + ".draft")
    # A draft that stands there already may have another mode or be a link: it is removed, never written into.
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_private(path: Path, *, unlock: Unlock | None = None) -> bytes:
    """The bytes of a secret file, if nobody but its owner may read it; of a protected one, what is inside.

    Raises:
        BadKeyFile: the file is missing, its mode lets others in, or it is protected and there is no `unlock`.
        WrongPassphrase: the passphrase does not open it.
    """
    if not path.is_file():
        raise BadKeyFile(f"no key file {path.name} in {path.parent.name}/")
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadKeyFile(
            f"{path.name} can be read by others: run chmod 600 on it, and replace the key if it was exposed"
        )
    content = path.read_bytes()
    if not is_protected(content):
        return content
    if unlock is None:
        raise BadKeyFile(
            f"{path.name} is protected by a passphrase and nobody is here to be asked: name a file with it in LINKAGE_PASSPHRASE_FILE"
        )
    try:
        read_protection(content)
        passphrase = unlock(str(path))
        return unprotect(content, passphrase=passphrase)
    except WrongPassphrase as fault:
        raise WrongPassphrase(f"{path.name}: {fault}") from None
    except BadKeyFile as fault:
        raise BadKeyFile(f"{path.name}: {fault}") from None
