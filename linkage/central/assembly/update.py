"""What new submissions and the runs over them change in what the assembler knows: only the groups that they touch are formed anew."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from linkage.central.assembly.identities import NOBODY
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.pairs import Finds, Rows, ScoredRecords, resolved, rows_of, with_few
from linkage.central.assembly.records import Bytes16, Finder, Flags, Ints, Numbered, Shorts, byte_order
from linkage.central.assembly.runs import Told
from linkage.central.assembly.standing import GONE, Arrived, Standing, with_records
from linkage.central.assembly.whole import as_seen, seen_by
from linkage.central.chain import Link
from linkage.errors import BadSubmission
from linkage.manifest import RECORDS, Manifest

NONE: Final = np.empty(0, dtype=np.int64)
NO_ROWS: Final = Rows(NONE, NONE)


@dataclass(frozen=True, slots=True)
class News:
    """The submissions of one partner that came since: `first` is the place of the first of them in its chain."""

    head: Manifest
    links: tuple[Link, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Layers:
    """The rows of a pass in two layers, of which the later one counts where both have a row."""

    later: Rows
    earlier: Rows

    def find(self, row_ref: Ints) -> Ints:
        """The record number of each row, -1 where there is no such row."""
        found = self.later.find(row_ref)
        old = np.flatnonzero(found < 0)
        if len(old):
            found[old] = self.earlier.find(row_ref[old])
        return found


def news_of(
    reader: Reader, *, manifests: Sequence[Manifest], linked: Mapping[str, str]
) -> tuple[News, ...] | None:
    """What came since the submissions `linked` (manifest digests by partner); None where that is no plain addition: a partner or one of its submissions is
    no longer here."""
    if not linked.keys() <= {m.partner for m in manifests}:
        return None
    out = []
    for head in manifests:
        links = reader.chain(head)
        digests = [link.manifest.digest for link in links]
        before = linked.get(head.partner)
        if before is not None and before not in digests:
            return None
        first = 0 if before is None else digests.index(before) + 1
        if first < len(links):
            out.append(News(head, links[first:], first))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Changed:
    """The records after the partners' news: which of those before are replaced or gone, and whose people the gone ones were."""

    standing: Standing
    renewed: Ints
    left: Shorts


def with_news(before: Standing, news: Sequence[News], *, reader: Reader) -> Changed:
    """The records after the news. A record that is replaced keeps its number; one that is gone is blank.

    Raises:
        BadSubmission: an update takes back what is not there or brings what is; or as `Reader.map_of`.
    """
    came = [_came(before, one, reader=reader) for one in news]
    gone, again = (np.concatenate([NONE, *(getattr(one, name) for one in came)]) for name in ("gone", "again"))
    left = before.person[gone]
    grown = with_records(before, [one.arrived for one in came])
    grown.told[again] = np.concatenate([NONE, *(one.told for one in came)])
    grown.record_ref[gone], grown.person[gone] = 0, NOBODY
    return Changed(grown, again, left)


@dataclass(frozen=True, slots=True)
class _Came:
    """What a partner's news do to its records: those that are `gone`, those that came `again` and by which submission, and those that are new."""

    gone: Ints
    again: Ints
    told: Ints
    arrived: Arrived


def _came(before: Standing, news: News, *, reader: Reader) -> _Came:
    here = before.of(news.head.partner)
    its = _followed(news, known=Finder(before.record_ref.take(here, axis=0)), reader=reader)
    there = its.place >= 0
    known, told = here[its.place[there]], its.told[there]
    fresh = ~there & (its.told != GONE)
    return _Came(
        gone=known[told == GONE],
        again=known[told != NOBODY],
        told=told[told != NOBODY],
        arrived=Arrived(news.head.partner, its.record_ref[fresh], its.told[fresh]),
    )


@dataclass(frozen=True, slots=True)
class _Followed:
    """All records that a partner's news name, each once: its `place` among those known before (-1: it was not there), and which submission brought it
    last (`NOBODY`: one before the news), or `GONE`."""

    record_ref: Bytes16
    place: Ints
    told: Ints


def _followed(news: News, *, known: Finder, reader: Reader) -> _Followed:
    brought = [reader.map_of(link, RECORDS).record_ref for link in news.links]
    nothing = np.empty((0, 16), dtype=np.uint8)
    gone = [reader.gone_of(link) if news.first + at else nothing for at, link in enumerate(news.links)]
    refs = _once(np.concatenate([*gone, *brought]))
    number, place = Finder(refs), known.find(refs)
    told = np.where(place >= 0, NOBODY, GONE)
    for at, link in enumerate(news.links):
        leaving, coming = number.find(gone[at]), number.find(brought[at])
        if (told[leaving] == GONE).any() or _twice(leaving):
            raise BadSubmission(f"{link.manifest.submission} takes back records that are not there")
        told[leaving] = GONE
        if _twice(coming):
            raise BadSubmission(f"{link.manifest.partner} lists a record twice")
        if (told[coming] != GONE).any():
            raise BadSubmission(f"{link.manifest.submission} brings records that are there already")
        told[coming] = news.first + at
    return _Followed(refs, place, told)


def _twice(numbers: Ints) -> bool:
    rising = np.sort(numbers)
    return bool((rising[1:] == rising[:-1]).any())


def _once(refs: Bytes16) -> Bytes16:
    """Each pseudonym once."""
    ordered = refs[byte_order(refs)]
    other = np.ones(len(ordered), dtype=np.bool_)
    other[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return ordered[other]


class Own:
    """A partner's records that are here, to be found by their pseudonyms. Those that its news brought are looked for first, since nearly all rows of the news
    are theirs, and they are few."""

    def __init__(self, standing: Standing, *, news: News) -> None:
        self._standing, self._partner = standing, news.head.partner
        self._brought = self._numbered(since=news.first)

    @cached_property
    def _all(self) -> Numbered:
        return self._numbered(since=0)

    def _numbered(self, *, since: int) -> Numbered:
        its = self._standing.of(self._partner, since=since)
        return Numbered(self._standing.record_ref.take(its, axis=0), number=its)

    def find(self, refs: Bytes16) -> Ints:
        """The number of each pseudonym's record, -1 where there is no such record."""
        found = self._brought.find(refs)
        old = np.flatnonzero(found < 0)
        if len(old):
            found[old] = self._all.find(refs[old])
        return found


def recent_rows(here: Flags, news: News, key: str, *, reader: Reader, own: Own, before: Finds) -> Rows:
    """The rows of a pass that the news bring, as record numbers. A row that was known may be told again, of the same record, or of another where that is no
    longer `here`.

    Raises:
        BadSubmission: it is given to another record; or as `Reader.rows`.
    """
    brought = reader.rows(news.head, key, since=news.first)
    its = rows_of(brought, known=own, partner=news.head.partner)
    known = before.find(its.row_ref)
    if here[known[(known >= 0) & (known != its.record)]].any():
        raise BadSubmission(f"{news.head.submission} gives a row of {key} to another record")
    return its


def with_pairs(before: Standing, *, renewed: Flags, new: ScoredRecords) -> tuple[Standing, Flags]:
    """The records with the new pairs, without those of records that are `renewed` (replaced or gone), and which records may be grouped otherwise now: all
    of every connected group that lost or gained something."""
    stays = ~(renewed[before.pairs.left] | renewed[before.pairs.right])
    after = replace(before, pairs=with_few(before.pairs.only(stays), new))
    touched = renewed | (before.group == NOBODY)
    touched[new.left] = touched[new.right] = True
    groups = np.zeros(int(before.group.max(initial=-1)) + 2, dtype=np.bool_)
    groups[before.group[touched & (before.group != NOBODY)]] = True
    return after, before.here & ((before.group == NOBODY) | groups[before.group])


def pairs_told(
    told: Told, key: str, *, rows: Mapping[str, Finds], seen: Flags, last: bool, reader: Reader
) -> Iterator[ScoredRecords]:
    """The pairs of a pass that one run scored, of records that are still as they were `seen`."""
    for table in told.pairs(key, one=reader.one, assembler=reader.assembler):
        yield as_seen(resolved(table, rows=rows, unknown=not last), seen=seen)


def told_of_passes(
    standing: Standing,
    *,
    passes: Sequence[str],
    base: Callable[[str], Mapping[str, Rows]],
    recent: Mapping[str, Mapping[str, Rows]],
    reader: Reader,
    runs: Sequence[Told],
    news: Sequence[News],
) -> tuple[list[ScoredRecords], dict[str, dict[str, Rows]]]:
    """The pairs of records that the runs tell of, and by pass and partner the rows that all updates brought. `base` gives the rows of a pass as the last full
    assembly had them, which stand until those of the next pass are asked for; `recent` has those that updates brought since."""
    found: list[ScoredRecords] = []
    out: dict[str, dict[str, Rows]] = {}
    own = {one.head.partner: Own(standing, news=one) for one in news}
    here = standing.here
    seen = [seen_by(t, partners=standing.partners, partner=standing.partner, since=standing.told) for t in runs]
    for key in passes:
        earlier, later = base(key), dict(recent.get(key, {}))
        for one in news:
            name = one.head.partner
            known = Layers(later.get(name, NO_ROWS), earlier.get(name, NO_ROWS))
            its = recent_rows(here, one, key, reader=reader, own=own[name], before=known)
            later[name] = _over(later.get(name, NO_ROWS), its)
        layers = {n: Layers(later.get(n, NO_ROWS), earlier.get(n, NO_ROWS)) for n in {*earlier, *later}}
        for told, still in zip(runs, seen, strict=True):
            found += pairs_told(told, key, rows=layers, seen=still, last=told is runs[-1], reader=reader)
        out[key] = later
    return found, out


def _over(before: Rows, new: Rows) -> Rows:
    """Both, of which the new counts where both have a row."""
    stays = new.find(before.row_ref) < 0
    row_ref = np.concatenate([before.row_ref[stays], new.row_ref])
    record = np.concatenate([before.record[stays], new.record])
    order = np.argsort(row_ref, kind="stable")
    return Rows(row_ref[order], record[order])
