"""Commands that tell the public what was done: the register, and the annual report."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from service.commands.options import At, PublishedLog, RootFromHolder, Shared, told

Archive = Annotated[
    Path | None,
    typer.Option(
        help="The desk's archive of documents, archive/ in its folder. Without it the register does not say what was asked for, nor what policies changed."
    ),
]
Contact = Annotated[str, typer.Option(help="Where questions and complaints go: an address, or an office.")]
Title = Annotated[str | None, typer.Option("--name", help="The partnership's name; the project's if left out.")]
Witnesses = Annotated[
    int | None,
    typer.Option(min=0, help="How many must have cosigned the log at least; as for audit verify if left out."),
]


def board_register(
    log: PublishedLog,
    shared: Shared,
    root: RootFromHolder,
    out: Annotated[
        Path, typer.Option(help="The folder of the register's pages; those of an earlier one are replaced.")
    ],
    contact: Contact,
    archive: Archive = None,
    name: Title = None,
    witnesses: Witnesses = None,
    at: At = None,
) -> None:
    """Write the public register: approved uses, releases, refusals by reason, policies and what changed, each partner's statement, and how to check the
    log. Static pages, made from the verified log and the documents that it names."""
    from service.public.site import write_register

    with told():
        sources = _sources(log, shared, root, archive, name, contact, witnesses, at)
        typer.echo(write_register(sources, out=out))


def board_annual_report(
    log: PublishedLog,
    year: Annotated[int, typer.Option(min=2000, max=9999, help="The year.")],
    shared: Shared,
    root: RootFromHolder,
    out: Annotated[Path, typer.Option(help="Where the page goes.")],
    contact: Contact,
    archive: Archive = None,
    name: Title = None,
    witnesses: Witnesses = None,
    at: At = None,
) -> None:
    """Write the annual report: everything that happened in a year, counted from the verified log."""
    from service.public.site import write_annual_report

    with told():
        sources = _sources(log, shared, root, archive, name, contact, witnesses, at)
        typer.echo(write_annual_report(sources, year=year, out=out))


def _sources(
    log: Path,
    shared: Path,
    root: Path,
    archive: Path | None,
    name: str | None,
    contact: str,
    witnesses: int | None,
    at: str | None,
) -> Any:
    from service import clock
    from service.public.site import read_sources

    return read_sources(
        log,
        shared=shared,
        root=root,
        archive=archive,
        partnership=name,
        contact=contact,
        quorum=witnesses,
        at=clock.named(at),
    )


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "register": board_register,
    "annual-report": board_annual_report,
}
