"""The commands of board members and controllers: a vote or an adoption as a signed note, for the project's shared folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics.adoptions import adopt, read_adoption
from ethics.approvals import cast_vote, read_vote
from ethics.ballots import PolicyRef, Vote
from ethics.board import Constitution
from ethics.documents import read_document
from keys import Identity
from keys.passphrase import Unlock
from linkage.errors import BadInput
from policies.document import Policy
from policies.load import load_policy
from service import clock
from service.board.documents import check_tests
from service.board.proposal_folder import folder_of
from service.board.proposals import Hand, vote_on
from service.dossier import POLICY_FILE, verified_in
from service.errors import NotApproved
from service.evidence import VOUCHED
from service.memory import read_remembered
from service.shared import Project, read_root
from service.texts import read_text
from service.trust.listed import listed
from service.writing import check_new, write_whole

APPROVING: Final = frozenset({Vote.APPROVE.value, Vote.APPROVE_WITH_CONDITIONS.value})


@dataclass(frozen=True, slots=True)
class Said:
    """What a member says: one of the four votes, whether there is a conflict of interest, and why."""

    verdict: str
    conflicted: bool
    because: str


def vote(
    *, shared: Path, identity: Path, unlock: Unlock, said: Said, proposal: str | None, out: Path | None
) -> str:
    """The member's vote, signed: on a proposal in its folder; without one, on the policy in the shared folder, in `out`. It was read back as the
    tally will read it: one vote that cannot be counted stops the count of all.

    Raises:
        BadInput: there is no such verdict or proposal, `out` exists, or it is named for a proposal or missing without one.
        NotTrusted: the identity is no board member's.
        PolicyError: an approval of a document whose own tests fail.
        BadVote, BadAct: the member may not vote now, or gives no reason where one is needed.
    """
    if said.verdict not in {v.value for v in Vote}:
        raise BadInput(f"--vote takes one of {', '.join(v.value for v in Vote)}")
    if (proposal is None) == (out is None):
        raise BadInput("name either a --proposal to vote on, or where the vote on the policy goes with --out")
    if out is None:
        if said.conflicted:
            raise BadInput(
                "a conflict of interest is declared with linkage board declare, and there is no vote then"
            )
        hand = Hand(shared, identity, unlock)
        return vote_on(proposal, hand=hand, verdict=said.verdict, because=said.because)
    check_new(out)
    now = clock.now()
    member, project = _signer(identity, role="board-member", shared=shared, unlock=unlock, now=now)
    policy = _policy_in(shared)
    if said.verdict in APPROVING:
        check_tests(policy, shared=shared)
    ref = _ref(policy)
    note = cast_vote(
        ref, vote=Vote(said.verdict), conflicted=said.conflicted, because=said.because, by=member, at=now
    )
    constitution = read_document(shared / VOUCHED["constitution"], model=Constitution)
    read_vote(note, constitution=constitution, trust=project.trust)
    write_whole(out, note)
    return f"{member.name} votes {said.verdict} on {ref.policy} version {ref.version}: {out.name}"


def adopt_clauses(
    *,
    shared: Path,
    identity: Path,
    unlock: Unlock,
    clauses: str,
    out: Path,
    proposal: str | None = None,
) -> str:
    """The controller's adoption of these clauses (`all`, `none`, or ids with commas between) for its own data, signed, in `out`: of a proposal,
    or without one of the policy in the shared folder.

    Raises:
        BadInput: the policy has no such clause, or `out` exists.
        NotTrusted: the identity is no controller's.
        PolicyError: a test inside the policy fails.
    """
    check_new(out)
    now = clock.now()
    controller, project = _signer(identity, role="controller-approver", shared=shared, unlock=unlock, now=now)
    policy = _policy_in(shared) if proposal is None else folder_of(shared, proposal).policy
    offered = [c.id for c in policy.clauses]
    named = [one.strip() for one in clauses.split(",")]
    chosen = {"all": offered, "none": []}.get(clauses, named)
    if unknown := sorted(set(chosen) - set(offered)):
        raise BadInput(f"{POLICY_FILE} has no clause {unknown[0]!r}; it has {', '.join(offered)}")
    if chosen:
        check_tests(policy, shared=shared)
    partner, ref = project.trust.find(controller.name).organisation, _ref(policy)
    note = adopt(ref, clauses=chosen, partner=partner, by=controller, at=now)
    read_adoption(note, trust=project.trust)
    write_whole(out, note)
    return (
        f"{partner} adopts {', '.join(chosen) or 'no clause'} of {ref.policy} version {ref.version}: {out.name}"
    )


def board_tally(shared: Path, *, root: Path, at: str | None = None) -> str:
    """The state of the vote on the policy in the shared folder.

    Raises:
        NotApproved: the quorum has not recommended it; the message says what is missing.
    """
    found = verified_in(shared, root=read_root(root), now=clock.named(at))
    status = found.approval
    head = f"{POLICY_FILE}: {len(status.approve)} approve, {len(status.send_back)} send back, {len(status.refuse)} refuse, {len(status.conflicted)} conflicted"
    adopted = [f"adopted by {p}: {', '.join(sorted(c))}" for p, c in sorted(found.facts.adoptions.items())]
    if not status.recommended:
        raise NotApproved("\n".join([head, *status.missing]))
    return "\n".join([head, "recommended by the board's quorum", *adopted])


def _signer(
    identity: Path, *, role: str, shared: Path, unlock: Unlock, now: datetime
) -> tuple[Identity, Project]:
    """Whose identity file it is, if the trust register has it with this role, and the project."""
    one = Identity.load(identity, unlock=unlock)
    project = read_remembered(shared, folder=identity.parent, now=now)
    return listed(one, role=role, trust=project.trust, at=now), project


def _policy_in(shared: Path) -> Policy:
    return load_policy(read_text(shared / POLICY_FILE))


def _ref(policy: Policy) -> PolicyRef:
    return PolicyRef(policy.policy, policy.version, policy.digest)
