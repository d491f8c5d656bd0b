"""What can go wrong at the desk, and the exit codes of the command line."""

from pathlib import Path
from typing import Final

from ethics.errors import EthicsError, NotVerified
from keys import KeysError
from linkage.errors import LinkageError
from linkage.people.errors import PeopleError
from policies import PolicyError, Refused


class ServiceError(Exception):
    """A step of the service could not be taken."""


class NotApproved(ServiceError):
    """The policy is not recommended by a quorum, or not signed as it must be."""


class CustodianRefused(ServiceError):
    """The custodian did not open a key; the message says which check failed."""


class OutOfOrder(ServiceError):
    """A step was asked for before, or after, its time."""


DONE: Final = 0
UNEXPECTED: Final = 1
USAGE: Final = 2
BAD_INPUT: Final = 10
BAD_KEY: Final = 11
REFUSED: Final = 12
NOT_APPROVED: Final = 13
NOT_VERIFIED: Final = 14
LEAKS: Final = 15

EXIT_CODES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (Refused, REFUSED),
    (CustodianRefused, REFUSED),
    (NotVerified, NOT_VERIFIED),
    (NotApproved, NOT_APPROVED),
    (KeysError, BAD_KEY),
    (EthicsError, NOT_APPROVED),
    (LinkageError, BAD_INPUT),
    (PolicyError, BAD_INPUT),
    (ServiceError, BAD_INPUT),
    (PeopleError, BAD_INPUT),
    (OSError, BAD_INPUT),
)


def exit_code(fault: Exception) -> int:
    """The documented exit code of an error; 1 for one that nobody foresaw."""
    return next((code for kind, code in EXIT_CODES if isinstance(fault, kind)), UNEXPECTED)


def said(fault: Exception) -> str:
    """The error's message; of a file that the system refused, its name and the reason, without the folders it lies in."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{Path(str(fault.filename or 'a file')).name}: {fault.strerror}"
    return str(fault)
