"""The ethics board's constitution: who sits on it until when, and what makes a recommendation.

The defaults are those agreed by comparable bodies: at least five present, of whom two lay or community members and two not employed by the police;
members who declare a conflict count neither to the quorum nor to the majority. No constitution may ask for less.
"""

import hashlib
import json
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ethics.documents import parse_document, read_document
from keys.identity import NAME

Kind: TypeAlias = Literal["expert", "lay", "community"]
LAY: Final = frozenset({"lay", "community"})
LONGEST_TERM: Final = 8


class Member(BaseModel):
    """One seat: the identity that votes for it, what kind it is, and its term (`until` is the first day after it)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: Annotated[str, Field(min_length=3, max_length=80)]
    kind: Kind
    employed_by_police: bool
    since: date
    until: date

    @field_validator("id")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not NAME.fullmatch(value):
            raise ValueError(
                "a member is named by an identity: a-z, 0-9, '.', '/' and '-', at most 64 characters"
            )
        return value

    @model_validator(mode="after")
    def _term(self) -> "Member":
        if not self.since < self.until:
            raise ValueError(f"the term of {self.id} ends before it begins")
        if self.until.year - self.since.year > LONGEST_TERM:
            raise ValueError(f"the term of {self.id} is longer than {LONGEST_TERM} years")
        return self

    def serves(self, at: datetime) -> bool:
        """Whether the term covers that moment (days are UTC)."""
        return self.since <= at.astimezone(UTC).date() < self.until


class Quorum(BaseModel):
    """How many unconflicted members must be present, and of which kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    present: Annotated[int, Field(ge=5)] = 5
    lay_or_community: Annotated[int, Field(ge=2)] = 2
    not_employed_by_police: Annotated[int, Field(ge=2)] = 2


class Constitution(BaseModel):
    """The board: its members, its chair, its quorum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    board: Literal["linkage-board/v1"]
    version: Annotated[int, Field(ge=1)]
    chair: str
    quorum: Quorum
    members: Annotated[tuple[Member, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_meet(self) -> "Constitution":
        ids = [one.id for one in self.members]
        if doubled := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"{', '.join(doubled)} sits on the board twice")
        if self.chair not in ids:
            raise ValueError(f"the chair {self.chair} is no member")
        if missing := self.short_of_quorum(self.members):
            raise ValueError(f"the whole board could not make a quorum: {'; '.join(missing)}")
        return self

    def member(self, name: str) -> Member | None:
        """The member of that identity name, if there is one."""
        return next((one for one in self.members if one.id == name), None)

    def short_of_quorum(self, present: tuple[Member, ...]) -> list[str]:
        """What these unconflicted members lack to be a quorum, one sentence each."""
        counted = (
            (len(present), self.quorum.present, "members without a conflict"),
            (sum(one.kind in LAY for one in present), self.quorum.lay_or_community, "lay or community members"),
            (
                sum(not one.employed_by_police for one in present),
                self.quorum.not_employed_by_police,
                "members not employed by the police",
            ),
        )
        return [f"{have} of at least {need} {what} are present" for have, need, what in counted if have < need]

    @property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form (JSON, keys sorted, no spaces)."""
        value = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def read_constitution(path: Path) -> Constitution:
    """The constitution in a YAML file.

    Raises:
        BadDocument: it is none, or its board could never make a quorum; the message names file and field.
    """
    return read_document(path, model=Constitution)


def demo_constitution() -> Constitution:
    """The made-up board that comes with this package."""
    text = files("ethics").joinpath("library", "board.yaml").read_text(encoding="utf-8")
    return parse_document(text, model=Constitution, name="library/board.yaml")
