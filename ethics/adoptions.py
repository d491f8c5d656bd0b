"""Adoption: each partner agrees, clause by clause, to what the board has recommended, for its own data alone.

A signed note over the digest of one text. The latest one by a partner counts; one without clauses withdraws.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ethics.ballots import (
    ADOPTION_FORMAT,
    NO_CLAUSES,
    PolicyRef,
    policy_fields,
    policy_of,
    read_signed,
    to_instant,
    write_text,
)
from ethics.errors import BadAdoption
from ethics.roles import CONTROLLER_APPROVER
from keys import Identity, TrustRegister, sign_note


@dataclass(frozen=True, slots=True)
class Adoption:
    """A verified adoption: which clauses of what a partner has adopted, since when. No clauses means it withdrew."""

    partner: str
    policy: PolicyRef
    clauses: frozenset[str]
    by: str
    at: datetime


def adopt(policy: PolicyRef, *, clauses: Iterable[str], partner: str, by: Identity, at: datetime) -> str:
    """The partner's adoption of these clauses as a signed note; it replaces what the partner adopted before.

    Raises:
        BadAdoption: a value cannot stand in a note.
    """
    named = sorted(set(clauses))
    if NO_CLAUSES in named:
        raise BadAdoption(f"{NO_CLAUSES!r} cannot be the id of a clause: adopt an empty list to withdraw")
    fields = policy_fields(policy) | {
        "partner": partner,
        "clauses": ",".join(named) or NO_CLAUSES,
        "by": by.name,
        "at": to_instant(at, fault=BadAdoption),
    }
    return sign_note(write_text(ADOPTION_FORMAT, fields, fault=BadAdoption), by=by)


def read_adoptions(
    notes: Iterable[str], *, trust: TrustRegister, policy_digest: str, at: datetime
) -> Mapping[str, frozenset[str]]:
    """The clauses each partner has adopted at that moment. Of several adoptions by a partner the latest counts.

    Raises:
        BadAdoption: one is malformed, about another text, dated later, by someone of another organisation, or contradicts
            another of the same moment.
        BadSignature, NotTrusted: a signature does not hold.
    """
    latest: dict[str, Adoption] = {}
    for note in notes:
        one = read_adoption(note, trust=trust)
        if one.policy.digest != policy_digest:
            raise BadAdoption(
                f"the adoption by {one.partner} is about another text of the policy: ask for a new one"
            )
        if one.at > at:
            raise BadAdoption(
                f"the adoption by {one.partner} is dated after {at:%Y-%m-%d %H:%M}: check the clock"
            )
        before = latest.setdefault(one.partner, one)
        if before.at == one.at and before.clauses != one.clauses:
            raise BadAdoption(
                f"{one.partner} adopted two different things at one moment: ask for a new adoption"
            )
        if before.at < one.at:
            latest[one.partner] = one
    return {partner: latest[partner].clauses for partner in sorted(latest)}


def read_adoption(note: str, *, trust: TrustRegister) -> Adoption:
    """The adoption in a note, if someone signed it who could speak for that partner at the moment it names.

    Raises:
        BadAdoption: it is malformed, or the signer acts for another organisation.
        BadSignature, NotTrusted: the signature does not hold.
    """
    fields, at = read_signed(
        note, kind=ADOPTION_FORMAT, role=CONTROLLER_APPROVER, trust=trust, fault=BadAdoption
    )
    speaks_for = trust.find(fields["by"]).organisation
    if speaks_for != fields["partner"]:
        raise BadAdoption(f"{fields['by']} acts for {speaks_for} and cannot adopt for {fields['partner']}")
    named = [] if fields["clauses"] == NO_CLAUSES else fields["clauses"].split(",")
    if named != sorted(set(named)) or NO_CLAUSES in named:
        raise BadAdoption(f"the adoption by {fields['partner']} should name each clause once and in order")
    return Adoption(
        partner=fields["partner"],
        policy=policy_of(fields),
        clauses=frozenset(named),
        by=fields["by"],
        at=at,
    )
