"""What a submission says about itself: one signed note beside the sealed files."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal, get_args

from keys import encode
from linkage.attestations import Attestation
from linkage.errors import BadSubmission
from linkage.subgroups import SUBGROUP_PURPOSE, SUBGROUPS_KNOWN, SUBGROUPS_NAME
from linkage.tokens import PartnerStatistics

MANIFEST_FORMAT: Final = "linkage-manifest/v2"
RECEIPT_FORMAT: Final = "linkage-receipt/v1"
MANIFEST_NAME: Final = "manifest.note"
ATTRIBUTES_NAME: Final = "attributes.parquet"
RECORDS: Final = "records"
FILE_NAME: Final = re.compile(
    r"[a-z0-9][a-z0-9-]{0,60}\.(tokens|map|gone)\.sealed|attributes\.parquet|subgroups\.sealed"
)
GONE_SUFFIX: Final = ".gone.sealed"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
KEY_CHECK: Final = re.compile(r"[0-9a-f]{8}")
SUBMISSION_TAIL: Final = re.compile(r"[0-9a-f]{12}")
LONGEST_WORD: Final = 100
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


@dataclass(frozen=True)
class Manifest:
    """The partner's signed statement of what it sends.

    A submission is `whole`, or an `update` that follows its `base`: it holds what is new or changed since, and what is `gone`, of which the
    manifest states the number of records, replaced or deleted, rounded to 10. `statistics` are always those of all records after it. `deduplicated` says
    that no person has two records in the partner's file. `subgroups` has the gateway of each kind of coarse codes that go along for linkage quality alone.
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
    deduplicated: bool = False
    subgroups: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The manifest as the text of a note."""
        return self._text

    @cached_property
    def _text(self) -> str:
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
        } | ({"deduplicated": True} if self.deduplicated else {})
        if self.subgroups:
            body["subgroups"] = {"purpose": SUBGROUP_PURPOSE, "gateways": dict(self.subgroups)}
        return f"{MANIFEST_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the manifest's text, hexadecimal."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def check_file(self, name: str, content: bytes) -> None:
        """Nothing, if the content is what the manifest says of the file of that name.

        Raises:
            BadSubmission: it is another content, or the manifest names no such file.
        """
        self.check_digest(name, hashlib.sha256(content).hexdigest())

    def check_digest(self, name: str, digest: str) -> None:
        """Nothing, if the manifest says so of the file of that name: its SHA-256, hexadecimal.

        Raises:
            BadSubmission: it is another content, or the manifest names no such file.
        """
        listed = next((f.sha256 for f in self.files if f.name == name), None)
        if listed != digest:
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
            round=Round(_word(value["project"]), int(value["epoch"]), _word(value["schema"])),
            partner=_word(value["partner"]),
            submission=_word(value["submission"]),
            made_at=_moment(value["made_at"]),
            key_check=_matching(KEY_CHECK, value["key_check"]),
            files=tuple(SealedFile(str(f["name"]), str(f["sha256"]), int(f["size"])) for f in value["files"]),
            statistics=PartnerStatistics.from_json(value["statistics"]),
            attributes={_word(k): _word(v) for k, v in value["attributes"].items()},
            token_gateway=_word(value["token_gateway"]),
            kind=_kind(value["kind"]),
            base=_base(value["base"]),
            gone=_rounded(value["gone"]),
            exclusions=tuple(Attestation.from_json(one) for one in value["exclusions"]),
            deduplicated=_stated(value.get("deduplicated")),
            subgroups=_subgroups(value.get("subgroups")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as fault:
        raise BadSubmission(
            "the manifest is signed but not readable: it was made by another version"
        ) from fault
    names = [f.name for f in manifest.files]
    if any(not FILE_NAME.fullmatch(n) for n in names) or len(set(names)) != len(names):
        raise BadSubmission("the manifest names a file that no submission has, or one file twice")
    if (SUBGROUPS_NAME in names) != bool(manifest.subgroups):
        raise BadSubmission(
            "the manifest names subgroup codes without their gateways, or gateways without codes"
        )
    if not manifest.partner or manifest.partner.startswith(".") or set(manifest.partner) & set("/\\\0"):
        raise BadSubmission("the manifest names a partner whose name cannot name a folder")
    if not is_submission(manifest.submission, of=manifest.partner, epoch=manifest.round.epoch):
        raise BadSubmission("the manifest calls the submission by a name that no submission has")
    follows = manifest.base is not None
    if follows != (manifest.kind == "update") or (not follows and (manifest.gone or _any_gone(names))):
        raise BadSubmission(
            "the manifest is of a whole submission that follows another, or of an update that follows none"
        )
    return manifest


def is_submission(name: str, *, of: str, epoch: int) -> bool:
    """Whether a submission of this partner and epoch can have the name: `police-3-0a1b2c3d4e5f`. It stands in receipts and in the log."""
    head = f"{of}-{epoch}-"
    return name.startswith(head) and SUBMISSION_TAIL.fullmatch(name.removeprefix(head)) is not None


def expected_files(
    keys: Iterable[str], *, kind: SubmissionKind, attributes: bool, subgroups: bool = False
) -> frozenset[str]:
    """The names of all sealed files of a submission under a schema with these match keys; `attributes` says whether it offers any, `subgroups` whether it
    has codes for linkage quality."""
    suffixes = (".tokens.sealed", ".map.sealed", *((GONE_SUFFIX,) if kind == "update" else ()))
    names = {f"{key}{suffix}" for key in keys for suffix in suffixes}
    names |= {f"{RECORDS}{suffix}" for suffix in suffixes[1:]}
    names |= ({ATTRIBUTES_NAME} if attributes else set()) | ({SUBGROUPS_NAME} if subgroups else set())
    return frozenset(names)


def _word(value: Any) -> str:
    """The value, if it is a short text that shows as it is: others are shown and logged what a manifest says."""
    if type(value) is not str or not value.isprintable() or len(value) > LONGEST_WORD:
        raise ValueError("a word of a manifest is no short printable text")
    return value


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not pattern.fullmatch(_word(value)):
        raise ValueError("an entry of a manifest is not written as it must be")
    return str(value)


def _moment(value: Any) -> str:
    if datetime.fromisoformat(_word(value)).tzinfo is None:
        raise ValueError("a time without an offset from UTC")
    return str(value)


def _any_gone(names: list[str]) -> bool:
    return any(name.endswith(GONE_SUFFIX) for name in names)


def _kind(value: Any) -> SubmissionKind:
    if value not in get_args(SubmissionKind):
        raise ValueError("a submission is whole or an update")
    return "update" if value == "update" else "whole"


def _stated(value: Any) -> bool:
    """What is stated by standing there, and else left out: so manifests without it keep their digests."""
    if value not in (None, True) or type(value) is int:
        raise ValueError("a statement of a manifest is true or is left out")
    return value is True


def _subgroups(value: Any) -> dict[str, str]:
    """Kind -> gateway; left out where no codes go along."""
    if value is None:
        return {}
    gateways = {_word(kind): _word(gateway) for kind, gateway in value["gateways"].items()}
    if value["purpose"] != SUBGROUP_PURPOSE or not gateways or not gateways.keys() <= SUBGROUPS_KNOWN.keys():
        raise ValueError("subgroup codes of another kind, or for another purpose")
    return gateways


def _base(value: Any) -> Base | None:
    if value is None:
        return None
    return Base(_word(value["submission"]), _matching(DIGEST, value["manifest"]))


def _rounded(value: Any) -> int:
    if type(value) is not int or value < 0 or value != rounded_gone(value):
        raise ValueError("a count of what is gone is no rounded count")
    return value


def rounded_gone(count: int) -> int:
    """The count rounded to 10, as the manifest states it."""
    return round(count, -1)
