"""The tests inside a policy document: what the document says to a request when every fact is in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from policies.catalogue import Catalogue
from policies.document import Expectation, Policy
from policies.engine import decide
from policies.facts import Facts, Requester
from policies.gateways import Gateways
from policies.paperwork import with_paperwork
from policies.request import Request, Wanted
from policies.terms import words

PROJECT = "policy-test"
PERSON = "policy-tester"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: what was expected, what came out, and the codes of the reasons given."""

    id: str
    expected: str
    got: str
    because: str
    codes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the document says what the test expects, for the reason it expects."""
        return self.expected == self.got and (not self.because or self.because in self.codes)


def first_day(policy: Policy) -> datetime:
    """Noon, in UTC, of the day on which a document takes effect: its tests say the same whenever they are run then."""
    return datetime.combine(policy.effective, time(12), UTC)


def run_tests(
    policy: Policy, *, catalogue: Catalogue, gateways: Gateways, now: datetime
) -> tuple[Outcome, ...]:
    """The outcome of every test in the document."""
    return tuple(_run(test, policy, catalogue=catalogue, gateways=gateways, now=now) for test in policy.tests)


def perfect_facts(
    policy: Policy, *, catalogue: Catalogue, gateways: Gateways, role: str, now: datetime
) -> Facts:
    """Facts in which nothing is missing: all recommended and adopted, all evidence current, a known person who asks."""
    asker = {PERSON: Requester(frozenset({role}), PROJECT, "local-policing-body")}
    facts = Facts(catalogue=catalogue, gateways=gateways, requesters=asker)
    return with_paperwork(facts, policy=policy, projects=[PROJECT], until=now.date() + timedelta(days=1))


def _run(
    test: Expectation, policy: Policy, *, catalogue: Catalogue, gateways: Gateways, now: datetime
) -> Outcome:
    request = Request(
        project=PROJECT,
        requester=PERSON,
        role=test.role,
        organisation=PROJECT,
        purpose=test.purpose,
        form=test.form,
        attributes=tuple(Wanted(attribute=name, why="the test asks for it") for name in test.attributes),
        area=test.area,
        benefit="the test asks for it",
        asked_on=now.date(),
        use_until=now.date(),
    )
    role = test.role if test.role in words("role") else "analyst"
    facts = perfect_facts(policy, catalogue=catalogue, gateways=gateways, role=role, now=now)
    decision = decide(request, policy, facts=facts, now=now)
    got = "allow" if decision.allowed else "deny"
    return Outcome(test.id, test.expect, got, test.because, tuple(reason.code for reason in decision.reasons))
