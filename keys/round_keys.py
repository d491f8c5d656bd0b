"""What a ceremony makes for one round beside the project secret: its commitment, sealed shares for the custodians, and the linker's opening key."""

from dataclasses import replace
from typing import Final

from keys.derive import derive, encode
from keys.errors import WrongSecret
from keys.identity import SEEDS, Identity, PublicIdentity
from keys.sealing import open_sealed, seal
from keys.secret import Secret

SHARE_FORMAT: Final = "linkage-share/v1"
PROJECT_SECRET: Final = "project-secret"  # noqa: S105  the name of a kind of share
LINKER_OPENING: Final = "linker-opening"
KINDS: Final = (PROJECT_SECRET, LINKER_OPENING)
OPENING_KEYS: Final = ("x25519", "mlkem768")
KEY_CHECK_BYTES: Final = 4


def commitment(secret: Secret, *, project: str, epoch: int) -> str:
    """What everybody may know of the project secret, hexadecimal: its holder knows it again by it, and nobody learns it."""
    return derive(secret, "secret-commitment", project, str(epoch)).expose().hex()


def key_check(secret: Secret, *, project: str, epoch: int) -> str:
    """Four bytes, hexadecimal, that stand in every submission: equal for equal secrets."""
    return derive(secret, "key-check", project, str(epoch), length=KEY_CHECK_BYTES).expose().hex()


def share_context(*, project: str, epoch: int, kind: str, holder: str) -> bytes:
    """What binds a sealed share to its round, its kind and its holder."""
    return encode([SHARE_FORMAT, project, str(epoch), kind, holder])


def seal_share(share: Secret, *, project: str, epoch: int, kind: str, to: PublicIdentity) -> bytes:
    """The share, for its holder alone."""
    context = share_context(project=project, epoch=epoch, kind=kind, holder=to.name)
    return seal(share.expose(), to=to, context=context)


def open_share(sealed: bytes, *, project: str, epoch: int, kind: str, by: Identity) -> Secret:
    """The share that was sealed to `by`.

    Raises:
        BadSeal: it is for somebody else, of another round or kind, or was altered.
    """
    context = share_context(project=project, epoch=epoch, kind=kind, holder=by.name)
    return Secret(open_sealed(sealed, by=by, context=context), name=f"share of {by.name}")


def opening_seeds(master: Secret) -> dict[str, Secret]:
    """The seeds of the linker's sealing key, by kind of key."""
    return {kind: derive(master, LINKER_OPENING, kind, length=SEEDS[kind]) for kind in OPENING_KEYS}


def with_opening_key(linker: PublicIdentity, *, master: Secret) -> PublicIdentity:
    """The linker's public identity with its own signing key and the sealing keys that custodians share."""
    unsigning = Identity(
        linker.name, {"ed25519": Secret(bytes(SEEDS["ed25519"]), name="none"), **opening_seeds(master)}
    )
    return replace(unsigning.public, ed25519=linker.ed25519)


def opening_identity(linker: Identity, *, master: Secret, listed: PublicIdentity) -> Identity:
    """The linker with its own signing key and the sealing key of the master, which custodians shared.

    Raises:
        WrongSecret: that is not the identity that is listed.
    """
    found = Identity(linker.name, {"ed25519": linker.seeds["ed25519"], **opening_seeds(master)})
    if found.public != listed:
        raise WrongSecret(
            f"the shares give another opening key than the one of {listed.name} in the record of the ceremony"
        )
    return found
