"""Auditing an exported log with nothing but its files and public keys."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ethics.checkpoints import TreeHead, read_checkpoint, signature_lines
from ethics.errors import BadEvent, NotVerified
from ethics.events import Event, read_event
from ethics.merkle import range_root, reader_of
from ethics.proofs import verify_independent
from ethics.published import Published
from ethics.tiles import CHECKPOINT, bundle_paths, hash_levels, tiles_of, unframed
from ethics.witness import Cosignature, cosigner_key_id
from keys import PublicIdentity


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """A log whose every file was checked: its head, its events in order, and who has cosigned it."""

    head: TreeHead
    events: tuple[Event, ...]
    cosignatures: tuple[Cosignature, ...]


def verify_directory(
    directory: Path, *, log: PublicIdentity, witnesses: Collection[PublicIdentity] = (), quorum: int = 0
) -> VerifiedLog:
    """The log in `directory`, if every byte of every file is what log and witnesses have signed.

    1. The checkpoint is the log's, and each of its signature lines verifies: unlike a reader of a single note, an auditor does
       not pass over lines by keys he does not know, so name every witness of the log.
    2. Enough witnesses have cosigned.
    3. The files are exactly those of a log of this size.
    4. The entries lead to the signed root, and every tile is what follows from them.
    5. Every entry is an event in canonical form.

    A cosignature line taken out whole leaves a checkpoint that was valid before it was added: only `quorum` notices it, so
    ask for as many as the log's policy promises.

    Raises:
        NotVerified: one of these does not hold; the message names the file.
    """
    # 1
    files_of = Published(directory)
    note = files_of.checkpoint()
    head = read_checkpoint(note, log=log)
    allowed = {(log.name, log.key_hash)} | {(one.name, cosigner_key_id(one)) for one in witnesses}
    lines = [(line.name, line.key_id) for line in signature_lines(note)]
    if len(set(lines)) != len(lines) or not set(lines) <= allowed:
        raise NotVerified(
            f"{CHECKPOINT}: it carries a signature twice or by a key not named here: name all witnesses of the log, "
            "and if none is missing, the file was altered"
        )
    # 2
    cosignatures = verify_independent(note, log=log, witnesses=witnesses, quorum=quorum)
    # 3
    found = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
    entries = [entry for path in bundle_paths(head.size) for entry in _bundle(files_of, path)]
    if len(entries) != head.size:
        raise NotVerified(f"the bundles hold {len(entries)} entries and the checkpoint names {head.size}")
    levels = hash_levels(entries)
    files = dict(tiles_of(entries, levels=levels))
    if stray := sorted(found ^ {CHECKPOINT, *files}):
        raise NotVerified(
            f"{stray[0]} and {len(stray) - 1} more: missing, or no part of a log of {head.size} entries"
        )
    # 4
    if head.size and range_root(0, end=head.size, node=reader_of(levels)) != head.root:
        raise NotVerified(f"the {head.size} entries do not lead to the signed root: an entry was altered")
    for path, content in files.items():
        if files_of.read(path) != content:
            raise NotVerified(f"{path}: its hashes are not those of the entries: it was altered")
    # 5
    return VerifiedLog(head, tuple(_event(entry, number) for number, entry in enumerate(entries)), cosignatures)


def _bundle(log: Published, path: str) -> list[bytes]:
    try:
        return unframed(log.read(path))
    except ValueError as fault:
        raise NotVerified(f"{path}: {fault}: it was altered or cut short") from fault


def _event(entry: bytes, number: int) -> Event:
    try:
        return read_event(entry)
    except BadEvent as fault:
        raise NotVerified(f"entry {number}: {fault}") from fault
