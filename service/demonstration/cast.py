"""The demonstration's cast: who they are, what they hold, and the documents they start from. All made up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import yaml

from keys import Identity, Root
from keys.trust import Entry
from policies.facts import Facts

PROJECT: Final = "vpp-demo"
EPOCH: Final = 1
NOW: Final = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
CEREMONY_AT: Final = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
HOST: Final = "vpp"
HOST_KIND: Final = "local-policing-body"
PURPOSE: Final = "strategic-needs-assessment"
ANALYST: Final = "analyst/vpp-1"
TOKEN_GATEWAYS: Final[Mapping[str, str]] = {
    "police": "PCSC-s16", "nhs": "COPI-s251", "schools": "PCSC-s16", "youth-offending": "PCSC-s16", "council": "CDA-s115",
}  # fmt: skip
ROOTS: Final = ("root/1", "root/2", "root/3")
ROOT_QUORUM: Final = 2
CENTRE_ROLES: Final[Mapping[str, str]] = {
    "custodian/1": "custodian", "linker/1": "linker", "assembler/1": "assembler", "desk/1": "desk", "log/1": "audit-log",
    "secretariat/1": "secretariat",
}  # fmt: skip


class Randomness:
    """Bytes that depend on a seed alone, so that a demonstration can be told again to the digit. Never for real keys."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 0xDE40])

    def __call__(self, count: int) -> bytes:
        """The next `count` bytes."""
        return self._rng.bytes(count)


@dataclass(frozen=True, slots=True)
class Cast:
    """Every identity of the demonstration by name, and the holders of the root, a quorum of whom signs the trust register."""

    roots: tuple[Identity, ...]
    people: Mapping[str, Identity]
    entries: tuple[Entry, ...]

    @property
    def root(self) -> Root:
        """The root as everybody knows it."""
        return Root(tuple(one.public for one in self.roots), ROOT_QUORUM)


def make_cast(*, partners: tuple[str, ...], board: tuple[str, ...], randomness: Randomness) -> Cast:
    """New keys for everybody, and their places in the trust register."""
    roles: dict[str, tuple[str, str]] = {name: ("centre", role) for name, role in CENTRE_ROLES.items()}
    roles |= dict.fromkeys(board, ("board", "board-member"))
    roles[ANALYST] = (HOST, "analyst")
    for partner in partners:
        roles[f"{partner}/officer"] = (partner, "data-officer")
        roles[f"{partner}/controller"] = (partner, "controller-approver")
        roles[f"{partner}/witness"] = (partner, "witness")
    people = {name: Identity.make(name, randomness=randomness) for name in roles}
    entries = tuple(
        Entry(people[name].public, organisation, frozenset({role}), SINCE)
        for name, (organisation, role) in roles.items()
    )
    roots = tuple(Identity.make(name, randomness=randomness) for name in ROOTS)
    return Cast(roots, people, entries)


def evidence(facts: Facts, *, clauses: tuple[str, ...], documents: Mapping[str, str]) -> str:
    """What is on record in the demonstration for every gateway, and the digests of the unsigned documents, as the body of the secretariat's note."""
    needs = {n.name: n.kind for g in facts.gateways.values() for n in g.needs}
    dates = {"valid-until": "2027-06-30", "not-older-than": "2026-11-20"}
    record = {name: dates.get(kind, "DEMO-2026-001") for name, kind in sorted(needs.items())}
    body: dict[str, Any] = {
        "dpia": dict.fromkeys(clauses, "2027-06-30"),
        "evidence": {name: dict(record) for name in [*facts.catalogue.partners, PROJECT]},
        "organisations": {HOST: HOST_KIND},
        "documents": dict(documents),
    }
    return yaml.safe_dump(body, sort_keys=True)


ALLOWED_REQUEST: Final = f"""\
# linkage-request/v1
format: linkage-request/v1
project: {PROJECT}
requester: {ANALYST}
role: analyst
organisation: {HOST}
purpose: {PURPOSE}
form: aggregate-table
attributes:
  schools.age_band: pupils of secondary school age, younger and older apart
  schools.suspended: suspension is the earliest sign that partners act on
  police.arrested_violence: what early help is meant to prevent
population:
  - {{attribute: schools.age_band, op: in, values: ["10-14", "15-17"]}}
group-by: [schools.age_band, schools.suspended, police.arrested_violence]
area: local-partnership
benefit: shows how many suspended pupils are also arrested, so that help starts at the first suspension
asked-on: 2026-12-01
use-until: 2027-05-01
"""

REFUSED_REQUEST: Final = f"""\
# linkage-request/v1
format: linkage-request/v1
project: {PROJECT}
requester: {ANALYST}
role: analyst
organisation: {HOST}
purpose: {PURPOSE}
form: pseudonymised-extract
attributes:
  nhs.ae_assault: who was treated after an assault
  police.arrested_violence: and was arrested too
group-by: [nhs.ae_assault, police.arrested_violence]
area: local-partnership
benefit: rows would let us look at single histories
asked-on: 2026-12-01
use-until: 2027-05-01
"""
