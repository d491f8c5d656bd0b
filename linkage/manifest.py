"""What a submission says about itself: one signed note beside the sealed files."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keys import encode
from linkage.errors import BadSubmission
from linkage.tokens import PartnerStatistics

MANIFEST_FORMAT: Final = "linkage-manifest/v1"
RECEIPT_FORMAT: Final = "linkage-receipt/v1"
MANIFEST_NAME: Final = "manifest.note"
ATTRIBUTES_NAME: Final = "attributes.parquet"
RECORDS: Final = "records"
FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.(tokens|map)\.sealed|attributes\.parquet")


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
class Manifest:
    """The partner's signed statement of what it sends."""

    round: Round
    partner: str
    submission: str
    made_at: str
    key_check: str
    files: tuple[SealedFile, ...]
    statistics: PartnerStatistics
    attributes: Mapping[str, str]
    token_gateway: str

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
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadSubmission(
            "the manifest is signed but not readable: it was made by another version"
        ) from fault
    names = [f.name for f in manifest.files]
    if any(not FILE_NAME.fullmatch(n) for n in names) or len(set(names)) != len(names):
        raise BadSubmission("the manifest names a file that no submission has, or one file twice")
    if manifest.partner in ("", ".", "..") or set(manifest.partner) & set("/\\\0"):
        raise BadSubmission("the manifest names a partner whose name cannot name a folder")
    return manifest
