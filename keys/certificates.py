"""What holders sign: that they hold the secret of a round, and that they hold it, their shares or a release no more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from keys.errors import BadSignature
from keys.identity import Identity, check_name
from keys.notes import sign_note, split_note
from keys.statements import digest, moment, parse, statement, verify_by, whole
from keys.trust import TrustRegister

ACKNOWLEDGEMENT_FORMAT: Final = "linkage-secret-ack/v1"
DESTRUCTION_FORMAT: Final = "linkage-destruction/v1"
Destroyed = Literal["project-secret", "shares", "release", "release-in-secure-setting"]
HOLDER_OF: Final[dict[Destroyed, str]] = {
    "project-secret": "data-officer",
    "shares": "custodian",
    "release": "analyst",
    "release-in-secure-setting": "secure-environment",
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A data officer holds the project secret of a round, and checked it against the record of its ceremony (by its digest)."""

    project: str
    epoch: int
    record: str
    key_check: str
    by: str
    fingerprint: str
    at: datetime

    @property
    def text(self) -> str:
        """The text that the officer signs."""
        body = {
            "project": self.project,
            "epoch": self.epoch,
            "record": self.record,
            "key_check": self.key_check,
            "by": self.by,
            "fingerprint": self.fingerprint,
            "at": self.at.isoformat(),
        }
        return statement(ACKNOWLEDGEMENT_FORMAT, body)


@dataclass(frozen=True, slots=True)
class Destruction:
    """Somebody removed the project secret of a round, its shares, or a release, from where it kept them. `record` is the digest of the record of the
    ceremony, or of the files of the release."""

    what: Destroyed
    project: str
    epoch: int
    record: str
    by: str
    at: datetime

    @property
    def text(self) -> str:
        """The text that the holder signs."""
        body = {
            "what": self.what,
            "project": self.project,
            "epoch": self.epoch,
            "record": self.record,
            "by": self.by,
            "at": self.at.isoformat(),
        }
        return statement(DESTRUCTION_FORMAT, body)


def acknowledge(*, project: str, epoch: int, record: str, key_check: str, by: Identity, now: datetime) -> str:
    """A signed acknowledgement."""
    one = Acknowledgement(project, epoch, record, key_check, by.name, by.public.fingerprint, now)
    return sign_note(one.text, by=by)


def certify(*, what: Destroyed, project: str, epoch: int, record: str, by: Identity, now: datetime) -> str:
    """A signed certificate of destruction."""
    return sign_note(Destruction(what, project, epoch, record, by.name, now).text, by=by)


def verify_acknowledgement(note: str, *, trust: TrustRegister) -> Acknowledgement:
    """The acknowledgement, signed by the data officer that it names.

    Raises:
        BadSignature, NotTrusted: it is not, or is of another project.
    """
    one = parse(split_note(note)[0], kind=ACKNOWLEDGEMENT_FORMAT, read=_acknowledgement, write=lambda a: a.text)
    _check_project(one.project, trust, kind=ACKNOWLEDGEMENT_FORMAT)
    signer = verify_by(
        note, kind=ACKNOWLEDGEMENT_FORMAT, by=one.by, role="data-officer", at=one.at, trust=trust
    )
    if signer.fingerprint != one.fingerprint:
        raise BadSignature(f"{one.by} acknowledges with other keys than the trust register has")
    return one


def verify_destruction(note: str, *, trust: TrustRegister) -> Destruction:
    """The certificate, signed by the holder that it names.

    Raises:
        BadSignature, NotTrusted: it is not, or is of another project.
    """
    one = parse(split_note(note)[0], kind=DESTRUCTION_FORMAT, read=_destruction, write=lambda d: d.text)
    _check_project(one.project, trust, kind=DESTRUCTION_FORMAT)
    verify_by(note, kind=DESTRUCTION_FORMAT, by=one.by, role=HOLDER_OF[one.what], at=one.at, trust=trust)
    return one


def _check_project(project: str, trust: TrustRegister, *, kind: str) -> None:
    if project != trust.project:
        raise BadSignature(f"this {kind} is of project {project}, not of {trust.project}")


def _acknowledgement(value: dict[str, Any]) -> Acknowledgement:
    return Acknowledgement(
        project=str(value["project"]),
        epoch=whole(value["epoch"], least=1),
        record=digest(value["record"]),
        key_check=str(value["key_check"]),
        by=check_name(value["by"]),
        fingerprint=digest(value["fingerprint"]),
        at=moment(value["at"]),
    )


def _destruction(value: dict[str, Any]) -> Destruction:
    if value["what"] not in HOLDER_OF:
        raise ValueError("something that nobody destroys")
    return Destruction(
        what=value["what"],
        project=str(value["project"]),
        epoch=whole(value["epoch"], least=1),
        record=digest(value["record"]),
        by=check_name(value["by"]),
        at=moment(value["at"]),
    )
