"""Commands of the policy engine alone, and of those who write policies: decide on files, run a document's tests, learn from bad twins."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, At, Shared, told

policy = typer.Typer(
    no_args_is_help=True,
    help="The policy engine by itself, on files: no keys, no project. For whoever writes policies or embeds the engine.",
)


@policy.command("decide")
def policy_decide(
    policy: Annotated[Path, typer.Option("--policy", help="The policy document.")],
    facts: Annotated[Path, typer.Option("--facts", help="What the engine is told, linkage-facts/v1.")],
    request: Annotated[Path, typer.Option("--request", help="The request.")],
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """What the engine says to a request by these files alone. Exits 12 if it denies. No signature is checked."""
    from service.board.deciding import policy_decide as call

    with told():
        allowed, text = call(policy, facts=facts, request=request, as_json=as_json, at=at)
        typer.echo(text)
    from service.errors import REFUSED

    if not allowed:
        raise typer.Exit(REFUSED)


def board_test(
    policy: Annotated[Path, typer.Argument(help="The policy document.")],
    shared: Shared,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests inside a policy, on its first day or at another time. Exits 10 if one fails, or if there are none."""
    from service.board.deciding import board_test as call

    with told():
        passed, text = call(policy, shared=shared, as_json=as_json, at=at)
        typer.echo(text)
    from service.errors import BAD_INPUT

    if not passed:
        raise typer.Exit(BAD_INPUT)


def board_twins(
    name: Annotated[str | None, typer.Argument(help="The twin to look at; a list of all without it.")] = None,
) -> None:
    """Bad twins of the clauses: what looks right and is not, why, and what the linter says of it."""
    from service.board.deciding import board_twins as call

    with told():
        typer.echo(call(name))
