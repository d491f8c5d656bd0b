"""The centre's doorstep: a submission is taken in whole and checked, or refused whole."""

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keys import BadSignature, Identity, NotTrusted, TrustRegister, sign_note
from linkage.errors import BadSubmission
from linkage.manifest import (
    ATTRIBUTES_NAME,
    FILE_NAME,
    MANIFEST_FORMAT,
    MANIFEST_NAME,
    RECEIPT_FORMAT,
    Manifest,
    Round,
    read_manifest,
)

LARGEST_MANIFEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Doorstep:
    """Where what is received goes: tokens to the linker, maps to the assembler, attributes and manifests to the release desk."""

    linker: Path
    assembler: Path
    desk: Path


@dataclass(frozen=True, slots=True)
class Received:
    """A submission taken in: its manifest, and the receipt for the partner."""

    manifest: Manifest
    receipt: str


def receive(
    folder: Path,
    *,
    trust: TrustRegister,
    one: Round,
    doorstep: Doorstep,
    signer: Identity,
    now: datetime,
    object_to: Callable[[Manifest], Sequence[str]] = lambda _: (),
) -> Received:
    """The submission's files in the folders of those who may open them, and a signed receipt.

    `object_to` gives the reasons, if any, why policy does not let these fields come under their gateways.

    Raises:
        BadSubmission: it is incomplete, altered, unsigned, of another project, schema, epoch or secret, or here already, or objected to.
    """
    signed = _manifest_bytes(folder)
    manifest = _signed_manifest(signed, folder=folder, trust=trust, now=now)
    check_round(manifest, one)
    contents = _checked_files(folder, manifest)
    if objections := object_to(manifest):
        raise BadSubmission(f"this submission may not come in: {'; '.join(objections)}")
    _check_same_secret(manifest, doorstep.desk)
    desk = doorstep.desk / manifest.partner
    if (desk / MANIFEST_NAME).exists():
        raise BadSubmission(
            f"a submission of {manifest.partner} for epoch {one.epoch} is here already: withdraw it first"
        )
    # The manifest is written last: until it stands, nothing has been received and a second try starts over.
    _clear_unfinished(manifest.partner, doorstep)
    for name, content in contents.items():
        _put(_place(name, doorstep, manifest.partner) / name, content)
    for place in (doorstep.linker, doorstep.assembler, doorstep.desk):
        _put(place / manifest.partner / MANIFEST_NAME, signed)
    text = (
        f"{RECEIPT_FORMAT}\nsubmission: {manifest.submission}\nmanifest: sha256:{manifest.digest}\n"
        f"files: {len(manifest.files)}\nreceived: {now.isoformat(timespec='seconds')}\n"
    )
    return Received(manifest, sign_note(text, by=signer))


def read_signed_manifest(folder: Path, *, trust: TrustRegister, now: datetime) -> Manifest:
    """The manifest of a submission, signed by a data officer of the partner it names.

    Raises:
        BadSubmission: it is missing, not signed so, or not readable.
    """
    return _signed_manifest(_manifest_bytes(folder), folder=folder, trust=trust, now=now)


def _manifest_bytes(folder: Path) -> bytes:
    path = folder / MANIFEST_NAME
    if not path.is_file() or path.is_symlink():
        raise BadSubmission(f"{folder.name} has no {MANIFEST_NAME}: it is no submission, or was copied in part")
    if path.stat().st_size > LARGEST_MANIFEST:
        raise BadSubmission(f"{folder.name}: the manifest is far larger than any")
    return path.read_bytes()


def _signed_manifest(signed: bytes, *, folder: Path, trust: TrustRegister, now: datetime) -> Manifest:
    try:
        note = trust.verify(signed.decode("utf-8"), kind=MANIFEST_FORMAT, role="data-officer", at=now)
    except (BadSignature, UnicodeDecodeError) as fault:
        raise BadSubmission(
            f"{folder.name}: the manifest is not signed by a data officer of the trust register: {fault}"
        ) from fault
    manifest = read_manifest(note.body)
    if manifest.text() != note.text:
        raise BadSubmission(f"{folder.name}: the manifest says more than this version reads: compare versions")
    try:
        own = {trust.find(name).organisation for name in note.signers}
    except NotTrusted as fault:
        raise BadSubmission(str(fault)) from fault
    if own != {manifest.partner}:
        raise BadSubmission(
            f"{folder.name}: the manifest is signed by an officer of another organisation than it names"
        )
    return manifest


def read_manifests(folder: Path, *, trust: TrustRegister, one: Round, now: datetime) -> list[Manifest]:
    """The verified manifests of all submissions in a folder of the centre, in the order of partners.

    Raises:
        BadSubmission: one is not signed, not readable, or of another round.
    """
    manifests = []
    for path in sorted(folder.glob(f"*/{MANIFEST_NAME}")):
        manifest = read_signed_manifest(path.parent, trust=trust, now=now)
        check_round(manifest, one)
        manifests.append(manifest)
    return manifests


def check_round(manifest: Manifest, one: Round) -> None:
    """Nothing, if the submission belongs to this project, epoch and schema.

    Raises:
        BadSubmission: it does not; the message says which differs.
    """
    theirs = manifest.round
    if theirs.project != one.project:
        raise BadSubmission(f"this submission is for project {theirs.project}; here is {one.project}")
    if theirs.epoch != one.epoch:
        raise BadSubmission(
            f"this submission is of epoch {theirs.epoch}; the epoch is {one.epoch}: tokenise again with this round's secret"
        )
    if theirs.schema_digest != one.schema_digest:
        raise BadSubmission(
            "this submission was made with another schema: fetch the agreed schema and tokenise again"
        )


def _checked_files(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    listed = {f.name for f in manifest.files}
    there = {p.name for p in folder.iterdir()} - {MANIFEST_NAME}
    if there != listed:
        raise BadSubmission(
            f"{folder.name}: {len(listed - there)} files of the manifest are missing and {len(there - listed)} are not in it: send it again"
        )
    out = {}
    for one in manifest.files:
        path = folder / one.name
        if path.is_symlink() or not path.is_file() or path.stat().st_size != one.size:
            raise BadSubmission(
                f"{folder.name}: {one.name} is not as long as its manifest says: it was cut short; send it again"
            )
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise BadSubmission(f"{folder.name}: {one.name} was altered on its way: send it again")
        out[one.name] = content
    return out


def _check_same_secret(manifest: Manifest, desk: Path) -> None:
    for other in sorted(desk.glob(f"*/{MANIFEST_NAME}")) if desk.exists() else []:
        text = other.read_text("utf-8").partition("\n")[2].rpartition("\n\n")[0]
        earlier = read_manifest(text)
        if earlier.key_check != manifest.key_check:
            raise BadSubmission(
                f"this submission was made with another project secret than {earlier.partner}'s: compare fingerprints of the secret and tokenise again"
            )


def _place(name: str, doorstep: Doorstep, partner: str) -> Path:
    if name == ATTRIBUTES_NAME:
        return doorstep.desk / partner
    return (doorstep.linker if name.endswith(".tokens.sealed") else doorstep.assembler) / partner


def _clear_unfinished(partner: str, doorstep: Doorstep) -> None:
    """What an earlier try that broke off has left is gone."""
    for place in (doorstep.linker, doorstep.assembler, doorstep.desk):
        for path in (place / partner).glob("*") if (place / partner).is_dir() else ():
            if FILE_NAME.fullmatch(path.name):
                path.unlink()


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def withdraw(partner: str, *, doorstep: Doorstep) -> None:
    """Everything of a partner's submission is gone from the doorstep."""
    for place in (doorstep.linker, doorstep.assembler, doorstep.desk):
        shutil.rmtree(place / partner, ignore_errors=True)
