"""The subgroup codes of a partner's records as they stand after the whole submission and every update. They are opened for a report and kept nowhere."""

from collections.abc import Mapping

import numpy as np

from linkage.central.assembly.maps import Here, Reader
from linkage.central.assembly.records import Bytes16, Finder
from linkage.central.chain import Link
from linkage.errors import BadSubmission
from linkage.manifest import Manifest
from linkage.subgroups import Numbers, SubgroupCodes

NOBODY = np.empty((0, 16), dtype=np.uint8)


def standing_codes(reader: Reader, head: Manifest) -> Mapping[str, Numbers]:
    """The codes by kind, in the order of `reader.here`; of a partner that sends none, no kind.

    Raises:
        BadSubmission: a code is of a record that is not there, a record has none or two, or a file is missing or belongs elsewhere.
        BadSeal: it was altered or is not for this assembler.
    """
    if not head.subgroups:
        return {}
    nothing = np.empty(0, dtype=np.uint8)
    here = Here(NOBODY, np.empty(0, dtype=np.int64))
    standing = SubgroupCodes(NOBODY, dict.fromkeys(head.subgroups, nothing))
    for place, link in enumerate(reader.chain(head)):
        here = reader.after(here, link, place=place)
        gone = reader.gone_of(link) if place else NOBODY
        standing = _after(standing, reader.codes_of(link), gone=gone, here=here, link=link)
    return standing.codes


def _after(
    before: SubgroupCodes, its: SubgroupCodes, *, gone: Bytes16, here: Here, link: Link
) -> SubgroupCodes:
    """The codes of the records that are here now: those that the submission brings, else those before."""
    told = Finder(its.record_ref)
    if told.twice:
        raise BadSubmission(f"{link.manifest.submission} has two subgroup codes of one record")
    if (Finder(here.record_ref).find(its.record_ref) < 0).any():
        raise BadSubmission(f"{link.manifest.submission} has a subgroup code of a record that is not there")
    stays = (Finder(gone).find(before.record_ref) < 0) & (told.find(before.record_ref) < 0)
    refs = np.concatenate([before.record_ref[stays], its.record_ref])
    at = Finder(refs).find(here.record_ref)
    if (at < 0).any():
        raise BadSubmission(f"{link.manifest.submission} leaves records without a subgroup code")
    return SubgroupCodes(
        here.record_ref,
        {kind: np.concatenate([codes[stays], its.codes[kind]])[at] for kind, codes in before.codes.items()},
    )
