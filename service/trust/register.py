"""The commands around the trust register, one function each: the root, a draft of the next version, signatures, publication, who holds what.

Drafting needs no key. Each holder of the root signs on the own machine, after reading what changes and comparing the words with the others;
whoever keeps the shared folder publishes what a quorum signed.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from keys import Identity, Root, TrustRegister
from keys.notes import add_signature, sign_note, split_note, verify_note
from keys.passphrase import Unlock
from keys.trust import TRUST_FORMAT, parse_register, read_register, register_text
from keys.words import in_words
from linkage.drafts import alone
from linkage.errors import BadInput
from service.errors import OutOfOrder, RolledBack
from service.memory import TRUST_SIGNED, Shown, relearn, remember, shown_register
from service.shared import TRUST_FILE, read_identity, read_project_file, read_root, write_root
from service.texts import read_text
from service.trust.draft import ROLES, Changes, amended, differences, to_mind, when, words
from service.writing import check_new, write_whole

OLD_VERSIONS: Final = "trust"
CLOCKS_APART: Final = timedelta(minutes=5)
Confirm = Callable[[str], bool]


def new_root(public: Sequence[Path], *, quorum: int, out: Path) -> str:
    """The root in a new file, and the words by which everybody can check that they got this one.

    Raises:
        BadInput: a file is no public key, two are one holder's, the quorum cannot be met, or `out` exists.
    """
    check_new(out)
    try:
        root = Root(tuple(read_identity(path) for path in public), quorum)
    except ValueError as fault:
        raise BadInput(str(fault)) from fault
    write_root(out, root)
    told = [f"{out.name}: {len(root.keys)} keys, of which {quorum} must sign", *_root_told(root)]
    if 2 * quorum <= len(root.keys):
        told.append(
            "Mind: two groups without a common holder could sign two registers; a quorum of more than half prevents that."
        )
    if quorum == len(root.keys):
        told.append("Mind: if one key is lost, no new register can be issued.")
    return "\n".join(told)


def _root_told(root: Root) -> list[str]:
    keys = [f"  {one.name}: {words(one)}" for one in root.keys]
    return [*keys, f"the whole in words, to compare before you trust it: {in_words(root.digest)}"]


def draft(*, shared: Path, root: Path, out: Path, changes: Changes, now: datetime) -> str:
    """The text of the next version in a new file, and what it changes in sentences.

    Raises:
        BadInput: nothing would change, a change is impossible, or `out` exists.
        BadSignature, NotTrusted: the present version does not hold.
    """
    check_new(out)
    top = read_root(root)
    before = _current(shared, root=top)
    entries = amended(() if before is None else before.entries, changes=changes, root=top, now=now)
    text = register_text(
        entries,
        project=read_project_file(shared).project,
        version=1 if before is None else before.version + 1,
        issued_at=now,
        previous=None if before is None else before.digest,
    )
    after = parse_register(text)
    if before is not None and before.entries == after.entries:
        raise BadInput("nothing would change: say what with --add, --end, --replace or --remove")
    write_whole(out, text)
    return "\n".join([*_told(before, after), f"next: {top.quorum} holders of the root sign {out.name}"])


def sign(
    draft: Path,
    *,
    shared: Path,
    root: Path,
    identity: Path,
    unlock: Unlock,
    now: datetime,
    say: Callable[[str], None],
    confirm: Confirm,
    given_up: bool = False,
) -> str:
    """One more signature under the draft, by a holder who was shown what it changes and confirmed it.

    A holder signs one text of each version, so that no two registers of one version can both reach a quorum of more than half. `given_up` says
    that the other text, signed before, will not be published.

    Raises:
        OutOfOrder: it is not the next version of the register in the shared folder, or was not confirmed.
        RolledBack: the register in the shared folder, or the clock, is older than this holder has seen, or another text of this version was signed.
        BadInput: the identity is none of the root's.
    """
    top = read_root(root)
    before = _current(shared, root=top)
    seen = {} if before is None else shown_register(before)
    memory = remember(identity.parent, seen, now=now, root=top.digest.hex())
    note = read_text(draft)
    text, signed = _signed_by(note, root=top)
    after = parse_register(text)
    _check_next(after, before=before, project=read_project_file(shared).project, now=now)
    by = Identity.load(identity, unlock=unlock)
    if by.public not in top.keys:
        raise BadInput(f"{by.name} is none of the root's keys: a register is signed by {_names(top)}")
    if not given_up:
        _check_signed_no_other(after, signed=memory.documents.get(TRUST_SIGNED))
    say("\n".join(_told(before, after)))
    if not confirm(f"Do the other holders read the same words, and does {by.name} sign this?"):
        raise OutOfOrder("not signed: nothing was changed")
    mine = {TRUST_SIGNED: Shown(after.version, after.digest)}
    remember(identity.parent, mine, now=now, instead=frozenset(mine if given_up else ()))
    write_whole(draft, add_signature(note, by=by) if signed is not None else sign_note(text, by=by))
    count = len((signed or frozenset()) | {by.name})
    return f"{by.name} has signed {draft.name}: {count} of the {top.quorum} signatures that it needs"


def publish(draft: Path, *, shared: Path, root: Path, now: datetime) -> str:
    """The draft is the register in the shared folder; the one before it is kept as `trust/<version>.note`.

    Raises:
        BadSignature: too few holders of the root signed it.
        OutOfOrder: it is not the next version.
    """
    top = read_root(root)
    note = read_text(draft)
    after = read_register(note, root=top)
    target = shared / TRUST_FILE
    with alone(target):
        before = _current(shared, root=top)
        _check_next(after, before=before, project=read_project_file(shared).project, now=now)
        if before is not None:
            kept = shared / OLD_VERSIONS / f"{before.version}.note"
            write_whole(kept, read_text(target))
        write_whole(target, note)
    return (
        f"trust register version {after.version} is in {TRUST_FILE}: {len(after.entries)} entries; in words: {_digest_words(after)}\n"
        "log it as trust-register-issued, and send it to every party"
    )


def show(*, shared: Path, root: Path, at: datetime, as_json: bool) -> str:
    """Who holds which role at that time, by the register in the shared folder.

    Raises:
        BadInput: there is no register.
        BadSignature: it does not hold.
    """
    top = read_root(root)
    register = _current(shared, root=top)
    if register is None:
        raise BadInput(f"{shared.name}/ has no {TRUST_FILE}: draft the first version and have it signed")
    signers = sorted(top.verify(read_text(shared / TRUST_FILE), kind=TRUST_FORMAT).signers)
    if as_json:
        return json.dumps(_shown(register, signers=signers, at=at), indent=1)
    told = [_head(register), f"signed by {', '.join(signers)}; {top.quorum} of {_names(top)} must sign"]
    for role in sorted({*ROLES, *(r for e in register.entries for r in e.roles)}):
        holders = [_holding(e) for e in register.holders(role, at=at)]
        told.append(f"{role}: {'; '.join(holders) or 'nobody'}")
    return "\n".join([*told, *to_mind(register, at=at)])


def accept_again(*, identity: Path, root: Path | None, clock: bool, now: datetime, confirm: Confirm) -> str:
    """What this identity remembers of the root, or of the latest time, is replaced; which documents it has seen stays.

    Raises:
        BadInput: neither is asked for, or nothing is remembered.
        OutOfOrder: it was not confirmed.
    """
    top = None if root is None else read_root(root)
    asked = [f"{root.name} is the root that you trust from now on" for _ in [0] if root is not None]
    asked += [f"it is {when(now)} now" for _ in [0] if clock]
    if not asked:
        raise BadInput("name what is new: --root with the new root, or --clock")
    if not confirm("\n".join([*(_root_told(top) if top else ()), f"Is it true that {' and '.join(asked)}?"])):
        raise OutOfOrder("not confirmed: nothing was changed")
    relearn(identity.parent, root=None if top is None else top.digest.hex(), latest=now if clock else None)
    return f"remembered: {' and '.join(asked)}"


def _current(shared: Path, *, root: Root) -> TrustRegister | None:
    """The register in the shared folder; None before the first."""
    path = shared / TRUST_FILE
    if not path.exists():
        return None
    register = read_register(read_text(path), root=root)
    if (project := read_project_file(shared).project) != register.project:
        raise BadInput(
            f"the register in {shared.name}/ is of project {register.project}, not of {project}: ask for the right folder"
        )
    return register


def _signed_by(note: str, *, root: Root) -> tuple[str, frozenset[str] | None]:
    """The text of a draft, and which keys of the root signed it; None where it carries no signature yet."""
    if "\n\n" not in note:
        return note, None
    return split_note(note)[0], verify_note(note, known=root.keys, kind=TRUST_FORMAT).signers


def _check_next(after: TrustRegister, *, before: TrustRegister | None, project: str, now: datetime) -> None:
    """The version is one higher and follows this one by digest; its time lies between the two and now."""
    version, digest, least = (
        (0, None, None) if before is None else (before.version, before.digest, before.issued_at)
    )
    if after.project != project:
        raise OutOfOrder(f"this draft is for project {after.project}; here is {project}")
    if after.version != version + 1:
        raise OutOfOrder(
            f"this draft is version {after.version}, and the next is {version + 1}: draft it again"
        )
    if after.previous != digest:
        raise OutOfOrder(f"this draft follows another version {version} than the one here: draft it again")
    issued = after.issued_at
    if issued is None or issued > now + CLOCKS_APART or (least is not None and issued < least):
        raise OutOfOrder(
            "this draft is dated before the version it follows, or after now: check the clocks and draft it again"
        )


def _check_signed_no_other(after: TrustRegister, *, signed: Shown | None) -> None:
    """`signed` is what this holder signed last."""
    if signed is None or (after.version, after.digest) == (signed.version, signed.digest):
        return
    if after.version <= signed.version:
        raise RolledBack(
            f"you have signed another version {signed.version} before: if it was published, the register in the shared folder is an old one, so "
            "fetch the newest; if it was given up, say so with --given-up"
        )


def _told(before: TrustRegister | None, after: TrustRegister) -> list[str]:
    at = after.issued_at
    return [
        _head(after),
        *(f"- {one}" for one in differences(before, after)),
        *(to_mind(after, at=at) if at is not None else ()),
    ]


def _head(register: TrustRegister) -> str:
    issued = "" if register.issued_at is None else f" of {when(register.issued_at)}"
    return (
        f"trust register of {register.project}, version {register.version}{issued}, {len(register.entries)} entries; "
        f"in words: {_digest_words(register)}"
    )


def _digest_words(register: TrustRegister) -> str:
    return in_words(bytes.fromhex(register.digest))


def _names(root: Root) -> str:
    return ", ".join(one.name for one in root.keys)


def _holding(entry: Any) -> str:
    until = "" if entry.until is None else f", until {when(entry.until)}"
    return f"{entry.identity.name} of {entry.organisation}{until}"


def _shown(register: TrustRegister, *, signers: Sequence[str], at: datetime) -> dict[str, Any]:
    return {
        "project": register.project,
        "version": register.version,
        "digest": register.digest,
        "words": _digest_words(register),
        "issued_at": None if register.issued_at is None else register.issued_at.isoformat(),
        "signed_by": list(signers),
        "at": at.isoformat(),
        "entries": [
            {
                "name": e.identity.name,
                "organisation": e.organisation,
                "roles": sorted(e.roles),
                "since": e.since.isoformat(),
                "until": None if e.until is None else e.until.isoformat(),
                "holds": any(e.holds(role, at=at) for role in e.roles),
                "fingerprint": e.identity.fingerprint,
            }
            for e in register.entries
        ],
    }
