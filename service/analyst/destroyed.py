"""The end of a release at whoever holds it: its files are removed, and a signed certificate says so to the desk."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ethics.errors import NotVerified
from ethics.proofs import verify_proof
from ethics.roles import log_keys
from keys import Identity, NotTrusted, TrustRegister
from keys.passphrase import Unlock
from linkage.drafts import remove_whole, sync_folder, telling
from linkage.errors import BadInput
from service import clock
from service.custody.recovery import NOT_PROMISED
from service.desk.ends import CERTIFICATE_OF, certify_destruction, read_withdrawal
from service.desk.ends import REASONS as WITHDRAWN_FOR
from service.desk.extracts import ROWS_CSV_FILE, ROWS_PARQUET_FILE
from service.desk.package import DECISION_FILE, METADATA_FILE, NOTE_FILE, SUFFIX
from service.desk.shapes import ENTRY_FILE, PROOF_FILE
from service.desk.tables import TABLE_CSV_FILE, TABLE_PARQUET_FILE
from service.memory import read_remembered
from service.shared import read_project
from service.texts import read_text
from service.writing import check_new, write_whole

PROVEN: Final = frozenset({ENTRY_FILE, PROOF_FILE})
RELEASED: Final = frozenset(
    {
        TABLE_CSV_FILE,
        TABLE_PARQUET_FILE,
        ROWS_CSV_FILE,
        ROWS_PARQUET_FILE,
        NOTE_FILE,
        DECISION_FILE,
        METADATA_FILE,
    }
)


def destroy_release(
    opened: Path, *, sealed: Sequence[Path], identity: Path, shared: Path, out: Path, unlock: Unlock
) -> str:
    """The files of a release are gone from the folder where it was opened, but for the log's entry and its proof, and so are the folders of sealed files; the
    holder's certificate lies in `out`. A run that broke off is finished by the same call.

    Raises:
        BadInput: a folder is none of a release or holds other files too, or `out` exists.
        NotVerified: the log has no such release.
        NotTrusted: the identity holds no releases by the trust register.
    """
    check_new(out)
    now = clock.now()
    by = Identity.load(identity, unlock=unlock)
    project = read_remembered(shared, folder=identity.parent, now=now)
    holder = _holder(by, trust=project.trust, now=now)
    details = _proven(opened, trust=project.trust, now=now)
    for folder, known in ((opened, RELEASED | PROVEN), *((one, _sealed_names()) for one in sealed)):
        _check_only(folder, known=known)
    for folder in sealed:
        remove_whole(folder)
    with telling(opened):
        for name in sorted(RELEASED):
            (opened / name).unlink(missing_ok=True)
        sync_folder(opened)
    note = certify_destruction(
        str(details["files_digest"]), holder=holder, project=project.one.project, epoch=project.one.epoch, by=by, now=now
    )  # fmt: skip
    write_whole(out, note)
    return (
        f"{details['release']} is removed; {out.name} certifies it: send it to the release desk. {NOT_PROMISED}"
    )


def read_notice(notice: Path, *, shared: Path) -> str:
    """What a notice of withdrawal asks for, once it is sure that a release desk signed it.

    Raises:
        BadInput: there is no such file.
        BadSignature, NotTrusted: it is no such notice, or no desk of this project signed it.
    """
    one = read_withdrawal(read_text(notice), trust=read_project(shared).trust)
    return (
        f"{one.by} has withdrawn {one.release} on {one.at:%Y-%m-%d}: {WITHDRAWN_FOR[one.reason]}. {one.holder} holds it and destroys it "
        "(linkage analyst destroyed); what was made from it is not to be used either"
    )


def _holder(by: Identity, *, trust: TrustRegister, now: datetime) -> str:
    """In which role this identity holds releases.

    Raises:
        NotTrusted: in none.
    """
    entry = trust.find(by.name)
    held = [role for role in CERTIFICATE_OF if entry.holds(role, at=now)]
    if entry.identity != by.public or not held:
        raise NotTrusted(
            f"{by.name} holds no release by the trust register: it is neither of {', '.join(CERTIFICATE_OF)}"
        )
    return held[0]


def _proven(opened: Path, *, trust: TrustRegister, now: datetime) -> dict[str, Any]:
    """What the log says of the release that was opened there."""
    if not (opened / ENTRY_FILE).is_file() or not (opened / PROOF_FILE).is_file():
        raise BadInput(
            f"{opened.name}/ has no {ENTRY_FILE} and {PROOF_FILE}: name the folder in which the release was opened"
        )
    keys = log_keys(trust, at=now)
    proof, entry = read_text(opened / PROOF_FILE), (opened / ENTRY_FILE).read_bytes()
    event = verify_proof(proof, entry, log=keys.log, witnesses=keys.witnesses).event
    if event.kind != "release-made":
        raise NotVerified(f"{ENTRY_FILE} in {opened.name}/ is of no release")
    return dict(event.details)


def _sealed_names() -> frozenset[str]:
    return frozenset(f"{name}{SUFFIX}" for name in RELEASED | PROVEN)


def _check_only(folder: Path, *, known: frozenset[str]) -> None:
    if not folder.exists():
        return
    others = [p for p in folder.iterdir() if p.name not in known] if folder.is_dir() else [folder]
    if others:
        raise BadInput(
            f"{folder.name} holds {len(others)} other files than those of a release: remove what you made of it yourself, and move away the rest"
        )
