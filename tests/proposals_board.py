"""A made-up board with keys, and the acts of a proposal signed one after the other: for tests of the board's procedure."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from ethics.acts import counted_digest, read_act, sign_act, text_digest_of
from ethics.adoptions import adopt
from ethics.ballots import PolicyRef
from ethics.lifecycle import Step
from ethics.proposals import Proposal, proposal_of
from keys import Identity, TrustRegister
from keys.trust import Entry
from policies.load import load_policy
from tests.made_up_board import demo_constitution

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PROJECT = "demo"
POLICY = load_policy((files("policies") / "library" / "framework.yaml").read_text("utf-8"))
REF = PolicyRef(POLICY.policy, POLICY.version, POLICY.digest)
BOARD = demo_constitution()
MEMBERS = [one.id for one in BOARD.members]
CLAUSES = frozenset(one.id for one in POLICY.clauses)
SECRETARIAT, CHAIR, PROPOSER = "secretariat/1", BOARD.chair, "analyst/vpp-1"
OFFICES = {
    SECRETARIAT: ("centre", "secretariat"),
    PROPOSER: ("vpp", "analyst"),
    "police/controller": ("police", "controller-approver"),
    "schools/controller": ("schools", "controller-approver"),
}
DIGESTS = {name: f"{n}" * 64 for n, name in enumerate(("case", "catalogue", "gateways", "preview", "pack"), 1)}
SHOWN = {name: DIGESTS[name] for name in ("preview", "pack")}


@cache
def key(name: str) -> Identity:
    """Somebody's identity, the same whenever it is asked for."""
    return Identity.make(name)


def entry(name: str, *, role: str = "board-member", organisation: str = "board") -> Entry:
    return Entry(key(name).public, organisation, frozenset({role}), SINCE)


ENTRIES = (
    *(entry(name) for name in MEMBERS),
    *(entry(name, role=role, organisation=organisation) for name, (organisation, role) in OFFICES.items()),
)
TRUST = TrustRegister(PROJECT, 1, ENTRIES)


class Papers:
    """The notes of one proposal. Every act follows the last one of the chain unless told otherwise; its clock goes on by a minute an act."""

    def __init__(
        self,
        policy: PolicyRef = REF,
        *,
        project: str = PROJECT,
        start: datetime = START,
        people: Callable[[str], Identity] = key,
    ) -> None:
        self.policy, self.project, self.start, self.people = policy, project, start, people
        self.notes: list[str] = []
        self.adoptions: list[str] = []
        self.now = start
        self.place = "none"
        self.sent = "none"

    def act(self, step: Step, by: str, *, after: str | None = None, **details: str) -> str:
        """A signed act; it is in the chain unless it is a declaration or a vote."""
        self.now += timedelta(minutes=1)
        leaf = step in (Step.DECLARE, Step.VOTE)
        place = after or (self.sent if leaf else self.place)
        note = sign_act(
            step,
            policy=self.policy,
            project=self.project,
            after=place,
            by=self.people(by),
            at=self.now,
            details=details,
        )
        self.notes.append(note)
        if not leaf:
            self.place = text_digest_of(note)
        if step is Step.CIRCULATE:
            self.sent = self.place
        return note

    def circulated(self, *, by: str = PROPOSER, days: int = 14) -> "Papers":
        """The papers are with the members."""
        self.act(Step.PROPOSE, by, case=DIGESTS["case"])
        self.act(
            Step.CHECK,
            SECRETARIAT,
            catalogue=DIGESTS["catalogue"],
            gateways=DIGESTS["gateways"],
            tests="12",
        )
        self.act(Step.PREVIEW, SECRETARIAT, preview=DIGESTS["preview"])
        self.act(Step.CIRCULATE, SECRETARIAT, **SHOWN, until=(self.start + days * DAY).date().isoformat())
        return self

    def declare(self, name: str, conflict: str = "no", **changes: str) -> str:
        return self.act(Step.DECLARE, name, **{**SHOWN, "conflict": conflict, "because": "", **changes})

    def vote(self, name: str, how: str = "approve", **changes: str) -> str:
        because = "" if how == "approve" else "see the minutes"
        return self.act(Step.VOTE, name, **{**SHOWN, "vote": how, "because": because, **changes})

    def voted(self, names: Iterable[str] = MEMBERS, how: str = "approve") -> "Papers":
        """These members declared that they have no conflict, and voted."""
        for name in names:
            self.declare(name)
            self.vote(name, how)
        return self

    def counted(self, trust: TrustRegister | None = None) -> str:
        return counted_digest(read_act(one, trust=trust or TRUST) for one in self.notes)

    def close(self, step: Step = Step.RECOMMEND, *, by: str = CHAIR, trust: TrustRegister | None = None) -> str:
        return self.act(step, by, counted=self.counted(trust))

    def adopt(self, partner: str = "police", clauses: Iterable[str] = CLAUSES, **changes: Any) -> str:
        self.now += timedelta(minutes=1)
        note = adopt(
            self.policy,
            clauses=clauses,
            partner=partner,
            by=self.people(changes.get("by", f"{partner}/controller")),
            at=self.now,
        )
        self.adoptions.append(note)
        return note

    def dry_run(self, *, by: str = CHAIR, days: int = 14) -> str:
        return self.act(Step.DRY_RUN, by, until=(self.now + days * DAY).date().isoformat())

    def in_force(self, *, by: str = PROPOSER) -> "Papers":
        """The whole way, to the day on which the policy is in force."""
        self.circulated(by=by).voted()
        self.close()
        self.adopt()
        self.dry_run()
        self.now += 15 * DAY
        self.act(Step.PUT_IN_FORCE, CHAIR)
        return self

    def stands(self, **changes: Any) -> Proposal:
        """The proposal as it stands now, or as the changes ask."""
        given: dict[str, Any] = {
            "adoptions": self.adoptions,
            "project": PROJECT,
            "policy": POLICY,
            "constitution": BOARD,
            "trust": TRUST,
            "now": self.now,
        }
        notes = changes.pop("notes", self.notes)
        return proposal_of(notes, **(given | changes))
