"""The folder that a ceremony leaves: the record, a sealed share of each kind for every custodian, the secret sealed to every data officer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keys.ceremony_record import CeremonyRecord
from linkage.drafts import FolderDraft, sync_folder
from service.shared import write_identity
from service.writing import as_file_name

RECORD_FILE: Final = "record.note"
LINKER_FILE: Final = "linker.public.json"
SHARES: Final = "shares"
DELIVERIES: Final = "deliveries"
SEALED: Final = ".sealed"


@dataclass(frozen=True, slots=True)
class Made:
    """What a ceremony lets out: the record as a note signed by whoever ran it, and sealed files by their path in the ceremony's folder."""

    record: CeremonyRecord
    note: str
    files: Mapping[str, bytes]


def share_file(custodian: str, *, kind: str) -> str:
    """Where a custodian's sealed share lies in the ceremony's folder."""
    return f"{SHARES}/{as_file_name(custodian)}/{kind}{SEALED}"


def delivery_file(officer: str) -> str:
    """Where the secret that is sealed to a data officer lies in the ceremony's folder."""
    return f"{DELIVERIES}/{as_file_name(officer)}{SEALED}"


def write_ceremony(made: Made, *, out: Path) -> None:
    """The ceremony's folder, whole or not at all.

    Raises:
        NotWritten: something stands there, or the system refused.
    """
    with FolderDraft(out) as draft:
        for name, content in {**made.files, RECORD_FILE: made.note.encode()}.items():
            place = draft.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.put(name, content)
        if made.record.linker is not None:
            write_identity(draft.folder / LINKER_FILE, made.record.linker)
        for folder in (p for p in draft.folder.rglob("*") if p.is_dir()):
            sync_folder(folder)
        draft.commit()


def digests_of(record: CeremonyRecord) -> dict[str, str]:
    """The SHA-256 of every sealed file of the folder, as the record states it, by path."""
    shares = {share_file(k.name, kind=n): s.sealed for k in record.custodians for n, s in k.shares.items()}
    return shares | {delivery_file(d.to): d.sealed for d in record.deliveries}


def sha256(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()
