"""What the assembler signs when people were formed: how many, and the digest of the sealed spine. The desk enters it in its log."""

import json
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from keys import BadSignature
from linkage.manifest import Round

PEOPLE_FORMAT: Final = "linkage-people/v1"
PEOPLE_NAME: Final = "people.note"
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, strict=True)]


class PeopleNote(BaseModel):
    """The body of the note. `spine` is SHA-256 over the sealed file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    project: str
    epoch: Annotated[int, Field(ge=1, strict=True)]
    schema_digest: Hex
    spine: Hex
    records: Count
    people: Count

    @classmethod
    def of(cls, spine: str, *, one: Round, records: int, people: int) -> "PeopleNote":
        """What is said of a sealed spine of this round, of which SHA-256 is this."""
        return cls(
            project=one.project,
            epoch=one.epoch,
            schema_digest=one.schema_digest,
            spine=spine,
            records=records,
            people=people,
        )

    def text(self) -> str:
        """The text that the assembler signs."""
        return f"{PEOPLE_FORMAT}\n{json.dumps(self.model_dump(), indent=1, sort_keys=True)}\n"


def parse_people(body: str) -> PeopleNote:
    """What the body of a verified note says.

    Raises:
        BadSignature: it is signed but not of this form.
    """
    try:
        return PeopleNote.model_validate_json(body)
    except ValidationError as fault:
        raise BadSignature(
            f"this {PEOPLE_FORMAT} is signed but not readable: it was made by another version"
        ) from fault
