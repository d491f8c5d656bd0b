"""What can go wrong at the desk, and the exit codes of the command line."""

from pathlib import Path
from typing import Final

from ethics.errors import EthicsError, NotVerified
from keys import KeysError
from linkage.errors import LinkageError
from policies.errors import PolicyError, Refused


class ServiceError(Exception):
    """A step of the service could not be taken."""


class NotApproved(ServiceError):
    """The policy is not recommended by a quorum, or not signed as it must be."""


class CustodianRefused(ServiceError):
    """The custodian did not open a key; the message says which check failed, and `reasons` in the words of its log."""

    def __init__(self, message: str = "", *, reasons: tuple[str, ...] = ()) -> None:
        self.reasons = reasons
        super().__init__(message)


class CustodianUnavailable(ServiceError):
    """The custodian does not answer; nothing is used up, and the same call can be made again later."""


class BadCall(ServiceError):
    """A call to a custodian, or its answer, is not what the protocol has."""


class OutOfOrder(ServiceError):
    """A step was asked for before, or after, its time."""


class NoCeremony(ServiceError):
    """An epoch has no record of a ceremony."""


class RoundClosed(ServiceError):
    """An epoch takes no submission any more."""


class NotEnoughCustodians(CustodianUnavailable):
    """Fewer custodians answered within the time than are needed."""


class RolledBack(ServiceError):
    """A document, the root or the clock is older than what this actor has seen, or another."""


class MemoryDamaged(ServiceError):
    """What an actor remembers cannot be read."""


class BadPassphrase(ServiceError):
    """A new passphrase is missing, too short, or was typed in two ways."""


class NoKeyring(ServiceError):
    """The operating system has no keyring that could keep a passphrase, or it does not take one."""


UNSHOWN: Final = "\N{REPLACEMENT CHARACTER}"
DONE: Final = 0
UNEXPECTED: Final = 1
USAGE: Final = 2
BAD_INPUT: Final = 10
BAD_KEY: Final = 11
REFUSED: Final = 12
NOT_APPROVED: Final = 13
NOT_VERIFIED: Final = 14
LEAKS: Final = 15
UNAVAILABLE: Final = 16
DISCLOSES: Final = 17

EXIT_CODES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (Refused, REFUSED),
    (CustodianRefused, REFUSED),
    (CustodianUnavailable, UNAVAILABLE),
    (NotVerified, NOT_VERIFIED),
    (NotApproved, NOT_APPROVED),
    (RolledBack, BAD_KEY),
    (KeysError, BAD_KEY),
    (EthicsError, NOT_APPROVED),
    (LinkageError, BAD_INPUT),
    (PolicyError, BAD_INPUT),
    (ServiceError, BAD_INPUT),
    (OSError, BAD_INPUT),
)


def exit_code(fault: Exception) -> int:
    """The documented exit code of an error; 1 for one that nobody foresaw."""
    return next((code for kind, code in EXIT_CODES if isinstance(fault, kind)), UNEXPECTED)


def said(fault: Exception) -> str:
    """The error's message; of a file that the system refused, its name and the reason, without the folders it lies in.

    A message may repeat a word of somebody else's file: what would not show as it is, or move the terminal's cursor, is replaced.
    """
    told = str(fault)
    if isinstance(fault, OSError) and fault.strerror:
        told = f"{Path(str(fault.filename or 'a file')).name}: {fault.strerror}"
    return as_shown(told)


def as_shown(words: str) -> str:
    """The words, with a sign in place of each character that would not show as it is, or would move the terminal's cursor, but for line ends."""
    return "".join(c if c.isprintable() or c == "\n" else UNSHOWN for c in words)
