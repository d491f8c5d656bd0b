"""Commands of output checkers about what the release desk has prepared: read it, and vote on it without knowing what others said."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from service.commands.options import AsJson, Shared, YourIdentity, told, unlocking

Folder = Annotated[Path, typer.Argument(help="The folder that the release desk made for you.")]


def checker_review(
    folder: Folder,
    identity: YourIdentity,
    shared: Shared,
    out: Annotated[Path, typer.Option(help="The new folder for the opened files; nobody else may read it.")],
    as_json: AsJson = False,
) -> None:
    """Open what is about to leave, and the sheet that says what is behind it, and learn what to look for."""
    from service.checker.review import review

    with told():
        unlock = unlocking()
        typer.echo(review(folder, identity=identity, shared=shared, out=out, unlock=unlock, as_json=as_json))


def checker_vote(
    folder: Folder,
    identity: YourIdentity,
    shared: Shared,
    verdict: Annotated[str, typer.Option(help="approve or refuse.")],
    out: Annotated[Path, typer.Option(help="The sealed vote to write, for the release desk.")],
    reason: Annotated[
        list[str] | None,
        typer.Option(help="Why it should not leave: a code that `review` lists; several may follow."),
    ] = None,
    because: Annotated[str, typer.Option(help="The same in your words, in one line; for the desk alone.")] = "",
) -> None:
    """Vote on exactly these files. Your vote travels sealed: no other checker sees it before all have voted."""
    from service.checker.review import vote

    with told():
        unlock = unlocking()
        typer.echo(
            vote(
                folder,
                identity=identity,
                shared=shared,
                verdict=verdict,
                reasons=reason or [],
                because=because,
                out=out,
                unlock=unlock,
            )
        )


COMMANDS: Final[dict[str, Callable[..., None]]] = {"review": checker_review, "vote": checker_vote}
