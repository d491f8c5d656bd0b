"""To which custodian column keys and the spine are sealed, and what binds the spine to its round."""

from datetime import datetime
from typing import Final

from keys import NotTrusted, PublicIdentity, TrustRegister
from keys.ceremony_record import CUSTODIAN
from linkage.manifest import Round

ON_DUTY: Final = "duty-custodian"
SPINE: Final = "spine"


def on_duty(trust: TrustRegister, *, at: datetime) -> PublicIdentity:
    """The custodian to whom column keys and the spine are sealed: the only one, or of several the one who also holds the role `duty-custodian`.

    Raises:
        NotTrusted: nobody is, or several are.
    """
    holders = trust.holders(CUSTODIAN, at=at)
    chosen = [e for e in holders if e.holds(ON_DUTY, at=at)] if len(holders) > 1 else list(holders)
    if len(chosen) != 1:
        raise NotTrusted(
            f"{len(holders)} hold the role {CUSTODIAN}, and {len(chosen)} of them can be the one to whom attributes are sealed: "
            f"give one of them the role {ON_DUTY} in the trust register"
        )
    return chosen[0].identity


def spine_context(one: Round) -> bytes:
    """What binds the sealed spine to its round."""
    return one.context(SPINE)
