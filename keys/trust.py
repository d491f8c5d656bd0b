"""The trust register: who holds which role since when, signed by the root identity.

One note of kind `linkage-trust/v1`; its body is JSON. Versions strictly rise; a reader that has seen version n refuses n-1.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from keys.errors import BadSignature, NotTrusted
from keys.identity import Identity, PublicIdentity
from keys.notes import Note, sign_note, verify_note

TRUST_FORMAT: Final = "linkage-trust/v1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One identity, the organisation it acts for, and the roles it holds from `since` until `until` (open when None)."""

    identity: PublicIdentity
    organisation: str
    roles: frozenset[str]
    since: datetime
    until: datetime | None = None

    def holds(self, role: str, *, at: datetime) -> bool:
        """Whether the role is held at that time."""
        return role in self.roles and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class TrustRegister:
    """A verified register of one version."""

    project: str
    version: int
    entries: tuple[Entry, ...]

    def find(self, name: str) -> Entry:
        """The entry of a name.

        Raises:
            NotTrusted: the name is not in the register.
        """
        for entry in self.entries:
            if entry.identity.name == name:
                return entry
        raise NotTrusted(f"{name} is not in the trust register (version {self.version})")

    def require(self, name: str, *, role: str, at: datetime) -> PublicIdentity:
        """The identity of a name that holds the role at that time.

        Raises:
            NotTrusted: it does not.
        """
        entry = self.find(name)
        if not entry.holds(role, at=at):
            raise NotTrusted(
                f"{name} does not hold the role {role} at {at:%Y-%m-%d %H:%M} (trust register version {self.version})"
            )
        return entry.identity

    def holders(self, role: str, *, at: datetime) -> tuple[Entry, ...]:
        """All who hold the role at that time."""
        return tuple(e for e in self.entries if e.holds(role, at=at))

    def only(self, role: str, *, at: datetime) -> PublicIdentity:
        """The one identity that holds the role at that time.

        Raises:
            NotTrusted: nobody does, or several do.
        """
        holders = self.holders(role, at=at)
        if len(holders) != 1:
            raise NotTrusted(
                f"the role {role} should be held by one, and {len(holders)} hold it: amend the trust register"
            )
        return holders[0].identity

    def verify(self, note: str, *, kind: str, role: str, at: datetime) -> Note:
        """The note, if holders of the role signed it; its `signers` are those who hold the role.

        Raises:
            BadSignature: nobody who holds the role signed it, or a signature does not fit.
        """
        return verify_note(note, known=[e.identity for e in self.holders(role, at=at)], kind=kind)


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "identity": entry.identity.to_json(),
        "organisation": entry.organisation,
        "roles": sorted(entry.roles),
        "since": entry.since.isoformat(),
        "until": None if entry.until is None else entry.until.isoformat(),
    }


def _aware(text: str) -> datetime:
    """The time in the text; one without its offset from UTC could not be compared with any other."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time without an offset from UTC")
    return when


def issue_register(entries: Iterable[Entry], *, project: str, version: int, root: Identity) -> str:
    """A register signed by the root, as a note."""
    body = {"project": project, "version": version, "entries": [_entry_json(e) for e in entries]}
    return sign_note(f"{TRUST_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n", by=root)


def read_register(note: str, *, root: PublicIdentity, at_least: int = 0) -> TrustRegister:
    """The register in a note.

    Raises:
        BadSignature: the root did not sign it, or it is malformed.
        NotTrusted: its version is older than `at_least`, the newest seen so far.
    """
    body = verify_note(note, known=[root], kind=TRUST_FORMAT).body
    try:
        value = json.loads(body)
        entries = tuple(
            Entry(
                identity=PublicIdentity.from_json(e["identity"]),
                organisation=e["organisation"],
                roles=frozenset(e["roles"]),
                since=_aware(e["since"]),
                until=None if e["until"] is None else _aware(e["until"]),
            )
            for e in value["entries"]
        )
        register = TrustRegister(project=value["project"], version=int(value["version"]), entries=entries)
    except (KeyError, TypeError, ValueError) as fault:
        raise BadSignature(
            "the trust register is signed but not readable: ask the board for it again"
        ) from fault
    names = [e.identity.name for e in entries]
    if len(set(names)) != len(names):
        raise BadSignature("the trust register names someone twice: ask the board for it again")
    if register.version < at_least:
        raise NotTrusted(
            f"trust register version {register.version} is older than version {at_least}, which was seen before"
        )
    return register
