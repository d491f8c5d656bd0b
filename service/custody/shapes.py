"""The shapes of the messages between desk and custodian; what they mean stands in `service.custody.protocol`."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

NONCE_BYTES: Final = 16
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class Method(StrEnum):
    """What a desk can ask for."""

    OPEN_COLUMN = "open-column"
    OPEN_SPINE = "open-spine"
    STATUS = "status"


CARRIES: Final = {
    Method.OPEN_COLUMN: {"order", "key", "wrapped"},
    Method.OPEN_SPINE: {"order", "header"},
    Method.STATUS: set[str](),
}


class Ended(StrEnum):
    """How the custodian took a call."""

    OPENED = "opened"
    REFUSED = "refused"
    STATUS = "status"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallBody(_Body):
    """What the desk signs."""

    at: AwareDatetime
    custodian: Name
    desk: Name
    header: Annotated[str, Field(max_length=8192)] = ""
    key: Annotated[str, Field(max_length=400)] = ""
    method: Method
    nonce: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * NONCE_BYTES}}}$")]
    order: Digest | Annotated[str, Field(max_length=0)] = ""
    wrapped: Annotated[str, Field(max_length=8192)] = ""


class StatusBody(_Body):
    """How much of its limits a custodian has used."""

    openings_within_an_hour: int
    openings_an_hour: int
    requests_within_a_day: int
    requests_a_day: int


class AnswerBody(_Body):
    """What the custodian signs."""

    at: AwareDatetime
    call: Digest
    custodian: Name
    desk: Annotated[str, Field(max_length=64)]
    key: Annotated[str, Field(max_length=8192)] = ""
    outcome: Ended
    reasons: tuple[str, ...] = ()
    says: str = ""
    status: StatusBody | None = None


class CallLine(_Body):
    """A call with its order, as it goes over the wire."""

    call: str
    order: str | None


class AnswerLine(_Body):
    """An answer as it goes over the wire."""

    answer: str


class DossierBody(_Body):
    """The documents as text."""

    trust: str
    policy: str
    catalogue: str
    gateways: str
    evidence: str
    constitution: str
    votes: tuple[str, ...]
    adoptions: tuple[str, ...]
    acts: tuple[str, ...] = ()


class OrderBody(_Body):
    """What the desk brings."""

    request: str
    release: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")]
    dossier: DossierBody
