"""What every command shares: how an error is told, and the options that mean the same everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

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
