"""The assembler's run with a memory: what it knew is carried on where the new runs extend it, and put together anew where they do not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from keys import Secret
from linkage.central.assembly.history import Event, events_of
from linkage.central.assembly.kept import Place, Shelf, Writing
from linkage.central.assembly.kept_tables import Kept, Noted, PassRows
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.pairs import ScoredRecords, merged
from linkage.central.assembly.people import Doubt, doubt
from linkage.central.assembly.records import Finder, Shorts
from linkage.central.assembly.rules import Rules
from linkage.central.assembly.runs import Told
from linkage.central.assembly.standing import (
    Arrived,
    Regrouped,
    Standing,
    nothing,
    regrouped,
    with_records,
    without_former,
)
from linkage.central.assembly.update import News, news_of, told_of_passes, with_news, with_pairs
from linkage.central.assembly.whole import Everyone, everyone, whole
from linkage.central.pairs.run import submissions_of
from linkage.central.report.calibration import Line, calibrated
from linkage.central.report.own_line import Fit, Heard
from linkage.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Terms:
    """What an assembly goes by: the key of person ids, the partners whose files have no doubles, the time as it is told in the history, and, where all is put
    together anew, how the line comes from what the passes say, and the threshold from calibrated pairs."""

    secret: Secret
    deduplicated: frozenset[str]
    at: str
    line: Fit
    threshold: Callable[[ScoredRecords], float]


@dataclass(frozen=True, slots=True)
class Assembled:
    """What is known now, what changed of people, and whether it was carried on (`extended`) or put together anew."""

    kept: Kept
    events: tuple[Event, ...]
    extended: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """The people that are kept, in numbers."""

    records: int
    people: int
    doubt: Doubt

    @classmethod
    def of(cls, kept: Kept) -> "Counted":
        """What is kept, counted."""
        s = kept.standing
        found = doubt(
            s.pairs, group=s.group, person=s.person, marks=s.marks * s.here, threshold=kept.rules.threshold
        )
        living, people = s.person[s.here], np.zeros(len(s.people.made), dtype=np.bool_)
        people[living] = True
        return cls(len(living), int(np.count_nonzero(people)), found)


def assemble(
    place: Place,
    *,
    reader: Reader,
    runs: Sequence[Told],
    manifests: Sequence[Manifest],
    terms: Terms,
    progress: Callable[[str], None] = lambda _: None,
) -> Assembled:
    """Who is who after the linker's runs; what the assembler keeps says so from now on.

    Where what is kept is of one of these runs, only the groups that later runs touch are formed anew. Else all is put together from what is here, and
    people keep their ids by the records that they had.

    Raises:
        BadSubmission: what is kept was altered; or a run or a map does not fit.
        NotWritten: the system refused; what was kept before still is.
    """
    shelf = place.shelf()
    noted = None if shelf is None else shelf.noted()
    at = _stands_at(noted, runs=runs, terms=terms)
    news = (
        news_of(reader, manifests=manifests, linked=noted.submissions)
        if noted is not None and at is not None
        else None
    )
    if shelf is not None and noted is not None and at is not None and news is not None:
        if at == len(runs) - 1 and not news:
            for head in manifests:
                reader.check(head)
            for told in runs:
                told.check()
            return Assembled(shelf.read(), (), extended=True)
        return _extended(
            shelf,
            noted,
            place=place,
            reader=reader,
            runs=runs[at + 1 :],
            news=news,
            manifests=manifests,
            terms=terms,
        )
    before = None if shelf is None else shelf.read()
    return _anew(
        before, place=place, reader=reader, runs=runs, manifests=manifests, terms=terms, progress=progress
    )


def _stands_at(before: Noted | None, *, runs: Sequence[Told], terms: Terms) -> int | None:
    """Which of the runs what was kept is of, if it can be carried on from there."""
    digests = [told.run.digest for told in runs]
    if before is None or before.run not in digests:
        return None
    if before.rules.deduplicated != terms.deduplicated:
        return None
    at = digests.index(before.run)
    later = {key for told in runs[at + 1 :] for key in told.passes()}
    return at if later <= set(before.passes) else None


def _anew(
    before: Kept | None,
    *,
    place: Place,
    reader: Reader,
    runs: Sequence[Told],
    manifests: Sequence[Manifest],
    terms: Terms,
    progress: Callable[[str], None],
) -> Assembled:
    number = 0 if before is None else before.number + 1
    of = everyone(reader, manifests=manifests)
    passes, heard = list[str](), Heard()
    with Writing(place, number) as writing:

        def keep(key: str, rows: PassRows) -> None:
            passes.append(key)
            writing.put_rows(key, rows)

        scored = whole(
            runs, reader=reader, manifests=manifests, of=of, keep=keep, hear=heard.add, progress=progress
        )
        line = terms.line(heard.passes)
        standing, left = _carried(before, of)
        standing = replace(standing, pairs=calibrated(scored, line=line))
        rules = Rules(terms.threshold(standing.pairs), terms.deduplicated)
        which = np.arange(len(standing.told))
        made = regrouped(standing, which, left=left, rules=rules, secret=terms.secret, number=number)
        return _kept(
            made, () if before is None else before.history, writing=writing, run=runs[-1], manifests=manifests, rules=rules, line=line, terms=terms,
            passes=tuple(passes), recent={}, number=number,
        )  # fmt: skip


def _carried(before: Kept | None, of: Everyone) -> tuple[Standing, Shorts]:
    """All records with the people that they had, and the former people of those that are no longer here."""
    standing = nothing() if before is None else replace(nothing(), people=before.standing.people)
    which = [(name, of.records.partner == at) for at, name in enumerate(of.records.partners)]
    standing = with_records(
        standing, [Arrived(name, of.records.record_ref[its], of.told[its]) for name, its in which]
    )
    if before is None:
        return standing, np.empty(0, dtype=np.int32)
    person, gone = standing.person.copy(), before.standing.here
    for name in before.standing.partners:
        here, was = standing.of(name), before.standing.of(name)
        found = Finder(before.standing.record_ref[was]).find(standing.record_ref[here])
        person[here[found >= 0]] = before.standing.person[was[found[found >= 0]]]
        gone[was[found[found >= 0]]] = False
    return replace(standing, person=person), before.standing.person[gone]


def _extended(
    shelf: Shelf,
    noted: Noted,
    *,
    place: Place,
    reader: Reader,
    runs: Sequence[Told],
    news: Sequence[News],
    manifests: Sequence[Manifest],
    terms: Terms,
) -> Assembled:
    # Of what was kept each table is opened where it is needed, in the memory of those before it, which nothing holds any more then.
    number = noted.number + 1
    changed = with_news(shelf.records(), news, reader=reader)
    found, recent = told_of_passes(
        changed.standing,
        passes=noted.passes,
        base=shelf.rows,
        recent=shelf.recent(),
        reader=reader,
        runs=runs,
        news=news,
    )
    shelf.let_go()
    pairs = calibrated(merged(found), line=noted.line)
    renewed = np.zeros(len(changed.standing.told), dtype=np.bool_)
    renewed[changed.renewed] = True
    standing, which = with_pairs(replace(changed.standing, pairs=shelf.pairs()), renewed=renewed, new=pairs)
    standing = replace(standing, people=shelf.people())
    made = regrouped(
        standing, np.flatnonzero(which), left=changed.left, rules=noted.rules, secret=terms.secret, number=number,
    )  # fmt: skip
    with Writing(place, number) as writing:
        return _kept(
            made, shelf.history(), writing=writing, run=runs[-1], manifests=manifests, rules=noted.rules, line=noted.line, terms=terms,
            passes=noted.passes, recent=recent, number=number, extends=True,
        )  # fmt: skip


def _kept(
    made: Regrouped,
    history: tuple[Event, ...],
    *,
    writing: Writing,
    run: Told,
    manifests: Sequence[Manifest],
    rules: Rules,
    line: Line,
    terms: Terms,
    passes: tuple[str, ...],
    recent: Mapping[str, PassRows],
    number: int,
    extends: bool = False,
) -> Assembled:
    events = events_of(made.changes, people=made.standing.people, number=number, at=terms.at)
    kept = Kept(
        run=run.run.digest,
        submissions=submissions_of(manifests),
        rules=rules,
        line=line,
        number=number,
        passes=passes,
        standing=made.standing if extends else without_former(made.standing),
        recent=recent,
        history=(*history, *events),
    )
    writing.finish(kept, extends=extends)
    return Assembled(kept, events, extends)
