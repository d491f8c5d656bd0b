"""Whether an identity file is what the trust register says of its name: asked before anything is signed with it."""

from datetime import datetime

from keys import Identity, NotTrusted, TrustRegister


def listed(identity: Identity, *, role: str, trust: TrustRegister, at: datetime) -> Identity:
    """The identity, if the trust register has it with these very keys, and with the role at that time.

    Raises:
        NotTrusted: it has not; whatever it signed, nobody would take.
    """
    if trust.require(identity.name, role=role, at=at) != identity.public:
        raise NotTrusted(f"this identity is not that of {identity.name} in the trust register")
    return identity
