"""The linkage schema: what every party must hold byte for byte before anybody makes a token."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from linkage.errors import BadSchema

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
IDENTIFIERS: Final = (
    "forename",
    "middle_name",
    "surname",
    "date_of_birth",
    "sex",
    "postcode",
    "address",
    "town",
    "email",
    "phone",
    "nhs_number",
    "upn",
    "pnc_id",
    "uprn",
)
_NAME_PARTS: Final = frozenset({"whole", "sound", "phonetic", "initial", "start", "end", "root"})
PARTS: Final[Mapping[str, frozenset[str]]] = {
    "name.any": _NAME_PARTS,
    "name.both": _NAME_PARTS,
    "forename": _NAME_PARTS,
    "surname": _NAME_PARTS,
    "middle_name": _NAME_PARTS,
    "date_of_birth": frozenset(
        {"whole", "certain", "year", "year-month", "year-day", "day-month", "decade-day-month"}
    ),
    "sex": frozenset({"whole"}),
    "postcode": frozenset({"whole", "sector", "outward", "area"}),
    "address": frozenset({"whole", "street", "house", "number"}),
    "town": frozenset({"whole", "start"}),
    "email": frozenset({"whole", "local", "start"}),
    "phone": frozenset({"whole", "last"}),
    "nhs_number": frozenset({"whole"}),
    "upn": frozenset({"whole"}),
    "pnc_id": frozenset({"whole"}),
    "uprn": frozenset({"whole"}),
}
NAMES: Final = ("forename", "surname")
MOST_EXACT: Final = 8
MOST_COMPARISONS: Final = 20
# Names of comparisons become columns of a database, those of match keys become files: these are taken.
COMPARISON_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
KEY_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
RESERVED: Final = ("name_a", "name_b", "pairs", "nothing", "source_dataset", "records")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Strict):
    """How one identifier is compared inside a block.

    `levels` are Hamming distances in bits, best first; the first is 0 (equal). Beyond the last is disagreement.
    """

    of: tuple[str, ...] = Field(min_length=1, max_length=1)
    grams: Literal["name", "date", "postcode", "address", "email"] | None = None
    bits_per_gram: Literal[2, 4, 6, 8] = 6
    levels: tuple[int, ...] = (0,)
    banded: bool = False
    exact: bool = False
    part: str = "whole"
    moves_with: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> "Comparison":
        if self.exact == (self.grams is not None):
            raise ValueError("say either `exact: true` or `grams: ...`")
        if self.levels[0] != 0 or list(self.levels) != sorted(set(self.levels)):
            raise ValueError("levels must rise from 0")
        if unknown := {*self.of, *self.moves_with} - set(IDENTIFIERS):
            raise ValueError(f"unknown identifier {sorted(unknown)[0]}; known are {', '.join(IDENTIFIERS)}")
        if self.part not in PARTS[self.identifier]:
            known = ", ".join(sorted(PARTS[self.identifier]))
            raise ValueError(f"{self.identifier} has no part {self.part!r}; known are {known}")
        return self

    @property
    def identifier(self) -> str:
        """The identifier that is compared."""
        return self.of[0]


class Together(_Strict):
    """Comparisons that are scored as one. Each level names the least level that each comparison must reach; the first that holds counts."""

    of: tuple[str, ...] = Field(min_length=2)
    levels: tuple[dict[str, int], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _of_its_own(self) -> "Together":
        if any(not level or not set(level) <= set(self.of) for level in self.levels):
            raise ValueError("every level names some of the comparisons listed under `of`, and no other")
        return self


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a match key: of which identifier, which part, and how names are ordered."""

    identifier: str
    part: str
    order: Literal["any", "both"] | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers that the part reads."""
        return NAMES if self.order else (self.identifier,)


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One compound that makes one pass."""

    name: str
    parts: tuple[Part, ...]

    @property
    def symmetric(self) -> bool:
        """Whether forename and surname may stand in either order in this pass."""
        return any(p.order for p in self.parts)

    @property
    def identifiers(self) -> frozenset[str]:
        """All identifiers that the key reads."""
        return frozenset(i for p in self.parts for i in p.identifiers)


class Schema(_Strict):
    """A linkage schema. `digest` is the SHA-256 of its bytes as agreed."""

    schema_: Literal["linkage-schema/v1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    version: int = Field(ge=1)
    filter_bits: Literal[128]
    most_people_per_key: int = Field(ge=1, le=10_000)
    bands: tuple[float, float]
    comparisons: dict[str, Comparison]
    together: dict[str, Together] = Field(default_factory=dict)
    keys: dict[str, tuple[str, ...]]
    text: str = Field(exclude=True, repr=False)

    @model_validator(mode="after")
    def _fits(self) -> "Schema":
        if len(self.comparisons) > MOST_COMPARISONS:
            raise ValueError(f"at most {MOST_COMPARISONS} comparisons")
        if sum(c.exact for c in self.comparisons.values()) > MOST_EXACT:
            raise ValueError(f"at most {MOST_EXACT} exact comparisons fit their lanes")
        if bad := [
            n for n in (*self.comparisons, *self.together) if n in RESERVED or not COMPARISON_NAME.fullmatch(n)
        ]:
            raise ValueError(f"{bad[0]!r} cannot name a comparison: use a-z, 0-9 and _, and none of {RESERVED}")
        if bad := [n for n in self.keys if n in RESERVED or not KEY_NAME.fullmatch(n)]:
            raise ValueError(f"{bad[0]!r} cannot name a match key: use a-z, 0-9 and -, and none of {RESERVED}")
        if not 0 < self.bands[0] < self.bands[1] < 1:
            raise ValueError("bands must be two shares that rise between 0 and 1")
        compared = [c.identifier for c in self.comparisons.values()]
        if len(set(compared)) != len(compared):
            raise ValueError("an identifier is compared twice")
        members = [c for t in self.together.values() for c in t.of]
        if len(set(members)) != len(members) or set(self.together) & set(self.comparisons):
            raise ValueError("a comparison stands in two places under `together`, or a name is used twice")
        for name, group in self.together.items():
            for level in group.levels:
                for member, at in level.items():
                    comparison = self.comparisons.get(member)
                    if comparison is None or comparison.banded or not 0 <= at < len(comparison.levels):
                        raise ValueError(
                            f"{name} names {member} at level {at}, which is no level of an unbanded comparison"
                        )
        for key in self.match_keys:
            if not key.parts:
                raise ValueError(f"match key {key.name} has no parts")
            if sum(p.order is not None for p in key.parts) > 1:
                raise ValueError(
                    f"match key {key.name} puts the names in order twice; one part may begin with name."
                )
        if any(k.symmetric for k in self.match_keys) and not self._names_change_places():
            raise ValueError(
                "match keys take names in either order: compare both names or neither, by the same grams, as forename and surname"
            )
        return self

    def _names_change_places(self) -> bool:
        """Whether either name's value can stand in the other's lane."""
        names = {n: c for n, c in self.comparisons.items() if c.identifier in NAMES}
        alike = len({c.grams for c in names.values()}) == 1 and not any(c.exact for c in names.values())
        return not names or (alike and all(n in names and names[n].identifier == n for n in NAMES))

    @property
    def digest(self) -> str:
        """SHA-256 of the schema's bytes, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def reads(self) -> frozenset[str]:
        """The identifiers that some comparison or match key reads; nothing becomes of any other."""
        compared = {c.identifier for c in self.comparisons.values()}
        return frozenset(compared.union(*(k.identifiers for k in self.match_keys)))

    @property
    def match_keys(self) -> tuple[MatchKey, ...]:
        """The match keys in the order of the document."""
        return tuple(
            MatchKey(name, tuple(parse_part(p, key=name) for p in parts)) for name, parts in self.keys.items()
        )

    def match_key(self, name: str) -> MatchKey:
        """The match key of that name."""
        return next(k for k in self.match_keys if k.name == name)


def parse_part(text: str, *, key: str) -> Part:
    """The part that the text names.

    Raises:
        ValueError: there is no such part.
    """
    owner, _, part = text.rpartition(".")
    if part not in PARTS.get(owner, frozenset()):
        options = sorted(f"{o}.{p}" for o, ps in PARTS.items() for p in ps)
        raise ValueError(f"match key {key} has an unknown part {text!r}; known are {', '.join(options)}")
    if owner == "name.any":
        return Part("name", part, "any")
    if owner == "name.both":
        return Part("name", part, "both")
    return Part(owner, part)


def load_schema(text: str) -> Schema:
    """The schema in a YAML text.

    Raises:
        BadSchema: it is no YAML, or breaks a rule; the message names the place.
    """
    try:
        value = yaml.load(text, Loader=LOADER)  # noqa: S506  a safe loader
    except yaml.YAMLError as fault:
        where = getattr(fault, "problem_mark", None)
        at = f" at line {where.line + 1}, column {where.column + 1}" if where else ""
        raise BadSchema(f"the schema is no YAML{at}") from fault
    if not isinstance(value, dict):
        raise BadSchema("the schema is empty or no mapping")
    if "text" in value:
        raise BadSchema("the schema breaks its rules: text: there is no such entry")
    try:
        return Schema.model_validate({**value, "text": text})
    except ValidationError as fault:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'schema'}: {e['msg']}" for e in fault.errors(include_input=False)
        )
        raise BadSchema(f"the schema breaks its rules: {faults}") from fault


def default_schema() -> Schema:
    """The schema that ships with the product: no two people of one file meet in a block."""
    return _shipped("default")


def dedupe_schema() -> Schema:
    """The default schema but for the people of one file, who do meet: for finding several records of one person inside a file."""
    return _shipped("dedupe")


def _shipped(name: str) -> Schema:
    return load_schema((resources.files("linkage") / "schemas" / f"{name}.yaml").read_text("utf-8"))
