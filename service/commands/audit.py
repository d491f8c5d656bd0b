"""Commands for auditors and the public."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import At, Shared, told

audit = typer.Typer(no_args_is_help=True, help="For auditors and the public: check the log for yourself.")

RootFile = Annotated[
    Path,
    typer.Option(
        "--root",
        help="The root's public keys. Take them from somebody other than whoever gave you the log.",
    ),
]
Register = Annotated[
    Path | None,
    typer.Option("--keys", help="The trust register's note; by default the one beside the log."),
]
Project = Annotated[
    Path | None, typer.Option("--shared", help="The project's shared folder, in place of --keys.")
]


@audit.command("verify")
def audit_verify(
    directory: Annotated[Path, typer.Argument(help="The published log.")],
    root: RootFile,
    keys: Register = None,
    shared: Project = None,
    witnesses: Annotated[
        int | None,
        typer.Option(min=0, help="How many must have cosigned; more than half of the witnesses if left out."),
    ] = None,
    at: At = None,
) -> None:
    """Check every entry, every hash and every signature of a published log. Needs its files, the trust register beside it and the root alone."""
    from service import clock
    from service.auditing import verify_log as call

    with told():
        register = _register(keys, shared=shared)
        typer.echo(call(directory, root=root, register=register, quorum=witnesses, at=clock.named(at)))


@audit.command("proof")
def audit_proof(
    proof: Annotated[Path, typer.Argument(help="audit-proof.txt of a release.")],
    entry: Annotated[Path, typer.Argument(help="audit-entry.json of the release.")],
    root: RootFile,
    keys: Register = None,
    shared: Project = None,
    at: At = None,
) -> None:
    """Check, offline, that a release is in the log."""
    from service import clock
    from service.auditing import verify_entry as call

    with told():
        register = _register(keys, shared=shared)
        typer.echo(call(proof, entry=entry, root=root, register=register, at=clock.named(at)))


def _register(keys: Path | None, *, shared: Path | None) -> Path | None:
    from linkage.errors import BadInput
    from service.dossier import TRUST_FILE

    if keys is not None and shared is not None:
        raise BadInput("the trust register is named with --keys or with --shared: leave one out")
    return keys if shared is None else shared / TRUST_FILE


@audit.command("record")
def audit_record(
    notes: Annotated[list[Path], typer.Argument(help="Signed notes; several may follow.")],
    desk: Annotated[Path, typer.Option(help="The release desk's own folder, with the log.")],
    shared: Shared,
    root: Annotated[Path, typer.Option(help="The root's public keys.")],
) -> None:
    """Enter in the desk's log what was signed elsewhere: a trust register, the record of a ceremony, an acknowledgement, a certificate of destruction,
    an opening and the answers to it. Each is verified, and entered once."""
    from service import clock
    from service.record import record_notes as call

    with told():
        typer.echo(call(notes, desk=desk, shared=shared, root=root, now=clock.now()))
