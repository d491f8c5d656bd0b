"""The acts on a proposal in the project's shared folder, one function for each command.

Every command that acts signs one note, judges the whole proposal with that note in it, and writes it only if it counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ethics.acts import LEAVES, NOTHING, counted_digest, read_act, sign_act
from ethics.approvals import refuses
from ethics.ballots import PolicyRef
from ethics.case import read_case
from ethics.lifecycle import LIVING, State, Step, roles_for
from ethics.proposals import Proposal
from keys import Identity
from keys.passphrase import Unlock
from linkage.errors import BadInput
from policies.document import Policy
from policies.load import load_policy
from service import clock
from service.board.proposal_folder import (
    CASE_FILE,
    Folder,
    constitution_in,
    digest_of,
    folder_of,
    note_file,
    policy_in,
    shown_digests,
)
from service.dossier import POLICY_FILE, PROPOSALS
from service.errors import OutOfOrder
from service.memory import read_remembered
from service.shared import Project, read_project, read_root
from service.texts import read_text
from service.trust.listed import listed
from service.writing import write_whole


@dataclass(frozen=True, slots=True)
class Hand:
    """Whoever acts: the shared folder, their identity file, and how it opens."""

    shared: Path
    identity: Path
    unlock: Unlock


def signer(hand: Hand, *, step: Step, now: datetime) -> tuple[Identity, Project]:
    """Whose identity file it is, if the trust register has it with a role for that step, and the project.

    Raises:
        NotTrusted: it has not.
        RolledBack: register or clock are older than what this identity has seen.
    """
    one = Identity.load(hand.identity, unlock=hand.unlock)
    project = read_remembered(hand.shared, folder=hand.identity.parent, now=now)
    roles = roles_for(step)
    held = [r for r in roles if any(e.identity.name == one.name for e in project.trust.holders(r, at=now))]
    return listed(one, role=(held or list(roles))[0], trust=project.trust, at=now), project


def act(
    step: Step, *, name: str | None, hand: Hand, details: Mapping[str, str], now: datetime
) -> tuple[str, Proposal]:
    """The act is signed and lies in the proposal's folder; what it is called in one line, and the proposal as it stands now.

    Raises:
        BadAct: it would not count; nothing is written.
        NotTrusted: the identity holds no role for it.
    """
    by, project = signer(hand, step=step, now=now)
    folder = folder_of(hand.shared, name)
    constitution = constitution_in(hand.shared)
    before = folder.stands(project=project, constitution=constitution, now=now)
    note = sign_act(
        step,
        policy=folder.ref,
        project=project.trust.project,
        after=_place(before, step),
        by=by,
        at=now,
        details=details,
    )
    after = folder.stands(project=project, constitution=constitution, now=now, more=[note])
    if len(after.acts) == len(before.acts) or (before.state is State.RECOMMENDED and step is Step.DRY_RUN):
        raise OutOfOrder(f"{step} changes nothing: {'; '.join(after.missing) or 'it was done before'}")
    write_whole(folder.path / note_file(step, by=by.name, note=note), note)
    return f"{by.name}: {step} {folder.path.name}", after


def _place(proposal: Proposal, step: Step) -> str:
    """The digest of the act that this one follows."""
    sent = proposal.act(Step.CIRCULATE)
    if step in LEAVES:
        if sent is None:
            raise OutOfOrder("the papers have not gone out yet: linkage board circulate")
        return sent.digest
    return proposal.last.digest


def propose(draft: Path, *, case: Path, hand: Hand) -> str:
    """The draft is in a folder of its own under `proposals/`, with the case for it and a signed proposal.

    Raises:
        BadInput: this version was proposed before, or does not follow the one that is here.
        PolicyError, BadDocument: the draft or the case is not what it should be.
        NotTrusted: the identity holds no role for it.
    """
    now = clock.now()
    text, why = read_text(draft), read_text(case)
    policy = load_policy(text, name=draft.name)
    read_case(case)
    path = hand.shared / PROPOSALS / f"{policy.policy}-{policy.version}"
    if path.exists():
        raise BadInput(
            f"{path.name} was proposed before: give the draft a new version number, also if it was sent back or withdrawn"
        )
    _check_follows(policy, shared=hand.shared)
    by, project = signer(hand, step=Step.PROPOSE, now=now)
    note = sign_act(
        Step.PROPOSE,
        policy=PolicyRef(policy.policy, policy.version, policy.digest),
        project=project.trust.project,
        after=NOTHING,
        by=by,
        at=now,
        details={"case": digest_of(why)},
    )
    constitution = constitution_in(hand.shared)
    Folder(path, policy, (note,), ()).stands(project=project, constitution=constitution, now=now)
    write_whole(path / CASE_FILE, why)
    write_whole(path / note_file(Step.PROPOSE, by=by.name, note=note), note)
    # Last, because the folder counts as a proposal once its policy is there.
    write_whole(path / POLICY_FILE, text)
    return f"{by.name} proposes version {policy.version} of {policy.policy}: {PROPOSALS}/{path.name}"


def _check_follows(draft: Policy, *, shared: Path) -> None:
    now = policy_in(shared)
    if now is None or now.digest == draft.digest:
        return
    if draft.previous != now.digest or draft.version <= now.version:
        raise BadInput(
            f"the draft is version {draft.version} and does not follow version {now.version}, which is here now: "
            f"give it a higher version and the line previous: {now.digest}"
        )


def declare(name: str | None, *, hand: Hand, conflicted: bool, because: str) -> str:
    """The member has said whether there is a conflict of interest.

    Raises:
        BadAct: it would not count.
        BadInput: the pack or the preview in the folder is not what was circulated.
    """
    shown = _checked_shown(hand.shared, name)
    details = shown | {"conflict": "yes" if conflicted else "no", "because": because}
    said, _ = act(Step.DECLARE, name=name, hand=hand, details=details, now=clock.now())
    return (
        f"{said}: {'a conflict of interest, so you do not vote' if conflicted else 'no conflict of interest'}"
    )


def vote_on(name: str | None, *, hand: Hand, verdict: str, because: str) -> str:
    """The member has voted on a proposal.

    Raises:
        BadAct: it would not count.
        BadInput: the pack or the preview in the folder is not what was circulated.
    """
    details = _checked_shown(hand.shared, name) | {"vote": verdict, "because": because}
    said, after = act(Step.VOTE, name=name, hand=hand, details=details, now=clock.now())
    return "\n".join([f"{said}: {verdict}", *after.missing])


def _checked_shown(shared: Path, name: str | None) -> dict[str, str]:
    """The digests of what lies in the folder for members to read: what they sign names what they could read."""
    return shown_digests(folder_of(shared, name).path)


def close(name: str | None, *, hand: Hand) -> str:
    """The vote is closed, and the proposal recommended, refused or sent back: what the votes amount to decides, not whoever closes.

    Raises:
        BadAct: the vote is still open, or whoever closes proposed this.
    """
    now = clock.now()
    folder = folder_of(hand.shared, name)
    project = read_project(hand.shared)
    before = folder.stands(project=project, constitution=constitution_in(hand.shared), now=now)
    if before.approval is None or before.state is not State.CIRCULATED:
        raise OutOfOrder(f"there is no open vote: the proposal is {before.state}")
    approval = before.approval
    lost = refuses(approval, constitution=constitution_in(hand.shared))
    step = Step.RECOMMEND if approval.recommended else Step.REFUSE if lost else Step.SEND_BACK
    details = {"counted": counted_digest(before.acts)}
    said, after = act(step, name=folder.path.name, hand=hand, details=details, now=now)
    why = [] if approval.recommended else list(approval.missing)
    record = [f"{who}: {reason}" for who, reason in approval.record]
    return "\n".join([f"{said}: the proposal is {after.state}", *why, *record])


def dry_run(name: str | None, *, hand: Hand, until: date) -> str:
    """The proposal is on a dry run up to and on that day.

    Raises:
        BadAct, OutOfOrder: it cannot begin yet, or is too short.
    """
    details = {"until": until.isoformat()}
    said, _ = act(Step.DRY_RUN, name=name, hand=hand, details=details, now=clock.now())
    return f"{said}: up to and on {until}"


def put_in_force(name: str | None, *, hand: Hand) -> str:
    """The proposal is in force, and its text is the policy of the shared folder. An act that a broken-off run has signed is not signed again.

    Raises:
        BadAct: it cannot be yet.
        BadInput: another version came into force since it was proposed.
    """
    now, folder = clock.now(), folder_of(hand.shared, name)
    _check_follows(folder.policy, shared=hand.shared)
    before = folder.stands(
        project=read_project(hand.shared), constitution=constitution_in(hand.shared), now=now
    )
    text, target = read_text(folder.path / POLICY_FILE), hand.shared / POLICY_FILE
    in_place = target.is_file() and read_text(target) == text
    said, after = f"{folder.path.name} was signed before", before
    if in_place or before.state not in LIVING:
        said, after = act(Step.PUT_IN_FORCE, name=folder.path.name, hand=hand, details={}, now=now)
    write_whole(target, text)
    return f"{said}: {len(after.in_force)} clauses are in force, each for the partners that adopted it"


def suspend(name: str | None, *, hand: Hand, clauses: str, because: str) -> str:
    """The chair has suspended these clauses (`all`, or ids with commas between): they permit nothing more. Only a new version brings them back.

    Raises:
        BadAct: it would not count.
    """
    every = [one.id for one in folder_of(hand.shared, name).policy.clauses]
    chosen = every if clauses == "all" else [one.strip() for one in clauses.split(",")]
    details = {"clauses": ",".join(sorted(set(chosen))), "because": because}
    said, after = act(Step.SUSPEND, name=name, hand=hand, details=details, now=clock.now())
    return f"{said}: {', '.join(sorted(after.suspended))} permit nothing any more"


def withdraw(name: str | None, *, hand: Hand, because: str) -> str:
    """Whoever proposed it has withdrawn the proposal.

    Raises:
        BadAct: somebody else proposed it, or it is in force already.
    """
    said, _ = act(Step.WITHDRAW, name=name, hand=hand, details={"because": because}, now=clock.now())
    return said


def take_in(notes: Sequence[Path], *, name: str | None, shared: Path, root: Path | None) -> str:
    """Signed acts that came by mail lie in the proposal's folder; each was judged together with all before it.

    Raises:
        BadAct, BadSignature, NotTrusted: one does not count; those before it were taken in.
    """
    lines, now = [], clock.now()
    project = read_project(shared, root=None if root is None else read_root(root))
    for path in notes:
        folder = folder_of(shared, name)
        note = read_text(path)
        one = read_act(note, trust=project.trust)
        folder.stands(project=project, constitution=constitution_in(shared), now=now, more=[note])
        target = folder.path / note_file(one.step, by=one.by, note=note)
        known = target.exists()
        if not known:
            write_whole(target, note)
        lines.append(
            f"{path.name}: {one.step} by {one.by} {'was here before' if known else f'is in {target.name}'}"
        )
    return "\n".join(lines)
