"""The fields of a document that can change, as data: what each reads like in a sentence, and whether more of it lets more through.

A test holds these tables to the document itself: a field that is in none of them fails it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias


class Effect(StrEnum):
    """Whether a change lets more through, less, or neither."""

    WIDER = "wider"
    NARROWER = "narrower"
    NEITHER = "neither"


WIDER, NARROWER, NEITHER = Effect
OPPOSITE: Final = {WIDER: NARROWER, NARROWER: WIDER, NEITHER: NEITHER}


@dataclass(frozen=True, slots=True)
class Listed:
    """A field that lists words. `adding` is the effect of a word more; `{}` in `reads` stands for the words.

    Where an empty list means anything, `anything` is how that reads.
    """

    field: str
    kind: str
    adding: Effect
    verb: str
    reads: str
    anything: str = ""


@dataclass(frozen=True, slots=True)
class Finest:
    """A field that names an area; a finer one has the effect `finer`. Naming none is coarser than any."""

    field: str
    finer: Effect
    reads: str
    none: str = ""


@dataclass(frozen=True, slots=True)
class Until:
    """A field that names a day; a later one has the effect `later`. None is earlier than any."""

    field: str
    later: Effect
    reads: str
    none: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A field of free text, which no rule of the engine reads, except that what has no basis permits nothing."""

    field: str
    reads: str
    needed: bool = False


Row: TypeAlias = Listed | Finest | Until | Said

CLAUSE: Final[tuple[Row, ...]] = (
    Said("title", "is called “{}”"),
    Listed("permit.purposes", "purpose", WIDER, "permits", "requests for {}"),
    Listed("permit.forms", "form", WIDER, "permits", "{}"),
    Listed("permit.roles", "role", WIDER, "permits", "requests in the role of {}"),
    Finest("permit.finest_area", WIDER, "shows areas as fine as {}"),
    Listed("attributes.classes", "class", WIDER, "covers", "{}"),
    Listed("attributes.flags", "flag", WIDER, "covers", "what is {}"),
    Listed("attributes.only", "", WIDER, "covers", "{}", anything="whatever its classes cover"),
    Listed("attributes.leave_out", "", NARROWER, "leaves out", "{}"),
    Listed("gateways", "gateway", WIDER, "accepts", "{}"),
    Listed("obligations.duties", "duty", NARROWER, "asks whoever uses it", "{}"),
    Said("basis", "names as its legal basis {}", needed=True),
    Said("requires.dpia_ref", "rests on the data protection impact assessment {}"),
    Said("requires.eqia_ref", "rests on the equality impact assessment {}"),
    Listed("principles", "principle", NEITHER, "names", "the principle of {}"),
    Until("review", WIDER, "is to be reviewed by {}", none="has no review date, so it permits nothing"),
)

PROHIBITION: Final[tuple[Row, ...]] = (
    Said("because", "gives as its reason that {}"),
    Listed("purposes", "purpose", NARROWER, "applies", "for {}", anything="for any purpose"),
    Listed("forms", "form", NARROWER, "applies", "to {}", anything="to any form"),
    Listed("roles", "role", NARROWER, "applies", "to the role of {}", anything="whoever asks"),
    Listed(
        "classes", "class", NARROWER, "applies", "to attributes of {}", anything="to attributes of any class"
    ),
    Listed(
        "flags", "flag", NARROWER, "applies", "to what is {}", anything="whatever an attribute is flagged as"
    ),
    Listed("attributes", "", NARROWER, "applies", "to {}", anything="to any attribute"),
    Finest("areas_finer_than", WIDER, "applies to areas finer than {}", none="applies to areas of any size"),
    Listed("principles", "principle", NEITHER, "names", "the principle of {}"),
)

DOCUMENT: Final[tuple[Row, ...]] = (
    Said("policy", "is kept under the name {}"),
    Said("title", "is called “{}”"),
    Until("effective", NARROWER, "takes effect on {}"),
    Until("expires", WIDER, "expires on {}"),
    Finest("floors.finest_area", WIDER, "allows no clause to show areas finer than {}"),
)
