"""The commands of auditors and the public. Whose signatures count is read from the trust register; besides the files they need the root alone."""

from datetime import datetime
from pathlib import Path

from ethics import log_keys, verify_directory, verify_proof
from keys import TrustRegister
from keys.trust import read_register
from linkage.errors import BadInput
from service.dossier import TRUST_FILE
from service.shared import read_root
from service.texts import read_text
from service.writing import write_whole


def publish_register(shared: Path, *, out: Path) -> None:
    """The trust register lies beside the published log, for whoever checks it."""
    write_whole(out / TRUST_FILE, read_text(shared / TRUST_FILE))


def verify_log(directory: Path, *, root: Path, register: Path | None, quorum: int | None, at: datetime) -> str:
    """The log holds, in one line: signed by the log's key and cosigned by enough witnesses, as the trust register names them at that time.

    `register` is the note beside the log if not given; `quorum` is more than half of the witnesses if not given.

    Raises:
        BadInput: there is no register or no root.
        BadSignature: the register is not signed by a quorum of the root.
        NotTrusted: it names no log, or several.
        NotVerified: something in the log was changed, cut, added, or not signed.
    """
    trust = _register(directory.parent / TRUST_FILE if register is None else register, root=root)
    keys = log_keys(trust, at=at)
    enough = more_than_half(len(keys.witnesses)) if quorum is None else quorum
    found = verify_directory(directory, log=keys.log, witnesses=keys.witnesses, quorum=enough)
    return (
        f"audit: {found.head.size} events, checkpoint verifies, {len(found.cosignatures)} witnesses\n"
        f"keys: {_named(trust)}; compare it with the newest that others have"
    )


def more_than_half(count: int) -> int:
    """How many make more than half; of none, none."""
    return count // 2 + 1 if count else 0


def verify_entry(proof: Path, *, entry: Path, root: Path, register: Path | None, at: datetime) -> str:
    """The entry is in the log, in one line. `register` is the note beside the proof if not given.

    Raises:
        BadInput, BadSignature, NotTrusted: as `verify_log`.
        NotVerified: it is not, or the proof was altered.
    """
    trust = _register(proof.parent / TRUST_FILE if register is None else register, root=root)
    keys = log_keys(trust, at=at)
    for path in (proof, entry):
        if not path.is_file():
            raise BadInput(f"no file {path.name}")
    text = proof.read_bytes().decode("utf-8", errors="replace")
    found = verify_proof(text, entry.read_bytes(), log=keys.log, witnesses=keys.witnesses)
    return f"entry {found.number} ({found.event.kind}) is in the log of {found.head.size} events\nkeys: {_named(trust)}"


def _register(register: Path, *, root: Path) -> TrustRegister:
    if not register.is_file():
        raise BadInput(
            f"no {register.name} here: name the trust register with --keys, or the project's folder with --shared"
        )
    return read_register(read_text(register), root=read_root(root))


def _named(trust: TrustRegister) -> str:
    issued = "" if trust.issued_at is None else f" of {trust.issued_at:%Y-%m-%d}"
    return f"trust register of {trust.project}, version {trust.version}{issued}"
