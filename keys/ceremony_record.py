"""The record of a ceremony: what was made for one round, for whom, and who of them are needed. It holds no secret; a quorum of custodians signs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from keys.errors import BadShare, BadSignature, NotTrusted, WrongSecret
from keys.identity import PublicIdentity, check_name
from keys.notes import split_note, verify_note
from keys.round_keys import KEY_CHECK_BYTES, KINDS, PROJECT_SECRET, commitment
from keys.secret import Secret
from keys.shares import check_threshold, usual_threshold
from keys.statements import digest, moment, parse, statement, text_digest, whole
from keys.trust import Entry, TrustRegister

CEREMONY_FORMAT: Final = "linkage-ceremony/v1"
CUSTODIAN: Final = "custodian"


@dataclass(frozen=True, slots=True)
class SharePrint:
    """What the record says of one share: SHA-256 of the sealed file, and the check of the share inside; both hexadecimal."""

    sealed: str
    check: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """One custodian of the round: name, fingerprint of its keys, and its shares by kind."""

    name: str
    fingerprint: str
    shares: Mapping[str, SharePrint]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The project secret as sealed to one data officer: name, fingerprint of the officer's keys, SHA-256 of the sealed file."""

    to: str
    fingerprint: str
    sealed: str


@dataclass(frozen=True, slots=True)
class CeremonyRecord:
    """One round's ceremony.

    `threshold` of the custodians are needed to open what they share. `linker` is the linker with the sealing keys made here, or None if it holds its
    own. `closes` says from when on an earlier epoch takes no submission.
    """

    project: str
    epoch: int
    made_at: datetime
    by: str
    threshold: int
    custodians: tuple[Keeper, ...]
    deliveries: tuple[Delivery, ...]
    commitment: str
    key_check: str
    linker: PublicIdentity | None
    closes: Mapping[int, datetime]

    @property
    def text(self) -> str:
        """The record as the text that custodians sign."""
        keepers = [
            {
                "name": k.name,
                "fingerprint": k.fingerprint,
                "shares": {kind: {"sealed": one.sealed, "check": one.check} for kind, one in k.shares.items()},
            }
            for k in self.custodians
        ]
        body = {
            "project": self.project,
            "epoch": self.epoch,
            "made_at": self.made_at.isoformat(),
            "by": self.by,
            "threshold": self.threshold,
            "custodians": keepers,
            "deliveries": [
                {"to": d.to, "fingerprint": d.fingerprint, "sealed": d.sealed} for d in self.deliveries
            ],
            "commitment": self.commitment,
            "key_check": self.key_check,
            "linker": None if self.linker is None else self.linker.to_json(),
            "closes": {str(epoch): at.isoformat() for epoch, at in sorted(self.closes.items())},
        }
        return statement(CEREMONY_FORMAT, body)

    @property
    def digest(self) -> str:
        """SHA-256 of the text without signatures, hexadecimal: what other notes call this ceremony."""
        return text_digest(self.text)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is shared."""
        return KINDS if self.linker is not None else (PROJECT_SECRET,)

    def keeper(self, name: str) -> Keeper:
        """The custodian of that name.

        Raises:
            NotTrusted: it had no part in this ceremony.
        """
        for one in self.custodians:
            if one.name == name:
                return one
        raise NotTrusted(f"{name} had no part in the ceremony of epoch {self.epoch}")

    def check_secret(self, secret: Secret) -> None:
        """Nothing, if this is the project secret of the round.

        Raises:
            WrongSecret: it is another.
        """
        if commitment(secret, project=self.project, epoch=self.epoch) != self.commitment:
            raise WrongSecret(
                f"this is not the project secret of epoch {self.epoch} of {self.project}: ask a custodian for it again"
            )


def parse_record(text: str) -> CeremonyRecord:
    """The record that a text states, signed or not: for whoever signs one. Everybody else wants `verify_record`.

    Raises:
        BadSignature: it is no record, or breaks a rule of records.
    """
    record = parse(text, kind=CEREMONY_FORMAT, read=_read, write=lambda one: one.text)
    try:
        check_threshold(record.threshold, shares=len(record.custodians))
    except BadShare as fault:
        raise BadSignature(f"this record of a ceremony cannot be: {fault}") from fault
    names = [k.name for k in record.custodians]
    officers = [d.to for d in record.deliveries]
    if len(set(names)) != len(names) or len(set(officers)) != len(officers) or record.by not in names:
        raise BadSignature(
            "this record of a ceremony names somebody twice, or was made by somebody who had no part in it"
        )
    if any(tuple(k.shares) != tuple(sorted(record.kinds)) for k in record.custodians):
        raise BadSignature("this record of a ceremony does not give every custodian one share of each kind")
    if any(not 1 <= epoch < record.epoch for epoch in record.closes):
        raise BadSignature("this record of a ceremony closes an epoch that is not before its own")
    return record


def verify_record(note: str, *, trust: TrustRegister) -> CeremonyRecord:
    """The record, if a quorum of the custodians signed it.

    Who counts is whoever held the role when the record was made. There must be as many as its threshold, and as many as are usual for all who held
    the role then: a few who name themselves alone, or a low threshold, make no record. A custodian whose keys were replaced or taken out of the
    register since counts no more, but does not spoil what enough others signed.

    Raises:
        BadSignature: it is malformed, altered, or too few signed it.
        NotTrusted: it is of another project.
    """
    record = parse_record(split_note(note)[0])
    if record.project != trust.project:
        raise NotTrusted(f"this record of a ceremony is of project {record.project}, not of {trust.project}")
    holders = trust.holders(CUSTODIAN, at=record.made_at)
    named = {k.name for k in record.custodians}
    known = [e.identity for e in holders if e.identity.name in named]
    signed = len(verify_note(note, known=known, kind=CEREMONY_FORMAT).signers)
    needed = signatures_needed(record, trust=trust)
    if signed < needed:
        raise BadSignature(
            f"the record of the ceremony of epoch {record.epoch} is signed by {signed} of the {len(holders)} custodians,"
            f" and {needed} must sign: have more of them check and sign it"
        )
    return record


def signatures_needed(record: CeremonyRecord, *, trust: TrustRegister) -> int:
    """How many custodians must sign this record."""
    return max(record.threshold, usual_threshold(len(trust.holders(CUSTODIAN, at=record.made_at))))


def check_keepers(record: CeremonyRecord, *, holders: tuple[Entry, ...]) -> None:
    """Nothing, if everybody whom the record names as a custodian is one, with these keys.

    Raises:
        NotTrusted: somebody is not.
    """
    known = {e.identity.name: e.identity.fingerprint for e in holders}
    if strangers := [k.name for k in record.custodians if known.get(k.name) != k.fingerprint]:
        raise NotTrusted(
            f"the record of the ceremony of epoch {record.epoch} names {strangers[0]} as a custodian;"
            " the trust register does not, or has other keys"
        )


def _read(value: dict[str, Any]) -> CeremonyRecord:
    return CeremonyRecord(
        project=str(value["project"]),
        epoch=whole(value["epoch"], least=1),
        made_at=moment(value["made_at"]),
        by=check_name(value["by"]),
        threshold=whole(value["threshold"], least=1),
        custodians=tuple(
            Keeper(
                check_name(k["name"]),
                digest(k["fingerprint"]),
                {kind: SharePrint(digest(s["sealed"]), digest(s["check"])) for kind, s in k["shares"].items()},
            )
            for k in value["custodians"]
        ),
        deliveries=tuple(
            Delivery(check_name(d["to"]), digest(d["fingerprint"]), digest(d["sealed"]))
            for d in value["deliveries"]
        ),
        commitment=digest(value["commitment"]),
        key_check=_key_check(value["key_check"]),
        linker=None if value["linker"] is None else PublicIdentity.from_json(value["linker"]),
        closes={int(epoch): moment(at) for epoch, at in value["closes"].items()},
    )


def _key_check(text: Any) -> str:
    if len(bytes.fromhex(text)) != KEY_CHECK_BYTES:
        raise ValueError("a key check of another length")
    return str(text)
