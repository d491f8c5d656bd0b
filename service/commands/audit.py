"""Commands for auditors and the public."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, At, PublishedLog, Shared, told, unlocking

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
    directory: PublishedLog,
    root: RootFile,
    keys: Register = None,
    shared: Project = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="The log's policy, signed by the root; by default the one beside the log, if there is one."
        ),
    ] = None,
    witnesses: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="How many must have cosigned at least. If left out, what the log's policy asks for; without one, more than half of the witnesses.",
        ),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(help="The checkpoint of an earlier time, which you kept: the log must continue it."),
    ] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry, every hash and every signature of a published log. Needs its files, the notes beside it and the root alone."""
    from service import clock
    from service.audit.verifying import check_log as call

    with told():
        register = _register(keys, shared=shared)
        found = call(
            directory,
            root=root,
            register=register,
            policy=policy,
            quorum=witnesses,
            since=since,
            at=clock.named(at),
        )
        typer.echo(json.dumps(found.as_json(), indent=1) if as_json else found.says)


@audit.command("proof")
def audit_proof(
    proof: Annotated[Path, typer.Argument(help="audit-proof.txt of a release.")],
    entry: Annotated[Path, typer.Argument(help="audit-entry.json of the release.")],
    root: RootFile,
    keys: Register = None,
    shared: Project = None,
    witnesses: Annotated[
        int,
        typer.Option(
            min=0,
            help="How many must have cosigned its checkpoint; a proof has cosignatures if it was handed out after they came in.",
        ),
    ] = 0,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Check, offline, that a release is in the log."""
    from service import clock
    from service.audit.verifying import check_entry, proven_json, says_proven

    with told():
        register = _register(keys, shared=shared)
        found, trust = check_entry(
            proof, entry=entry, root=root, register=register, at=clock.named(at), quorum=witnesses
        )
        typer.echo(
            json.dumps(proven_json(found, trust=trust), indent=1)
            if as_json
            else says_proven(found, trust=trust)
        )


@audit.command("witness")
def audit_witness(
    directory: PublishedLog,
    identity: Annotated[
        Path,
        typer.Option(help="The witness's identity file. What it has seen is kept in witnessed.json beside it."),
    ],
    root: RootFile,
    out: Annotated[
        Path, typer.Option(help="Where the cosigned checkpoint goes; send it to the keeper of the log.")
    ],
    keys: Register = None,
    shared: Project = None,
    first_use: Annotated[
        bool,
        typer.Option(
            "--first-use",
            help="This witness never watched this log, or lost its memory and has compared the checkpoint with another witness: believe what is there.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """For a partner who watches the log: cosign its newest checkpoint, if it continues everything that this witness saw before. Exits 14 if it does
    not, and keeps the checkpoint as evidence."""
    from service import clock
    from service.audit.witnessing import cosign_log as call

    with told():
        found = call(
            directory,
            root=root,
            register=_register(keys, shared=shared),
            identity=identity,
            unlock=unlocking(),
            first_use=first_use,
            out=out,
            now=clock.now(),
        )
        typer.echo(json.dumps(dataclasses.asdict(found), indent=1) if as_json else found.says)


@audit.command("replay")
def audit_replay(
    directory: PublishedLog,
    archive: Annotated[
        Path, typer.Option(help="The desk's archive of documents, archive/ in its folder, or a copy of it.")
    ],
    root: RootFile,
    keys: Register = None,
    shared: Project = None,
    witnesses: Annotated[
        int | None,
        typer.Option(
            min=0, help="How many must have cosigned the log at least; as for audit verify if left out."
        ),
    ] = None,
    missing_ok: Annotated[
        bool,
        typer.Option("--missing-ok", help="Do not fail for decisions whose documents are not in the archive."),
    ] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Check the log, then make every decision that it names again from the signed documents of its time. Exits 14 if one comes out otherwise, or
    cannot be made again."""
    from service import clock
    from service.audit.replaying import replay as call
    from service.audit.verifying import check_log
    from service.errors import NOT_VERIFIED

    with told():
        register = _register(keys, shared=shared)
        found = check_log(
            directory, root=root, register=register, policy=None, quorum=witnesses, at=clock.named(at)
        )
        result = call(found.found.events, archive=archive, root=root)
        typer.echo(json.dumps(result.as_json(), indent=1) if as_json else result.says)
    if result.differing or (result.missing and not missing_ok):
        raise typer.Exit(NOT_VERIFIED)


@audit.command("draft-policy")
def audit_draft_policy(
    shared: Shared,
    root: RootFile,
    need: Annotated[int, typer.Option(min=0, help="How many of all witnesses must have cosigned.")],
    out: Annotated[
        Path, typer.Option(help="Where the text goes; edit it if you want groups, then have it signed.")
    ],
) -> None:
    """Write down which witnesses must cosign the log, from the trust register, for the holders of the root to sign."""
    from service import clock
    from service.audit.log_policies import draft as call

    with told():
        typer.echo(call(shared=shared, root=root, needed=need, out=out, now=clock.now()))


@audit.command("sign-policy")
def audit_sign_policy(
    policy: Annotated[Path, typer.Argument(help="The policy, signed by other holders of the root or not yet.")],
    shared: Shared,
    root: RootFile,
    identity: Annotated[Path, typer.Option(help="The identity file of a holder of the root.")],
    yes: Annotated[bool, typer.Option("--yes", help="It was read; do not ask.")] = False,
) -> None:
    """Show which witnesses a policy asks for, and sign it as a holder of the root. Once enough have signed, it belongs in the shared folder as
    log-policy.note, and in the log by audit record."""
    from service import clock
    from service.audit.log_policies import sign as call

    with told():
        typer.echo(
            call(
                policy,
                shared=shared,
                root=root,
                identity=identity,
                unlock=unlocking(),
                now=clock.now(),
                say=typer.echo,
                confirm=(lambda _: True) if yes else typer.confirm,
            )
        )


def _register(keys: Path | None, *, shared: Path | None) -> Path | None:
    from linkage.errors import BadInput
    from service.shared import TRUST_FILE

    if keys is not None and shared is not None:
        raise BadInput("the trust register is named with --keys or with --shared: leave one out")
    return keys if shared is None else shared / TRUST_FILE


@audit.command("record")
def audit_record(
    notes: Annotated[list[Path], typer.Argument(help="Signed notes; several may follow.")],
    desk: Annotated[Path, typer.Option(help="The release desk's own folder, with the log.")],
    shared: Shared,
    root: Annotated[Path, typer.Option(help="The root's public keys.")],
    publish: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the published log: it then holds the checkpoint that was cosigned, with the cosignatures that came in."
        ),
    ] = None,
) -> None:
    """Enter in the desk's log what was signed elsewhere: a trust register, the record of a ceremony, an acknowledgement, a certificate of destruction,
    an opening and the answers to it, a linker's or an assembler's run, the log's policy, checkpoints that witnesses cosigned. Each is verified, and
    entered once."""
    from service import clock
    from service.desk.record import record_notes as call

    with told():
        typer.echo(call(notes, desk=desk, shared=shared, root=root, now=clock.now(), publish=publish))
