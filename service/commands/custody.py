"""The custodian's command that runs on: answer the release desk at a socket."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import Shared, told, unlocking


def serve(
    folder: Annotated[Path, typer.Argument(help="The custodian's own folder, with identity.key.")],
    shared: Shared,
    root: Annotated[Path, typer.Option(help="The custodian's own copy of the root's public keys.")],
    socket: Annotated[
        Path, typer.Option(help="The socket to make, in a folder of mode 0700 that nobody else can reach.")
    ],
    openings_per_hour: Annotated[
        int | None, typer.Option(min=1, help="Keys opened or refused within an hour; 200 if not given.")
    ] = None,
    requests_per_day: Annotated[
        int | None, typer.Option(min=1, help="Different requests served within a day; 20 if not given.")
    ] = None,
) -> None:
    """Open keys for the release desk, each after deciding its request again. Runs until it is stopped (Ctrl-C or SIGTERM).

    From another machine, carry the socket by ssh: ssh -L LOCAL-SOCKET:SOCKET HOST.
    """
    from service import clock
    from service.custody.custodian import Limits
    from service.custody.server import run

    with told():
        usual = Limits()
        run(
            folder,
            shared=shared,
            root=root,
            socket=socket,
            limits=Limits(
                openings_per_hour or usual.openings_an_hour, requests_per_day or usual.requests_a_day
            ),
            unlock=unlocking(),
            clock=clock.now,
            say=typer.echo,
        )
