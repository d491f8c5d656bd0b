"""The centre's command that reads the log of the linker or the assembler."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, RootFromHolder, Shared, told


def centre_log(
    folder: Annotated[
        Path,
        typer.Argument(help="The folder of the linker or the assembler, or a copy of it: its log/ is read."),
    ],
    shared: Shared,
    root: RootFromHolder,
    as_json: AsJson = False,
) -> None:
    """Verify the signed log of the linker or the assembler, and say each run in a line: when, of which submissions, with what result. Nothing about a record is in it."""
    from service.centre.work_told import work_told as call

    with told():
        answer = call(folder, shared=shared, root=root)
        typer.echo(json.dumps(answer.body, indent=1) if as_json else "\n".join(answer.lines))
