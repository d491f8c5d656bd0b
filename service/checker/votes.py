"""What the release desk states of a package before it leaves, what an output checker signs about it, and how votes count.

Both are signed statements over the digest of exactly the files, so that a vote on other bytes is a vote on something else. The rules are those of
two-person output checking in trusted research environments: checkers are independent of each other and of whoever asked (OpenSAFELY's output
checking; Handbook on Statistical Disclosure Control for Outputs, Safe Data Access Professionals, 2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from keys import BadSignature, Identity, KeysError, NotTrusted, TrustRegister
from keys.identity import check_name
from keys.notes import sign_note, split_note
from keys.statements import digest, moment, parse, statement, text_digest, verify_by
from linkage.errors import BadInput

PREPARED_FORMAT: Final = "linkage-prepared/v1"
VOTE_FORMAT: Final = "linkage-output-vote/v1"
CHECKER: Final = "output-checker"
DESK: Final = "desk"
NEEDED: Final = 2
LONGEST: Final = 500
Verdict = Literal["approve", "refuse"]
APPROVE: Final[Verdict] = "approve"
REFUSE: Final[Verdict] = "refuse"
VERDICTS: Final[tuple[Verdict, ...]] = (APPROVE, REFUSE)
REASONS: Final[Mapping[str, str]] = {
    "small-count": "a number is too small, or can be worked out from others",
    "differencing": "it could be subtracted from another result",
    "class-disclosure": "a zero or a full row tells about everybody of a group",
    "recognisable": "a row or a text points to a person, a household or a place",
    "outside-request": "it is not what was asked for and allowed",
    "missing-context": "the note leaves out what a reader has to know",
    "linkage-quality": "the linkage is not good enough for what it would be used for",
    "other": "another reason, in words",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A package as the desk states it: what it is for, who asked, and the digests of its files and of the check sheet (SHA-256, hexadecimal)."""

    project: str
    release: str
    request: str
    requester: str
    files: str
    sheet: str
    by: str
    at: datetime

    @property
    def text(self) -> str:
        """The text that the desk signs."""
        body = {name: getattr(self, name) for name in ("project", "release", "request", "requester", "files", "sheet", "by")}  # fmt: skip
        return statement(PREPARED_FORMAT, body | {"at": self.at.isoformat()})


@dataclass(frozen=True, slots=True)
class OutputVote:
    """One checker's verdict on exactly one package. `prepared` is the digest of the desk's statement, `reasons` are words of `REASONS`."""

    project: str
    release: str
    prepared: str
    files: str
    verdict: Verdict
    reasons: tuple[str, ...]
    because: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}")
        if tuple(sorted({*self.reasons} & REASONS.keys())) != self.reasons:
            raise ValueError(f"reasons are some of {', '.join(REASONS)}, once each")
        if len(self.because) > LONGEST or not self.because.isprintable():
            raise ValueError(f"the reason in words is one line of at most {LONGEST} printable characters")
        if (self.verdict == REFUSE) != bool(self.reasons and self.because.strip()):
            raise ValueError("a refusal says why, by a code and in words; an approval gives no reason")

    @property
    def text(self) -> str:
        """The text that the checker signs."""
        body: dict[str, Any] = {name: getattr(self, name) for name in ("project", "release", "prepared", "files", "verdict", "because", "by")}  # fmt: skip
        return statement(VOTE_FORMAT, body | {"reasons": list(self.reasons), "at": self.at.isoformat()})


def state_prepared(one: Prepared, *, by: Identity) -> str:
    """The desk's signed statement of a package."""
    return sign_note(one.text, by=by)


def read_prepared(note: str, *, trust: TrustRegister) -> Prepared:
    """The package that a release desk states, and signed.

    Raises:
        BadSignature, NotTrusted: it is no such statement, not signed by a desk, or of another project.
    """
    one = parse(split_note(note)[0], kind=PREPARED_FORMAT, read=_prepared, write=lambda p: p.text)
    verify_by(note, kind=PREPARED_FORMAT, by=one.by, role=DESK, at=one.at, trust=trust)
    check_project(one.project, trust=trust)
    return one


def cast_output_vote(
    prepared: Prepared, *, verdict: Verdict, reasons: Sequence[str], because: str, by: Identity, now: datetime
) -> str:
    """A signed vote on the package.

    Raises:
        BadInput: the verdict or a reason is none, or a refusal does not say why.
    """
    try:
        vote = OutputVote(
            prepared.project, prepared.release, text_digest(prepared.text), prepared.files, verdict, tuple(sorted(set(reasons))),
            because, by.name, now,
        )  # fmt: skip
        if unknown := sorted(set(reasons) - REASONS.keys()):
            raise ValueError(f"{unknown[0]} is no reason: there are {', '.join(REASONS)}")
    except ValueError as fault:
        raise BadInput(str(fault)) from fault
    return sign_note(vote.text, by=by)


def read_output_vote(note: str, *, on: Prepared, trust: TrustRegister, at: datetime) -> OutputVote:
    """The vote in a note, by somebody who is an output checker at that time and may check this package.

    Raises:
        BadSignature: it is no vote, is not signed by whom it names, or is on another package.
        NotTrusted: whoever signed it is no output checker, or made the request.
    """
    one = parse(split_note(note)[0], kind=VOTE_FORMAT, read=_vote, write=lambda v: v.text)
    check_eligible(one.by, on=on, trust=trust, at=at)
    verify_by(note, kind=VOTE_FORMAT, by=one.by, role=CHECKER, at=at, trust=trust)
    check_project(one.project, trust=trust)
    if (one.release, one.prepared, one.files) != (on.release, text_digest(on.text), on.files):
        raise BadSignature(f"this vote is on another package than {on.release} as it was prepared")
    return one


def check_eligible(name: str, *, on: Prepared, trust: TrustRegister, at: datetime) -> None:
    """Nothing, if the name may check this package at that time.

    Raises:
        NotTrusted: it is no output checker, or it asked for the package itself, under this name or with the same keys.
    """
    checker = trust.require(name, role=CHECKER, at=at)
    if name == on.requester:
        raise NotTrusted(f"{name} made the request: nobody checks what they asked for")
    if any(e.identity.name == on.requester and e.identity.ed25519 == checker.ed25519 for e in trust.entries):
        raise NotTrusted(f"{name} has the keys of {on.requester}, who made the request")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the votes stand: who approves, who refuses, whose vote counts no longer and why, and what is missing still, in sentences."""

    approve: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    void: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def approved(self) -> bool:
        """Whether the package may leave."""
        return not self.missing and not self.refuse


def standing(notes: Mapping[str, str], *, on: Prepared, trust: TrustRegister, now: datetime) -> Standing:
    """The votes, by checker, as they count now: a checker whose role has ended, or whose keys were replaced, does not.

    At least two people of two different organisations have to approve, so that at least one is of another organisation than the requester's.
    """
    said: dict[str, Verdict] = {}
    void: dict[str, str] = {}
    for name, note in sorted(notes.items()):
        try:
            vote = read_output_vote(note, on=on, trust=trust, at=now)
        except KeysError as fault:
            void[name] = str(fault)
        else:
            said[vote.by] = vote.verdict
    approve = tuple(name for name, verdict in said.items() if verdict == APPROVE)
    organisations = {trust.find(name).organisation for name in approve}
    missing = []
    if len(approve) < NEEDED:
        missing.append(f"{NEEDED - len(approve)} of {NEEDED} approvals by output checkers are missing")
    elif len(organisations) < NEEDED:
        missing.append(
            f"the approvals are all of {', '.join(sorted(organisations))}: one by a checker of another organisation is missing"
        )
    return Standing(approve, tuple(n for n, v in said.items() if v == REFUSE), void, tuple(missing))


def check_project(project: str, *, trust: TrustRegister) -> None:
    """Nothing, if what a note is about is the register's own project.

    Raises:
        BadSignature: it is not.
    """
    if project != trust.project:
        raise BadSignature(f"this is of project {project}, not of {trust.project}")


def _prepared(value: dict[str, Any]) -> Prepared:
    return Prepared(
        project=str(value["project"]),
        release=str(value["release"]),
        request=str(value["request"]),
        requester=check_name(value["requester"]),
        files=digest(value["files"]),
        sheet=digest(value["sheet"]),
        by=check_name(value["by"]),
        at=moment(value["at"]),
    )


def _vote(value: dict[str, Any]) -> OutputVote:
    return OutputVote(
        project=str(value["project"]),
        release=str(value["release"]),
        prepared=digest(value["prepared"]),
        files=digest(value["files"]),
        verdict=value["verdict"],
        reasons=tuple(value["reasons"]),
        because=str(value["because"]),
        by=check_name(value["by"]),
        at=moment(value["at"]),
    )
