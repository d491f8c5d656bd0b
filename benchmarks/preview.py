"""How long a board waits: diff, preview and replay of two versions with 50 clauses, beside asking the engine request by request.

    python benchmarks/preview.py [--repeat N] [--clauses N] [--requests N]

Processor time of one process. In each round the preview is timed, and beside it the engine on a sample of the requests that the preview covers, so that both
see the same machine; the quickest round of each counts.
"""

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from policies.catalogue import Catalogue
from policies.catalogue_document import load_catalogue
from policies.diff import diff
from policies.document import Clause, Policy
from policies.engine import decide
from policies.explain_change import explain_diff, explain_preview
from policies.facts import Facts, Requester
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.replay import Past, explain_replay, replay
from policies.request import Request
from policies.space import Standing, whole_space
from policies.terms import words

LIBRARY = files("policies") / "library"
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
PROJECT, PERSON, KIND = "a-project", "an-analyst", "local-policing-body"
AIM = 2.0


def framework(clauses: int) -> Policy:
    """The shipped framework with so many clauses: its own, and again with other purposes, forms and limits."""
    shipped = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
    draw = random.Random(7)  # noqa: S311 - made-up documents, the same each time
    purposes, forms = words("purpose"), words("form")

    def varied(clause: Clause, number: int) -> Clause:
        permit = clause.permit.model_copy(
            update={
                "purposes": clause.permit.purposes | set(draw.sample(purposes, 2)),
                "forms": clause.permit.forms | set(draw.sample(forms, 2)),
            }
        )
        limits = clause.obligations.model_copy(
            update={"suppress": draw.choice([0, 8, 10]), "use_within_days": draw.choice([90, 183, 366])}
        )
        changed = {"id": f"{clause.id}-{number}", "permit": permit, "obligations": limits}
        return clause.model_copy(update=changed)

    more = [varied(shipped.clauses[n % len(shipped.clauses)], n) for n in range(clauses - len(shipped.clauses))]
    return shipped.model_copy(update={"clauses": (*shipped.clauses, *more)})


def draft(old: Policy) -> Policy:
    """A next version: a clause gone, a clause new, three changed, a prohibition gone, and a floor raised."""
    first, second, third, *rest = old.clauses
    wider = first.model_copy(
        update={"permit": first.permit.model_copy(update={"forms": first.permit.forms | {"area-map"}})}
    )
    stricter = second.model_copy(
        update={"obligations": second.obligations.model_copy(update={"suppress": 12, "use_within_days": 90})}
    )
    fewer = third.model_copy(
        update={"attributes": third.attributes.model_copy(update={"classes": frozenset({"C0", "C1", "C2"})})}
    )
    new = rest[0].model_copy(update={"id": "NEW-1"})
    return old.model_copy(
        update={
            "version": old.version + 1,
            "previous": old.digest,
            "clauses": (wider, stricter, fewer, new, *rest[:-1]),
            "prohibit": old.prohibit[1:],
            "floors": old.floors.model_copy(update={"overlap": 12}),
        }
    )


def past(count: int, catalogue: Catalogue) -> list[Past]:
    """Made-up requests of the last half year, ordinary and odd."""
    draw = random.Random(11)  # noqa: S311 - made-up requests, the same each time
    plain = sorted(name for name, row in catalogue.attributes.items() if not row.dated)
    return [Past(f"request-{n}", _asked(draw, plain)) for n in range(count)]


def _asked(draw: random.Random, plain: list[str]) -> Request:
    day = NOW.date() - timedelta(days=draw.randrange(180))
    purposes, forms, areas = words("purpose"), words("form"), words("area")
    return Request(
        project=PROJECT,
        requester=PERSON,
        role="analyst",
        organisation=PROJECT,
        purpose=draw.choice(purposes),
        form=draw.choice(["aggregate-table", *forms]),
        attributes=dict.fromkeys(draw.sample(plain, draw.randint(1, 4)), "needed"),
        area=draw.choice(areas[:3]),
        benefit="earlier help",
        asked_on=day,
        use_until=day + timedelta(days=draw.choice([30, 90, 180, 300])),
    )


def seconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def standing(policy: Policy, bare: Facts) -> Standing:
    """The document with its paperwork done. Documents and facts are new each time, so that no round remembers anything of another."""
    known = with_paperwork(bare, policy=policy, projects=[PROJECT], until=(NOW + timedelta(days=1)).date())
    return Standing(policy.model_copy(), known, NOW, PROJECT)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--repeat", type=int, default=5)
    options.add_argument("--clauses", type=int, default=50)
    options.add_argument("--requests", type=int, default=200)
    given = options.parse_args()

    catalogue = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
    gateways = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
    bare = Facts(catalogue, gateways, requesters={PERSON: Requester(frozenset({"analyst"}), PROJECT, KIND)})
    old = framework(given.clauses)
    new, requests, space = draft(old), past(given.requests, catalogue), whole_space([KIND])

    def differences() -> object:
        return explain_diff(diff(old, new), new=new)

    def impact() -> object:
        seen = preview(standing(old, bare), standing(new, bare), space=space)
        return explain_preview(seen, catalogue=catalogue)

    def again() -> object:
        return explain_replay(replay(requests, old=old.model_copy(), new=new.model_copy(), facts=bare))

    def one_by_one() -> object:
        at = standing(old, bare)
        today = {"asked_on": NOW.date(), "use_until": NOW.date()}
        return [
            decide(one.request.model_copy(update=today), at.policy, facts=at.facts, now=NOW) for one in requests
        ]

    calls = (differences, impact, again, one_by_one)
    rounds = [[seconds(call) for call in calls] for _ in range(given.repeat)]
    told, shown, asked, engine = map(min, zip(*rounds, strict=True))
    counts = preview(standing(old, bare), standing(new, bare), space=space).counts
    single = engine / given.requests
    print(
        f"{given.clauses} clauses, {len(catalogue.attributes)} attributes, {given.requests} past requests, quickest of {given.repeat}:"
    )
    print(f"diff in sentences      {told:8.3f} s")
    print(
        f"preview in sentences   {shown:8.3f} s   ({counts.all:,} requests, {counts.single_all:,} of them for one attribute)"
    )
    print(f"replay in sentences    {asked:8.3f} s")
    print(f"together               {told + shown + asked:8.3f} s   (aim {AIM:.1f})")
    print(
        f"the engine, a request  {single * 1000:8.3f} ms  (one attribute at a time, both versions: {2 * single * counts.single_all:,.0f} s)"
    )


if __name__ == "__main__":
    main()
