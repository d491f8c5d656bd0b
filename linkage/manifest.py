"""What a submission says about itself: one signed note beside the sealed files."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from keys import encode
from linkage.attestations import Attestation
from linkage.errors import BadSubmission
from linkage.tokens import PartnerStatistics

MANIFEST_FORMAT: Final = "linkage-manifest/v2"
RECEIPT_FORMAT: Final = "linkage-receipt/v1"
MANIFEST_NAME: Final = "manifest.note"
ATTRIBUTES_NAME: Final = "attributes.parquet"
RECORDS: Final = "records"
FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.(tokens|map|gone)\.sealed|attributes\.parquet")
GONE_SUFFIX: Final = ".gone.sealed"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
SubmissionKind = Literal["whole", "update"]


@dataclass(frozen=True, slots=True)
class Round:
    """One linkage round of one project: what a submission, a secret and a seal belong to."""

    project: str
    epoch: int
    schema_digest: str

    def context(self, *parts: str) -> bytes:
        """What binds a sealed file to this round, its partner and its place."""
        return encode([self.project, str(self.epoch), self.schema_digest, *parts])


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file of the submission: name, SHA-256 in hexadecimal, bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Base:
    """The submission that an update follows: its id, and the digest of its manifest, which fixes all that came before."""

    submission: str
    manifest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The partner's signed statement of what it sends.

    A submission is `whole`, or an `update` that follows its `base`: it holds what is new or changed since, and what is `gone`, of which the
    manifest states the number of records, replaced or deleted, rounded to 10. `statistics` are always those of all records after it.
    """

    round: Round
    partner: str
    submission: str
    made_at: str
    key_check: str
    files: tuple[SealedFile, ...]
    statistics: PartnerStatistics
    attributes: Mapping[str, str]
    token_gateway: str
    kind: SubmissionKind = "whole"
    base: Base | None = None
    gone: int = 0
    exclusions: tuple[Attestation, ...] = ()

    def text(self) -> str:
        """The manifest as the text of a note."""
        body = {
            "project": self.round.project,
            "epoch": self.round.epoch,
            "schema": self.round.schema_digest,
            "partner": self.partner,
            "submission": self.submission,
            "made_at": self.made_at,
            "key_check": self.key_check,
            "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in self.files],
            "statistics": self.statistics.to_json(),
            "attributes": dict(self.attributes),
            "token_gateway": self.token_gateway,
            "kind": self.kind,
            "base": {"submission": self.base.submission, "manifest": self.base.manifest} if self.base else None,
            "gone": self.gone,
            "exclusions": [one.to_json() for one in self.exclusions],
        }
        return f"{MANIFEST_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest's text, hexadecimal."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def check_file(self, name: str, content: bytes) -> None:
        """Nothing, if the content is what the manifest says of the file of that name.

        Raises:
            BadSubmission: it is another content, or the manifest names no such file.
        """
        listed = next((f.sha256 for f in self.files if f.name == name), None)
        if listed != hashlib.sha256(content).hexdigest():
            raise BadSubmission(
                f"{name} of {self.partner} is not the file of its manifest: receive the submission again"
            )


def read_manifest(body: str) -> Manifest:
    """The manifest in a verified note's body.

    Raises:
        BadSubmission: it is not readable, or names a file that no submission has.
    """
    try:
        value: dict[str, Any] = json.loads(body)
        manifest = Manifest(
            round=Round(str(value["project"]), int(value["epoch"]), str(value["schema"])),
            partner=str(value["partner"]),
            submission=str(value["submission"]),
            made_at=str(value["made_at"]),
            key_check=str(value["key_check"]),
            files=tuple(SealedFile(str(f["name"]), str(f["sha256"]), int(f["size"])) for f in value["files"]),
            statistics=PartnerStatistics.from_json(value["statistics"]),
            attributes={str(k): str(v) for k, v in value["attributes"].items()},
            token_gateway=str(value["token_gateway"]),
            kind=_kind(value["kind"]),
            base=_base(value["base"]),
            gone=_rounded(value["gone"]),
            exclusions=tuple(Attestation.from_json(one) for one in value["exclusions"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadSubmission(
            "the manifest is signed but not readable: it was made by another version"
        ) from fault
    names = [f.name for f in manifest.files]
    if any(not FILE_NAME.fullmatch(n) for n in names) or len(set(names)) != len(names):
        raise BadSubmission("the manifest names a file that no submission has, or one file twice")
    if not manifest.partner or manifest.partner.startswith(".") or set(manifest.partner) & set("/\\\0"):
        raise BadSubmission("the manifest names a partner whose name cannot name a folder")
    follows = manifest.base is not None
    if follows != (manifest.kind == "update") or (not follows and (manifest.gone or _any_gone(names))):
        raise BadSubmission(
            "the manifest is of a whole submission that follows another, or of an update that follows none"
        )
    return manifest


def _any_gone(names: list[str]) -> bool:
    return any(name.endswith(GONE_SUFFIX) for name in names)


def _kind(value: Any) -> SubmissionKind:
    if value not in get_args(SubmissionKind):
        raise ValueError("a submission is whole or an update")
    return "update" if value == "update" else "whole"


def _base(value: Any) -> Base | None:
    if value is None:
        return None
    base = Base(str(value["submission"]), str(value["manifest"]))
    if not DIGEST.fullmatch(base.manifest):
        raise ValueError("a base is named by the digest of its manifest")
    return base


def _rounded(value: Any) -> int:
    if type(value) is not int or value < 0 or value != rounded_gone(value):
        raise ValueError("a count of what is gone is no rounded count")
    return value


def rounded_gone(count: int) -> int:
    """The count rounded to 10, as the manifest states it."""
    return round(count, -1)
