"""How proposals stand, and what of the policy needs a review by a day: for people and, as JSON, for programs."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from ethics.lifecycle import State
from ethics.proposals import NOTICE, Proposal
from policies.document import Policy
from policies.wording import day_in_words
from service import clock
from service.board.proposal_folder import constitution_in, folder_of, names, policy_in
from service.evidence import Vouched, on_record
from service.shared import read_project, read_root

STATUS_FORMAT: Final = "linkage-proposals/v1"
DUE_FORMAT: Final = "linkage-reviews-due/v1"
BY_ITSELF: Final = "calendar"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that ends or needs a review on a day."""

    what: str
    name: str
    on: date


def status(name: str | None, *, shared: Path, root: Path | None, as_json: bool, at: str | None = None) -> str:
    """How a proposal stands, or all of them.

    Raises:
        BadInput: there is none of that name.
        BadAct, BadSignature, NotTrusted: a note in a proposal's folder does not hold; nothing of it counts.
    """
    now = clock.named(at)
    project = read_project(shared, root=None if root is None else read_root(root))
    constitution = constitution_in(shared)
    chosen = names(shared) if name is None else [name]
    found = {
        one: folder_of(shared, one).stands(project=project, constitution=constitution, now=now)
        for one in chosen
    }
    if as_json:
        rows = [{"name": one, **as_plain(proposal)} for one, proposal in found.items()]
        return json.dumps({"format": STATUS_FORMAT, "proposals": rows}, indent=1, ensure_ascii=False)
    lines = [line for one, proposal in found.items() for line in (*in_words(one, proposal), "")]
    return "\n".join(lines[:-1]) if lines else "There is no proposal."


def as_plain(proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON has it."""
    approval = proposal.approval
    return {
        "policy": proposal.policy.policy,
        "version": proposal.policy.version,
        "digest": proposal.policy.digest,
        "state": proposal.state.value,
        "proposer": proposal.proposer,
        "acts": [
            {
                "act": one.step.value,
                "by": one.by,
                "at": one.at.isoformat(),
                "digest": one.digest,
                **one.details,
            }
            for one in proposal.acts
        ],
        "votes": None
        if approval is None
        else {
            "recommended": approval.recommended,
            "present": approval.present,
            "approve": approval.approve,
            "send_back": approval.send_back,
            "refuse": approval.refuse,
            "conflicted": approval.conflicted,
            "record": [{"member": who, "because": why} for who, why in approval.record],
            "missing": approval.missing,
        },
        "adoptions": {who: sorted(clauses) for who, clauses in sorted(proposal.adoptions.items())},
        "in_force": sorted(proposal.in_force),
        "suspended": sorted(proposal.suspended),
        "review": None if proposal.review is None else proposal.review.isoformat(),
        "expires": proposal.expires.isoformat(),
        "next": [row.step.value for row in proposal.next],
        "missing": proposal.missing,
        "waiting": proposal.waiting,
    }


def in_words(name: str, proposal: Proposal) -> list[str]:
    """A proposal in lines."""
    lines = [f"{name}: {proposal.state}", f"- {proposal.proposer} proposed it."]
    if (votes := proposal.approval) is not None:
        lines.append(
            f"- {len(votes.approve)} approve, {len(votes.send_back)} send back, {len(votes.refuse)} refuse, "
            f"{len(votes.conflicted)} declared a conflict and do not count."
        )
        lines += [f"- {who} said: {why}" for who, why in votes.record]
    lines += [
        f"- {who} adopted {', '.join(sorted(c)) or 'no clause'}."
        for who, c in sorted(proposal.adoptions.items())
    ]
    if proposal.in_force:
        lines.append(f"- In force: {', '.join(sorted(proposal.in_force))}.")
    if proposal.suspended:
        lines.append(f"- Suspended by the chair: {', '.join(sorted(proposal.suspended))}.")
    if proposal.review is not None and proposal.state is not State.EXPIRED:
        lines.append(
            f"- First review by {day_in_words(proposal.review)}; it ends on {day_in_words(proposal.expires)}."
        )
    lines += [f"- Missing: {one}." for one in proposal.missing]
    if proposal.waiting:
        lines.append(f"- Still to answer: {', '.join(proposal.waiting)}.")
    can = [
        f"{row.step}, by the {' or the '.join(row.who)}" for row in proposal.next if BY_ITSELF not in row.who
    ]
    return [*lines, f"- What can come next: {'; '.join(can)}."] if can else lines


def due(shared: Path, *, by: date | None, root: Path | None, as_json: bool, at: str | None = None) -> str:
    """What needs a review, or ends, up to and on a day; within a review's notice, if no day is named. The soonest come first, and what is over too.

    Raises:
        BadInput: there is no policy.
        BadSignature, NotTrusted, NotApproved: something on record is not signed as it must be.
    """
    now = clock.named(at)
    project = read_project(shared, root=None if root is None else read_root(root))
    facts = on_record(Vouched.read(shared), trust=project.trust, now=now)
    last = by or now.date() + NOTICE
    policy = policy_in(shared)
    rows = [] if policy is None else list(_of_policy(policy, dpia=facts.dpia))
    rows += [
        Due("the term of a board member ends", one.id, one.until - timedelta(days=1))
        for one in constitution_in(shared).serving(now)
    ]
    listed = sorted((one for one in rows if one.on <= last), key=lambda one: (one.on, one.what, one.name))
    if as_json:
        plain = [{"what": one.what, "name": one.name, "on": one.on.isoformat()} for one in listed]
        return json.dumps({"format": DUE_FORMAT, "until": last.isoformat(), "due": plain}, indent=1)
    lines = [f"{one.on}: {one.what}: {one.name}" for one in listed]
    return "\n".join(lines) or f"Nothing needs a review up to and on {last}."


def _of_policy(policy: Policy, *, dpia: Any) -> list[Due]:
    rows = [
        Due("the review of a clause", one.id, one.review) for one in policy.clauses if one.review is not None
    ]
    rows += [
        Due("the data protection assessment of a clause lapses", one.id, dpia[one.id])
        for one in policy.clauses
        if one.id in dpia
    ]
    return [*rows, Due("the policy ends", f"{policy.policy} version {policy.version}", policy.expires)]
