"""Commands of the linker and the assembler."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import At, Shared, told

centre = typer.Typer(
    no_args_is_help=True, help="For the centre: the linker and the assembler, two processes with separate keys."
)


@centre.command("link")
def centre_link(
    folder: Annotated[
        Path, typer.Argument(help="The linker's own folder: its identity, and inbox/ with sealed tokens.")
    ],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where the sealed pairs for the assembler go.")],
    at: At = None,
    session: Annotated[
        Path | None,
        typer.Option(
            help="A new folder in which custodians answer, where they share the key that opens tokens."
        ),
    ] = None,
    wait: Annotated[float, typer.Option(min=0, max=86_400, help="How many seconds to wait for them.")] = 3600.0,
) -> None:
    """The linker's run: train and score one pass after another; hand sealed pairs of row references to the assembler."""
    from service.linker_desk import run_linker_desk as call
    from service.quorum import patiently

    with told():
        waiting = patiently(wait, say=typer.echo)
        typer.echo(call(folder, shared=shared, out=out, at=at, session=session, waiting=waiting))


@centre.command("assemble")
def centre_assemble(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The assembler's own folder: its identity, inbox/ with sealed maps, pairs/ from the linker."
        ),
    ],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where the sealed spine goes.")],
) -> None:
    """The assembler's run: rows become records, records become people; the spine is sealed to the custodian."""
    from service.assembler_desk import run_assembler_desk as call

    with told():
        typer.echo(call(folder, shared=shared, out=out))
