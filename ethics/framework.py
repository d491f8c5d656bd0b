"""The ethical framework: numbered principles in plain sentences, and the public frameworks each carries out.

Sources: the UK Statistics Authority's six ethical principles; the seven principles of the Data and AI Ethics Framework (Government
Digital Service, December 2025).
"""

import re
from importlib.resources import files
from typing import Annotated, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ethics.documents import document_digest, parse_document

Uksa: TypeAlias = Literal[
    "public-good", "confidentiality", "methods-and-quality", "legal-compliance", "public-views", "transparency"
]
Daief: TypeAlias = Literal[
    "transparency",
    "accountability",
    "fairness",
    "privacy",
    "safety",
    "societal-impact",
    "environmental-sustainability",
]
HeldBy: TypeAlias = Literal["engine", "evidence", "people"]
UKSA: Final[tuple[str, ...]] = get_args(Uksa)
DAIEF: Final[tuple[str, ...]] = get_args(Daief)
ONE_SENTENCE: Final = re.compile(r"[A-Z][^.!?\n]{20,220}\.")


class Principle(BaseModel):
    """One principle: its number, its sentence, how it is held, and what it carries out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^P[1-9][0-9]?$")]
    says: str
    held_by: Annotated[tuple[HeldBy, ...], Field(min_length=1)]
    uksa: Annotated[tuple[Uksa, ...], Field(min_length=1)]
    daief: Annotated[tuple[Daief, ...], Field(min_length=1)]

    @field_validator("says")
    @classmethod
    def _one_sentence(cls, says: str) -> str:
        if not ONE_SENTENCE.fullmatch(says):
            raise ValueError("one plain sentence of 20 to 220 characters that ends in a full stop is expected")
        return says


class Framework(BaseModel):
    """All principles, numbered from P1 without gaps; together they carry out every principle of both public frameworks. `previous` is the digest
    of the version before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    framework: Literal["vpp-ethical-framework/v1"]
    version: Annotated[int, Field(ge=1)] = 1
    previous: Annotated[str, Field(pattern=r"^(none|sha256:[0-9a-f]{64})$")] = "none"
    principles: Annotated[tuple[Principle, ...], Field(min_length=1)]

    @property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form (JSON, keys sorted, no spaces)."""
        return document_digest(self)

    @model_validator(mode="after")
    def _complete(self) -> "Framework":
        expected = [f"P{number}" for number in range(1, len(self.principles) + 1)]
        if [one.id for one in self.principles] != expected:
            raise ValueError(f"principles are numbered in order without gaps: {', '.join(expected)}")
        for name, all_of in (("uksa", UKSA), ("daief", DAIEF)):
            left = set(all_of) - {what for one in self.principles for what in getattr(one, name)}
            if left:
                raise ValueError(f"no principle carries out {', '.join(sorted(left))} ({name})")
        return self


def read_framework(text: str, *, name: str) -> Framework:
    """The framework in a YAML text; `name` stands for it in messages.

    Raises:
        BadDocument: it is no framework; the message names the field.
    """
    return parse_document(text, model=Framework, name=name)


def the_framework() -> Framework:
    """The framework that comes with this package."""
    return read_framework(
        files("ethics").joinpath("framework.yaml").read_text(encoding="utf-8"), name="framework.yaml"
    )
