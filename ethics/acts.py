"""One act on a proposal as a signed note: plain words, then the fields that they were made from, all under one signature.

Whoever signs sees the words; whoever verifies makes them again from the fields and accepts only what comes out byte for byte. Each act names
the digest of the one before it, and a member's acts name the digests of the preview and the pack that the member was shown.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ethics.ballots import PolicyRef, field_lines, from_instant, policy_fields, policy_of, to_instant
from ethics.errors import BadAct
from ethics.lifecycle import Step, roles_for
from keys import BadSignature, Identity, NotTrusted, TrustRegister, sign_note
from keys.notes import split_note

ACT_FORMAT: Final = "linkage-act/v1"
NOTHING: Final = "none"
FIRST: Final = ("act", "project", "policy", "version", "digest", "after")
LAST: Final = ("by", "at")
SHOWN: Final = ("preview", "pack")
LEAVES: Final = frozenset({Step.DECLARE, Step.VOTE})
"""The acts of members: they all follow the circulation, not one another."""
DETAILS: Final[Mapping[Step, tuple[str, ...]]] = {
    Step.PROPOSE: ("case",),
    Step.CHECK: ("catalogue", "gateways", "tests"),
    Step.PREVIEW: ("preview",),
    Step.CIRCULATE: (*SHOWN, "until"),
    Step.DECLARE: (*SHOWN, "conflict", "because"),
    Step.VOTE: (*SHOWN, "vote", "because"),
    Step.RECOMMEND: ("counted",),
    Step.SEND_BACK: ("counted",),
    Step.REFUSE: ("counted",),
    Step.DRY_RUN: ("until",),
    Step.PUT_IN_FORCE: (),
    Step.SUSPEND: ("clauses", "because"),
    Step.WITHDRAW: ("because",),
}
"""What each act names beside its policy, its place in the chain, who and when."""

_READ: Final = "I have read the pack and the preview that are named below."
WORDS: Final[Mapping[Step, str]] = {
    Step.PROPOSE: "I propose version {version} of the policy {policy} to the ethics board.",
    Step.CHECK: "I had version {version} of the policy {policy} checked. The linter found nothing. All {tests} tests inside it passed.",
    Step.PREVIEW: "I had the program work out what version {version} of the policy {policy} newly allows. The text that it gave is named below.",
    Step.CIRCULATE: "I send the papers on version {version} of the policy {policy} to the members of the board. "
    "The papers are the pack and the preview that are named below. Votes count up to and on {until}.",
    Step.DECLARE: "I say whether I have a conflict of interest in version {version} of the policy {policy}: {conflict}. " + _READ,
    Step.VOTE: "My vote on version {version} of the policy {policy} is: {vote}. " + _READ,
    Step.RECOMMEND: "The board recommends version {version} of the policy {policy}.",
    Step.SEND_BACK: "The board sends version {version} of the policy {policy} back to whoever proposed it.",
    Step.REFUSE: "The board refuses version {version} of the policy {policy}.",
    Step.DRY_RUN: "Version {version} of the policy {policy} goes on a dry run up to and on {until}. Nothing is released under it yet.",
    Step.PUT_IN_FORCE: "Version {version} of the policy {policy} is in force.",
    Step.SUSPEND: "I suspend these clauses of version {version} of the policy {policy}: {clauses}.",
    Step.WITHDRAW: "I withdraw version {version} of the policy {policy}.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """A verified act. `after` is the digest of the act before it, `details` are the fields of its own, `digest` that of its text."""

    step: Step
    project: str
    policy: PolicyRef
    after: str
    details: Mapping[str, str]
    by: str
    at: datetime
    digest: str


def sign_act(
    step: Step,
    *,
    policy: PolicyRef,
    project: str,
    after: str,
    by: Identity,
    at: datetime,
    details: Mapping[str, str] | None = None,
) -> str:
    """The act as a signed note.

    Raises:
        BadAct: a value cannot stand in a note, or a vote other than a plain approval gives no reason.
    """
    fields = {
        "act": step.value,
        "project": project,
        **policy_fields(policy),
        "after": after,
        **(details or {}),
        "by": by.name,
        "at": to_instant(at, fault=BadAct),
    }
    return sign_note(_text(step, fields), by=by)


def _text(step: Step, fields: Mapping[str, str]) -> str:
    lines = field_lines(fields, names=(*FIRST, *DETAILS[step], *LAST), kind=ACT_FORMAT, fault=BadAct)
    return f"{ACT_FORMAT}\n{WORDS[step].format_map(fields)}\n\n{lines}"


def text_digest_of(note: str) -> str:
    """What the next act calls this one: SHA-256 of its text without the signatures, hexadecimal.

    Raises:
        BadSignature: it is no signed note.
    """
    return hashlib.sha256(split_note(note)[0].encode()).hexdigest()


def read_act(note: str, *, trust: TrustRegister) -> Act:
    """The act in a note, if the one it names signed it and held a role for it at the moment it names.

    Raises:
        BadAct: the text is not what `sign_act` writes.
        BadSignature, NotTrusted: the one it names did not sign it, or held no such role.
    """
    text = split_note(note)[0]
    fields = _fields(text)
    try:
        step = Step(fields.get("act", ""))
        if set(fields) != {*FIRST, *DETAILS[step], *LAST} or _text(step, fields) != text:
            raise KeyError(step)
    except (KeyError, ValueError) as fault:
        raise BadAct(
            f"{ACT_FORMAT}: this is not the text of an act: it was altered, or made by another version"
        ) from fault
    at = from_instant(fields["at"], fault=BadAct)
    _check_signed(note, by=fields["by"], step=step, at=at, trust=trust)
    return Act(
        step=step,
        project=fields["project"],
        policy=policy_of(fields),
        after=fields["after"],
        details={name: fields[name] for name in DETAILS[step]},
        by=fields["by"],
        at=at,
        digest=text_digest_of(note),
    )


def _fields(text: str) -> dict[str, str]:
    lines = text.partition("\n\n")[2].split("\n")[:-1]
    return {name: value.removeprefix(" ") for name, _, value in (line.partition(":") for line in lines)}


def _check_signed(note: str, *, by: str, step: Step, at: datetime, trust: TrustRegister) -> None:
    entry = trust.find(by)
    held = next((role for role in roles_for(step) if entry.holds(role, at=at)), None)
    if held is None:
        raise NotTrusted(
            f"{by} holds none of the roles {', '.join(roles_for(step))} at {at:%Y-%m-%d %H:%M}, and so may not {step.value}"
        )
    if by not in trust.verify(note, kind=ACT_FORMAT, role=held, at=at).signers:
        raise BadSignature(f"this {ACT_FORMAT} names {by}, who has not signed it")


def counted_digest(acts: Iterable[Act]) -> str:
    """SHA-256 over the sorted digests of all declarations and votes among the acts, one a line, hexadecimal."""
    listed = "".join(f"{one}\n" for one in sorted(act.digest for act in acts if act.step in LEAVES))
    return hashlib.sha256(listed.encode()).hexdigest()


def about(notes: Iterable[str], *, policy_digest: str) -> tuple[str, ...]:
    """Those of the notes that say they are about this text of a policy, each once. Nothing is verified."""
    line = f"\ndigest: {policy_digest}\n"
    return tuple(dict.fromkeys(note for note in notes if line in note))
