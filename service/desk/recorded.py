"""What a signed note stands for in the log, and the notes that the centre and the root sign: a linker's run, the people formed, the log's policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ethics.log_policy import LOG_POLICY_KIND, read_log_policy
from ethics.roles import log_keys
from keys import BadSignature, Root, TrustRegister
from keys.notes import split_note
from keys.statements import text_digest
from linkage.central.pairs.run import RUN_FORMAT
from service.centre.people_note import PEOPLE_FORMAT, parse_people
from service.custody.rounds import Rounds
from service.errors import OutOfOrder


@dataclass(frozen=True, slots=True)
class Meaning:
    """The event that a note stands for: its kind, who did it, and its details."""

    kind: str
    by: str
    details: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Against:
    """What notes are verified with: the root, the trust register, the published records, which openings the log knows (digest to share), and the time."""

    root: Root
    trust: TrustRegister
    rounds: Rounds
    openings: Mapping[str, str]
    now: datetime


class _RunBody(BaseModel):
    # The rest of the note is for the assembler, which verifies it.
    model_config = ConfigDict(frozen=True, extra="ignore")
    project: str
    epoch: int
    schema_digest: Annotated[str, Field(alias="schema")]
    model: str
    files: dict[str, str]


def run_meaning(note: str, against: Against) -> Meaning:
    """The linker's run, as it signed it beside the pairs.

    Raises:
        BadSignature: the linker did not sign it.
        OutOfOrder: it is of another project.
    """
    found = against.trust.verify(note, kind=RUN_FORMAT, role="linker", at=against.now)
    try:
        one = _RunBody.model_validate_json(found.body)
    except ValidationError as fault:
        raise BadSignature(
            f"this {RUN_FORMAT} is signed but not readable: it was made by another version"
        ) from fault
    check_project(one.project, against)
    details: dict[str, str | int] = {
        "linkage": f"linkage-{one.epoch}",
        "schema_digest": one.schema_digest,
        "model_digest": one.model,
        "epoch": one.epoch,
        "passes": len(one.files),
    }
    return Meaning("linkage-run", min(found.signers), details)


def people_meaning(note: str, against: Against) -> Meaning:
    """The people that the assembler formed, as it signed it beside the spine.

    Raises:
        BadSignature, OutOfOrder: as `run_meaning`.
    """
    found = against.trust.verify(note, kind=PEOPLE_FORMAT, role="assembler", at=against.now)
    one = parse_people(found.body)
    check_project(one.project, against)
    details: dict[str, str | int] = {
        "linkage": f"linkage-{one.epoch}",
        "people": one.people,
        "records": one.records,
        "spine_digest": one.spine,
    }
    return Meaning("people-formed", min(found.signers), details)


def log_policy_meaning(note: str, against: Against) -> Meaning:
    """The policy of the log's witnesses, if a quorum of the root signed it and its keys are those of the register.

    Raises:
        BadSignature, BadDocument, NotTrusted: it does not hold.
    """
    read_log_policy(note, root=against.root).check_keys(log_keys(against.trust, at=against.now))
    signers = against.root.verify(note, kind=LOG_POLICY_KIND).signers
    return Meaning("log-policy-agreed", min(signers), {"note_digest": text_digest(split_note(note)[0])})


def check_project(project: str, against: Against) -> None:
    """Returns if the note is of this project.

    Raises:
        OutOfOrder: it is of another.
    """
    if project != against.trust.project:
        raise OutOfOrder(f"this note is of project {project}, and here is {against.trust.project}")
