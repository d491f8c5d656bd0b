"""Identities and the passphrases of private files, one function a command: read or write what is named, say what was done."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from keys import Identity, PublicIdentity, Secret
from keys.ceremony import SECRET_FORMAT, make_secret, secret_content
from keys.errors import BadKeyFile
from keys.identity import IDENTITY_FORMAT, check_name, read_private, replace_private, write_private
from keys.passphrase import Unlock, is_protected, protect
from keys.words import in_words
from linkage.errors import BadInput
from service.shared import read_identity, write_identity
from service.trust.keeping import forget, kept, while_kept
from service.trust.unlocking import NEW_PASSPHRASE_FILE, PASSPHRASE, PASSPHRASE_FILE, Ask, chosen, unlocker

PUBLIC_SUFFIX: Final = ".public.json"
RANDOM_BYTES: Final = 32
PRIVATE_FORMATS: Final = (IDENTITY_FORMAT, SECRET_FORMAT)
IN_KEYRING: Final = (
    "protected by a random passphrase in this machine's keyring; if the keyring is lost, so is the file"
)
Randomness = Callable[[int], bytes]


def new_identity(
    name: str,
    *,
    out: Path,
    unprotected: bool,
    keyring: bool,
    environment: Mapping[str, str],
    ask: Ask | None,
    randomness: Randomness = os.urandom,
) -> str:
    """A new identity in `out`, its public half beside it, and its fingerprint to read aloud.

    Raises:
        BadInput: the name is none, or both kinds of protection are asked for.
        BadKeyFile: one of the files exists already.
        BadPassphrase: there is no passphrase, or none that protects.
        NoKeyring: the operating system has no keyring to keep one in. Nothing is written in all these cases.
    """
    public_file = out.with_name(out.name + PUBLIC_SUFFIX)
    _check_new(name, files=(out, public_file), both=unprotected and keyring)
    passphrase = None
    how = "UNPROTECTED: whoever copies the file has them"
    if keyring:
        passphrase, how = _random(randomness), IN_KEYRING
    elif not unprotected:
        passphrase = chosen(environment, file=PASSPHRASE_FILE, variable=PASSPHRASE, ask=ask, what=out.name)
        how = "protected by your passphrase"
    identity = Identity.make(name, randomness=randomness)
    content = identity.content()
    if passphrase is not None:
        content = protect(content, passphrase=passphrase, randomness=randomness)
    with while_kept(content, passphrase=passphrase if keyring else None):
        write_private(out, content)
        _write_public(public_file, identity.public, private=out)
    return "\n".join(
        [
            f"{out.name}: the private keys of {name}, {how}",
            f"{public_file.name}: the public half, for whoever keeps the trust register",
            *_told(identity.public),
        ]
    )


def _check_new(name: str, *, files: tuple[Path, ...], both: bool) -> None:
    if both:
        raise BadInput("a file is either unprotected or has a passphrase in the keyring: leave one option out")
    try:
        check_name(name)
    except ValueError as fault:
        raise BadInput(str(fault)) from None
    for file in files:
        if file.exists():
            raise BadKeyFile(f"{file.name} exists already: keys are never overwritten; move it away first")
    if not files[0].parent.is_dir():
        raise BadInput(f"there is no folder {files[0].parent.name}/: make it first")


def _random(randomness: Randomness) -> Secret:
    return Secret(randomness(RANDOM_BYTES).hex().encode(), name="passphrase made at random")


def _write_public(path: Path, one: PublicIdentity, *, private: Path) -> None:
    """The public half, whole; if it cannot be written, the new private one goes too."""
    draft = path.with_name(path.name + ".draft")
    try:
        write_identity(draft, one)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        private.unlink()
        raise


def _told(one: PublicIdentity) -> list[str]:
    return [f"fingerprint {one.fingerprint}", f"in words    {in_words(bytes.fromhex(one.fingerprint))}"]


def show_identity(file: Path, *, as_json: bool, unlock: Unlock) -> str:
    """Name, fingerprint and words of an identity file or of a public half; with `as_json` for other programs.

    Raises:
        BadInput: it is neither.
        BadKeyFile: it is an identity file and cannot be opened.
    """
    one = _public(file, unlock=unlock)
    if as_json:
        words = in_words(bytes.fromhex(one.fingerprint))
        return json.dumps({"name": one.name, "fingerprint": one.fingerprint, "words": words}, indent=1)
    return "\n".join([f"name        {one.name}", *_told(one)])


def _public(file: Path, *, unlock: Unlock) -> PublicIdentity:
    if file.is_file() and _is_identity(file.read_bytes()):
        return Identity.load(file, unlock=unlock).public
    return read_identity(file)


def _is_identity(content: bytes) -> bool:
    return is_protected(content) or content.startswith(f"{IDENTITY_FORMAT}\n".encode())


def change_passphrase(
    file: Path,
    *,
    keyring: bool,
    environment: Mapping[str, str],
    ask: Ask | None,
    randomness: Randomness = os.urandom,
) -> str:
    """The private file under another passphrase, or under its first; the old file stays until the new one is complete.

    Raises:
        BadKeyFile: the file cannot be opened, or is neither an identity nor a secret.
        BadPassphrase: there is no new passphrase, or none that protects.
        NoKeyring: the operating system has no keyring to keep one in.
    """
    content = Secret(read_private(file, unlock=unlocker(environment, ask=ask)), name=file.name)
    if not content.expose().startswith(tuple(f"{name}\n".encode() for name in PRIVATE_FORMATS)):
        raise BadKeyFile(f"{file.name} is neither an identity nor a secret: it is left as it is")
    if keyring:
        new, how = _random(randomness), IN_KEYRING
    else:
        new = chosen(environment, file=NEW_PASSPHRASE_FILE, variable=None, ask=ask, what=file.name)
        how = "protected by the new passphrase"
    before, after = file.read_bytes(), protect(content.expose(), passphrase=new, randomness=randomness)
    with while_kept(after, passphrase=new if keyring else None):
        replace_private(file, after)
    if is_protected(before):
        forget(before)
    return f"{file.name}: {how}"


def save_secret_like(
    secret: Secret, out: Path, *, identity: Path, unlock: Unlock, randomness: Randomness = os.urandom
) -> None:
    """The secret in a new file that opens as the identity file does: with the same passphrase, kept in the same place, or with none.

    Raises:
        BadKeyFile: `out` exists already, or the identity file does not open.
    """
    like, content, passphrase = identity.read_bytes(), secret_content(secret), None
    if is_protected(like):
        read_private(identity, unlock=unlock)
        passphrase = unlock(str(identity))
        content = protect(content, passphrase=passphrase, randomness=randomness)
        if kept(like) != passphrase:
            passphrase = None
    with while_kept(content, passphrase=passphrase):
        write_private(out, content)


def new_secret(out: Path, *, identity: Path, unlock: Unlock, randomness: Randomness = os.urandom) -> str:
    """A new secret of the identity's own in `out`, which opens as the identity file does.

    Raises:
        BadKeyFile: `out` exists already, or the identity file does not open.
    """
    own = make_secret(name="own secret", randomness=randomness)
    save_secret_like(own, out, identity=identity, unlock=unlock, randomness=randomness)
    return f"{out.name}: a new secret of your own; nobody else ever needs it, and without it references cannot be traced back: keep a backup"
