"""The centre's command that says how good a linkage is."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, Shared, told


def centre_quality(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The assembler's own folder: its identity, inbox/ with sealed maps, pairs/ from the linker."
        ),
    ],
    shared: Shared,
    model: Annotated[
        Path,
        typer.Option(
            help="The model.json that the linker hands on, from its own folder; its digest must be the one that the linker signed."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Where the page goes, an .html file; the same as .json goes beside it.")
    ],
    before: Annotated[
        Path | None, typer.Option(help="The .json of an earlier report, to say what has changed since.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How good the linkage is, as far as that can be known without truth: a page to read, and the same as JSON. Nothing personal is in it."""
    from service.centre.quality import run_quality as call

    with told():
        answer = call(folder, shared=shared, model=model, out=out, before=before)
        typer.echo(json.dumps(answer.body, indent=1) if as_json else "\n".join(answer.lines))
