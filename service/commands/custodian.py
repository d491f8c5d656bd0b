"""Commands of a custodian: the ceremony of a round, its record, openings by quorum, recovery, destruction; and the one that runs on."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.custody import serve
from service.commands.options import Shared, YourIdentity, told, unlocking

if TYPE_CHECKING:
    from service.custody.custodians import Where

custodian = typer.Typer(
    no_args_is_help=True,
    help="For key custodians: make a round's keys together, give a share to open what is shared, and open columns for the release desk.",
)
custodian.command("serve")(serve)

Root = Annotated[Path, typer.Option("--root", help="Your own copy of the root's public keys.")]
Own = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        help="Your own folder with your shares and your log; that of your identity file if not given.",
    ),
]
Folder = Annotated[Path, typer.Argument(help="The ceremony's folder.")]
NewFolder = Annotated[Path, typer.Option("--out", help="The ceremony's folder; must not exist.")]
Threshold = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many custodians are needed: both of two, two of three, then more than half if not given.",
    ),
]
Linker = Annotated[
    Path | None,
    typer.Option(
        "--linker",
        help="The linker's public half: makes its opening key too, shared between the custodians. By default as in the last epoch.",
    ),
]
Closes = Annotated[
    str, typer.Option("--closes-earlier", metavar="TIME", help="From when on the epoch before takes nothing.")
]
Session = Annotated[Path, typer.Argument(help="The folder in which somebody asks for a key that you share.")]
EvenOpen = Annotated[
    bool, typer.Option("--even-open", help="Also if the epoch still takes submissions. There is no way back.")
]
Wait = Annotated[float, typer.Option(min=0, max=86_400, help="How many seconds to wait for the others.")]


def _where(shared: Path, root: Path, identity: Path, folder: Path | None) -> "Where":
    from service.custody.custodians import Where

    unlock = unlocking()
    return Where(shared, root, identity, folder or identity.parent, unlock)


@custodian.command("ceremony")
def custodian_ceremony(
    shared: Shared,
    root: Root,
    identity: YourIdentity,
    out: NewFolder,
    threshold: Threshold = None,
    linker: Linker = None,
    epoch: Annotated[int | None, typer.Option(min=1, help="The project's epoch if not given.")] = None,
    closes_earlier: Annotated[
        str | None,
        typer.Option("--closes-earlier", metavar="TIME", help="With the next epoch: when this one closes."),
    ] = None,
    folder: Own = None,
) -> None:
    """Make the keys of a round, on a machine that all custodians watch: the project secret sealed to every data officer, and a share of it for
    every custodian. The whole is never shown or written."""
    from service.custody.keyholders import hold_ceremony as call

    with told():
        where = _where(shared, root, identity, folder)
        typer.echo(
            call(
                out,
                where=where,
                threshold=threshold,
                linker=linker,
                epoch=epoch,
                closes_earlier=closes_earlier,
            )
        )


@custodian.command("rotate")
def custodian_rotate(
    shared: Shared,
    root: Root,
    identity: YourIdentity,
    out: NewFolder,
    closes_earlier: Closes,
    threshold: Threshold = None,
    linker: Linker = None,
    folder: Own = None,
) -> None:
    """Make the keys of the next round, and say when this one closes."""
    from service.custody.keyholders import hold_ceremony as call

    with told():
        where = _where(shared, root, identity, folder)
        typer.echo(
            call(
                out,
                where=where,
                threshold=threshold,
                linker=linker,
                closes_earlier=closes_earlier,
                rotate=True,
            )
        )


@custodian.command("sign-record")
def custodian_sign(
    ceremony: Folder, shared: Shared, root: Root, identity: YourIdentity, folder: Own = None
) -> None:
    """Check a ceremony's folder, keep your shares, and sign the record. Nothing is signed if anything is not as it must be."""
    from service.custody.keyholders import sign_record as call

    with told():
        typer.echo(call(ceremony, where=_where(shared, root, identity, folder)))


@custodian.command("publish-record")
def custodian_publish(ceremony: Folder, shared: Shared, root: Root) -> None:
    """Copy a record that enough custodians have signed into the project's shared folder; after a rotation, move the project to the next epoch."""
    from service.custody.keyholders import publish_record as call

    with told():
        typer.echo(call(ceremony, shared=shared, root=root))


@custodian.command("contribute")
def custodian_contribute(
    session: Session,
    shared: Shared,
    root: Root,
    identity: YourIdentity,
    folder: Own = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without a question.")] = False,
) -> None:
    """Give your share to a process that asks for a key: it alone can open what you give, and only while it runs."""
    from service.custody.keyholders import contribute_share as call

    def agree(lines: list[str]) -> bool:
        typer.echo("\n".join(lines))
        return yes or not sys.stdin.isatty() or typer.confirm("Give your share?")

    with told():
        typer.echo(call(session, where=_where(shared, root, identity, folder), agree=agree))


@custodian.command("recover")
def custodian_recover(
    to: Annotated[str, typer.Option(help="The data officer's name in the trust register.")],
    epoch: Annotated[int, typer.Option(min=1, help="The round whose secret was lost.")],
    session: Annotated[Path, typer.Option(help="A new folder in which the other custodians answer.")],
    out: Annotated[Path, typer.Option(help="The sealed secret for the officer; must not exist.")],
    shared: Shared,
    root: Root,
    identity: YourIdentity,
    folder: Own = None,
    reason: Annotated[str, typer.Option(help="lost-secret or new-officer.")] = "lost-secret",
    wait: Wait = 3600.0,
) -> None:
    """Deliver the project secret to a data officer again, from the shares of enough custodians. Nobody sees it."""
    from service.custody.keyholders import recover_secret as call
    from service.custody.quorum import patiently

    with told():
        typer.echo(
            call(
                where=_where(shared, root, identity, folder),
                to=to,
                epoch=epoch,
                reason=reason,
                session=session,
                out=out,
                waiting=patiently(wait, say=typer.echo),
            )
        )


@custodian.command("destroy")
def custodian_destroy(
    epoch: Annotated[int, typer.Option(min=1, help="The round whose shares are removed.")],
    out: Annotated[Path, typer.Option(help="The signed certificate; must not exist.")],
    shared: Shared,
    root: Root,
    identity: YourIdentity,
    folder: Own = None,
    even_open: EvenOpen = False,
) -> None:
    """Remove your shares of a round, and sign a certificate of that."""
    from service.custody.keyholders import destroy as call

    with told():
        typer.echo(
            call(where=_where(shared, root, identity, folder), epoch=epoch, even_open=even_open, out=out)
        )
