"""The policy document: what an ethics board recommends and partners adopt.

Closed vocabulary, no expression language. The English that people read is generated from these fields
(`policies.explain`), and a signature covers their canonical form (`policies.canonical`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from policies.canonical import ADDED, digest
from policies.catalogue import AttributeId, Says
from policies.obligations import NEVER, Obligations
from policies.reading import (
    Area,
    ClassName,
    Count,
    Day,
    Document,
    Duty,
    Flag,
    Form,
    GatewayId,
    Principle,
    Purpose,
    Role,
    complain,
    spelt,
)
from policies.terms import EXACT_SINCE, ROUNDING_BASES, AttributeClass, knows

ClauseId = Annotated[str, spelt(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+", like="SNA-1", most=30)]


def _rounding_base(base: int) -> int:
    if base in ROUNDING_BASES:
        return base
    raise complain(f"{base} is not a rounding base.", fix=f"Use one of {', '.join(map(str, ROUNDING_BASES))}.")


RoundingBase = Annotated[Count, AfterValidator(_rounding_base)]
ExactCounts = Annotated[Count, Field(ge=2, le=100)] | None
"""The smallest count that may be shown as it is; without it none is. Both the floors and the clause have to say it."""


PolicyName = Annotated[str, spelt(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", like="violence-reduction-framework")]


class Floors(Document):
    """Limits that no clause may undercut. They apply to every permit, whatever its clause says."""

    suppress: Count = Field(ge=1, le=100)
    round: RoundingBase
    k_anonymity: Count = Field(ge=2, alias="k")
    l_diversity: Count = Field(ge=1, alias="l")
    overlap: Count = Field(ge=1)
    use_within_days: Count = Field(ge=1, le=3660, alias="use-within-days")
    finest_area: Area = Field(alias="finest-area")
    exact_counts: ExactCounts = Field(default=None, alias="exact-counts", json_schema_extra=ADDED)

    def obligations(self) -> Obligations:
        """The floors as obligations, the starting point of every merge."""
        return Obligations(
            self.suppress,
            self.round,
            self.k_anonymity,
            self.l_diversity,
            self.overlap,
            self.use_within_days,
            frozenset(),
            self.exact_counts or NEVER,
        )


class ClauseObligations(Document):
    """What a clause asks of whoever uses it. What it leaves out is as the floors say."""

    suppress: Count = Field(default=0, ge=0, le=100)
    round: RoundingBase | None = None
    k_anonymity: Count = Field(default=0, ge=0, alias="k")
    l_diversity: Count = Field(default=0, ge=0, alias="l")
    overlap: Count = Field(default=0, ge=0)
    use_within_days: Count | None = Field(default=None, ge=1, le=3660, alias="use-within-days")
    duties: frozenset[Duty] = frozenset()
    exact_counts: ExactCounts = Field(default=None, alias="exact-counts", json_schema_extra=ADDED)

    def on_top_of(self, floors: Obligations) -> Obligations:
        """The strictest of the clause and the floors."""
        days = floors.use_within_days if self.use_within_days is None else self.use_within_days
        mine = Obligations(
            self.suppress,
            self.round or floors.round_to,
            self.k_anonymity,
            self.l_diversity,
            self.overlap,
            days,
            self.duties,
            self.exact_counts or NEVER,
        )
        return floors.strictest(mine)


class Prohibition(Document):
    """What is refused whatever a clause permits. Every dimension given has to match; one left out matches anything."""

    id: ClauseId
    because: Says
    principles: frozenset[Principle]
    purposes: frozenset[Purpose] = frozenset()
    forms: frozenset[Form] = frozenset()
    roles: frozenset[Role] = frozenset()
    classes: frozenset[ClassName] = frozenset()
    flags: frozenset[Flag] = frozenset()
    attributes: frozenset[AttributeId] = frozenset()
    areas_finer_than: Area | None = Field(default=None, alias="areas-finer-than")

    @property
    def about_attributes(self) -> bool:
        """Whether it matches by what is asked for, not only by who asks and how."""
        return bool(self.classes or self.flags or self.attributes)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        said = (
            self.purposes,
            self.forms,
            self.roles,
            self.classes,
            self.flags,
            self.attributes,
            self.areas_finer_than,
        )
        if not any(said):
            raise complain(
                f"{self.id} prohibits everything.",
                fix="Say which purposes, forms, roles, classes, flags, attributes or areas.",
                at=("id",),
            )
        return self


class Permission(Document):
    """Who may ask, for what, in which forms, and how fine the areas may be."""

    purposes: frozenset[Purpose] = Field(min_length=1)
    forms: frozenset[Form] = Field(min_length=1)
    roles: frozenset[Role] = Field(min_length=1)
    finest_area: Area = Field(alias="finest-area")


class Coverage(Document):
    """Which attributes a clause covers: by class and flag, or from a list, and never those left out."""

    classes: frozenset[ClassName] = Field(min_length=1)
    flags: frozenset[Flag] = frozenset()
    only: frozenset[AttributeId] = frozenset()
    leave_out: frozenset[AttributeId] = Field(default=frozenset(), alias="except")


class Requirements(Document):
    """What has to be true before a clause applies: the three are required in this version of the format. The references name the
    assessments of data protection and of equality that the board read; the linter asks for both."""

    dpia: Literal["current"] = "current"
    board: Literal["recommended"] = "recommended"
    adopted_by: Literal["every-contributing-controller"] = Field(
        default="every-contributing-controller", alias="adopted-by"
    )
    dpia_ref: str = Field(default="", max_length=80, alias="dpia-ref")
    eqia_ref: str = Field(default="", max_length=80, alias="eqia-ref")


class Clause(Document):
    """One permission, with everything that comes with it."""

    id: ClauseId
    title: Says
    permit: Permission
    attributes: Coverage
    gateways: frozenset[GatewayId] = Field(min_length=1)
    requires: Requirements = Requirements()
    obligations: ClauseObligations
    basis: str = ""
    principles: frozenset[Principle] = Field(min_length=1)
    review: Day | None = None


class Expectation(Document):
    """A test inside the document: one request, and what the document has to say to it when every fact is in order."""

    id: ClauseId
    expect: Literal["allow", "deny"]
    because: str = ""
    purpose: Says
    form: Says
    role: Says = "analyst"
    area: Says = "whole-area"
    attributes: tuple[AttributeId, ...] = Field(min_length=1)


class Policy(Document):
    """A whole policy document, one version of it."""

    format: Literal["linkage-policy/v1"]
    policy: PolicyName
    title: Says
    version: Count = Field(ge=1)
    previous: Annotated[str, spelt(r"none|sha256:[0-9a-f]{64}", like="none, or sha256: and 64 digits")] = "none"
    vocabulary: Says
    effective: Day
    expires: Day
    floors: Floors
    prohibit: tuple[Prohibition, ...] = ()
    clauses: tuple[Clause, ...]
    tests: tuple[Expectation, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The digest of the canonical form: the name of exactly this text."""
        return digest(self)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.expires < self.effective:
            fix = "Put `expires` after `effective`."
            raise complain("It expires before it takes effect.", fix=fix, at=("expires",))
        exact = (self.floors.exact_counts, *(clause.obligations.exact_counts for clause in self.clauses))
        if any(exact) and not knows(self.vocabulary, since=EXACT_SINCE):
            fix = f"Write vocabulary: {EXACT_SINCE}, once its words were compared."
            raise complain(f"{self.vocabulary} has no word exact-counts.", fix=fix, at=("vocabulary",))
        seen: set[str] = set()
        for list_of in ("prohibit", "clauses", "tests"):
            for number, one in enumerate(getattr(self, list_of)):
                if one.id in seen:
                    at = (list_of, number, "id")
                    raise complain(
                        f"Two rules are called {one.id}.", fix="Give each rule an id of its own.", at=at
                    )
                seen.add(one.id)
        return self


def classes(names: Iterable[str]) -> frozenset[AttributeClass]:
    """The classes that these names stand for."""
    return frozenset(AttributeClass[name] for name in names)
