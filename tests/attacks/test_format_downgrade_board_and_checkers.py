"""Notes of the board, of output checkers and of withdrawals under another version's name are no such notes, though the right one signed them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from ethics.acts import read_act, sign_act
from ethics.ballots import PolicyRef
from ethics.errors import EthicsError
from ethics.lifecycle import Step
from ethics.standing import Standing, agree, agreement
from keys import Identity, KeysError, TrustRegister, sign_note
from keys.notes import split_note
from keys.trust import Entry
from service.checker.votes import Prepared, cast_output_vote, read_output_vote, read_prepared, state_prepared
from service.desk.ends import REASONS, Withdrawal, read_withdrawal

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
PROJECT, DIGEST = "demo", "0" * 64
ROLES = {
    "desk/1": ("centre", "desk"),
    "checker/1": ("university", "output-checker"),
    "secretariat/1": ("centre", "secretariat"),
    "police/controller": ("police", "controller-approver"),
}
PEOPLE = {name: Identity.make(name) for name in ROLES}
TRUST = TrustRegister(
    PROJECT, 1, tuple(Entry(PEOPLE[n].public, org, frozenset({role}), NOW) for n, (org, role) in ROLES.items())
)
PREPARED = Prepared(PROJECT, "release-1", "request-1", "analyst/1", DIGEST, DIGEST, "desk/1", NOW)
AGREED = Standing("constitution", 1, f"sha256:{DIGEST}", "none")


@dataclass(frozen=True)
class Kind:
    """A note as it should be, who signed it, and how it is read."""

    note: str
    signer: str
    read: Callable[[str], Any]


def act() -> str:
    policy = PolicyRef("framework", 1, f"sha256:{DIGEST}")
    by = PEOPLE["secretariat/1"]
    return sign_act(Step.WITHDRAW, policy=policy, project=PROJECT, after=DIGEST, by=by, at=NOW, details={"because": "over"})  # fmt: skip


def agreed(note: str) -> None:
    """The constitution as agreed to by the note."""
    agreement([note], standing=AGREED, trust=TRUST, at=NOW)


VOTE = cast_output_vote(PREPARED, verdict="approve", reasons=(), because="", by=PEOPLE["checker/1"], now=NOW)
WITHDRAWN = Withdrawal(PROJECT, "release-1", "analyst/1", "analyst/1", min(REASONS), "desk/1", NOW)
KINDS = {
    "linkage-act/v1": Kind(act(), "secretariat/1", lambda n: read_act(n, trust=TRUST)),
    "linkage-standing/v1": Kind(agree(AGREED, by=PEOPLE["police/controller"], at=NOW), "police/controller", agreed),
    "linkage-prepared/v1": Kind(state_prepared(PREPARED, by=PEOPLE["desk/1"]), "desk/1", lambda n: read_prepared(n, trust=TRUST)),
    "linkage-output-vote/v1": Kind(VOTE, "checker/1", lambda n: read_output_vote(n, on=PREPARED, trust=TRUST, at=NOW)),
    "linkage-withdrawal/v1": Kind(sign_note(WITHDRAWN.text, by=PEOPLE["desk/1"]), "desk/1", lambda n: read_withdrawal(n, trust=TRUST)),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_note_under_another_versions_name_is_refused_though_it_was_properly_signed(name: str) -> None:
    kind = KINDS[name]
    kind.read(kind.note)
    text = split_note(kind.note)[0]
    assert text.startswith(f"{name}\n")
    for other in (
        name.replace("/v1", "/v0"),
        name.replace("/v1", "/v2"),
        f"{name} ",
        name.upper(),
        "linkage-vote/v1",
    ):
        renamed = sign_note(text.replace(name, other, 1), by=PEOPLE[kind.signer])
        with pytest.raises((KeysError, EthicsError)):
            kind.read(renamed)


@pytest.mark.parametrize("name", KINDS)
def test_a_note_is_refused_where_somebody_else_signed_it(name: str) -> None:
    kind = KINDS[name]
    other = next(one for one in sorted(PEOPLE) if one != kind.signer)
    with pytest.raises((KeysError, EthicsError)):
        kind.read(sign_note(split_note(kind.note)[0], by=PEOPLE[other]))
