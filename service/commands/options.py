"""What every command shares: how an error is told, and the options that mean the same everywhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from keys.passphrase import Unlock
    from service.desk.folder import Where

Shared = Annotated[
    Path,
    typer.Option("--shared", help="The project's shared folder: schema, trust register, policy and the rest."),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="As things stood then, such as 2026-12-01T10:00Z; now if not given."
    ),
]
RootFromHolder = Annotated[
    Path, typer.Option("--root", help="The root's public keys, got from a holder of the root.")
]
DeskFolder = Annotated[
    Path,
    typer.Option(
        "--folder", help="The desk's own folder: its identity, the log's key, its state and what came in."
    ),
]
RequestId = Annotated[str, typer.Option("--id", help="What the request is called here.")]
YourIdentity = Annotated[Path, typer.Option("--identity", help="Your identity file.")]
PublishedLog = Annotated[Path, typer.Argument(help="The published log.")]
ReportAsJson = Annotated[Path | None, typer.Option("--json", help="Write the report here as JSON.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]


@contextmanager
def told() -> Iterator[None]:
    """Errors of ours become one line and their documented exit code; anything else is a fault of the program and shows as one."""
    from service.errors import UNEXPECTED, exit_code, said

    try:
        yield
    except Exception as fault:
        code = exit_code(fault)
        if code == UNEXPECTED:
            raise
        typer.echo(said(fault), err=True)
        raise typer.Exit(code) from None


def unlocking() -> "Unlock":
    """How key files open for whoever typed the command: by the environment, the keyring, or a question at the terminal."""
    from service.trust.unlocking import asking, unlocker

    return unlocker(os.environ, ask=asking(sys.stdin))


def at_desk(folder: Path, *, shared: Path, root: Path) -> "Where":
    """The release desk's folder, the project and the root, as its commands name them."""
    from service.desk.folder import Where

    return Where(folder, shared, root, unlocking())
