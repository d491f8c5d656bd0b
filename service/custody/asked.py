"""What the release desk asks of a custodian, wherever that runs, and the words in which one says no."""

from dataclasses import dataclass
from typing import Final, Protocol

from ethics.errors import EthicsError
from keys import BadSeal, BadSignature, KeysError, NotTrusted, Secret
from keys.sealing import SealHeader
from linkage.errors import LinkageError
from policies.errors import PolicyError, Refused
from service.dossier import Dossier
from service.errors import CustodianRefused, NotApproved, RolledBack, ServiceError

MOST_CODES: Final = 32

REFUSALS: Final = {
    "bad-signature": "a document, the request or the call is not signed as it must be",
    "not-trusted": "the trust register does not give somebody the role that is needed, or is another project's",
    "rolled-back": "a document is older than one that was shown before",
    "not-approved": "a vote, an adoption or the record of evidence does not hold",
    "unreadable": "a document, the request or the call cannot be read",
    "policy": "the engine denies the request; its own reasons follow",
    "expired": "the permit has expired",
    "other-project": "the key, the request or the trust register is of another project or round",
    "used-before": "the request was used for another release",
    "not-opened": "the permit does not open this attribute",
    "wrong-key": "the wrapped key is another column's or another custodian's, or was altered",
    "too-many": "too many keys within an hour, or too many requests within a day",
    "clock": "this machine's clock says a time before one that it has logged",
    "other-custodian": "the call is for another custodian",
    "stale": "the call was made more than five minutes before now, or after",
    "replayed": "this call was heard before",
}
BY_FAULT: Final[tuple[tuple[type[Exception], str], ...]] = (
    (BadSeal, "wrong-key"),
    (NotTrusted, "not-trusted"),
    (BadSignature, "bad-signature"),
    (KeysError, "bad-signature"),
    (NotApproved, "not-approved"),
    (RolledBack, "rolled-back"),
    (EthicsError, "not-approved"),
    (PolicyError, "unreadable"),
    (LinkageError, "unreadable"),
    (ServiceError, "unreadable"),
)
FAULTS: Final = tuple(kind for kind, _ in BY_FAULT)


@dataclass(frozen=True, slots=True)
class Order:
    """What the desk brings: the request as a note that its requester signed, the documents it rests on, and the release that the keys are for."""

    request: str
    dossier: Dossier
    release: str


class Custody(Protocol):
    """Whoever opens keys for the release desk: a custodian in this process, or one behind a socket."""

    def open_column(self, order: Order, *, key_id: str, wrapped: bytes) -> bytes:
        """The column's key.

        Raises:
            CustodianRefused: a check failed; the message says which.
            CustodianUnavailable: nobody answers; nothing is used up, and the same call can be made again.
        """

    def open_spine(self, order: Order, *, header: SealHeader) -> Secret:
        """The key of the spine's body.

        Raises:
            CustodianRefused, CustodianUnavailable: as for `open_column`.
        """

    def close(self) -> None:
        """Nothing is held open any more."""


def codes_of(fault: Exception) -> tuple[str, ...]:
    """A refusal as words of the log: one of `REFUSALS`, after `policy` those of the engine."""
    if isinstance(fault, CustodianRefused) and fault.reasons:
        return fault.reasons
    if isinstance(fault, Refused):
        return ("policy", *sorted(set(fault.reasons))[: MOST_CODES - 1])
    return (next(code for kind, code in BY_FAULT if isinstance(fault, kind)),)
