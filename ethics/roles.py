"""The roles of the trust register that this room relies on, and the log's keys as the register names them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keys import PublicIdentity, TrustRegister

BOARD_MEMBER: Final = "board-member"
CONTROLLER_APPROVER: Final = "controller-approver"
AUDIT_LOG: Final = "audit-log"
WITNESS: Final = "witness"


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Whose signatures make a checkpoint: the log's, and those of the partners who watch it."""

    log: PublicIdentity
    witnesses: tuple[PublicIdentity, ...]


def log_keys(trust: TrustRegister, *, at: datetime) -> LogKeys:
    """The one log and all witnesses that the register names at that time; `verify_directory` and `verify_proof` take both.

    Raises:
        NotTrusted: the register names no log, or several.
    """
    return LogKeys(
        log=trust.only(AUDIT_LOG, at=at),
        witnesses=tuple(entry.identity for entry in trust.holders(WITNESS, at=at)),
    )
