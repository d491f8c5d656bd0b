"""More commands of the release desk: a checker's vote, what is due, a withdrawal, a certificate of destruction; and the analyst's own end of a release."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from service.commands.options import (
    AsJson,
    At,
    DeskFolder,
    RequestId,
    RootFromHolder,
    Shared,
    at_desk,
    told,
    unlocking,
)


def desk_vote(
    vote: Annotated[Path, typer.Argument(help="The sealed vote as the output checker sent it.")],
    request_id: RequestId,
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
) -> None:
    """Take in an output checker's vote. What it says stays sealed until all are in; a refusal stops the release at once."""
    from service.desk.releases import take_output_vote

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(take_output_vote(vote, request_id=request_id, where=where))


def desk_due(
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """List the releases whose time ends soon or has ended, and whose destruction was not certified; with --json all of them."""
    from service.desk.releases import due

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(due(where=where, at=at, as_json=as_json))


def desk_withdraw_release(
    release: Annotated[str, typer.Argument(help="The release's name, such as release-0123456789ab.")],
    reason: Annotated[
        str,
        typer.Option(
            help="error-in-data, error-in-linkage, disclosure-risk, permission-ended, misused or asked-by-partner."
        ),
    ],
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
    out: Annotated[Path, typer.Option(help="Where the signed notice for whoever holds it goes.")],
) -> None:
    """Withdraw a release: it is handed out no more, the log says so, and its holder is told to destroy it."""
    from service.desk.releases import withdraw

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(withdraw(release, reason=reason, where=where, out=out))


def desk_destruction(
    certificate: Annotated[Path, typer.Argument(help="The certificate as the holder sent it.")],
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
) -> None:
    """Record that a release was destroyed, by the certificate that its holder signed."""
    from service.desk.releases import record_destruction

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(record_destruction(certificate, where=where))


def analyst_destroyed(
    opened: Annotated[Path, typer.Argument(help="The folder in which the release was opened.")],
    identity: Annotated[Path, typer.Option(help="Your identity file, or the secure environment's.")],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="The certificate to write, for the release desk.")],
    sealed: Annotated[
        list[Path] | None,
        typer.Option(help="The folder of sealed files as it was handed over; several may follow."),
    ] = None,
) -> None:
    """Remove a release from this machine and certify that it is destroyed; the log's entry of it stays."""
    from service.analyst.destroyed import destroy_release

    with told():
        unlock = unlocking()
        typer.echo(
            destroy_release(
                opened, sealed=sealed or [], identity=identity, shared=shared, out=out, unlock=unlock
            )
        )


def analyst_withdrawn(
    notice: Annotated[Path, typer.Argument(help="The notice that the release desk sent.")], shared: Shared
) -> None:
    """Check that the release desk withdrew a release, and say why."""
    from service.analyst.destroyed import read_notice as call

    with told():
        typer.echo(call(notice, shared=shared))


DESK: Final[dict[str, Callable[..., None]]] = {
    "vote": desk_vote,
    "due": desk_due,
    "withdraw-release": desk_withdraw_release,
    "destruction": desk_destruction,
}
ANALYST: Final[dict[str, Callable[..., None]]] = {
    "destroyed": analyst_destroyed,
    "withdrawn": analyst_withdrawn,
}
