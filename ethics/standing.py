"""The documents that all else rests on, framework and constitution: agreed by the partners, version by version.

Each partner's controller signs a note over the digest of one version; it is agreed once more than half of the partners have. Every version names
the digest of the one before, which must have been agreed too: a chain back to the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from ethics.ballots import STANDING_FORMAT, read_signed, to_instant, write_text
from ethics.board import Constitution
from ethics.errors import BadDocument
from ethics.framework import Framework
from ethics.roles import CONTROLLER_APPROVER
from keys import Identity, TrustRegister, sign_note

Name: TypeAlias = Literal["constitution", "framework"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One version of a document, by its digest and that of the version before."""

    name: Name
    version: int
    digest: str
    previous: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Which partners have agreed to a version, of how many, and in sentences what is missing."""

    partners: tuple[str, ...]
    of: int
    missing: tuple[str, ...]

    @property
    def agreed(self) -> bool:
        """Whether the version holds."""
        return not self.missing


def standing_of(document: Constitution | Framework) -> Standing:
    """What a controller signs of a document."""
    name: Name = "constitution" if isinstance(document, Constitution) else "framework"
    return Standing(name, document.version, document.digest, document.previous)


def agree(standing: Standing, *, by: Identity, at: datetime) -> str:
    """The controller's agreement to a version as a signed note.

    Raises:
        BadDocument: a value cannot stand in a note.
    """
    fields = {
        "document": standing.name,
        "version": str(standing.version),
        "digest": standing.digest,
        "previous": standing.previous,
        "by": by.name,
        "at": to_instant(at, fault=BadDocument),
    }
    return sign_note(write_text(STANDING_FORMAT, fields, fault=BadDocument), by=by)


def agreement(notes: Iterable[str], *, standing: Standing, trust: TrustRegister, at: datetime) -> Agreement:
    """How far a version is agreed at that moment. A partner counts once; notes about other versions serve the chain alone.

    Raises:
        BadDocument: a note is malformed or dated later, or partners signed two texts of one version.
        BadSignature, NotTrusted: a signature does not hold.
    """
    signed: dict[Standing, set[str]] = {}
    for note in notes:
        fields, when = read_signed(
            note, kind=STANDING_FORMAT, role=CONTROLLER_APPROVER, trust=trust, fault=BadDocument
        )
        if when > at:
            raise BadDocument(
                f"the agreement by {fields['by']} is dated after {at:%Y-%m-%d %H:%M}: check the clock"
            )
        name: Name = "constitution" if fields["document"] == "constitution" else "framework"
        one = Standing(name, int(fields["version"]), fields["digest"], fields["previous"])
        if one.name == standing.name:
            signed.setdefault(one, set()).add(trust.find(fields["by"]).organisation)
    partners = {entry.organisation for entry in trust.holders(CONTROLLER_APPROVER, at=at)}
    enough = {one for one, who in signed.items() if 2 * len(who & partners) > len(partners)}
    if len({one.version for one in enough}) < len(enough):
        raise BadDocument(
            f"the partners have agreed to two texts of one version of the {standing.name}: ask which one holds"
        )
    mine = tuple(sorted(signed.get(standing, set()) & partners))
    return Agreement(mine, len(partners), tuple(_missing(standing, enough, have=len(mine), of=len(partners))))


def _missing(standing: Standing, enough: set[Standing], *, have: int, of: int) -> Iterable[str]:
    if standing not in enough:
        yield f"{have} of {of} partners have agreed to version {standing.version}, and more than half must"
    place = standing
    while place.previous != "none":
        before = next(
            (one for one in enough if (one.digest, one.version) == (place.previous, place.version - 1)), None
        )
        if before is None:
            yield f"version {place.version - 1}, which version {place.version} follows, was not agreed"
            return
        place = before
    if place.version != 1:
        yield f"version {place.version} does not say which version it follows"
