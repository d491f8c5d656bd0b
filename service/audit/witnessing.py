"""A partner as witness: it reads the published log, holds it against what it saw before, and cosigns; or it refuses and keeps the evidence.

What it has seen is one signed checkpoint for each log, in a file beside its identity, written before the cosignature is (C2SP tlog-witness: a witness
that forgets could cosign two histories). The keys come from the trust register that lies beside the log and from the witness's own copy of the root.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ethics.checkpoints import NOTHING_SEEN, TreeHead, read_checkpoint
from ethics.encoding import from_base64_hash, to_base64
from ethics.errors import NotVerified, WitnessRefused
from ethics.published import Published
from ethics.roles import WITNESS, log_keys
from ethics.witness import Witness
from keys import Identity
from keys.errors import BadKeyFile
from keys.identity import read_private, replace_private
from keys.passphrase import Unlock
from linkage.drafts import alone, sync_folder, telling
from linkage.errors import BadInput
from service.audit.verifying import register_beside
from service.errors import MemoryDamaged
from service.memory import remember, shown_register
from service.shared import read_root
from service.trust.listed import listed
from service.writing import as_file_name, write_whole

WITNESSED_FORMAT: Final = "linkage-witnessed/v1"
WITNESSED_FILE: Final = "witnessed.json"
EVIDENCE: Final = "refused-{log}-{digest}.note"


class _Seen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    size: Annotated[int, Field(ge=0, strict=True)]
    root: str
    at: AwareDatetime
    note: str


class WitnessedFile(BaseModel):
    """What a witness has seen, as written: for each log by its name the newest checkpoint that it cosigned, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["linkage-witnessed/v1"]
    logs: dict[str, _Seen]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a witness did: how long the log was when it looked last, and is now."""

    by: str
    log: str
    before: int
    size: int
    out: str

    @property
    def says(self) -> str:
        """In one sentence."""
        grown = f"{self.size - self.before} more than it saw last" if self.before else "the first that it saw"
        return f"{self.by} cosigned {self.log} with {self.size} entries, {grown}: {self.out}"


def cosign_log(
    directory: Path,
    *,
    root: Path,
    register: Path | None,
    identity: Path,
    unlock: Unlock,
    first_use: bool,
    out: Path,
    now: datetime,
) -> Cosigned:
    """The newest checkpoint of the published log with this witness's line lies in `out`, and the witness remembers it.

    Only the checkpoint and the few hashes of the consistency proof are read. A witness that remembers nothing of the log signs only when it is told
    that this is its first use.

    Raises:
        WitnessRefused: the log is shorter than what it saw, or another history; the checkpoint is kept beside the identity as evidence.
        NotVerified: the log's key did not sign the checkpoint, or a file is missing.
        RolledBack: the trust register, the root or the clock is older than the witness has seen.
        MemoryDamaged: what it has seen cannot be read.
        BadInput: it remembers nothing of this log, and was not told that it never saw it.
        NotTrusted: the identity is no witness's.
    """
    trust = register_beside(directory, register=register, root=root)
    folder = identity.parent
    with alone(folder / WITNESSED_FILE):
        remember(folder, shown_register(trust), now=now, root=read_root(root).digest.hex())
        by = listed(Identity.load(identity, unlock=unlock), role=WITNESS, trust=trust, at=now)
        log, published = log_keys(trust, at=now).log, Published(directory)
        logs = _recall(folder)
        if log.name not in logs and not first_use:
            raise BadInput(
                f"{by.name} remembers no checkpoint of {log.name} in {folder.name}/: if it never watched this log, say --first-use; if its {WITNESSED_FILE} was "
                "lost, restore it from a backup, or first compare the published checkpoint with the one that another witness remembers"
            )
        if log.name in logs and first_use:
            raise BadInput(f"{by.name} has watched {log.name} before: leave out --first-use")
        seen = _head_of(logs[log.name]) if log.name in logs else NOTHING_SEEN
        note = published.checkpoint()
        head = read_checkpoint(note, log=log)
        try:
            proof = published.consistency(seen.size, size=head.size) if head.size >= seen.size else ()
            cosigned, head = Witness(by, log).cosign(note, consistency=proof, seen=seen, now=now)
        except NotVerified as fault:
            kept = _keep_evidence(note, folder=folder, log=log.name)
            raise WitnessRefused(f"{fault}; the checkpoint that was refused is kept as {kept}") from fault
        _remember(
            folder, {**logs, log.name: _Seen(size=head.size, root=to_base64(head.root), at=now, note=cosigned)}
        )
        write_whole(out, cosigned)
    return Cosigned(by.name, log.name, seen.size, head.size, out.name)


def _head_of(seen: _Seen) -> TreeHead:
    return TreeHead(seen.size, from_base64_hash(seen.root))


def _recall(folder: Path) -> Mapping[str, _Seen]:
    path = folder / WITNESSED_FILE
    if not path.exists() and not path.is_symlink():
        return {}
    try:
        logs = WitnessedFile.model_validate_json(read_private(path)).logs
        for one in logs.values():
            _head_of(one)
    except (ValidationError, BadKeyFile, OSError, ValueError) as fault:
        raise MemoryDamaged(
            f"{WITNESSED_FILE} in {folder.name}/ cannot be read as {WITNESSED_FORMAT}, so that another history could pass for the one seen before: restore it from a "
            "backup; if there is none, move it away, and begin again with --first-use after comparing the checkpoint with another witness"
        ) from fault
    return logs


def _remember(folder: Path, logs: Mapping[str, _Seen]) -> None:
    """On the disk before anything is handed out."""
    stated = WitnessedFile(format=WITNESSED_FORMAT, logs=dict(sorted(logs.items())))
    with telling(folder / WITNESSED_FILE):
        replace_private(
            folder / WITNESSED_FILE, (json.dumps(stated.model_dump(mode="json"), indent=1) + "\n").encode()
        )
        sync_folder(folder)


def _keep_evidence(note: str, *, folder: Path, log: str) -> str:
    """The log's signature under a history that was refused: with what the witness remembers, proof that the log showed two."""
    digest = hashlib.sha256(note.encode()).hexdigest()[:12]
    path = folder / EVIDENCE.format(log=as_file_name(log), digest=digest)
    write_whole(path, note)
    return path.name
