"""The commands of auditors and the public. Whose signatures count is read from the trust register; besides the files they need the root alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ethics.audit import AuditLog
from ethics.checkpoints import TreeHead, stated_head
from ethics.errors import BadProof, NotVerified
from ethics.events import Event
from ethics.log_policy import LogPolicy, read_log_policy
from ethics.merkle import verify_consistency
from ethics.proofs import Proven, verify_proof
from ethics.published import Published
from ethics.roles import AUDIT_LOG, log_keys
from ethics.verify import VerifiedLog, verify_directory
from ethics.witness import Cosignature
from keys import Identity, PublicIdentity, Root, TrustRegister
from keys.notes import split_note
from keys.statements import text_digest
from keys.trust import read_register
from linkage.errors import BadInput
from service.memory import TOLERANCE
from service.shared import TRUST_FILE, read_root
from service.texts import read_text
from service.writing import write_whole

LOG_POLICY_FILE: Final = "log-policy.note"
OLD_REGISTERS: Final = "trust"
POLICY_AGREED: Final = "log-policy-agreed"
MOST_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A published log that holds: what was verified, with which register, and by which rule its witnesses were counted."""

    log: str
    found: VerifiedLog
    trust: TrustRegister
    rule: str

    @property
    def says(self) -> str:
        """In three lines."""
        return (
            f"audit: {self.found.head.size} events, checkpoint verifies, {len(self.found.cosignatures)} witnesses\n"
            f"keys: {named_register(self.trust)}; compare it with the newest that others have\n"
            f"rule: {self.rule}" + "".join(f"\nmind: {one}" for one in self.to_mind)
        )

    @property
    def to_mind(self) -> tuple[str, ...]:
        """What a clock that was wrong, or set, leaves behind. It is no proof that anything was altered, and worth a question.

        A cosignature's time bounds when the entries under it existed, if the witness is honest.
        """
        events = self.found.events
        back = [n for n, (one, after) in enumerate(pairwise(events), 1) if after.at < one.at - TOLERANCE]
        told = [f"the clock of the log went back before entry {number}" for number in back[:MOST_TOLD]]
        last = min((one.at for one in self.found.cosignatures), default=None)
        ahead = [n for n, one in enumerate(events) if last is not None and one.at > last + TOLERANCE]
        if ahead and last is not None:
            told.append(f"entry {ahead[0]} is dated after a witness saw it, on {last:%Y-%m-%d at %H:%M} UTC")
        return tuple(told)

    def as_json(self) -> dict[str, Any]:
        """For other programs."""
        return {
            "log": self.log,
            "size": self.found.head.size,
            "root": self.found.head.root.hex(),
            "cosigned": cosigned_json(self.found.cosignatures),
            "rule": self.rule,
            "mind": list(self.to_mind),
            "register": self.trust.version,
        }


def cosigned_json(found: Sequence[Cosignature]) -> list[dict[str, str]]:
    """Who has cosigned and when, for other programs."""
    return [{"witness": one.witness, "at": one.at.isoformat()} for one in found]


def publish_register(shared: Path, *, out: Path) -> None:
    """The trust register lies beside the published log, for whoever checks it; and the log's policy, where one was agreed."""
    write_whole(out / TRUST_FILE, read_text(shared / TRUST_FILE))
    if (shared / LOG_POLICY_FILE).is_file():
        write_whole(out / LOG_POLICY_FILE, read_text(shared / LOG_POLICY_FILE))


def sign_log(log: AuditLog, *, by: Identity, shared: Path, root: Root, now: datetime) -> str:
    """A checkpoint of all that is in the log; also where its key was replaced since the last one.

    Raises:
        NotVerified: the log does not continue what it signed before.
        BadSignature: a former version of the register is not signed by a quorum of the root.
    """
    return log.checkpoint(by=by, now=now, formerly=_former_keys(by, shared=shared, root=root))


def _former_keys(by: Identity, *, shared: Path, root: Root) -> list[PublicIdentity]:
    """What former versions of the register had as the keys of the log's name."""
    notes = sorted((shared / OLD_REGISTERS).glob("*.note"))
    entries = [e for note in notes for e in read_register(read_text(note), root=root).entries]
    keys = {
        e.identity.ed25519: e.identity for e in entries if e.identity.name == by.name and AUDIT_LOG in e.roles
    }
    return [key for key in keys.values() if key != by.public]


def check_log(
    directory: Path,
    *,
    root: Path,
    register: Path | None,
    policy: Path | None,
    quorum: int | None,
    at: datetime,
    since: Path | None = None,
) -> CheckedLog:
    """The log holds: signed by the log's key and cosigned by enough witnesses, as the trust register names them at that time.

    `register` and `policy` are the notes beside the log if not given. Enough is what the log's policy asks for; without one, more than half of the
    witnesses; and `quorum` in any case, if it is given. `since` is a checkpoint that whoever checks has kept: the log must continue it.

    Raises:
        BadInput: there is no register or no root.
        BadSignature: the register, or the policy, is not signed by a quorum of the root.
        NotTrusted: the register names no log, or several; or the policy names other keys.
        NotVerified: something in the log was changed, cut, added, or not signed; or the policy is not the one that the log says was agreed.
    """
    trust = register_beside(directory, register=register, root=root)
    keys = log_keys(trust, at=at)
    beside = directory.parent / LOG_POLICY_FILE if policy is None else policy
    agreed = None if policy is None and not beside.exists() else _policy(beside, root=root)
    least = quorum if quorum is not None else more_than_half(len(keys.witnesses)) if agreed is None else 0
    found = verify_directory(directory, log=keys.log, witnesses=keys.witnesses, quorum=least)
    _check_agreed(found.events, note=None if agreed is None else agreed[1])
    if since is not None:
        _check_continues(directory, since=stated_head(read_text(since), origin=keys.log.name), head=found.head)
    rule = f"at least {least} of {len(keys.witnesses)} witnesses"
    if agreed is not None:
        agreed[0].check_keys(keys)
        agreed[0].check_cosigned({one.witness for one in found.cosignatures})
        rule = f"the log's policy, {agreed[0].says}" + (f"; and {rule}" if least else "")
    return CheckedLog(keys.log.name, found, trust, rule)


def _policy(path: Path, *, root: Path) -> tuple[LogPolicy, str]:
    """The log's policy, and the digest by which the log calls it."""
    note = read_text(path)
    return read_log_policy(note, root=read_root(root)), text_digest(split_note(note)[0])


def _check_agreed(events: Sequence[Event], *, note: str | None) -> None:
    """Whoever keeps the log could leave its policy out, or put an old one back: the log itself says which one holds."""
    logged = [str(e.details["note_digest"]) for e in events if e.kind == POLICY_AGREED]
    if logged and logged[-1] != note:
        raise NotVerified(
            f"the log says that a policy for its witnesses was agreed, and {'there is none' if note is None else 'another is'} beside it: "
            f"ask for the {LOG_POLICY_FILE} that the log names"
        )


def _check_continues(directory: Path, *, since: TreeHead, head: TreeHead) -> None:
    """The tiles were verified against the entries before."""
    if since.size > head.size:
        raise NotVerified(
            f"the log has {head.size} entries, and the checkpoint that you kept has {since.size}: entries were taken away, or you were given an old "
            "copy; keep both"
        )
    proof = Published(directory).consistency(since.size, size=head.size)
    try:
        verify_consistency(since.size, size=head.size, proof=proof, old_root=since.root, root=head.root)
    except BadProof as fault:
        raise NotVerified(
            f"the log does not continue the checkpoint of {since.size} entries that you kept: its history was rewritten; keep both, and tell the board"
        ) from fault


def more_than_half(count: int) -> int:
    """How many make more than half; of none, none."""
    return count // 2 + 1 if count else 0


def check_entry(
    proof: Path, *, entry: Path, root: Path, register: Path | None, at: datetime, quorum: int = 0
) -> tuple[Proven, TrustRegister]:
    """The entry is in the log, under a checkpoint that at least `quorum` witnesses have cosigned. `register` is the note beside the proof if not given.

    Raises:
        BadInput, BadSignature, NotTrusted: as `check_log`.
        NotVerified: it is not, or the proof was altered.
    """
    trust = register_at(proof.parent / TRUST_FILE if register is None else register, root=root)
    keys = log_keys(trust, at=at)
    for path in (proof, entry):
        if not path.is_file():
            raise BadInput(f"no file {path.name}")
    text = proof.read_bytes().decode("utf-8", errors="replace")
    return verify_proof(text, entry.read_bytes(), log=keys.log, witnesses=keys.witnesses, quorum=quorum), trust


def says_proven(found: Proven, *, trust: TrustRegister) -> str:
    """What a proof has shown, in two lines."""
    said = f"entry {found.number} ({found.event.kind}) is in the log of {found.head.size} events"
    return f"{said}\nkeys: {named_register(trust)}"


def proven_json(found: Proven, *, trust: TrustRegister) -> dict[str, Any]:
    """What a proof has shown, for other programs."""
    return {
        "entry": found.number,
        "kind": found.event.kind,
        "size": found.head.size,
        "cosigned": cosigned_json(found.cosignatures),
        "register": trust.version,
    }


def register_beside(directory: Path, *, register: Path | None, root: Path) -> TrustRegister:
    """The trust register in a note, by default the one beside a published log, verified with the root.

    Raises:
        BadInput: there is none, or no root.
        BadSignature: it is not signed by a quorum of the root.
    """
    return register_at(directory.parent / TRUST_FILE if register is None else register, root=root)


def register_at(register: Path, *, root: Path) -> TrustRegister:
    """The trust register in a note, verified with the root."""
    if not register.is_file():
        raise BadInput(
            f"no {register.name} here: name the trust register with --keys, or the project's folder with --shared"
        )
    return read_register(read_text(register), root=read_root(root))


def named_register(trust: TrustRegister) -> str:
    """Which register it is, in words."""
    issued = "" if trust.issued_at is None else f" of {trust.issued_at:%Y-%m-%d}"
    return f"trust register of {trust.project}, version {trust.version}{issued}"
