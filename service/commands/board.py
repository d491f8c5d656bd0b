"""Commands of the ethics board."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.impact import COMMANDS as IMPACT
from service.commands.options import AsJson, At, Shared, told, unlocking
from service.commands.policy import board_test, board_twins
from service.commands.proposals import COMMANDS as PROPOSALS
from service.commands.public import COMMANDS as PUBLIC

board = typer.Typer(
    no_args_is_help=True,
    help="For board members: what a policy says, in sentences, and who has recommended it.",
)


@board.command("explain")
def board_explain(policy: Path, as_json: AsJson = False) -> None:
    """A policy in plain English, generated from its fields."""
    from service.board.documents import board_explain as call

    with told():
        typer.echo(call(policy, as_json=as_json))


@board.command("lint")
def board_lint(policy: Path, shared: Shared, as_json: AsJson = False) -> None:
    """Faults of a policy, and its own tests. Exits 10 if there are any."""
    from service.board.documents import board_lint as call

    with told():
        found = call(policy, shared=shared)
        typer.echo(found.to_json() if as_json else found.words, err=not (as_json or found.passed))
    from service.errors import BAD_INPUT

    if not found.passed:
        raise typer.Exit(BAD_INPUT)


@board.command("tally")
def board_tally(
    shared: Shared, root: Annotated[Path, typer.Option(help="The root's public key.")], at: At = None
) -> None:
    """Who has voted on the policy in the shared folder, and what a recommendation still lacks."""
    from service.board.voting import board_tally as call

    with told():
        typer.echo(call(shared, root=root, at=at))


@board.command("vote")
def board_vote(
    shared: Shared,
    identity: Annotated[Path, typer.Option(help="The member's identity file.")],
    verdict: Annotated[
        str, typer.Option("--vote", help="approve, approve-with-conditions, send-back or refuse.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where the signed vote goes; it then belongs in votes/.")
    ] = None,
    proposal: Annotated[
        str | None,
        typer.Option(
            "--proposal",
            help="Vote on this proposal, after linkage board declare; its folder is where the vote goes.",
        ),
    ] = None,
    conflicted: Annotated[
        bool, typer.Option("--conflicted", help="Declare a conflict of interest: the vote then does not count.")
    ] = False,
    because: Annotated[str, typer.Option(help="The reason, one line; needed unless you simply approve.")] = "",
) -> None:
    """Sign a vote on a proposal; without one, on the policy in the shared folder."""
    from service.board.voting import Said, vote

    with told():
        typer.echo(
            vote(
                shared=shared,
                identity=identity,
                unlock=unlocking(),
                said=Said(verdict, conflicted, because),
                proposal=proposal,
                out=out,
            )
        )


board.command("test")(board_test)
board.command("twins")(board_twins)
for _name, _command in {**IMPACT, **PROPOSALS, **PUBLIC}.items():
    board.command(_name)(_command)
