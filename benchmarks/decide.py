"""How long one decision takes, beside the plain engine of the tests and beside Cedar, on the same documents and requests.

    python benchmarks/decide.py [--clauses 8,50,500] [--requests 600] [--repeat 5] [--no-cedar] [--json FILE]

Documents are the shipped one with its clauses varied (purposes, forms, attributes, gateways, dates) until there are so many, and a prohibition
for every tenth; facts have gaps. Requests are drawn at random around them and sorted by the answer they get. Each is asked anew, with nothing
kept of it, `--repeat` times; the quickest counts, in the processor time of this process. A decision has its reasons, the three nearest
clauses in sentences, the nearest alternative, and the digests. The plain engine is `tests/property/policies_reference.py`; where it takes
seconds it is given a few requests of each kind, and the ratio is taken over those. Cedar, if `cedarpy` is there, says yes or no and by which
clauses, and nothing else; its documents and facts are parsed beforehand.
"""

import argparse
import gc
import json
import random
import runpy
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

from policies.decision import Decision
from policies.engine import decide

TESTS = Path(__file__).parents[1] / "tests" / "property"
PLAIN = SimpleNamespace(**runpy.run_path(str(TESTS / "policies_reference.py")))
W = SimpleNamespace(**runpy.run_path(str(TESTS / "policies_worlds.py")))
PLAIN_CLAUSES = 4_000
"""So many clauses altogether the plain engine is given of each kind of request."""

KINDS = (
    "allowed",
    "refused, with an alternative",
    "refused, none near",
    "an unknown word",
    "an error",
    "every attribute",
)


def asked() -> argparse.Namespace:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--clauses", default="8,50,500", help="sizes of documents")
    ask.add_argument("--requests", type=int, default=600, help="requests drawn for each document")
    ask.add_argument("--repeat", type=int, default=5, help="times that each is asked")
    ask.add_argument("--no-cedar", action="store_true", help="without Cedar")
    ask.add_argument("--json", type=Path, help="file for the figures")
    return ask.parse_args()


def kind(decision: Decision) -> str:
    if decision.allowed:
        return "allowed"
    if decision.errors:
        return "an error"
    if any(reason.code.startswith("unknown-") for reason in decision.reasons):
        return "an unknown word"
    return "refused, with an alternative" if decision.alternative else "refused, none near"


def quickest(call: Callable[[object], object], fresh: Callable[[], object], *, repeat: int) -> float:
    """Milliseconds of processor time; `fresh` makes what is asked, outside the time."""
    best = float("inf")
    for _ in range(repeat):
        given = fresh()
        start = time.process_time_ns()
        call(given)
        best = min(best, (time.process_time_ns() - start) / 1e6)
    return best


def quantiles(times: Sequence[float]) -> tuple[float, float, float]:
    """The median, the 99th centile and the largest."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], ordered[-1]


def cedar_of(world: object) -> Callable[[object], object] | None:
    try:
        twin = SimpleNamespace(**runpy.run_path(str(TESTS / "policies_cedar_twin.py"))).twin(
            world.policy, world.facts
        )
    except ImportError:
        return None
    return lambda request: twin.clauses([request], now=W.NOW)


def measure(clauses: int, given: argparse.Namespace) -> list[dict[str, object]]:
    rng = random.Random(clauses)  # noqa: S311 - the same draws each time
    policy = W.a_policy(rng, clauses=clauses, prohibitions=clauses // 10)
    world = W.World(policy, W.some_facts(rng, policy))
    drawn = [W.a_request(rng, wild=0.12) for _ in range(given.requests)]
    whole = [W.a_request(rng, wild=0).model_copy(update={"attributes": _every(drawn[0])}) for _ in range(20)]

    def ours(request: object) -> Decision:
        return decide(request, world.policy, facts=world.facts, now=W.NOW)

    def plain(request: object) -> object:
        return PLAIN.decide(request, world.policy, facts=world.facts, now=W.NOW)

    first = quickest(lambda _: ours(drawn[0]), lambda: None, repeat=1)
    cedar = None if given.no_cedar else cedar_of(world)
    sorts: dict[str, list[object]] = defaultdict(list)
    for request in drawn:
        sorts[kind(ours(request))].append(request)
    sorts["every attribute"] = whole
    gc.collect()
    gc.freeze()
    found: list[dict[str, object]] = []
    for name in KINDS:
        requests = sorts.get(name, [])
        if not requests:
            continue
        times = [quickest(ours, request.model_copy, repeat=given.repeat) for request in requests]
        few = range(min(len(requests), max(2, PLAIN_CLAUSES // clauses // 10)))
        plainly = [quickest(plain, requests[n].model_copy, repeat=1) for n in few]
        theirs = [quickest(cedar, requests[n].model_copy, repeat=given.repeat) for n in few] if cedar else []
        for n in few:
            assert PLAIN.decide(requests[n], world.policy, facts=world.facts, now=W.NOW)[0] == ours(requests[n])  # noqa: S101
        mine = sum(times[n] for n in few)
        found.append(
            {
                "clauses": clauses,
                "kind": name,
                "requests": len(requests),
                "ours": quantiles(times),
                "plain": quantiles(plainly),
                "ratio": sum(plainly) / mine,
                "cedar": quantiles(theirs) if theirs else None,
                "cedar ratio": sum(theirs) / mine if theirs else None,
                "first": first,
            }
        )
    gc.unfreeze()
    return found


def _every(request: object) -> tuple[object, ...]:
    return tuple(request.attributes[0].model_copy(update={"attribute": name}) for name in W.NAMES)


def shown(row: dict[str, object]) -> str:
    ours = " | ".join(f"{value:.2f}" for value in row["ours"])
    plain = f"{row['plain'][0]:.1f} | {row['ratio']:.0f}"
    cedar = f"{row['cedar'][0]:.2f} | {row['cedar ratio']:.1f}" if row["cedar"] else "| "
    return f"| {row['clauses']} | {row['kind']} | {row['requests']} | {ours} | {plain} | {cedar} |"


def main() -> None:
    given = asked()
    print(
        "| clauses | answer | requests | p50 ms | p99 ms | max ms | plain p50 ms | plain : ours | Cedar p50 ms | Cedar : ours |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    rows: list[dict[str, object]] = []
    for clauses in map(int, given.clauses.split(",")):
        found = measure(clauses, given)
        rows += found
        for row in found:
            print(shown(row), flush=True)
    firsts = {row["clauses"]: row["first"] for row in rows}
    print("\nThe first decision on a document, which makes its indexes and digests:", end=" ")
    print(", ".join(f"{clauses} clauses {ms:.0f} ms" for clauses, ms in firsts.items()))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
