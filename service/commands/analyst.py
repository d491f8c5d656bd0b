"""Commands of the analyst: ask whether a request would be allowed, make it, read the answer, open what was released."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.options import AsJson, At, Shared, YourIdentity, told, unlocking
from service.commands.releases import ANALYST

if TYPE_CHECKING:
    from service.analyst.asking import Asker

analyst = typer.Typer(
    no_args_is_help=True,
    help="For the analyst: would this request be allowed, and why? Make it, read the answer, and open what comes of it.",
)


Request = Annotated[Path, typer.Argument(help="The request, as YAML, signed or not.")]
RootFile = Annotated[Path, typer.Option("--root", help="The root's public keys.")]
Own = Annotated[Path, typer.Option("--identity", help="Your identity file; the request must name you.")]
Tray = Annotated[
    Path, typer.Option("--tray", help="The folder that you and the release desk can both reach, for requests.")
]


@analyst.command("check")
def analyst_check(
    request: Request,
    identity: Own,
    shared: Shared,
    root: RootFile,
    note: Annotated[
        Path | None,
        typer.Option(
            "--note", help="Where the signed note of this check goes; beside the request if left out."
        ),
    ] = None,
    desk: Annotated[
        Path | None,
        typer.Option("--desk", help="The desk's folder, if it is on this machine: the note is logged at once."),
    ] = None,
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """Advice before asking: would this request be allowed now, and if not, what would? Each check leaves a signed note for the log."""
    from service.analyst.asking import analyst_check as call

    with told():
        asker = _asker(identity, shared=shared, root=root)
        allowed, text = call(request, asker=asker, note=note, desk=desk, as_json=as_json, at=at)
        typer.echo(text)
    _exit(allowed)


@analyst.command("ask")
def analyst_ask(
    request: Request,
    identity: Own,
    shared: Shared,
    root: RootFile,
    tray: Tray,
    request_id: Annotated[
        str | None,
        typer.Option("--id", help="What the request is to be called; made from its text if left out."),
    ] = None,
    refused_too: Annotated[
        bool, typer.Option("--anyway", help="Hand it in even if it would be refused now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a request: it is checked, signed and put into the tray of the release desk. One that would be refused stays out (exit 12)."""
    from service.desk.tray import hand_in as call

    with told():
        asker = _asker(identity, shared=shared, root=root)
        handed_in, text, body = call(
            request, asker=asker, tray=tray, request_id=request_id, refused_too=refused_too
        )
        typer.echo(json.dumps(body, indent=1) if as_json else text)
    _exit(handed_in)


@analyst.command("answer")
def analyst_answer(
    request_id: Annotated[str, typer.Argument(help="What the request is called.")],
    identity: YourIdentity,
    shared: Shared,
    tray: Tray,
    as_json: AsJson = False,
) -> None:
    """What the release desk has answered to a request in the tray. Exits 12 if it is refused."""
    from service.desk.tray import as_json as in_json
    from service.desk.tray import read_answer as call

    with told():
        answer = call(request_id, tray=tray, shared=shared, identity=identity)
        typer.echo(in_json(answer) if as_json else "\n".join(answer.words))
    _exit(answer.outcome == "allow")


def _asker(identity: Path, *, shared: Path, root: Path) -> "Asker":
    from service.analyst.asking import Asker

    return Asker(identity, unlocking(), shared, root)


def _exit(allowed: bool) -> None:
    from service.errors import REFUSED

    if not allowed:
        raise typer.Exit(REFUSED)


@analyst.command("sign")
def sign(
    request: Annotated[Path, typer.Argument(help="The request, as YAML.")],
    identity: Annotated[Path, typer.Option(help="Your identity file; the request must name you.")],
    out: Annotated[Path, typer.Option(help="The signed request to write.")],
) -> None:
    """Sign a request, as the release desk and the custodian want it: neither takes one that its requester did not sign."""
    from service.analyst.signed_requests import analyst_sign as call

    with told():
        unlock = unlocking()
        typer.echo(call(request, identity=identity, out=out, unlock=unlock))


@analyst.command("open")
def analyst_open(
    folder: Annotated[Path, typer.Argument(help="The folder of the release, with its sealed files.")],
    identity: YourIdentity,
    shared: Shared,
    out: Annotated[Path, typer.Option(help="The new folder for the opened files.")],
) -> None:
    """Open the sealed files of a release."""
    from service.analyst.opening import open_folder as call

    with told():
        unlock = unlocking()
        typer.echo(call(folder, identity=identity, shared=shared, out=out, unlock=unlock))


for _name, _command in ANALYST.items():
    analyst.command(_name)(_command)
