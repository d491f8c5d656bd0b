"""`linkage demo`: the whole journey with five made-up agencies, every step the one that real partners would take."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from linkage.central.assemble import Linkage
from linkage.central.report.quality import assess, calibration
from linkage.manifest import Round
from linkage.partner.tokenise import record_refs
from linkage.people import World, make_world
from linkage.schema import default_schema
from policies.decision import Decision
from policies.disclosure import HIDDEN, rows
from policies.document import Policy
from policies.explain import explain_clause
from service.demonstration.cast import EPOCH, PROJECT, Randomness
from service.demonstration.governing import ask_twice, publish_log, recommend_and_adopt
from service.demonstration.linking import link_all, submit_all
from service.demonstration.stage import Say, deliver, fresh_folder, open_desk, own_secret, set_up
from service.demonstration.story import Story, told, write_page
from service.places import Places
from service.release import Release


def run(out: Path, *, people: int, seed: int, say: Say) -> Story:
    """The demonstration in `out`, its page in `out/index.html`, told step by step.

    Raises:
        BadInput: `out` exists and is no earlier demonstration.
    """
    started = time.perf_counter()
    places = fresh_folder(out)
    randomness = Randomness(seed)
    say(f"1. {people:,} made-up people live in nine local partnerships; five agencies know some of them.")
    world = make_world(people=people, seed=seed)
    schema = default_schema()
    one = Round(PROJECT, EPOCH, schema.digest)
    cast = set_up(places, world, schema, one, randomness)
    desk = open_desk(places, cast, one, randomness)
    say("2. The schema is agreed and the project secret delivered, sealed, to each data officer.")
    deliver(places, world, cast, one, randomness, desk)
    say("3. Each agency cleans, tokenises and seals on its own machine.")
    submit_all(places, world=world, one=one, randomness=randomness, desk=desk, say=say)
    say(
        "4. The linker scores sealed tokens, one pass after another; the assembler forms people. Two processes, two keys."
    )
    linkage = link_all(places, cast=cast, one=one, desk=desk, say=say)
    say("5. The board votes; each controller adopts the clauses for its own data.")
    policy = recommend_and_adopt(places, world=world, cast=cast, desk=desk, say=say)
    say("6. An analyst asks twice.")
    refused, allowed, made = ask_twice(places, cast=cast, desk=desk, say=say)
    say("7. Partners witness the log; anybody can check it.")
    events, witnesses = publish_log(places, cast=cast, desk=desk, world=world, made=made, say=say)
    story = _story(
        people, seed, places, world, linkage, policy, refused, allowed, made, events, witnesses, started
    )
    desk.state.close()
    desk.custodian.close()
    write_page(places.root, story)
    for line in told(story, out):
        say(line)
    return story


def _true_people(places: Places, world: World, linkage: Linkage) -> np.ndarray[Any, np.dtype[np.int64]]:
    person: dict[bytes, int] = {}
    for agency in world.agencies:
        truth = world.truth[agency.name]
        ids = truth.index.astype(str).to_numpy(dtype=object)
        refs = record_refs(ids, own=own_secret(places.agency(agency.name) / "own.secret"))
        person |= {bytes(r): int(p) for r, p in zip(refs, truth, strict=True)}
    return pd.factorize(np.array([person[bytes(r)] for r in linkage.records.record_ref]))[0].astype(np.int64)


def _story(
    people: int, seed: int, places: Places, world: World, linkage: Linkage, policy: Policy, refused: Decision, allowed: Decision,
    made: Release, events: int, witnesses: int, started: float,
) -> Story:  # fmt: skip
    truth = _true_people(places, world, linkage)
    bounds = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0001)
    sizes = np.bincount(np.bincount(linkage.person))
    clause = next(c for c in policy.clauses if c.id in allowed.clauses)
    return Story(
        people=people, seed=seed, records={a.title: len(a.frame) for a in world.agencies}, found=linkage.people,
        known=int(truth.max()) + 1,
        quality=assess(linkage.pairs, records=linkage.records, truth=truth, link_type="link_and_dedupe", threshold=linkage.threshold),
        calibration=calibration(linkage.pairs, truth=truth, bounds=bounds),
        refused=refused, allowed=allowed, table=rows(made.safe), hidden=sum(c == HIDDEN for c in made.safe.published.cells),
        cells=len(made.safe.published.cells), release=made.id, events=events, witnesses=witnesses,
        seconds=time.perf_counter() - started, policy=tuple(explain_clause(clause)),
        sizes={n: int(c) for n, c in enumerate(sizes) if n and c},
    )  # fmt: skip
