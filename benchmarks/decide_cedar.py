"""Our engine and Cedar on the whole space of the shipped document: every word of the vocabulary, every attribute, alone and in pairs.

    python benchmarks/decide_cedar.py [--pairs everywhere]

Every purpose, form, role and area, those that are never allowed among them, is asked for every attribute alone, by somebody who holds just that
role. Pairs of attributes are asked wherever Cedar permits one of the two alone; with `--pairs everywhere`, also where it permits neither, for the
roles that some clause names. Cedar answers for each attribute, and permits a pair by the clauses that permit both. Needs `cedarpy`. It
prints how many points were asked, how many of them are permitted, and every disagreement; there is none, or it fails.
"""

import argparse
import runpy
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice, product
from pathlib import Path
from types import SimpleNamespace

from policies.engine import decide
from policies.facts import Requester
from policies.request import Request, Wanted
from policies.selftest import PROJECT, perfect_facts
from policies.terms import words

TESTS = Path(__file__).parents[1] / "tests" / "property"
W = SimpleNamespace(**runpy.run_path(str(TESTS / "policies_worlds.py")))
T = SimpleNamespace(**runpy.run_path(str(TESTS / "policies_cedar_twin.py")))
BATCH = 20_000

FACTS = replace(
    perfect_facts(W.POLICY, catalogue=W.SHIPPED, gateways=W.GATEWAYS, role="analyst", now=W.NOW),
    requesters={role: Requester(frozenset({role}), PROJECT, "local-policing-body") for role in words("role")},
)
PURPOSES = (*words("purpose"), *words("never-purpose"))
FORMS = (*words("form"), *words("never-form"))
PLACES = tuple(product(PURPOSES, FORMS, words("role"), words("area")))
ATTRIBUTES = tuple(sorted(W.SHIPPED.attributes))
ANY = W.a_request(W.Draws(1), wild=0).model_copy(
    update={"population": (), "group_by": (), "asked_on": W.NOW.date(), "use_until": W.NOW.date()}
)


def point(place: tuple[str, str, str, str], names: tuple[str, ...]) -> Request:
    """One request; what it asks for is not checked again, for the words are the vocabulary's own."""
    purpose, form, role, area = place
    wanted = tuple(Wanted.model_construct(attribute=name, why="it is asked") for name in names)
    said = {"purpose": purpose, "form": form, "role": role, "requester": role, "area": area}
    return ANY.model_copy(update={**said, "attributes": wanted})


def ours(place: tuple[str, str, str, str], names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(decide(point(place, names), W.POLICY, facts=FACTS, now=W.NOW).clauses)


def theirs() -> Iterator[tuple[tuple[object, str], frozenset[str]]]:
    """What Cedar says of each attribute alone, in batches that fit the memory."""
    twin = T.twin(W.POLICY, FACTS)
    points = iter(product(PLACES, ATTRIBUTES))
    while batch := list(islice(points, BATCH)):
        found = twin.clauses([point(place, (name,)) for place, name in batch], now=W.NOW)
        yield from zip(batch, found, strict=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pairs", choices=("permitted", "everywhere"), default="permitted")
    given = ask.parse_args()
    start = time.process_time()
    alone = dict(theirs())
    print(f"Cedar: {len(alone):,} questions, {time.process_time() - start:.0f} s of processor time", flush=True)
    start, differ, permitted = time.process_time(), 0, 0
    for (place, name), clauses in alone.items():
        permitted += bool(clauses)
        if ours(place, (name,)) != clauses:
            differ += 1
            print("they differ:", *place, name)
    took = time.process_time() - start
    print(
        f"alone: {len(alone):,} points, {permitted:,} permitted, {differ} differ; ours took {took:.0f} s",
        flush=True,
    )
    named = frozenset().union(*(clause.permit.roles for clause in W.POLICY.clauses))
    start, asked, permitted = time.process_time(), 0, 0
    for place in PLACES:
        anywhere = given.pairs == "everywhere" and place[2] in named
        if not anywhere and not any(alone[place, name] for name in ATTRIBUTES):
            continue
        for one, other in combinations(ATTRIBUTES, 2):
            clauses = alone[place, one] & alone[place, other]
            if not (anywhere or alone[place, one] or alone[place, other]):
                continue
            asked, permitted = asked + 1, permitted + bool(clauses)
            if ours(place, (one, other)) != clauses:
                differ += 1
                print("they differ:", *place, one, other)
    took = time.process_time() - start
    print(
        f"pairs: {asked:,} points, {permitted:,} permitted, {differ} differ altogether; ours took {took:.0f} s"
    )
    raise SystemExit(1 if differ else 0)


if __name__ == "__main__":
    main()
