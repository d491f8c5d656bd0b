"""Writing the log out as plain files that anyone may copy, serve or audit."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ethics.encoding import to_base64
from ethics.errors import BadExport, NotVerified
from ethics.merkle import range_root, reader_of
from ethics.tiles import CHECKPOINT, TILE_PATH, hash_levels, tiles_of

DRAFT = ".draft"


def write_export(directory: Path, *, entries: Sequence[bytes], checkpoint: str) -> None:
    """`directory` holds exactly the log that the checkpoint names.

    Tiles are written before the checkpoint that needs them, each file whole or not at all, and an earlier export's partial tiles are
    removed last: at every moment the checkpoint that is there finds all the files it needs.

    Raises:
        NotVerified: the entries do not lead to the checkpoint's root.
        BadExport: the directory holds other files, or an export of another or a longer history.
    """
    origin, size, root = checkpoint.split("\n")[:3]
    levels = hash_levels(entries)
    if len(entries) != int(size) or to_base64(range_root(0, end=len(entries), node=reader_of(levels))) != root:
        raise NotVerified(
            f"the entries of the log {origin} do not lead to the root it signed: nothing is exported"
        )
    files = dict(tiles_of(entries, levels=levels))
    stale = _stale(directory, files=files, origin=origin, size=int(size))
    for path, content in files.items():
        _write_new(directory / path, content)
    _write(directory / CHECKPOINT, checkpoint.encode())
    for old in stale:
        old.unlink()
        _remove_empty(old.parent)


def _stale(directory: Path, *, files: Mapping[str, bytes], origin: str, size: int) -> list[Path]:
    """Files of an earlier export of the same history that the new one no longer has."""
    if not directory.exists():
        return []
    found = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if not path.is_dir()}
    for name in found:
        if name != CHECKPOINT and not TILE_PATH.fullmatch(name.removesuffix(DRAFT)):
            raise BadExport(
                f"{directory.name}/ holds {name}, which is no part of a log: choose an empty directory"
            )
    if CHECKPOINT in found:
        before = found[CHECKPOINT].read_text(encoding="utf-8", errors="replace").split("\n")
        if before[0] != origin or not before[1].isdecimal() or int(before[1]) > size:
            raise BadExport(
                f"{directory.name}/ holds another or a longer log than {origin} with {size} entries: "
                "choose an empty directory, and ask why"
            )
    for name, path in found.items():
        if ".p/" not in name and name in files and path.read_bytes() != files[name]:
            raise BadExport(
                f"{directory.name}/{name} differs from the log's: it was altered, or the history was; "
                "keep it and choose an empty directory"
            )
    return [path for name, path in found.items() if name != CHECKPOINT and name not in files]


def _write_new(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        _write(path, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + DRAFT)
    draft.write_bytes(content)
    draft.replace(path)


def _remove_empty(directory: Path) -> None:
    if not any(directory.iterdir()):
        directory.rmdir()
