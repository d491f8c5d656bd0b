"""Voting by mail: the papers as files for a member, signed on the member's own machine, without the project's folder.

The paper is the signed act by which the papers went out. It says in plain words what it is about, and names policy, preview and pack by
digest; the member's program verifies that, and that the files beside it are those very ones, before it signs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ethics.acts import SHOWN, Act, read_act, sign_act
from ethics.ballots import PolicyRef
from ethics.lifecycle import Step
from keys import Identity
from keys.passphrase import Unlock
from keys.trust import TrustRegister, read_register
from linkage.drafts import FolderDraft
from linkage.errors import BadInput
from policies.load import load_policy
from service import clock
from service.board.proposal_folder import (
    PACK_FILE,
    PREVIEW_FILE,
    SHOWN_FILES,
    folder_of,
    note_file,
    shown_digests,
)
from service.dossier import POLICY_FILE
from service.errors import OutOfOrder
from service.memory import remember, shown_register
from service.shared import TRUST_FILE, read_project, read_root
from service.texts import read_text
from service.trust.listed import listed
from service.writing import check_new

PAPER_FILE: Final = "paper.txt"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the member says: a conflict or none, a vote if there is none, and the reason."""

    conflicted: bool
    verdict: str | None
    because: str


def prepare(name: str | None, *, shared: Path, root: Path, out: Path) -> str:
    """A folder to send to a member: the paper, the pack, the preview, the policy and the trust register.

    Raises:
        OutOfOrder: the papers have not gone out.
        BadInput: there is a folder `out` already, or a file is not what was circulated.
    """
    check_new(out)
    folder, project = folder_of(shared, name), read_project(shared, root=read_root(root))
    sent = [one for one in folder.notes if read_act(one, trust=project.trust).step is Step.CIRCULATE]
    if not sent:
        raise OutOfOrder("the papers have not gone out yet: linkage board circulate")
    _check_files(folder.path, paper=read_act(sent[0], trust=project.trust))
    with FolderDraft(out) as draft:
        draft.put(PAPER_FILE, sent[0].encode())
        for source in (
            *(folder.path / file for file in (POLICY_FILE, PREVIEW_FILE, PACK_FILE)),
            shared / TRUST_FILE,
        ):
            draft.put(source.name, read_text(source).encode())
        draft.commit()
    return f"{out.name}/ is for a member who votes by mail: {PAPER_FILE}, {PACK_FILE}, {PREVIEW_FILE}, {POLICY_FILE}, {TRUST_FILE}"


def sign(paper: Path, *, root: Path, identity: Path, unlock: Unlock, answer: Answer, out: Path) -> str:
    """The member's declaration, and the vote if there is no conflict, as signed notes in the folder `out`, to be sent back; and what they say.

    Raises:
        BadInput: the answer is incomplete, it is too late, or a file beside the paper is another than it names.
        BadAct, BadSignature, NotTrusted: the paper is not as the secretariat signed it, or the identity is no board member's.
        RolledBack: the trust register beside the paper is older than the one this member has seen.
    """
    if answer.conflicted == (answer.verdict is not None):
        raise BadInput("say either --conflicted, or how you vote with --vote")
    check_new(out)
    now, top = clock.now(), read_root(root)
    trust = read_register(read_text(paper.parent / TRUST_FILE), root=top)
    remember(identity.parent, shown_register(trust), now=now, root=top.digest.hex())
    sent = _paper(paper, trust=trust)
    if now.date().isoformat() > sent.details["until"]:
        raise BadInput(f"votes counted up to and on {sent.details['until']}: it is too late to sign this paper")
    member = listed(Identity.load(identity, unlock=unlock), role="board-member", trust=trust, at=now)
    shown = {name: sent.details[name] for name in SHOWN}
    declared = {"conflict": "yes" if answer.conflicted else "no", "because": answer.because}
    steps = [(Step.DECLARE, shown | (declared if answer.conflicted else declared | {"because": ""}))]
    if answer.verdict is not None:
        steps.append((Step.VOTE, shown | {"vote": answer.verdict, "because": answer.because}))
    notes = [
        sign_act(
            step,
            policy=sent.policy,
            project=sent.project,
            after=sent.digest,
            by=member,
            at=now,
            details=details,
        )
        for step, details in steps
    ]
    for note in notes:
        read_act(note, trust=trust)
    with FolderDraft(out) as draft:
        for (step, _), note in zip(steps, notes, strict=True):
            draft.put(note_file(step, by=member.name, note=note), note.encode())
        draft.commit()
    said = [note.split("\n")[1] for note in notes]
    return "\n".join(["You signed:", *said, f"Send the files in {out.name}/ to the secretariat."])


def _paper(paper: Path, *, trust: TrustRegister) -> Act:
    sent = read_act(read_text(paper), trust=trust)
    if sent.step is not Step.CIRCULATE:
        raise BadInput(f"{paper.name} is no paper to vote on: ask the secretariat for {PAPER_FILE}")
    _check_files(paper.parent, paper=sent)
    return sent


def _check_files(folder: Path, *, paper: Act) -> None:
    digests = shown_digests(folder)
    for name in SHOWN:
        if digests[name] != paper.details[name]:
            raise BadInput(
                f"{SHOWN_FILES[name]} is not the one that went out to the board: it was altered; ask the secretariat for it again"
            )
    policy = load_policy(read_text(folder / POLICY_FILE), name=POLICY_FILE)
    if PolicyRef(policy.policy, policy.version, policy.digest) != paper.policy:
        raise BadInput(
            f"{POLICY_FILE} is not the text that went out to the board: ask the secretariat for it again"
        )
