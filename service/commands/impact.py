"""Commands for a board before its vote: what differs between two versions of a policy, what that changes exactly, and past requests again."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from service.commands.options import AsJson, At, Shared, told

OldPolicy = Annotated[Path, typer.Argument(metavar="OLD", help="The version that is in force.")]
NewPolicy = Annotated[Path, typer.Argument(metavar="NEW", help="The draft.")]
RootFile = Annotated[
    Path | None,
    typer.Option("--root", help="The root's public keys; by default those in the shared folder."),
]


def board_diff(old: OldPolicy, new: NewPolicy, as_json: AsJson = False) -> None:
    """Every difference between two versions of a policy, and whether it lets more or less through."""
    from service.board.impact import board_diff as call

    with told():
        typer.echo(call(old, new, as_json=as_json))


def board_preview(
    old: OldPolicy,
    new: NewPolicy,
    shared: Shared,
    root: RootFile = None,
    assume_paperwork: Annotated[
        bool,
        typer.Option(
            "--assume-paperwork",
            help="Look at both versions as if recommended, adopted by everybody and with all evidence in order.",
        ),
    ] = False,
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """What a draft newly allows and newly refuses, exactly: every request that could be made is compared."""
    from service.board.impact import board_preview as call

    with told():
        typer.echo(
            call(
                old,
                new,
                shared=shared,
                root=root,
                assume_paperwork=assume_paperwork,
                as_json=as_json,
                at=at,
            )
        )


def board_replay(
    new: NewPolicy,
    shared: Shared,
    desk: Annotated[
        Path | None,
        typer.Option("--desk", help="The release desk's folder: its past requests are asked again."),
    ] = None,
    requests: Annotated[
        Path | None, typer.Option("--requests", help="A folder of request files, in place of --desk.")
    ] = None,
    root: RootFile = None,
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """Past requests under a draft: which answers would have been others than under the policy in the shared folder, and why."""
    from service.board.impact import board_replay as call

    with told():
        typer.echo(call(new, desk=desk, requests=requests, shared=shared, root=root, as_json=as_json, at=at))


def board_words(
    shared: Annotated[
        Path | None,
        typer.Option("--shared", help="A project's shared folder: its laws and attributes are listed too."),
    ] = None,
) -> None:
    """Every word a policy may use, and what it means."""
    from service.board.impact import board_words as call

    with told():
        typer.echo(call(shared))


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "diff": board_diff,
    "preview": board_preview,
    "replay": board_replay,
    "words": board_words,
}
"""What the board's app takes over, by name."""
