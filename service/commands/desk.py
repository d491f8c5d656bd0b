"""Commands of the release desk."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, DeskFolder, RequestId, RootFromHolder, Shared, at_desk, told
from service.commands.releases import DESK

desk = typer.Typer(
    no_args_is_help=True,
    help="For the release desk: take in submissions, decide requests, let protected results out and see to their end, publish the log.",
)


@desk.command("receive")
def desk_receive(
    submission: Annotated[Path, typer.Argument(help="The folder that a partner sent.")],
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
    receipt: Annotated[Path, typer.Option(help="Where the signed receipt goes.")],
) -> None:
    """Take a submission in, whole and checked, or refuse it; either way it is logged."""
    from service.desk.commands import receive_submission

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(receive_submission(submission, where=where, receipt=receipt))


@desk.command("withdraw")
def desk_withdraw(
    partner: Annotated[str, typer.Argument(help="The partner's name.")],
    reason: Annotated[str, typer.Option(help="asked-by-partner, new-round or replaced.")],
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
) -> None:
    """Take back everything that a partner has submitted, and log it: because it asks, because a new round begins, or to make room for another."""
    from service.desk.commands import withdraw_submission

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(withdraw_submission(partner, where=where, reason=reason))


@desk.command("decide")
def desk_decide(
    request: Annotated[Path, typer.Argument(help="The request as the analyst signed it.")],
    request_id: RequestId,
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
) -> None:
    """Decide a signed request and log the answer. Exits 12 if it is refused."""
    from service.desk.commands import decide_request

    with told():
        where = at_desk(folder, shared=shared, root=root)
        allowed, text = decide_request(request, request_id=request_id, where=where)
        typer.echo(text)
    from service.errors import REFUSED

    if not allowed:
        raise typer.Exit(REFUSED)


@desk.command("release")
def desk_release(
    request_id: RequestId,
    by: Annotated[str, typer.Option(help="The analyst who made the request.")],
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
    out: Annotated[Path, typer.Option(help="Where the folder with the sealed files goes.")],
    socket: Annotated[Path | None, typer.Option(help="The custodian's socket.")] = None,
    custodian: Annotated[
        Path | None, typer.Option(help="The custodian's folder, where it is on this machine.")
    ] = None,
) -> None:
    """Let out what an allowed request asks for, protected, attacked, logged and sealed; where output checkers have to look first, make a folder for each."""
    from service.desk.folder import Keeper
    from service.desk.releases import release_request

    with told():
        where = at_desk(folder, shared=shared, root=root)
        keeper = Keeper(socket=socket, folder=custodian)
        typer.echo(release_request(request_id, by=by, where=where, keeper=keeper, out=out))


@desk.command("publish")
def desk_publish(
    folder: DeskFolder,
    shared: Shared,
    root: RootFromHolder,
    out: Annotated[Path, typer.Option(help="The folder of the published log.")],
) -> None:
    """Sign a checkpoint of the log and write the log out as plain files, and the trust register beside them."""
    from service.desk.commands import publish_log

    with told():
        where = at_desk(folder, shared=shared, root=root)
        typer.echo(publish_log(out, where=where))


@desk.command("answer")
def desk_answer(
    folder: Annotated[Path, typer.Option("--folder", help="The desk's own folder.")],
    shared: Shared,
    root: Annotated[Path, typer.Option("--root", help="The root's public keys.")],
    tray: Annotated[Path, typer.Option("--tray", help="The folder where analysts put their requests.")],
    as_json: AsJson = False,
) -> None:
    """Decide every request that waits in the tray, log it, and put a signed answer beside it; log the checks that analysts made before."""
    from service.desk.tray import answer_waiting as call

    with told():
        done = call(tray, where=at_desk(folder, shared=shared, root=root))
        if as_json:
            typer.echo(json.dumps({"answered": done}, indent=1))
        else:
            typer.echo("\n".join(f"{one['id']}: {one['outcome']}" for one in done) or "no request is waiting")


for _name, _command in DESK.items():
    desk.command(_name)(_command)
