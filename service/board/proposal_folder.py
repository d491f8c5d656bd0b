"""A proposal's folder under `proposals/`: its policy, the case for it, what members are shown, and the notes about exactly that text."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics.acts import SHOWN, about, text_digest_of
from ethics.ballots import PolicyRef
from ethics.board import Constitution
from ethics.case import parse_case
from ethics.documents import read_document
from ethics.lifecycle import Step
from ethics.proposals import Proposal, proposal_of
from linkage.errors import BadInput
from policies.document import Policy
from policies.load import load_policy
from service.dossier import POLICY_FILE, PROPOSALS
from service.errors import OutOfOrder
from service.evidence import VOUCHED
from service.shared import Project
from service.texts import read_text
from service.writing import as_file_name

CASE_FILE: Final = "case.yaml"
PREVIEW_FILE: Final = "preview.txt"
PACK_FILE: Final = "pack.html"
SHOWN_FILES: Final = {"preview": PREVIEW_FILE, "pack": PACK_FILE}


@dataclass(frozen=True, slots=True)
class Folder:
    """One proposal's folder: its policy, and all notes that are about exactly that text."""

    path: Path
    policy: Policy
    notes: tuple[str, ...]
    adoptions: tuple[str, ...]

    @property
    def ref(self) -> PolicyRef:
        """Exactly which text it is about."""
        return PolicyRef(self.policy.policy, self.policy.version, self.policy.digest)

    def stands(
        self, *, project: Project, constitution: Constitution, now: datetime, more: Sequence[str] = ()
    ) -> Proposal:
        """The proposal as it stands, with these notes as well.

        Raises:
            EthicsError, KeysError: as `proposal_of`.
        """
        return proposal_of(
            (*self.notes, *more),
            adoptions=self.adoptions,
            project=project.trust.project,
            policy=self.policy,
            constitution=constitution,
            trust=project.trust,
            now=now,
        )


def names(shared: Path) -> list[str]:
    """The proposals in the shared folder."""
    return sorted(path.parent.name for path in (shared / PROPOSALS).glob(f"*/{POLICY_FILE}"))


def folder_of(shared: Path, name: str | None) -> Folder:
    """The proposal of that name; the only one there is, if no name is given.

    Raises:
        BadInput: there is none of that name, or several and none was named.
    """
    there = names(shared)
    if name is None and len(there) != 1:
        raise BadInput(
            f"there are {len(there)} proposals: name one with --proposal"
            + (f": {', '.join(there)}" if there else "; make one with linkage board propose")
        )
    chosen = there[0] if name is None else name
    if chosen not in there:
        raise BadInput(f"there is no proposal {chosen!r}; there are: {', '.join(there) or 'none'}")
    path = shared / PROPOSALS / chosen
    policy = load_policy(read_text(path / POLICY_FILE), name=POLICY_FILE)
    return Folder(
        path,
        policy,
        about((read_text(one) for one in sorted(path.glob("*.note"))), policy_digest=policy.digest),
        about((read_text(one) for one in sorted(shared.glob("adoptions/*.note"))), policy_digest=policy.digest),
    )


def constitution_in(shared: Path) -> Constitution:
    """The board's constitution in the shared folder.

    Raises:
        BadDocument: it is none.
    """
    return read_document(shared / VOUCHED["constitution"], model=Constitution)


def note_file(step: Step, *, by: str, note: str) -> str:
    """What a note is called: what, by whom, and the beginning of its digest, so that no two have one name."""
    return f"{step}-{as_file_name(by)}-{text_digest_of(note)[:8]}.note"


def policy_in(shared: Path) -> Policy | None:
    """The policy of the shared folder, if there is one."""
    path = shared / POLICY_FILE
    return load_policy(read_text(path), name=POLICY_FILE) if path.is_file() else None


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def case_of(folder: Folder, proposal: Proposal) -> str:
    """The text of the case, if it is the one that was proposed.

    Raises:
        OutOfOrder: it was changed since.
    """
    text = read_text(folder.path / CASE_FILE)
    first = proposal.act(Step.PROPOSE)
    if first is None or first.details["case"] != digest_of(text):
        raise OutOfOrder(f"{CASE_FILE} is not the text that {proposal.proposer} proposed: fetch it again")
    parse_case(text, name=CASE_FILE)
    return text


def shown_digests(path: Path) -> dict[str, str]:
    """The digests of the preview and the pack that lie in a folder.

    Raises:
        BadInput: one is missing.
    """
    return {name: digest_of(read_text(path / SHOWN_FILES[name])) for name in SHOWN}
