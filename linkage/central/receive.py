"""The centre's doorstep: a submission is taken in whole and checked, or refused whole. An update comes in on top of what it follows and no other."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keys import BadSignature, Identity, NotTrusted, TrustRegister, sign_note
from linkage.central.chain import (
    ROWS_FOLDER,
    chain_of,
    check_follows,
    link_folders,
    next_folder,
    partner_folders,
    stated_manifest,
)
from linkage.drafts import FolderDraft, alone, remove_whole, telling
from linkage.errors import BadSubmission
from linkage.manifest import (
    ATTRIBUTES_NAME,
    GONE_SUFFIX,
    MANIFEST_FORMAT,
    MANIFEST_NAME,
    RECEIPT_FORMAT,
    RECORDS,
    Manifest,
    Round,
    SealedFile,
    read_manifest,
)
from linkage.subgroups import SUBGROUPS_NAME

LARGEST_MANIFEST: Final = 4 << 20
PIECE: Final = 1 << 20


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
    """The submission's files in the folders of those who may open them, and a signed receipt. An update goes beside what it follows.

    `object_to` gives the reasons, if any, why policy does not let these fields come under their gateways. A run that breaks off has received
    nothing, and the same call can be made again.

    Raises:
        BadSubmission: it is incomplete, altered, unsigned, of another project, schema, epoch or secret, or here already, or objected to; or it is an
            update of something else than the latest submission here.
        NotWritten: the disk refused, or another run is taking in something of this partner.
    """
    signed = _manifest_bytes(folder)
    manifest = _signed_manifest(signed, folder=folder, trust=trust, now=now)
    check_round(manifest, one)
    _check_listed(folder, manifest)
    if objections := object_to(manifest):
        raise BadSubmission(f"this submission may not come in: {'; '.join(objections)}")
    _check_same_secret(manifest, doorstep.desk)
    desk = doorstep.desk / manifest.partner
    with alone(desk), telling(folder):
        target = _target(manifest, desk)
        _take_in(folder, manifest, signed=signed, targets=_targets(target.relative_to(doorstep.desk), doorstep))
    return Received(manifest, receipt_for(manifest, by=signer, now=now))


def receipt_for(manifest: Manifest, *, by: Identity, now: datetime) -> str:
    """A signed receipt for a submission that is here."""
    text = (
        f"{RECEIPT_FORMAT}\nsubmission: {manifest.submission}\nmanifest: sha256:{manifest.digest}\n"
        f"files: {len(manifest.files)}\nreceived: {now.isoformat(timespec='seconds')}\n"
    )
    return sign_note(text, by=by)


def _target(manifest: Manifest, desk: Path) -> Path:
    """Where the submission goes at the desk, whose folder decides what has been received."""
    here = [stated_manifest(f) for f in link_folders(desk) if (f / MANIFEST_NAME).is_file()]
    if any(m.digest == manifest.digest for m in here[1:]):
        raise BadSubmission(f"{manifest.submission} is here already: an update comes in once")
    if manifest.base is None:
        if here:
            raise BadSubmission(
                f"a submission of {manifest.partner} for epoch {manifest.round.epoch} is here already: withdraw it first"
            )
        return desk
    if not here:
        raise BadSubmission(
            f"{manifest.submission} is an update and follows {manifest.base.submission}; nothing of {manifest.partner} is here:"
            f" take in {manifest.base.submission} first"
        )
    check_follows(manifest, before=here[-1])
    return next_folder(desk)


def _targets(place: Path, doorstep: Doorstep) -> dict[Path, Callable[[str], bool]]:
    """The three folders with what belongs in each, the desk's last: once it stands, the submission has been received."""
    return {
        doorstep.linker / place: lambda name: _reader(name) == "linker",
        doorstep.assembler / place: lambda name: _reader(name) == "assembler",
        doorstep.desk / place: lambda name: _reader(name) == "desk",
    }


def _take_in(
    folder: Path, manifest: Manifest, *, signed: bytes, targets: dict[Path, Callable[[str], bool]]
) -> None:
    """Every file is copied and checked as it is copied; only when all are whole do the folders get their names."""
    with ExitStack() as drafts:
        made = [(drafts.enter_context(FolderDraft(target)), belongs) for target, belongs in targets.items()]
        for draft, belongs in made:
            for one in manifest.files:
                if belongs(one.name):
                    _copy(folder, one, draft.folder / one.name)
            draft.put(MANIFEST_NAME, signed)
        for draft, _ in made:
            draft.replace()


def read_signed_manifest(
    folder: Path, *, trust: TrustRegister, now: datetime, received: Mapping[str, datetime] | None = None
) -> Manifest:
    """The manifest of a submission, signed by a data officer of the partner it names.

    The officer must hold the role at the moment at which the reader first accepted this manifest, by the reader's own clock: `received` has
    that moment by the manifest's digest, and one that is not in it is accepted `now` or never. The date in the manifest counts for nothing,
    so that a key whose role has ended cannot sign as of before.

    Raises:
        BadSubmission: it is missing, not signed so, or not readable.
    """
    signed = _manifest_bytes(folder)
    at = (received or {}).get(_digest_of(signed), now)
    return _signed_manifest(signed, folder=folder, trust=trust, now=min(at, now))


def _digest_of(signed: bytes) -> str:
    """The digest that the manifest in a note has, without a look at its signatures."""
    text = signed.rpartition(b"\n\n")[0] + b"\n"
    return hashlib.sha256(text).hexdigest()


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


def read_manifests(
    folder: Path,
    *,
    trust: TrustRegister,
    one: Round,
    now: datetime,
    received: Mapping[str, datetime] | None = None,
) -> list[Manifest]:
    """The verified manifest of each partner's latest submission in a folder of the centre, in the order of partners. All that it follows is there, and
    is what its signer named by digest. `received` is as for `read_signed_manifest`.

    Raises:
        BadSubmission: one is not signed, not readable, of another round, or does not follow the one before it.
    """
    manifests = []
    for partner in partner_folders(folder):
        head = read_signed_manifest(link_folders(partner)[-1], trust=trust, now=now, received=received)
        if head.partner != partner.name:
            raise BadSubmission(
                f"the submission in the folder {partner.name} is of {head.partner}: receive it again"
            )
        check_round(head, one)
        chain_of(folder, head=head)
        manifests.append(head)
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


def _check_listed(folder: Path, manifest: Manifest) -> None:
    listed = {f.name for f in manifest.files}
    there = {p.name for p in folder.iterdir()} - {MANIFEST_NAME}
    if there != listed:
        raise BadSubmission(
            f"{folder.name}: {len(listed - there)} files of the manifest are missing and {len(there - listed)} are not in it: send it again"
        )
    for one in manifest.files:
        path = folder / one.name
        if path.is_symlink() or not path.is_file() or path.stat().st_size != one.size:
            raise BadSubmission(
                f"{folder.name}: {one.name} is not as long as its manifest says: it was cut short; send it again"
            )


def _copy(folder: Path, one: SealedFile, to: Path) -> None:
    """The file, checked by the very bytes that are written."""
    digest = hashlib.sha256()
    with (folder / one.name).open("rb") as source, to.open("wb") as out:
        while piece := source.read(PIECE):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != one.sha256:
        raise BadSubmission(f"{folder.name}: {one.name} was altered on its way: send it again")


def _check_same_secret(manifest: Manifest, desk: Path) -> None:
    """Nothing, if all that is here is of the same round and was made with the same secret."""
    for folder in partner_folders(desk):
        earlier = stated_manifest(folder)
        if earlier.round.epoch != manifest.round.epoch:
            raise BadSubmission(
                f"{earlier.submission} of epoch {earlier.round.epoch} is here still: withdraw what is left of that round before anything of epoch {manifest.round.epoch} comes in"
            )
        if earlier.key_check != manifest.key_check:
            raise BadSubmission(
                f"this submission was made with another project secret than {earlier.partner}'s: compare fingerprints of the secret and tokenise again"
            )


def _reader(name: str) -> str:
    """Who gets the file. The linker learns which rows are gone, the assembler which records; subgroup codes are the assembler's alone."""
    if name == ATTRIBUTES_NAME:
        return "desk"
    if name.endswith(".map.sealed") or name in (f"{RECORDS}{GONE_SUFFIX}", SUBGROUPS_NAME):
        return "assembler"
    return "linker"


def withdraw(partner: str, *, doorstep: Doorstep) -> None:
    """Everything of a partner's submissions is gone from the doorstep, and with it what the linker keeps of the rows of all partners, among which are this one's.

    Raises:
        NotWritten: the disk refused, or another run is taking in something of this partner; the same call can be made again.
    """
    places = [place / partner for place in (doorstep.desk, doorstep.linker, doorstep.assembler)]
    with alone(places[0]), telling(places[0]):
        for place in (doorstep.linker / ROWS_FOLDER, *places):
            if place.parent.is_dir():
                remove_whole(place)
