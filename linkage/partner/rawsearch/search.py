"""Shows that no raw value stands in what is about to leave: the bytes of every file are searched for every form of every value; of large files,
unless all of it is asked for, the beginning and a random part of the rest.

What leaves is ciphertext, and looks random. A pattern of k bytes stands at a given place of random bytes with a chance of 256^-k, so short ones do
turn up now and then: in two million bytes, one of 50,000 patterns of six bytes one time in 2,800. Hits are therefore judged by file and length: they
stop the submission when there are more of them than chance explains (a Poisson tail below `RISK`). From about eight bytes on, one
is enough, and at any length where it stands in readable text, for that is rarer still. Inside a long run of base64, such as the wrapped key at the
top of a sealed file, the same holds with 64^-k.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import gammainc

from linkage.errors import RawValueFound
from linkage.manifest import MANIFEST_NAME, Manifest
from linkage.partner.rawsearch.needles import SHORTEST, Needles
from linkage.partner.rawsearch.scan import ENOUGH_HITS, PRINTABLE, TEXT_RUN, Context, Found, Hits, Scan
from linkage.partner.suggestions.public_words import manifest_words

RISK: Final = 1e-8
WHOLE: Final = 1 << 19
PIECE: Final = 1 << 16
SHARE: Final = 1 / 32
# More base64 than stands at the top of any file; the places of a pattern in it are counted against this alone.
BASE64_A_FILE: Final = 4096


@dataclass(frozen=True, slots=True)
class RawSearch:
    """What a search covered and found.

    `values_searched` were searched in every form; `values_short` have fewer than six bytes and were searched as UTF-16 alone, where they
    are longer; `values_left_out` were not drawn into the sample, and `bytes_passed_over` not searched. `sure_from` is the least length in bytes from which a single occurrence stops
    a submission, in every file. `by_chance` is how many hits there were that chance explains, and `false_alarm` bounds the chance that a clean
    submission is stopped.
    """

    values_searched: int
    values_short: int
    values_left_out: int
    files: int
    bytes_searched: int
    bytes_passed_over: int
    found: tuple[Found, ...]
    places: int
    by_chance: int
    sure_from: int
    false_alarm: float

    def require_none(self) -> None:
        """Nothing, if no value was found.

        Raises:
            RawValueFound: one was; the message says which identifier's, in which file and where.
        """
        if self.found:
            one = self.found[0]
            raise RawValueFound(
                f"{one.file}, byte {one.offset:,}: a value of {one.identifier} stands there readable ({self.places:,} such places in all)."
                " Nothing may be sent: keep the files where they are, do not copy them, and report this as a fault of the program"
            )


class Searcher:
    """Searches what is about to leave: plain files on their way into a seal (`see`) and finished files on disk (`read`). `known` are texts that are
    meant to stand there in the clear, such as the partner's name: an occurrence inside one of them does not count. `left_out` is how many
    values a sample left out of the needles. With `rng`, of what a file has beyond its first `WHOLE` bytes only a random `SHARE` is searched."""

    def __init__(
        self,
        needles: Needles,
        *,
        known: Iterable[str] = (),
        left_out: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._needles, self._left_out, self._rng = needles, left_out, rng
        self._known = frozenset(known)
        self._searches: dict[str, Scan] = {}
        self._taken: Counter[str] = Counter()
        self._passed_over = 0
        self._pieces: list[Hits] = []

    def see(self, data: bytes | memoryview, *, file: str) -> None:
        """Takes the next bytes of a file before it is sealed."""
        name = f"{file} before it is sealed"
        self._feed(name, self._scan_of(len(data), name, frozenset()), data)

    def part(self) -> "Searcher":
        """A search for the same values in other files, perhaps in another process; `add` takes in what it has `seen`."""
        rng = self._rng.spawn(1)[0] if self._rng is not None else None
        return Searcher(self._needles, known=self._known, left_out=self._left_out, rng=rng)

    def seen(self) -> dict[str, Any]:
        """What was met in all its files, of which there will be no more, as JSON can say it: the bytes taken of each file, how many of them were
        passed over, and the hits."""
        return {
            "taken": dict(self._taken),
            "passed_over": self._passed_over,
            "hits": [hits.told() for hits in self._reports()],
        }

    def add(self, seen: Mapping[str, Any]) -> None:
        """Takes in what a part has seen."""
        self._taken += Counter(seen["taken"])
        self._passed_over += seen["passed_over"]
        self._pieces += map(Hits.of, seen["hits"])

    def _reports(self) -> list[Hits]:
        return [*(one.finish() for one in self._searches.values()), *self._pieces]

    def read(self, path: Path, *, known: Iterable[str] = ()) -> None:
        """Searches a file on disk, in pieces; `known` are more words that are meant to stand in this file."""
        words, left = frozenset(known), path.stat().st_size
        with path.open("rb") as source:
            while left > 0:
                size = min(PIECE, left)
                scan = self._scan_of(size, path.name, words)
                if scan is None:
                    source.seek(size, os.SEEK_CUR)
                else:
                    self._feed(path.name, scan, source.read(size))
                left -= size

    def _scan_of(self, size: int, name: str, known: frozenset[str]) -> Scan | None:
        """What the next so many bytes of a file are to be fed to; None where they are passed over."""
        whole = self._rng is None or self._taken[name] < WHOLE
        self._taken[name] += size
        if whole:
            if name not in self._searches:
                self._searches[name] = self._scan(name, known)
            return self._searches[name]
        if self._rng is not None and self._rng.random() < SHARE:
            return self._scan(name, known)
        self._passed_over += size
        return None

    def _feed(self, name: str, scan: Scan | None, data: bytes | memoryview) -> None:
        if scan is None:
            return
        scan.feed(data)
        if scan is not self._searches.get(name):
            self._pieces.append(scan.finish())

    def submission(self, folder: Path, *, manifest: Manifest) -> RawSearch:
        """What was found in all that was seen before, and in every file of the signed submission in the folder."""
        known = manifest_words(manifest)
        for name in (*(f.name for f in manifest.files), MANIFEST_NAME):
            self.read(folder / name, known=known)
        return self.result()

    def result(self) -> RawSearch:
        """What was found in all the files; nothing more can be searched afterwards."""
        found = judge(self._reports(), needles=self._needles, left_out=self._left_out)
        return replace(found, files=len(self._taken), bytes_passed_over=self._passed_over)

    def _scan(self, file: str, known: frozenset[str]) -> Scan:
        words = tuple(sorted(k.encode() for k in self._known | known if k))
        return Scan(file, needles=self._needles, known=words)


def judge(reports: Iterable[Hits], *, needles: Needles, left_out: int = 0) -> RawSearch:
    """The reports of single files as one result."""
    reports = tuple(reports)
    found: list[Found] = []
    places = by_chance = 0
    sure_from, alarm = SHORTEST, 0.0
    by_length = needles.by_length
    expected = {size: tuple(_expected(by_length, size=size)) for size in {r.size for r in reports}}
    for report in reports:
        beyond_chance = sum(report.counts.values()) >= ENOUGH_HITS
        for length, context, most, risk in expected[report.size]:
            alarm += risk
            if most and context == "bytes":
                sure_from = max(sure_from, length + 1)
            hits = report.counts.get((length, context), 0)
            if hits > most or (hits and beyond_chance):
                places += hits
                found += report.first[length, context]
            else:
                by_chance += hits
    return RawSearch(
        values_searched=needles.values,
        values_short=needles.short,
        values_left_out=left_out,
        files=len(reports),
        bytes_searched=sum(r.size for r in reports),
        bytes_passed_over=0,
        found=tuple(sorted(found, key=lambda f: (f.file, f.offset))),
        places=places,
        by_chance=by_chance,
        sure_from=sure_from,
        false_alarm=alarm,
    )


def _expected(by_length: Mapping[int, int], *, size: int) -> Iterator[tuple[int, Context, int, float]]:
    """For a file of this size, by length and surroundings: the most hits that chance explains, and the chance of more."""
    for length, patterns in by_length.items():
        for context, rate in rates(length, patterns=patterns, size=size).items():
            most = explained_by_chance(rate)
            yield length, context, most, float(gammainc(most + 1, rate))


def rates(length: int, *, patterns: int, size: int) -> dict[Context, float]:
    """How many hits of so many patterns of one length chance makes in a file of this size, by their surroundings."""
    anywhere = patterns * size / 256.0**length
    beside = max(0, TEXT_RUN - length)
    readable = min(1.0, (beside + 1) * (len(PRINTABLE) / 256) ** beside)
    return {
        "bytes": anywhere,
        "text": anywhere * readable,
        "base64": patterns * BASE64_A_FILE / 64.0**length,
    }


def explained_by_chance(rate: float) -> int:
    """The most hits that chance explains where it makes `rate` of them: more come with a probability below `RISK`."""
    most = 0
    # The chance of more than n events of a Poisson variable is the regularised lower incomplete gamma function of n + 1.
    while gammainc(most + 1, rate) >= RISK:
        most += 1
    return most
