"""What the engine is told about the world. Whatever is not told counts as missing, and what is missing denies."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType

from policies.canonical import digest
from policies.catalogue import Catalogue
from policies.gateways import Evidence, Gateways


@dataclass(frozen=True, slots=True)
class Requester:
    """A person who may ask: the roles they hold, their organisation, and what kind of organisation that is."""

    roles: frozenset[str]
    organisation: str
    kind: str


@dataclass(frozen=True)
class Facts:
    """Everything outside the policy and the request that a decision rests on.

    `recommended`: ids of clauses that a verified quorum of the board recommended. `adoptions`: partner -> ids of clauses
    its controller adopted. `dpia`: clause id -> the last day its impact assessment is current. `evidence`: partner or
    project -> what is on record for it. `requesters`: person -> who they are.
    """

    catalogue: Catalogue
    gateways: Gateways
    adoptions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    recommended: frozenset[str] = frozenset()
    dpia: Mapping[str, date] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    requesters: Mapping[str, Requester] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("adoptions", "dpia", "evidence", "requesters"):
            own = {key: _fixed(value) for key, value in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(own))
        object.__setattr__(self, "recommended", _fixed(self.recommended))

    @cached_property
    def digest(self) -> str:
        """The digest of the facts, for the record of a decision."""
        return digest({name: getattr(self, name) for name in self.__dataclass_fields__})


def _fixed(value: object) -> object:
    """The same value, which nobody can change any more."""
    if isinstance(value, Mapping):
        return MappingProxyType(dict(value))
    return frozenset(value) if isinstance(value, (Set, list, tuple)) else value
