"""Commands for everybody: make an identity, show its fingerprint, change the passphrase of a private file."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, told, unlocking

identity = typer.Typer(
    no_args_is_help=True,
    help="For everybody: your own keys. A passphrase is taken from the file that LINKAGE_PASSPHRASE_FILE names, from LINKAGE_PASSPHRASE, "
    "from the operating system's keyring, or asked for; never from the command line.",
)

Keyring = Annotated[
    bool,
    typer.Option(
        "--keyring",
        help="Make a random passphrase and keep it in the operating system's keyring; nobody types it.",
    ),
]


@identity.command("new")
def identity_new(
    name: Annotated[str, typer.Argument(help="Who it is for, such as police/officer.")],
    out: Annotated[Path, typer.Option(help="Where the private keys go; the public half goes beside them.")],
    unprotected: Annotated[
        bool, typer.Option("--unprotected", help="Without a passphrase: whoever copies the file has the keys.")
    ] = False,
    keyring: Keyring = False,
) -> None:
    """Make a signing and a sealing key, protected by a passphrase, and print the fingerprint to read aloud."""
    from service.trust.identities import new_identity
    from service.trust.unlocking import asking

    with told():
        typer.echo(
            new_identity(
                name,
                out=out,
                unprotected=unprotected,
                keyring=keyring,
                environment=os.environ,
                ask=asking(sys.stdin),
            )
        )


@identity.command("show")
def identity_show(
    file: Annotated[Path, typer.Argument(help="An identity file, or the public half of one.")],
    as_json: AsJson = False,
) -> None:
    """Name and fingerprint, in hexadecimal and in words."""
    from service.trust.identities import show_identity

    with told():
        unlock = unlocking()
        typer.echo(show_identity(file, as_json=as_json, unlock=unlock))


@identity.command("passphrase")
def identity_passphrase(
    file: Annotated[Path, typer.Argument(help="An identity file or a secret.")], keyring: Keyring = False
) -> None:
    """Give a private file another passphrase, or its first. The new one is taken from the file that LINKAGE_NEW_PASSPHRASE_FILE names, or asked
    for twice; the old file stays until the new one is complete."""
    from service.trust.identities import change_passphrase
    from service.trust.unlocking import asking

    with told():
        typer.echo(change_passphrase(file, keyring=keyring, environment=os.environ, ask=asking(sys.stdin)))


@identity.command("new-secret")
def identity_new_secret(
    identity_file: Annotated[
        Path, typer.Option("--identity", help="Your identity file: the secret opens as it does.")
    ],
    out: Annotated[Path, typer.Option(help="Where the secret goes.")],
) -> None:
    """Make a secret of your own, such as a partner's or the assembler's own.secret, from which references are made that only you can trace back."""
    from service.trust.identities import new_secret

    with told():
        typer.echo(new_secret(out, identity=identity_file, unlock=unlocking()))
