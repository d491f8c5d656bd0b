"""A data officer's desk: who signs, with which secrets, and for whom to seal."""

from dataclasses import dataclass
from datetime import datetime

from keys import Identity, Secret, TrustRegister
from linkage.manifest import Round
from linkage.partner.submission import Recipients
from linkage.schema import Schema
from service.custody.recipient import on_duty


@dataclass(frozen=True, slots=True)
class Office:
    """A data officer's desk: who signs, which secrets, which round and schema, and for whom to seal."""

    officer: Identity
    secret: Secret
    own: Secret
    one: Round
    schema: Schema
    recipients: Recipients


def recipients_of(trust: TrustRegister, *, at: datetime) -> Recipients:
    """The linker and the assembler that the trust register names, and the custodian on duty."""
    return Recipients(trust.only("linker", at=at), trust.only("assembler", at=at), on_duty(trust, at=at))
