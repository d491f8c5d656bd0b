"""What the log of the linker or the assembler says of its runs, once every entry was found signed and in its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linkage.errors import BadInput
from service.centre.told import Told
from service.centre.work_log import LOG_FOLDER, Work, read_work
from service.errors import UNSHOWN, as_shown
from service.shared import read_project, read_root


def work_told(folder: Path, *, shared: Path, root: Path) -> Told:
    """Each run in a line, oldest first, and whose log it is. Entries that were cut off at the end would not be missed here.

    Raises:
        BadInput: there is no log, or an entry is missing, altered, or signed by nobody who was linker or assembler at its time.
        BadSignature: the register is not signed by a quorum of the root.
    """
    work = read_work(folder, trust=read_project(shared, root=read_root(root)).trust)
    if not work:
        raise BadInput(
            f"{folder.name}/ has no entries in {LOG_FOLDER}/: name the folder of a linker or an assembler that has run"
        )
    count = "1 entry" if len(work) == 1 else f"{len(work):,} entries, none missing between them"
    lines = [f"{one.name.partition('.')[0]}  {one.at:%Y-%m-%d %H:%M}  {_says(one)}" for one in work]
    body = {"by": work[0].by, "entries": [{**one.body, "entry": one.name} for one in work]}
    return Told([*lines, f"{count}; signed by {work[0].by}"], body)


def _says(one: Work) -> str:
    try:
        return as_shown(_sentence(one.body)).replace("\n", UNSHOWN)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise BadInput(
            f"{one.name} of the log is signed, but does not say what a run says: it was made by another version, or by another program"
        ) from fault


def _sentence(body: Mapping[str, Any]) -> str:
    if "submissions" in body:
        return f"{body['what']}: {', '.join(sorted(body['submissions']))} in round {body['epoch']}; result {body['run'][:12]}"
    ids = ", ".join(f"{many:,} {kind}" for kind, many in body["ids"].items() if many)
    return (
        f"{body['what']} of {body['run'][:12]}: {body['records']:,} records, {body['people']:,} people; "
        f"ids: {ids or 'none changed'}"
    )
