"""What new submissions and the runs over them change in what the assembler knows: only the groups that they touch are formed anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from linkage.central.assembly.identities import NOBODY
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.pairs import Finds, Rows, ScoredRecords, merged, resolved, rows_of
from linkage.central.assembly.records import Bytes16, Finder, Flags, Ints
from linkage.central.assembly.runs import Told
from linkage.central.assembly.standing import GONE, Standing, with_records
from linkage.central.assembly.whole import as_seen
from linkage.central.chain import Link
from linkage.errors import BadSubmission
from linkage.manifest import RECORDS, Manifest


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
    """The records after a partner's news: which of those before are replaced or gone, and whose people the gone ones were."""

    standing: Standing
    renewed: Ints
    left: Ints


def with_news(before: Standing, news: News, *, reader: Reader) -> Changed:
    """The records after the news. A record that is replaced keeps its number; one that is gone is blank.

    Raises:
        BadSubmission: an update takes back what is not there or brings what is; or as `Reader.map_of`.
    """
    here = before.of(news.head.partner)
    brought = [reader.map_of(link, RECORDS).record_ref for link in news.links]
    nothing = np.empty((0, 16), dtype=np.uint8)
    gone = [reader.gone_of(link) if news.first + at else nothing for at, link in enumerate(news.links)]
    refs = _once(np.concatenate([*gone, *brought]))
    known = Finder(before.record_ref[here]).find(refs)
    there = known >= 0
    standing = dict.fromkeys(map(bytes, refs), GONE) | dict.fromkeys(map(bytes, refs[there]), NOBODY)
    for at, link in enumerate(news.links):
        _follow(standing, link, gone=gone[at], brought=brought[at], place=news.first + at)
    told = np.array([standing[bytes(ref)] for ref in refs], dtype=np.int64)
    renewed = here[known[there & (told != NOBODY)]]
    lost = here[known[there & (told == GONE)]]
    after = before.told.copy()
    after[here[known[there]]] = np.where(told[there] == NOBODY, after[here[known[there]]], told[there])
    blank = before.record_ref.copy()
    blank[lost] = 0
    person = before.person.copy()
    person[lost] = NOBODY
    fresh = ~there & (told != GONE)
    grown = with_records(
        replace(before, told=after, record_ref=blank, person=person),
        partner=news.head.partner,
        refs=refs[fresh],
        told=told[fresh],
    )
    return Changed(grown, renewed, before.person[lost])


def _follow(standing: dict[bytes, int], link: Link, *, gone: Bytes16, brought: Bytes16, place: int) -> None:
    """Takes one submission into account: `standing` says of each record which one brought it (`NOBODY`: an earlier one), or `GONE`."""
    for ref in map(bytes, gone):
        if standing[ref] == GONE:
            raise BadSubmission(f"{link.manifest.submission} takes back records that are not there")
        standing[ref] = GONE
    for ref in map(bytes, brought):
        if standing[ref] == place:
            raise BadSubmission(f"{link.manifest.partner} lists a record twice")
        if standing[ref] != GONE:
            raise BadSubmission(f"{link.manifest.submission} brings records that are there already")
        standing[ref] = place


def _once(refs: Bytes16) -> Bytes16:
    """Each pseudonym once."""
    every = sorted({bytes(ref) for ref in refs})
    return np.frombuffer(b"".join(every), dtype=np.uint8).reshape(-1, 16)


@dataclass(frozen=True, slots=True)
class Own:
    """A partner's records that are here: their numbers, and their pseudonyms to be found by."""

    number: Ints
    known: Finder

    @classmethod
    def of(cls, standing: Standing, partner: str) -> "Own":
        """Those of this partner."""
        here = standing.of(partner)
        return cls(here, Finder(standing.record_ref[here]))


def recent_rows(here: Flags, news: News, key: str, *, reader: Reader, own: Own, before: Finds) -> Rows:
    """The rows of a pass that the news bring, as record numbers. A row that was known may be told again, of the same record, or of another where that is no
    longer `here`.

    Raises:
        BadSubmission: it is given to another record; or as `Reader.rows`.
    """
    brought = reader.rows(news.head, key, since=news.first)
    its = rows_of(brought, known=own.known, number=own.number, partner=news.head.partner)
    known = before.find(its.row_ref)
    if here[known[(known >= 0) & (known != its.record)]].any():
        raise BadSubmission(f"{news.head.submission} gives a row of {key} to another record")
    return its


def with_pairs(before: Standing, *, renewed: Flags, new: ScoredRecords) -> tuple[Standing, Flags]:
    """The records with the new pairs, without those of records that are `renewed` (replaced or gone), and which records may be grouped otherwise now: all
    of every connected group that lost or gained something."""
    stays = ~(renewed[before.pairs.left] | renewed[before.pairs.right])
    after = replace(before, pairs=merged([before.pairs.only(stays), new]))
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
