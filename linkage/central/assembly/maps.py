"""The partners' sealed maps, opened: which row of a pass is which record, after the whole submission and every update."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from keys import Identity, open_sealed
from linkage.central.assembly.records import Bytes16, Finder, Flags, Ints, byte_order
from linkage.central.chain import Link, chain_of
from linkage.errors import BadSubmission
from linkage.gone import GONE, read_gone
from linkage.manifest import GONE_SUFFIX, RECORDS, Manifest, Round
from linkage.subgroups import SUBGROUPS, SUBGROUPS_NAME, SubgroupCodes, read_subgroups
from linkage.tokens import PassMap, read_map

MAP_SUFFIX: Final = ".map.sealed"


@dataclass(frozen=True, slots=True)
class Here:
    """A partner's records as they stand, in the order of their pseudonyms. `told` is the place in its chain of the submission that brought each as it is
    now: 0 the whole one, 1 its first update."""

    record_ref: Bytes16
    told: Ints


@dataclass(frozen=True, slots=True)
class Reader:
    """The assembler at its inbox: its identity opens what the partners' manifests name."""

    inbox: Path
    one: Round
    assembler: Identity
    _chains: dict[str, tuple[Manifest, tuple[Link, ...]]] = field(default_factory=dict)

    def chain(self, head: Manifest) -> tuple[Link, ...]:
        """The partner's submissions, the whole one first. They are looked at once: whatever came meanwhile waits for the next run.

        Raises:
            BadSubmission: the folders are not that chain.
        """
        known = self._chains.get(head.partner)
        if known is None or known[0] is not head:
            known = self._chains[head.partner] = (head, chain_of(self.inbox, head=head))
        return known[1]

    def map_of(self, link: Link, key: str) -> PassMap:
        """The map that one submission brings.

        Raises:
            BadSubmission: it is missing or belongs elsewhere.
            BadSeal: it was altered or is not for this assembler.
        """
        partner = link.manifest.partner
        its, meta = read_map(
            self._opened(link, f"{key}{MAP_SUFFIX}", what=key, context=self.one.context(partner, key))
        )
        if its.key != key or meta.get("partner") != partner:
            raise BadSubmission(f"the map in the place of {partner}, {key}, belongs elsewhere")
        return its

    def gone_of(self, link: Link) -> Bytes16:
        """The records that an update says are gone or replaced.

        Raises:
            BadSubmission, BadSeal: as `map_of`.
        """
        partner = link.manifest.partner
        context = self.one.context(partner, RECORDS, GONE)
        opened = self._opened(link, f"{RECORDS}{GONE_SUFFIX}", what=RECORDS, context=context)
        return read_gone(opened, key=RECORDS, partner=partner)

    def codes_of(self, link: Link) -> SubgroupCodes:
        """The subgroup codes that one submission brings.

        Raises:
            BadSubmission, BadSeal: as `map_of`.
        """
        partner = link.manifest.partner
        context = self.one.context(partner, RECORDS, SUBGROUPS)
        opened = self._opened(link, SUBGROUPS_NAME, what=SUBGROUPS, context=context)
        return read_subgroups(opened, kinds=link.manifest.subgroups, partner=partner)

    def _opened(self, link: Link, name: str, *, what: str, context: bytes) -> bytes:
        return open_sealed(self._sealed(link, name, what=what), by=self.assembler, context=context)

    def _sealed(self, link: Link, name: str, *, what: str) -> bytes:
        path = link.folder / name
        if not path.is_file():
            raise BadSubmission(
                f"the assembler has no map of {link.manifest.partner} for {what}: receive its submission again"
            )
        sealed = path.read_bytes()
        link.manifest.check_file(name, sealed)
        return sealed

    def check(self, head: Manifest) -> None:
        """Nothing, if all maps of the partner's chain are as its manifests say; none is opened.

        Raises:
            BadSubmission: one is missing or was altered.
        """
        for link in self.chain(head):
            for name in (f.name for f in link.manifest.files):
                if name.endswith(MAP_SUFFIX) or name == f"{RECORDS}{GONE_SUFFIX}":
                    self._sealed(link, name, what=name.partition(".")[0])

    def here(self, head: Manifest) -> Here:
        """The partner's records after its latest submission.

        Raises:
            BadSubmission: an update takes back what is not there or brings what is; or as `map_of`.
        """
        standing = Here(np.empty((0, 16), dtype=np.uint8), np.empty(0, dtype=np.int64))
        for place, link in enumerate(self.chain(head)):
            standing = self.after(standing, link, place=place)
        return standing

    def after(self, before: Here, link: Link, *, place: int) -> Here:
        """The partner's records after one more submission, at its place in the chain.

        Raises:
            BadSubmission: as `here`.
        """
        brought = self.map_of(link, RECORDS).record_ref
        gone = self.gone_of(link) if place else np.empty((0, 16), dtype=np.uint8)
        known = Finder(before.record_ref)
        leaving = known.find(gone)
        if (leaving < 0).any():
            raise BadSubmission(f"{link.manifest.submission} takes back records that are not there")
        stays: Flags = np.ones(len(before.told), dtype=np.bool_)
        stays[leaving] = False
        again = known.find(brought)
        if stays[again[again >= 0]].any():
            raise BadSubmission(f"{link.manifest.submission} brings records that are there already")
        if Finder(brought).twice:
            raise BadSubmission(f"{link.manifest.partner} lists a record twice")
        refs = np.concatenate([before.record_ref[stays], brought])
        told = np.concatenate([before.told[stays], np.full(len(brought), place, dtype=np.int64)])
        order = byte_order(refs)
        return Here(refs[order], told[order])

    def rows(self, head: Manifest, key: str, *, since: int = 0) -> PassMap:
        """The rows of a pass that the submissions from the place `since` on brought, less those of records that are gone since. A row may be told again,
        of the same record.

        Raises:
            BadSubmission: a row is given to another record; or as `map_of`.
        """
        standing: PassMap | None = None
        for place, link in enumerate(self.chain(head)):
            if place < since:
                continue
            its = self.map_of(link, key)
            standing = its if standing is None else _after(standing, its, gone=self.gone_of(link), link=link)
        if standing is None:
            return PassMap(key, np.empty(0, dtype=np.int64), np.empty((0, 16), dtype=np.uint8))
        return standing


def _after(before: PassMap, its: PassMap, *, gone: Bytes16, link: Link) -> PassMap:
    """The map before, less the rows of records that are gone, with the update's own."""
    stays = Finder(gone).find(before.record_ref) < 0
    kept = PassMap(before.key, before.row_ref[stays], before.record_ref[stays])
    again = np.isin(kept.row_ref, its.row_ref)
    order = np.argsort(its.row_ref, kind="stable")
    told = its.record_ref[order[np.searchsorted(its.row_ref[order], kept.row_ref[again])]]
    if (told != kept.record_ref[again]).any():
        raise BadSubmission(f"{link.manifest.submission} gives a row of {before.key} to another record")
    rows = np.concatenate([kept.row_ref[~again], its.row_ref])
    refs = np.concatenate([kept.record_ref[~again], its.record_ref])
    order = np.argsort(rows, kind="stable")
    return PassMap(before.key, rows[order], refs[order])


def open_maps(
    keys: Sequence[str], *, inbox: Path, manifests: Sequence[Manifest], one: Round, assembler: Identity
) -> dict[str, dict[str, PassMap]]:
    """The partners' maps of these passes, by pass and partner: those of the whole submission, and of each update after it, less the records that it
    says are gone.

    Raises:
        BadSubmission: a map is missing or belongs elsewhere, or an update does not fit what it follows.
        BadSeal: it was altered or is not for this assembler.
    """
    reader = Reader(inbox, one, assembler)
    return {
        key: {m.partner: _listed(reader, m) if key == RECORDS else reader.rows(m, key) for m in manifests}
        for key in keys
    }


def _listed(reader: Reader, head: Manifest) -> PassMap:
    refs = reader.here(head).record_ref
    return PassMap(RECORDS, np.arange(len(refs), dtype=np.int64), refs)
