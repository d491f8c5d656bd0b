"""Votes and adoptions as signed notes: the text that is signed is the text that people read.

A note is its kind, then one `key: value` line for each field of a fixed list, in that order. Every value has a pattern, so that none can
hold a line of its own; a reader renders the note again and accepts only what comes out the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from ethics.errors import EthicsError
from keys import BadSignature, TrustRegister
from keys.identity import NAME
from keys.notes import split_note

VOTE_FORMAT: Final = "linkage-vote/v1"
ADOPTION_FORMAT: Final = "linkage-adoption/v1"
STANDING_FORMAT: Final = "linkage-standing/v1"
NO_CLAUSES: Final = "none"
HEX: Final = r"[0-9a-f]{64}"
SHOWN: Final = ("case", "catalogue", "gateways", "preview", "pack", "counted")
CLAUSE: Final = r"[A-Za-z][A-Za-z0-9._-]{0,63}"
PATTERNS: Final = {
    "policy": (r"[A-Za-z][A-Za-z0-9./_-]{0,99}", "an identifier of a policy"),
    "version": (r"0|[1-9][0-9]{0,8}", "a whole number"),
    "digest": (r"(?:sha256:)?[0-9a-f]{64}", "a SHA-256 in hexadecimal"),
    "vote": (r"approve|approve-with-conditions|send-back|refuse", "one of the four votes"),
    "conflict": (r"yes|no", "yes or no"),
    "because": (r"(?:\S(?:.{0,498}\S)?)?", "one line of at most 500 printable characters"),
    "partner": (r"[A-Za-z][A-Za-z0-9./_-]{0,99}", "the identifier of an organisation"),
    "clauses": (rf"{CLAUSE}(?:,{CLAUSE})*", "identifiers of clauses with commas between, or none"),
    "by": (NAME.pattern, "the name of an identity"),
    "at": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a moment in UTC"),
    "document": (r"constitution|framework", "constitution or framework"),
    "previous": (r"none|sha256:[0-9a-f]{64}", "the digest of the version before, or none"),
    "act": (r"[a-z]+(?:-[a-z]+)*", "the name of an act"),
    "project": (r"[a-z0-9][a-z0-9.-]{0,63}", "the name of a project"),
    "after": (rf"none|{HEX}", "the digest of the act before, or none"),
    "until": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day"),
    "tests": (r"[1-9][0-9]{0,5}", "how many tests passed, at least one"),
    **dict.fromkeys(SHOWN, (HEX, "a SHA-256 in hexadecimal")),
}
FIELDS: Final = {
    VOTE_FORMAT: ("policy", "version", "digest", "vote", "conflict", "because", "by", "at"),
    ADOPTION_FORMAT: ("policy", "version", "digest", "partner", "clauses", "by", "at"),
    STANDING_FORMAT: ("document", "version", "digest", "previous", "by", "at"),
}
INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


class Vote(StrEnum):
    """What a member says about a policy. `approve-with-conditions` is an approval whose conditions go into the record."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve-with-conditions"
    SEND_BACK = "send-back"
    REFUSE = "refuse"


APPROVALS: Final = frozenset({Vote.APPROVE, Vote.APPROVE_WITH_CONDITIONS})


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """Exactly one text of one version of a policy: its id, its version, and the digest of its canonical form."""

    policy: str
    version: int
    digest: str


def write_text(kind: str, fields: Mapping[str, str], *, fault: type[EthicsError]) -> str:
    """The text of a note of that kind.

    Raises:
        fault: a field has a value it may not have; the message names the field.
    """
    return f"{kind}\n{field_lines(fields, names=FIELDS[kind], kind=kind, fault=fault)}"


def field_lines(fields: Mapping[str, str], *, names: Sequence[str], kind: str, fault: type[EthicsError]) -> str:
    """One `key: value` line for each of these fields, in this order; `kind` is what a message calls the text.

    Raises:
        fault: a field has a value it may not have; the message names the field.
    """
    for name in names:
        pattern, says = PATTERNS[name]
        # Only printable characters: a note must read as it is signed, without turned text or hidden breaks.
        if not fields[name].isprintable() or not re.fullmatch(pattern, fields[name]):
            raise fault(f"{kind}: {name} should be {says}")
    return "".join(f"{name}: {fields[name]}".rstrip(" ") + "\n" for name in names)


def read_text(text: str, *, kind: str, fault: type[EthicsError]) -> dict[str, str]:
    """The fields of a text that `write_text` wrote.

    Raises:
        fault: it wrote no such text.
    """
    lines = text.split("\n")
    fields = dict.fromkeys(FIELDS[kind], "")
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix(" ")
    if set(fields) != set(FIELDS[kind]) or write_text(kind, fields, fault=fault) != text:
        raise fault(f"{kind}: the fields should be {', '.join(FIELDS[kind])}, once each and in this order")
    return fields


def to_instant(at: datetime, *, fault: type[EthicsError]) -> str:
    """The moment in UTC, to the second.

    Raises:
        fault: it has no time zone.
    """
    if at.tzinfo is None:
        raise fault("`at` has no time zone: give an aware time")
    return at.astimezone(UTC).strftime(INSTANT)


def from_instant(text: str, *, fault: type[EthicsError]) -> datetime:
    """The moment that `to_instant` wrote.

    Raises:
        fault: there is no such moment.
    """
    try:
        return datetime.strptime(text, INSTANT).replace(tzinfo=UTC)
    except ValueError as wrong:
        raise fault("`at` names a moment that does not exist") from wrong


def read_signed(
    note: str, *, kind: str, role: str, trust: TrustRegister, fault: type[EthicsError]
) -> tuple[dict[str, str], datetime]:
    """The fields of a note and its moment, if the one it names signed it and held the role then.

    Raises:
        fault: the text is not what `write_text` writes.
        BadSignature, NotTrusted: the one it names did not sign it, or did not hold the role.
    """
    fields = read_text(split_note(note)[0], kind=kind, fault=fault)
    at = from_instant(fields["at"], fault=fault)
    trust.require(fields["by"], role=role, at=at)
    if fields["by"] not in trust.verify(note, kind=kind, role=role, at=at).signers:
        raise BadSignature(f"this {kind} names {fields['by']}, who has not signed it")
    return fields, at


def policy_fields(policy: PolicyRef) -> dict[str, str]:
    """The first three fields of every note."""
    return {"policy": policy.policy, "version": str(policy.version), "digest": policy.digest}


def policy_of(fields: Mapping[str, str]) -> PolicyRef:
    """The policy that the first three fields name."""
    return PolicyRef(fields["policy"], int(fields["version"]), fields["digest"])
