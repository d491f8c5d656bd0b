"""The next version of the trust register from the present one, and what differs between two versions, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from keys import PublicIdentity, Root, TrustRegister
from keys.trust import Entry
from keys.words import in_words
from linkage.errors import BadInput

ROLES: Final[Mapping[str, str]] = {
    "custodian": "holds a share of each round's keys; opens column keys after deciding each request again",
    "duty-custodian": "of several custodians, the one to whom attributes and the spine are sealed",
    "linker": "scores tokens",
    "assembler": "forms people from pairs",
    "desk": "takes submissions in and lets releases out",
    "audit-log": "signs the log's checkpoints",
    "witness": "cosigns the log's checkpoints",
    "secretariat": "vouches for catalogue, gateways, constitution and evidence",
    "board-member": "votes on policies",
    "controller-approver": "adopts clauses for a partner",
    "data-officer": "submits a partner's data",
    "analyst": "makes requests",
    "output-checker": "looks at what is about to leave, and votes on it",
    "secure-environment": "opens what may only be used in the secure setting",
}
ONE_HOLDER: Final = ("linker", "assembler", "audit-log")
BY_DATE: Final = frozenset({"board-member", "controller-approver"})


@dataclass(frozen=True, slots=True)
class Addition:
    """A new entry; without `since` it holds from the moment of the draft."""

    identity: PublicIdentity
    organisation: str
    roles: frozenset[str]
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A name that holds its roles no longer from then on; without `at`, from the moment of the draft."""

    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What the next version changes: names taken out, keys replaced, roles ended, entries added, in this order."""

    removals: tuple[str, ...] = ()
    replacements: tuple[PublicIdentity, ...] = ()
    endings: tuple[Ending, ...] = ()
    additions: tuple[Addition, ...] = ()


def amended(entries: Sequence[Entry], *, changes: Changes, root: Root, now: datetime) -> tuple[Entry, ...]:
    """The entries after the changes.

    Raises:
        BadInput: a change names nobody in the register, or somebody twice, or a role that no program knows, or a key that is another's.
    """
    by_name = {e.identity.name: e for e in entries}
    for name in changes.removals:
        del by_name[_here(name, by_name).identity.name]
    for one in changes.replacements:
        by_name[one.name] = replace(_here(one.name, by_name), identity=one)
    for ending in changes.endings:
        entry, at = _here(ending.name, by_name), ending.at or now
        if at < entry.since:
            raise BadInput(
                f"{ending.name} would end before it begins: use --remove if it should never have held its roles"
            )
        by_name[ending.name] = replace(entry, until=at)
    for new in changes.additions:
        by_name[_new(new, by_name).identity.name] = Entry(
            new.identity, new.organisation, new.roles, new.since or now
        )
    _check_keys(by_name.values(), root=root)
    return tuple(by_name.values())


def _here(name: str, by_name: Mapping[str, Entry]) -> Entry:
    if name not in by_name:
        raise BadInput(f"{name} is not in the register: `linkage trust show` says who is")
    return by_name[name]


def _new(new: Addition, by_name: Mapping[str, Entry]) -> Addition:
    name = new.identity.name
    if name in by_name:
        raise BadInput(
            f"{name} is in the register already: replace its keys with --replace, or --remove it in the same draft to give it other roles"
        )
    if unknown := sorted(new.roles - ROLES.keys()):
        raise BadInput(f"no program knows the role {unknown[0]}; there are {', '.join(ROLES)}")
    if not new.roles or not new.organisation.strip():
        raise BadInput(f"{name} needs an organisation and at least one role")
    return new


def _check_keys(entries: Iterable[Entry], *, root: Root) -> None:
    """One key is one party, or one stolen key would be two votes; the root's keys sign registers and nothing else."""
    owners = {one.ed25519: one.name for one in root.keys}
    names = {one.name for one in root.keys}
    for entry in entries:
        name = entry.identity.name
        other = owners.setdefault(entry.identity.ed25519, name)
        if other != name or name in names:
            raise BadInput(
                f"{name} has the name or the key of {other}: every entry needs a key of its own, and none of the root's"
            )


def differences(before: TrustRegister | None, after: TrustRegister) -> list[str]:
    """What changes from one version to the next, a sentence a change, in the order of names; empty if nothing does."""
    old = {} if before is None else {e.identity.name: e for e in before.entries}
    new = {e.identity.name: e for e in after.entries}
    told: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            told.append(_added(new[name]))
        elif name not in new:
            told.append(
                f"{_who(old[name])} is taken out: nothing that it signed counts any more, whenever it was signed."
            )
        else:
            told += _changed(old[name], new[name])
    return told


def _who(entry: Entry) -> str:
    return f"{entry.identity.name} of {entry.organisation} ({', '.join(sorted(entry.roles))})"


def _added(entry: Entry) -> str:
    until = "" if entry.until is None else f" until {when(entry.until)}"
    return f"{_who(entry)} is new, from {when(entry.since)}{until}; its keys in words: {words(entry.identity)}."


def _changed(old: Entry, new: Entry) -> list[str]:
    told = []
    name = old.identity.name
    if (old.organisation, old.roles) != (new.organisation, new.roles):
        told.append(f"{_who(old)} becomes {_who(new)}.")
    if old.identity.ed25519 != new.identity.ed25519:
        told.append(
            f"{name} has new keys: nothing that the old ones signed counts any more. In words: {words(new.identity)}."
        )
    elif old.identity != new.identity:
        told.append(
            f"{name} has new keys for what is sealed to it; its signatures count as before. In words: {words(new.identity)}."
        )
    if old.since != new.since:
        told.append(f"{name} holds its roles from {when(new.since)} instead of {when(old.since)}.")
    if old.until != new.until:
        told.append(_ending(new, before=old.until))
    return told


def _ending(entry: Entry, *, before: datetime | None) -> str:
    """By the rules of `linkage.central.receive` and of `ethics.approvals`."""
    instead = "" if before is None else f" instead of {when(before)}"
    if entry.until is None:
        return f"{_who(entry)} does not end any more{instead}."
    told = f"{_who(entry)} ends at {when(entry.until)}{instead}: what others receive from it after that does not count"
    if entry.roles & BY_DATE:
        told += "; its votes and adoptions count by the date in them, so take it out with --remove if its key may be in other hands"
    return f"{told}."


def to_mind(register: TrustRegister, *, at: datetime) -> list[str]:
    """What would not work under this version at that time, a sentence each."""
    counts = {role: len(register.holders(role, at=at)) for role in ONE_HOLDER}
    return [
        f"Mind: {n} hold the role {role} at {when(at)}; nothing that needs it works until it is one."
        for role, n in counts.items()
        if n != 1
    ]


def when(at: datetime) -> str:
    """A time as sentences here have it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def words(one: PublicIdentity) -> str:
    """An identity's fingerprint to read aloud."""
    return in_words(bytes.fromhex(one.fingerprint))
