"""What the assembler can tell of the people it keeps, and of their ids from one assembly to the next: ids and counts, never a record."""

import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from keys import Identity
from linkage.central.assembly.history import Event, of_person
from linkage.central.assembly.keeping import Counted
from linkage.central.assembly.kept import Place
from linkage.central.assembly.kept_tables import Kept
from linkage.errors import BadInput
from service import clock
from service.centre.assembler import KEPT_FOLDER
from service.centre.told import Told
from service.memory import read_remembered
from service.places import IDENTITY_FILE
from service.trust.unlocking import asking, unlocker

PERSON: Final = re.compile(r"[0-9a-f]{24}")
SAYS: Final[Mapping[str, str]] = {
    "merged": "{before} was merged into {after}",
    "split": "of {before} a part became {after}, which is new",
    "moved": "of {before} a part went over to {after}",
    "ended": "{before} has no record any more",
}


def people_told(folder: Path, *, shared: Path) -> Told:
    """The people that are kept, counted, and how many ids changed in each assembly.

    Raises:
        BadInput: the assembler has not run.
        BadSubmission: what it keeps was altered.
    """
    kept = _kept(folder, shared=shared)
    counted = Counted.of(kept)
    doubt = counted.doubt
    changes = [
        {"assembly": number, "at": at, **{kind: many[kind] for kind in SAYS}}
        for (number, at), many in _by_assembly(kept.history).items()
    ]
    lines = [
        f"{counted.records:,} records, {counted.people:,} people after {_assemblies(kept.number + 1)}",
        f"parted:     {doubt.groups_parted:,} groups that hung together by chance; {doubt.pairs_overruled:,} links overruled",
        f"to look at: {doubt.held_by_one_tie:,} people held together by one tie, {doubt.very_large:,} with very many records,"
        f" {doubt.two_numbers:,} with two different numbers that only one person can have",
        *(
            f"{c['at']}: {c['merged']:,} merged, {c['split']:,} split, {c['moved']:,} moved, {c['ended']:,} ended"
            for c in changes
        ),
    ]
    body = {
        "records": counted.records,
        "people": counted.people,
        "assemblies": kept.number + 1,
        "threshold": kept.rules.threshold,
        "deduplicated": sorted(kept.rules.deduplicated),
        "doubt": doubt.to_json(),
        "changes": changes,
    }
    return Told(lines, body)


def person_told(folder: Path, *, shared: Path, person: str) -> Told:
    """What became of one person id: merges and splits, those of the ids that it came from and became with it.

    Raises:
        BadInput: it is no person id, or the assembler has not run.
        BadSubmission: what it keeps was altered.
    """
    if not PERSON.fullmatch(person):
        raise BadInput("a person id has 24 hexadecimal digits, as it stands in the spine")
    kept = _kept(folder, shared=shared)
    s = kept.standing
    records = int(np.isin(s.person[s.here], s.people.numbers(person)).sum())
    events = of_person(kept.history, person=person)
    if not records and not events:
        raise BadInput("nobody has or had this id in this project and round")
    lines = [f"{person}: {records:,} records now" if records else f"{person}: no longer in use"]
    lines += [
        f"{e.at}: {SAYS[e.kind].format(before=e.before, after=e.after)} ({e.records:,} records)" for e in events
    ]
    return Told(lines, {"person": person, "records": records, "events": [e.to_json() for e in events]})


def _kept(folder: Path, *, shared: Path) -> Kept:
    project = read_remembered(shared, folder=folder, now=clock.now())
    assembler = Identity.load(folder / IDENTITY_FILE, unlock=unlocker(os.environ, ask=asking(sys.stdin)))
    kept = Place(folder / KEPT_FOLDER, project.one, assembler).read()
    if kept is None:
        raise BadInput(f"{folder.name}/ keeps no people of this round yet: run `linkage centre assemble` first")
    return kept


def _by_assembly(events: Sequence[Event]) -> dict[tuple[int, str], Counter[str]]:
    out: dict[tuple[int, str], Counter[str]] = {}
    for event in events:
        out.setdefault((event.number, event.at), Counter())[event.kind] += 1
    return out


def _assemblies(number: int) -> str:
    return "1 assembly" if number == 1 else f"{number:,} assemblies"
