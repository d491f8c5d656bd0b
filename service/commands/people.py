"""The assembler's commands about the people it keeps: how many, and what became of their ids."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, Shared, told

Folder = Annotated[
    Path,
    typer.Argument(help="The assembler's own folder: its identity, and people/ with what it keeps."),
]


def centre_people(folder: Folder, shared: Shared, as_json: AsJson = False) -> None:
    """How many people there are, how many of them should be looked at and why, and how many ids were merged or split in each run. Counts alone."""
    from service.centre.people_history import people_told as call

    with told():
        answer = call(folder, shared=shared)
        typer.echo(json.dumps(answer.body, indent=1) if as_json else "\n".join(answer.lines))


def person_history(
    folder: Folder,
    shared: Shared,
    person: Annotated[str, typer.Option(help="A person id, as it stands in the spine.")],
    as_json: AsJson = False,
) -> None:
    """What became of a person's id: which ids were merged into it or split from it, when, and how many records went along. Ids are pseudonyms: they say
    nothing of who the person is, but the same id means the same person, so treat the answer as confidential."""
    from service.centre.people_history import person_told as call

    with told():
        answer = call(folder, shared=shared, person=person)
        typer.echo(json.dumps(answer.body, indent=1) if as_json else "\n".join(answer.lines))
