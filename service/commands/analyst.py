"""Commands of the analyst: ask whether a request would be allowed, sign it, open what was released."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, At, Shared, told

analyst = typer.Typer(
    no_args_is_help=True,
    help="For the analyst: would this request be allowed, and why? Sign it, and open what comes of it.",
)


@analyst.command("check")
def analyst_check(
    request: Path,
    shared: Shared,
    root: Annotated[Path, typer.Option(help="The root's public keys.")],
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """Advice before asking: would this request be allowed now, and if not, what would?"""
    from service.asking import analyst_check as call

    with told():
        allowed, text = call(request, shared=shared, root=root, as_json=as_json, at=at)
        typer.echo(text)
    from service.errors import REFUSED

    if not allowed:
        raise typer.Exit(REFUSED)


@analyst.command("sign")
def sign(
    request: Annotated[Path, typer.Argument(help="The request, as YAML.")],
    identity: Annotated[Path, typer.Option(help="Your identity file; the request must name you.")],
    out: Annotated[Path, typer.Option(help="The signed request to write.")],
) -> None:
    """Sign a request, as the release desk and the custodian want it: neither takes one that its requester did not sign."""
    from service.signed_requests import analyst_sign as call
    from service.unlocking import asking, unlocker

    with told():
        unlock = unlocker(os.environ, ask=asking(sys.stdin))
        typer.echo(call(request, identity=identity, out=out, unlock=unlock))


@analyst.command("open")
def analyst_open(
    folder: Annotated[Path, typer.Argument(help="The folder of the release, with its sealed files.")],
    identity: Annotated[Path, typer.Option(help="Your identity file.")],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="The new folder for the opened files.")],
) -> None:
    """Open the sealed files of a release."""
    from service.analyst import open_folder as call
    from service.unlocking import asking, unlocker

    with told():
        unlock = unlocker(os.environ, ask=asking(sys.stdin))
        typer.echo(call(folder, identity=identity, shared=shared, out=out, unlock=unlock))
