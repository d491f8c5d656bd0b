"""`linkage schema leak` and `linkage schema lint`: what a schema leaks, measured on made-up people, beside how well it links."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from linkage.errors import BadInput
from linkage.leak.controls import family_key, hashed_identifiers, plain_filters
from linkage.leak.lint import Finding
from linkage.leak.lint import lint as find
from linkage.leak.made_up import made_up_file
from linkage.leak.measure import measure
from linkage.leak.report import LeakReport, report_of, told
from linkage.partner.normalise import ColumnMapping
from linkage.people import AgencyFile, make_world
from linkage.schema import Schema, default_schema, load_schema
from service.centre.evaluate import Given, evaluate
from service.texts import read_text

PEOPLE: Final = 20_000
MOST_TO_LINK: Final = 40_000  # people whose agencies' files are linked to show accuracy
AGENCIES: Final = ("police", "nhs")
Say = Callable[[str], None]


def read_schema(path: Path | None) -> Schema:
    """The schema in the file, or the default one.

    Raises:
        BadInput: the file cannot be read.
        BadSchema: it holds no schema.
    """
    return default_schema() if path is None else load_schema(read_text(path))


def run(
    schema: Path | None,
    *,
    people: int = PEOPLE,
    seed: int = 1,
    only: str | None = None,
    accuracy: bool = True,
    repeats: bool = False,
    now: datetime,
    say: Say,
) -> LeakReport:
    """The leak report of a schema, told as it goes. With `only`, one key is measured, and its accuracy is not. With `repeats`, the made-up file holds
    some people several times, as agencies' files do.

    Raises:
        BadInput, BadSchema: as its parts do; or there is no such key.
    """
    agreed = read_schema(schema)
    if only is not None and only not in agreed.keys:
        raise BadInput(f"the schema has no match key {only!r}; it has {', '.join(agreed.keys)}")
    say(f"{agreed.name} version {agreed.version}: {people:,} made-up people")
    file = made_up_file(people, schema=agreed, seed=seed, repeats=repeats)
    rng = np.random.default_rng([seed, 100])
    leak = measure(file, schema=agreed, rng=rng, only=only, say=lambda name: say(f"attacking {name}"))
    say("attacking tokens that are known to leak")
    controls = (
        hashed_identifiers(file.clean, rng=rng),
        plain_filters(file.clean, schema=agreed, rng=rng),
        family_key(file, schema=agreed, rng=rng),
    )
    linked = None
    if accuracy and only is None:
        say("linking two agencies' files with the same schema")
        linked = linked_with(agreed, people=min(people, MOST_TO_LINK), seed=seed, now=now)
    report = report_of(leak, schema=agreed, people=people, seed=seed, controls=controls, accuracy=linked)
    for line in told(report):
        say(line)
    return report


def linked_with(schema: Schema, *, people: int, seed: int, now: datetime) -> Mapping[str, Any]:
    """The report of `linkage evaluate` on the files of two made-up agencies.

    Raises:
        BadModel: nothing can be linked.
    """
    world = make_world(people=people, seed=seed)
    chosen = [a for a in world.agencies if a.name in AGENCIES]
    given = [_given(a, world.truth[a.name].astype(str).reset_index(drop=True)) for a in chosen]
    return evaluate(given, schema=schema, link_type="link_only", cleartext=False, now=now)


def _given(agency: AgencyFile, truth: Any) -> Given:
    mapping = ColumnMapping(agency.record_id, agency.identifiers, agency.date_order)
    return Given(agency.name, f"{agency.name}.csv", agency.frame, mapping, truth)


def lint(schema: Path | None, *, say: Say) -> tuple[Finding, ...]:
    """What is to be known of a schema's keys, told line by line.

    Raises:
        BadInput, BadSchema: as `read_schema` does.
    """
    findings = find(read_schema(schema))
    for one in findings:
        say(f"{one.severity:8} {one.where}: {one.sentence}")
    if not findings:
        say("nothing found")
    return findings
