"""What whoever proposes a policy tells the board in their own words: what is asked, why, and what could go wrong for whom."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ethics.documents import parse_document, read_document

SENTENCES: Final = re.compile(r"[A-Z][^\n]{10,400}\.")


def _sentences(text: str) -> str:
    if not SENTENCES.fullmatch(text):
        raise ValueError(
            "plain sentences in one line of at most 400 characters are expected, ending in a full stop"
        )
    return text


Sentences = Annotated[str, AfterValidator(_sentences)]


class Risk(BaseModel):
    """A group of people, what could happen to them, and what is done about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: Annotated[str, Field(min_length=3, max_length=80)]
    harm: Sentences
    care: Sentences


class BoardCase(BaseModel):
    """The case for a policy. At least one group is named: a use of linked data that nobody could be harmed by has not been thought through."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: Literal["linkage-case/v1"]
    asks: Sentences
    benefit: Sentences
    risks: Annotated[tuple[Risk, ...], Field(min_length=1, max_length=6)]
    contact: Annotated[str, Field(min_length=3, max_length=80)]


def read_case(path: Path) -> BoardCase:
    """The case in a YAML file.

    Raises:
        BadDocument: it is none; the message names file and field.
    """
    return read_document(path, model=BoardCase)


def parse_case(text: str, *, name: str) -> BoardCase:
    """The case in a YAML text; `name` stands for it in messages.

    Raises:
        BadDocument: see `read_case`.
    """
    return parse_document(text, model=BoardCase, name=name)
