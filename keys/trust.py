"""The trust register: who holds which role since when, signed by a quorum of the root's keys.

One note of kind `linkage-trust/v2`; its body is JSON. Versions strictly rise, and each names the one before it by digest; a reader that
has seen version n refuses n-1.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from keys.errors import BadSignature, NotTrusted
from keys.identity import Identity, PublicIdentity
from keys.notes import Note, add_signature, check_text, sign_note, verify_note
from keys.root import Root

TRUST_FORMAT: Final = "linkage-trust/v2"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")


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
    """A verified register of one version. `previous` is the digest of the version before it, `digest` that of this one's text without its
    signatures; a register that was never issued has neither, nor a time."""

    project: str
    version: int
    entries: tuple[Entry, ...]
    issued_at: datetime | None = None
    previous: str | None = None
    digest: str = ""

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


def register_text(
    entries: Iterable[Entry], *, project: str, version: int, issued_at: datetime, previous: str | None
) -> str:
    """A version of the register as the text that the holders of the root sign."""
    body = {
        "project": project,
        "version": version,
        "issued_at": issued_at.isoformat(),
        "previous": previous,
        "entries": [_entry_json(e) for e in entries],
    }
    return check_text(f"{TRUST_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n")


def issue_register(
    entries: Iterable[Entry],
    *,
    project: str,
    version: int,
    issued_at: datetime,
    previous: str | None,
    roots: Sequence[Identity],
) -> str:
    """A version of the register signed by all these keys of the root, as a note."""
    first, *others = roots
    note = sign_note(
        register_text(entries, project=project, version=version, issued_at=issued_at, previous=previous),
        by=first,
    )
    for one in others:
        note = add_signature(note, by=one)
    return note


def digest_of_text(text: str) -> str:
    """What the next version calls this one: SHA-256 of the text without its signatures, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_register(text: str) -> TrustRegister:
    """The register that a text states, signed or not: for whoever drafts or signs one. Everybody else wants `read_register`.

    There is one spelling: what was read is written again and compared, so that nothing is signed that a reader passes over.

    Raises:
        BadSignature: it is malformed, or says more than this version reads.
    """
    kind, _, body = text.partition("\n")
    try:
        if kind != TRUST_FORMAT:
            raise ValueError("another format")
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
        register = TrustRegister(
            project=value["project"],
            version=_version(value["version"]),
            entries=entries,
            issued_at=_aware(value["issued_at"]),
            previous=_previous(value["previous"]),
            digest=digest_of_text(text),
        )
        again = register_text(
            entries,
            project=register.project,
            version=register.version,
            issued_at=_aware(value["issued_at"]),
            previous=register.previous,
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise BadSignature(
            f"the trust register is not readable as {TRUST_FORMAT}: ask the holders of the root for it again"
        ) from fault
    if again != text:
        raise BadSignature(
            "the trust register says more than this version reads, or says it otherwise: compare versions"
        )
    names = [e.identity.name for e in entries]
    if len(set(names)) != len(names):
        raise BadSignature("the trust register names someone twice: ask the holders of the root for it again")
    if (register.previous is None) != (register.version == 1):
        raise BadSignature(
            "the trust register does not say which version it follows, or its first version follows one: "
            "ask the holders of the root for it again"
        )
    return register


def _version(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("a version is a whole number from 1")
    return value


def _previous(value: Any) -> str | None:
    if value is not None and not DIGEST.fullmatch(value):
        raise ValueError("the version before is named by its digest")
    return None if value is None else str(value)


def read_register(note: str, *, root: Root, at_least: int = 0) -> TrustRegister:
    """The register in a note.

    Raises:
        BadSignature: fewer keys of the root than its quorum signed it, or it is malformed.
        NotTrusted: its version is older than `at_least`, the newest seen so far.
    """
    register = parse_register(root.verify(note, kind=TRUST_FORMAT).text)
    if register.version < at_least:
        raise NotTrusted(
            f"trust register version {register.version} is older than version {at_least}, which was seen before: "
            "somebody put an old one back, or sent you one; fetch the newest"
        )
    return register
