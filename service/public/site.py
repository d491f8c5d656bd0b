"""The public register and the annual report, written from the published log, the desk's archive and the shared folder."""

from datetime import datetime
from pathlib import Path
from typing import Final

from ethics.published import Published
from ethics.register import annual_report, register_pages
from ethics.roles import log_keys
from linkage.errors import BadInput
from service.audit.verifying import CheckedLog, check_log
from service.dossier import Dossier, verify
from service.public.facts import register_facts, year_facts
from service.public.sources import Sources
from service.shared import TRUST_FILE, read_project_file, read_root
from service.writing import write_whole

PAGE: Final = ".html"


def read_sources(
    log: Path,
    *,
    shared: Path,
    root: Path,
    archive: Path | None,
    partnership: str | None,
    contact: str,
    quorum: int | None,
    at: datetime,
) -> Sources:
    """What the register is made from, all of it verified: the log with its witnesses, and the dossier in force.

    Raises:
        BadInput: a folder is missing.
        NotVerified: the log does not hold.
        BadSignature, NotTrusted, NotApproved: a document does not.
    """
    if archive is not None and not archive.is_dir():
        raise BadInput(f"there is no archive {archive.name}/: name the desk's, or leave it out")
    checked: CheckedLog = check_log(
        log, root=root, register=shared / TRUST_FILE, policy=None, quorum=quorum, at=at
    )
    project = read_project_file(shared).project
    return Sources(
        checked=checked,
        checkpoint=Published(log).checkpoint(),
        key=log_keys(checked.trust, at=at).log.fingerprint,
        verified=verify(Dossier.read(shared), project=project, root=read_root(root), now=at),
        archive=archive,
        partnership=partnership or project,
        contact=contact,
        now=at,
    )


def write_register(sources: Sources, *, out: Path) -> str:
    """The register's pages stand in `out`, and no page of an earlier one.

    Raises:
        BadInput: the folder holds something other than pages.
        NotWritten: the disk refused.
    """
    pages = register_pages(register_facts(sources))
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} if out.exists() else set()
    if strange := sorted(name for name in found if not name.endswith(PAGE)):
        raise BadInput(
            f"{out.name}/ holds {strange[0]}, which is no page of a register: name another folder with --out"
        )
    for name, text in pages.items():
        write_whole(out / name, text)
    for name in found - set(pages):
        (out / name).unlink()
    return f"{len(pages)} pages in {out.name}/, from {sources.checked.found.head.size} entries of the log; start with index.html"


def write_annual_report(sources: Sources, *, year: int, out: Path) -> str:
    """The report of the year stands in `out`.

    Raises:
        BadInput: the log has no entry of that year.
        NotWritten: the disk refused.
    """
    write_whole(out, annual_report(year_facts(sources, year=year)))
    return f"{out.name}: the year {year}, counted from {sources.checked.found.head.size} entries of the log"
