"""Commands by which a policy goes from a draft to the board, into force, and to its end."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from service.commands.options import AsJson, At, Shared, YourIdentity, told, unlocking

if TYPE_CHECKING:
    from service.board.proposals import Hand

Name = Annotated[
    str | None,
    typer.Option("--proposal", help="The proposal's folder under proposals/; not needed if there is only one."),
]
RootFile = Annotated[
    Path | None,
    typer.Option("--root", help="The root's public keys; by default those in the shared folder."),
]
OwnRoot = Annotated[Path, typer.Option("--root", help="The root's public keys, as you got them yourself.")]
Because = Annotated[str, typer.Option(help="The reason, one line.")]
LogFolder = Annotated[
    Path | None,
    typer.Option("--log", help="The published log: the pack then says what happened since last time."),
]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="The day from which on the log is counted; from its beginning if not given."
    ),
]
Until = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day on which votes count.")]


def board_propose(
    draft: Annotated[Path, typer.Argument(help="The policy.")],
    case: Annotated[
        Path, typer.Option(help="What is asked, why, and what could go wrong for whom; see docs/board.md.")
    ],
    shared: Shared,
    identity: YourIdentity,
) -> None:
    """Propose a policy to the board: it gets a folder of its own under proposals/."""
    from service.board.proposals import propose as call

    with told():
        typer.echo(call(draft, case=case, hand=_hand(shared, identity)))


def board_circulate(
    shared: Shared,
    identity: YourIdentity,
    until: Until,
    proposal: Name = None,
    log: LogFolder = None,
    since: Since = None,
) -> None:
    """For the secretariat: check a proposal, work out its impact, make the board pack, and open the vote."""
    from service.board.circulation import circulate as call

    with told():
        typer.echo(
            call(
                proposal,
                hand=_hand(shared, identity),
                until=until.date(),
                log=log,
                since=None if since is None else since.date(),
            )
        )


def board_pack(
    shared: Shared,
    until: Until,
    out: Annotated[Path, typer.Option(help="Where the page goes.")],
    proposal: Name = None,
    log: LogFolder = None,
    since: Since = None,
) -> None:
    """Draw the board pack of a proposal, two pages in plain words, to read it before it goes out."""
    from service.board.circulation import draw_pack as call

    with told():
        day = None if since is None else since.date()
        typer.echo(call(proposal, shared=shared, until=until.date(), log=log, since=day, out=out))


def board_declare(
    shared: Shared,
    identity: YourIdentity,
    conflict: Annotated[
        bool, typer.Option("--conflict/--no-conflict", help="Whether you have a conflict of interest.")
    ],
    proposal: Name = None,
    because: Because = "",
) -> None:
    """For a board member: say whether you have a conflict of interest. Who has one does not vote and does not count."""
    from service.board.proposals import declare as call

    with told():
        typer.echo(call(proposal, hand=_hand(shared, identity), conflicted=conflict, because=because))


def board_recommend(shared: Shared, identity: YourIdentity, proposal: Name = None) -> None:
    """For the chair or the secretariat: close the vote. What the votes amount to decides: recommended, refused or sent back."""
    from service.board.proposals import close as call

    with told():
        typer.echo(call(proposal, hand=_hand(shared, identity)))


def board_dry_run(shared: Shared, identity: YourIdentity, until: Until, proposal: Name = None) -> None:
    """For the chair or the secretariat: begin the dry run of a proposal that partners have adopted. Nothing is released under it yet."""
    from service.board.proposals import dry_run as call

    with told():
        typer.echo(call(proposal, hand=_hand(shared, identity), until=until.date()))


def board_put_in_force(shared: Shared, identity: YourIdentity, proposal: Name = None) -> None:
    """For the chair or the secretariat: bring a proposal into force after its dry run. It becomes the policy of the shared folder."""
    from service.board.proposals import put_in_force as call

    with told():
        typer.echo(call(proposal, hand=_hand(shared, identity)))


def board_suspend(
    shared: Shared,
    identity: YourIdentity,
    clauses: Annotated[str, typer.Option(help="Ids with commas between, or all.")],
    because: Because,
    proposal: Name = None,
) -> None:
    """For the chair alone: suspend clauses at once. Only a new version of the policy brings them back."""
    from service.board.proposals import suspend as call

    with told():
        typer.echo(call(proposal, hand=_hand(shared, identity), clauses=clauses, because=because))


def board_withdraw(shared: Shared, identity: YourIdentity, because: Because, proposal: Name = None) -> None:
    """For whoever proposed it: withdraw a proposal that is not in force yet."""
    from service.board.proposals import withdraw as call

    with told():
        typer.echo(call(proposal, hand=_hand(shared, identity), because=because))


def board_status(
    shared: Shared, proposal: Name = None, root: RootFile = None, as_json: AsJson = False, at: At = None
) -> None:
    """How every proposal stands, who has done what, and what can come next."""
    from service.board.status import status as call

    with told():
        typer.echo(call(proposal, shared=shared, root=root, as_json=as_json, at=at))


def board_due(
    shared: Shared,
    by: Annotated[
        datetime | None,
        typer.Option(
            "--by", formats=["%Y-%m-%d"], help="The last day to look at; thirty days from now if not given."
        ),
    ] = None,
    root: RootFile = None,
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """What needs a review, or ends, by a day: clauses, assessments, the policy, terms of members."""
    from service.board.status import due as call

    with told():
        day = None if by is None else by.date()
        typer.echo(call(shared, by=day, root=root, as_json=as_json, at=at))


def board_prepare(
    shared: Shared,
    root: OwnRoot,
    out: Annotated[Path, typer.Option(help="The folder to make; send it to the member.")],
    proposal: Name = None,
) -> None:
    """Make a folder of papers for a member who votes by mail."""
    from service.board.mailed_votes import prepare as call

    with told():
        typer.echo(call(proposal, shared=shared, root=root, out=out))


def board_sign(
    paper: Annotated[Path, typer.Argument(help="The paper that came by mail, with its other files beside it.")],
    identity: YourIdentity,
    root: OwnRoot,
    out: Annotated[Path, typer.Option(help="The folder to make with your signed answer; send it back.")],
    verdict: Annotated[
        str | None,
        typer.Option(
            "--vote",
            help="approve, approve-with-conditions, send-back or refuse; it says that you have no conflict.",
        ),
    ] = None,
    conflicted: Annotated[
        bool, typer.Option("--conflicted", help="Declare a conflict of interest instead of a vote.")
    ] = False,
    because: Because = "",
) -> None:
    """For a board member who votes by mail: check the papers and sign an answer, without the project's folder."""
    from service.board.mailed_votes import Answer
    from service.board.mailed_votes import sign as call

    with told():
        typer.echo(
            call(
                paper,
                root=root,
                identity=identity,
                unlock=unlocking(),
                answer=Answer(conflicted, verdict, because),
                out=out,
            )
        )


def board_take_in(
    notes: Annotated[list[Path], typer.Argument(help="Signed notes that came by mail.")],
    shared: Shared,
    proposal: Name = None,
    root: RootFile = None,
) -> None:
    """Put signed answers that came by mail into the proposal's folder, if they count."""
    from service.board.proposals import take_in as call

    with told():
        typer.echo(call(notes, name=proposal, shared=shared, root=root))


def board_framework(
    shared: Annotated[
        Path | None, typer.Option("--shared", help="A project's shared folder: who has agreed is told too.")
    ] = None,
    root: RootFile = None,
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """The ethical framework in words: its principles, how each is held, and which public principles it carries out."""
    from service.board.standing import show_framework as call

    with told():
        typer.echo(call(shared, root=root, as_json=as_json, at=at))


def board_constitution(shared: Shared, root: RootFile = None, as_json: AsJson = False, at: At = None) -> None:
    """The board's constitution in words: members, terms, quorum, and which partners have agreed to it."""
    from service.board.standing import show_constitution as call

    with told():
        typer.echo(call(shared, root=root, as_json=as_json, at=at))


def board_agree(
    document: Annotated[str, typer.Argument(help="constitution or framework.")],
    shared: Shared,
    identity: YourIdentity,
    out: Annotated[Path, typer.Option(help="Where the signed agreement goes; it then belongs in standing/.")],
) -> None:
    """For a controller approver: agree to the constitution or the framework in the shared folder."""
    from service.board.standing import sign_agreement as call

    with told():
        unlock = unlocking()
        typer.echo(call(document, shared=shared, identity=identity, unlock=unlock, out=out))


def _hand(shared: Path, identity: Path) -> "Hand":
    from service.board.proposals import Hand

    return Hand(shared, identity, unlocking())


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "propose": board_propose,
    "circulate": board_circulate,
    "pack": board_pack,
    "declare": board_declare,
    "recommend": board_recommend,
    "dry-run": board_dry_run,
    "put-in-force": board_put_in_force,
    "suspend": board_suspend,
    "withdraw": board_withdraw,
    "status": board_status,
    "due": board_due,
    "prepare": board_prepare,
    "sign": board_sign,
    "take-in": board_take_in,
    "framework": board_framework,
    "constitution": board_constitution,
    "agree": board_agree,
}
"""What the board's app takes over, by name."""
