"""What a partner has submitted in a round: a whole submission and the updates that follow it, each in a folder of its own, in order.

The whole submission lies in the partner's folder, its updates in `update-0001`, `update-0002` and so on inside it. Every update names the digest of
the manifest before it, so that the last manifest fixes all of them (a hash chain): none can be left out, exchanged or put elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from linkage.errors import BadSubmission
from linkage.manifest import MANIFEST_NAME, Manifest, read_manifest

UPDATE: Final = re.compile(r"update-[0-9]{4}")
MOST_UPDATES: Final = 9999
# Beside the partners' folders, whose names begin otherwise: what the linker keeps of all their rows.
ROWS_FOLDER: Final = ".rows"


@dataclass(frozen=True, slots=True)
class Link:
    """One submission of a chain: its folder and its manifest."""

    folder: Path
    manifest: Manifest


def partner_folders(place: Path) -> list[Path]:
    """The folders of all partners with a submission in a place of the centre, in order; what is half-done has a hidden name and does not count."""
    return sorted(p.parent for p in place.glob(f"*/{MANIFEST_NAME}") if not p.parent.name.startswith("."))


def link_folders(folder: Path) -> list[Path]:
    """The partner's folder, and those of the updates inside it, in order."""
    return [folder, *sorted(p for p in folder.glob("update-*") if UPDATE.fullmatch(p.name))]


def next_folder(folder: Path) -> Path:
    """Where the next update goes.

    Raises:
        BadSubmission: there are as many as there can be.
    """
    number = len(link_folders(folder))
    if number > MOST_UPDATES:
        raise BadSubmission(
            f"{folder.name} has {MOST_UPDATES} updates: withdraw it and take in a whole submission"
        )
    return folder / f"update-{number:04d}"


def check_chain(manifests: Sequence[Manifest]) -> None:
    """Nothing, if the first is whole and each other follows the one before it, of the same partner, round, secret, attributes and gateways.

    Raises:
        BadSubmission: they do not; the message says which submission stands where another should.
    """
    if manifests[0].base is not None:
        raise BadSubmission(
            f"{manifests[0].submission} is an update, and stands where a whole submission should"
        )
    for before, after in pairwise(manifests):
        check_follows(after, before=before)


def check_follows(after: Manifest, *, before: Manifest) -> None:
    """Nothing, if the update follows exactly that submission.

    Raises:
        BadSubmission: it does not; the message says which is here and which is needed.
    """
    if after.base is None or after.base.manifest != before.digest:
        needed = f"follows {after.base.submission}" if after.base else "is whole"
        raise BadSubmission(
            f"{after.submission} {needed}; the latest of {before.partner} here is {before.submission}:"
            " take in what comes between, or make the update again on top of the one that is here"
        )
    same = (after.partner, after.round, after.key_check) == (before.partner, before.round, before.key_check)
    if not same or after.base.submission != before.submission:
        raise BadSubmission(f"{after.submission} follows a submission of another partner, round or secret")
    if _offered(after) != _offered(before):
        raise BadSubmission(
            f"{after.submission} has other attributes or gateways than {before.submission}, which it follows, or other subgroups:"
            " an update keeps them; withdraw and take in a whole submission to change them"
        )


def _offered(one: Manifest) -> tuple[dict[str, str], dict[str, str], str]:
    return dict(one.attributes), dict(one.subgroups), one.token_gateway


def chain_of(inbox: Path, *, head: Manifest) -> tuple[Link, ...]:
    """The submissions of one partner up to and with the one whose verified manifest is `head`, the whole one first.

    Raises:
        BadSubmission: the folders in `inbox` are not that chain.
    """
    folders = link_folders(inbox / head.partner)
    if not (folders[0] / MANIFEST_NAME).is_file():
        raise BadSubmission(f"no submission of {head.partner} is here: receive it again")
    links = tuple(Link(folder, stated_manifest(folder)) for folder in folders)
    check_chain([link.manifest for link in links])
    if links[-1].manifest.digest != head.digest:
        raise BadSubmission(
            f"the latest submission of {head.partner} here is {links[-1].manifest.submission}, not {head.submission}: start the run again"
        )
    return links


def stated_manifest(folder: Path) -> Manifest:
    """The manifest in the folder, its signature unchecked: whoever reads it holds its digest against one that is signed for.

    Raises:
        BadSubmission: there is none, or it is not readable.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise BadSubmission(f"{folder.name} has no {MANIFEST_NAME}: receive the submission again")
    text = path.read_text("utf-8", errors="replace").rpartition("\n\n")[0]
    return read_manifest(text.partition("\n")[2])
