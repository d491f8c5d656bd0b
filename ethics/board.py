"""The ethics board's constitution: who sits on it until when, and what makes a recommendation.

The defaults are those agreed by comparable bodies: at least five present, of whom two lay or community members and two not employed by the police;
members who declare a conflict count neither to the quorum nor to the majority. No constitution may ask for less.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ethics.documents import document_digest, read_document
from keys import PublicIdentity, TrustRegister
from keys.identity import NAME

Kind: TypeAlias = Literal["expert", "lay", "community"]
LAY: Final = frozenset({"lay", "community"})
LONGEST_TERM: Final = 8


class Member(BaseModel):
    """One seat: the identity that votes for it, what kind it is, and its term (`until` is the first day after it). `also` names every other
    identity of the same person: nobody votes on what they proposed under another name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: Annotated[str, Field(min_length=3, max_length=80)]
    kind: Kind
    employed_by_police: bool
    since: date
    until: date
    also: tuple[str, ...] = ()

    @field_validator("id", "also")
    @classmethod
    def _is_a_name(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not all(NAME.fullmatch(one) for one in ((value,) if isinstance(value, str) else value)):
            raise ValueError(
                "a member is named by an identity: a-z, 0-9, '.', '/' and '-', at most 64 characters"
            )
        return value

    @property
    def names(self) -> frozenset[str]:
        """Every identity of this person."""
        return frozenset({self.id, *self.also})

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
    """The board: its members, its chair, its quorum, and how it decides.

    `decides_by`: with `proposals`, a policy applies only by a proposal that went through every step of `ethics.lifecycle`; with `votes`, a text
    without a proposal applies once a quorum's votes recommend it. `previous` is the digest of the version before. Seats that have ended stay
    listed, so that what was voted in their time still counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    board: Literal["linkage-board/v1"]
    version: Annotated[int, Field(ge=1)]
    chair: str
    quorum: Quorum
    members: Annotated[tuple[Member, ...], Field(min_length=1)]
    previous: Annotated[str, Field(pattern=r"^(none|sha256:[0-9a-f]{64})$")] = "none"
    decides_by: Literal["votes", "proposals"] = "votes"
    dry_run_days: Annotated[int, Field(ge=1, le=366)] = 14

    @model_validator(mode="after")
    def _can_meet(self) -> "Constitution":
        ids = [one.id for one in self.members]
        every = [name for one in self.members for name in sorted(one.names)]
        if doubled := sorted({name for name in (*ids, *every) if max(ids.count(name), every.count(name)) > 1}):
            raise ValueError(f"{', '.join(doubled)} sits on the board twice")
        if self.chair not in ids:
            raise ValueError(f"the chair {self.chair} is no member")
        if missing := self.short_of_quorum(self.members):
            raise ValueError(f"the whole board could not make a quorum: {'; '.join(missing)}")
        return self

    def member(self, name: str) -> Member | None:
        """The member of that identity name, if there is one."""
        return next((one for one in self.members if one.id == name), None)

    def serving(self, at: datetime) -> tuple[Member, ...]:
        """The members whose term covers that moment."""
        return tuple(one for one in self.members if one.serves(at))

    def one_person(self, name: str, *, other: str, trust: TrustRegister) -> bool:
        """Whether both names are the same person's: by the seats, or because one of their keys is the same."""
        if name == other or any({name, other} <= one.names for one in self.members):
            return True
        keys = [_keys(one.identity) for one in trust.entries if one.identity.name in (name, other)]
        return len(keys) == 2 and bool(keys[0] & keys[1])

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
        return document_digest(self)


def _keys(identity: PublicIdentity) -> frozenset[bytes]:
    return frozenset({identity.ed25519, identity.x25519, identity.mlkem768})


def read_constitution(path: Path) -> Constitution:
    """The constitution in a YAML file.

    Raises:
        BadDocument: it is none, or its board could never make a quorum; the message names file and field.
    """
    return read_document(path, model=Constitution)
