"""What every custodian does with a ceremony's folder before anybody relies on it: check it, keep the own shares, sign the record, publish it."""

import json
from pathlib import Path
from typing import Final

from keys import BadSignature, PublicIdentity, Root
from keys.ceremony_record import (
    CEREMONY_FORMAT,
    CUSTODIAN,
    CeremonyRecord,
    check_keepers,
    parse_record,
    signatures_needed,
    verify_record,
)
from keys.errors import BadSeal, BadShare
from keys.notes import add_signature, split_note, verify_note
from keys.round_keys import open_share
from keys.shares import place_of, share_check
from keys.words import in_words
from service.custody.ceremony_folder import RECORD_FILE, digests_of, sha256, share_file
from service.custody.custodians import AtWork
from service.custody.rounds import record_path
from service.errors import OutOfOrder, RolledBack
from service.memory import TOLERANCE
from service.shared import PROJECT_FILE, read_project
from service.texts import read_text
from service.trust.draft import when
from service.writing import write_whole

OFFICER: Final = "data-officer"


def check_ceremony(work: AtWork, *, folder: Path) -> tuple[CeremonyRecord, str]:
    """The record in a ceremony's folder and its note, after everything that one custodian can check was found right, and its own shares are kept.

    Checked are: the round; that all custodians of the register and nobody else have shares; that all deliveries are to data officers; the
    digest of every file; that the own shares open, are those that the record means, and ask for as many others as it says. That the shares give
    back the secret that the record commits to, no single custodian can see.

    Raises:
        BadSignature, NotTrusted, BadSeal, BadShare, OutOfOrder: something is not as it must be.
    """
    note = read_text(folder / RECORD_FILE)
    record = parse_record(split_note(note)[0])
    signed_by = work.trust.require(record.by, role=CUSTODIAN, at=work.now)
    verify_note(note, known=[signed_by], kind=CEREMONY_FORMAT)
    _check_round(work, record)
    holders = work.trust.holders(CUSTODIAN, at=work.now)
    check_keepers(record, holders=holders)
    if missing := {e.identity.name for e in holders} - {k.name for k in record.custodians}:
        raise BadSignature(
            f"{sorted(missing)[0]} is a custodian and has no share in this ceremony: hold it again for all"
        )
    _check_recipients(work, record)
    for path, digest in digests_of(record).items():
        file = folder / path
        if not file.is_file() or sha256(file.read_bytes()) != digest:
            raise BadSeal(
                f"{path} is missing or is not what the record says: fetch the ceremony's folder again"
            )
    _keep(work, record, folder=folder)
    return record, note


def _check_round(work: AtWork, record: CeremonyRecord) -> None:
    one = work.project.one
    if record.project != one.project or record.epoch not in (one.epoch, one.epoch + 1):
        raise OutOfOrder(
            f"this ceremony is for epoch {record.epoch} of {record.project}; the project is {one.project}, at epoch {one.epoch}"
        )
    if record.made_at > work.now + TOLERANCE:
        raise RolledBack(
            f"this ceremony was held at {when(record.made_at)}, and this machine's clock says {when(work.now)}: set the clock right"
        )
    published = work.rounds.records.get(record.epoch)
    if published is not None and published.digest != record.digest:
        raise OutOfOrder(f"epoch {record.epoch} has another ceremony, whose record is published: keep to that")


def _check_recipients(work: AtWork, record: CeremonyRecord) -> None:
    officers = {e.identity.name: e.identity.fingerprint for e in work.trust.holders(OFFICER, at=work.now)}
    if strangers := [d.to for d in record.deliveries if officers.get(d.to) != d.fingerprint]:
        raise BadSignature(
            f"this ceremony delivers the secret to {strangers[0]}, who is no data officer of the trust register or has other keys there"
        )
    check_linker_signs(work, record.linker)


def check_linker_signs(work: AtWork, linker: PublicIdentity | None) -> None:
    """Nothing, if the linker has the name and the signing key of the register's, as far as the register has one.

    Raises:
        BadSignature: it has others.
    """
    listed = [e.identity for e in work.trust.holders("linker", at=work.now)]
    if linker is not None and any((e.name, e.ed25519) != (linker.name, linker.ed25519) for e in listed):
        raise BadSignature(f"{linker.name} is not the linker of the trust register, or signs with another key")


def _keep(work: AtWork, record: CeremonyRecord, *, folder: Path) -> None:
    mine = record.keeper(work.me.name)
    sealed = {kind: (folder / share_file(mine.name, kind=kind)).read_bytes() for kind in mine.shares}
    for kind, content in sealed.items():
        share = open_share(content, project=record.project, epoch=record.epoch, kind=kind, by=work.me)
        found = share_check(share, project=record.project, epoch=record.epoch, kind=kind, holder=work.me.name)
        if found != mine.shares[kind].check or place_of(share).threshold != record.threshold:
            raise BadShare(f"your share of the {kind} is not the one that the record means: do not sign it")
    event = work.event("share-kept", epoch=record.epoch, note_digest=record.digest)
    work.box.keep(sealed, record=record, event=event)


def sign(work: AtWork, *, folder: Path) -> tuple[CeremonyRecord, int, int]:
    """The record in the folder with this custodian's signature, after it was checked; with how many custodians signed it now, and how many must.

    Raises:
        BadSignature, NotTrusted, BadSeal, BadShare, OutOfOrder: something is not as it must be; nothing is signed.
    """
    record, note = check_ceremony(work, folder=folder)
    signed = add_signature(note, by=work.me)
    if signed != note:
        write_whole(folder / RECORD_FILE, signed)
    known = [e.identity for e in work.trust.holders(CUSTODIAN, at=record.made_at)]
    count = len(verify_note(signed, known=known, kind=CEREMONY_FORMAT).signers)
    return record, count, signatures_needed(record, trust=work.trust)


def publish(folder: Path, *, shared: Path, root: Root) -> CeremonyRecord:
    """The record is in the project's shared folder; after a rotation, the project is at its epoch. A run that breaks off between the two leaves the old
    epoch, and the same call can be made again.

    Raises:
        BadSignature, NotTrusted: too few custodians signed, or somebody who is none.
        OutOfOrder: it is not this project's turn for that epoch, or another record is published.
    """
    project = read_project(shared, root=root)
    note = read_text(folder / RECORD_FILE)
    record = verify_record(note, trust=project.trust)
    epoch, path = project.one.epoch, record_path(shared, epoch=record.epoch)
    if record.epoch not in (epoch, epoch + 1) or (record.epoch > epoch and epoch not in record.closes):
        raise OutOfOrder(
            f"this record is of epoch {record.epoch} and the project is at epoch {epoch}: only its own record, or that of a rotation which closes it, can be published"
        )
    if path.is_file() and parse_record(split_note(read_text(path))[0]).digest != record.digest:
        raise OutOfOrder(f"another record of epoch {record.epoch} is published already: it is never replaced")
    write_whole(path, note)
    if record.epoch > epoch:
        # Last, for this is what everybody goes by: until then the record only says when the old epoch closes.
        stated = json.loads(read_text(shared / PROJECT_FILE))
        write_whole(shared / PROJECT_FILE, json.dumps({**stated, "epoch": record.epoch}, indent=1) + "\n")
    return record


def read_aloud(record: CeremonyRecord) -> list[str]:
    """What custodians and officers read to each other: eight words each for the record, the commitment, and the linker's keys."""
    told = {"record": record.digest, "commitment": record.commitment}
    if record.linker is not None:
        told[record.linker.name] = record.linker.fingerprint
    width = max(map(len, told))
    return [f"{name:<{width}}  {in_words(bytes.fromhex(digest))}" for name, digest in told.items()]
