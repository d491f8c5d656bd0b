"""Commands of a partner's data officer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import Shared, told, unlocking

partner = typer.Typer(
    no_args_is_help=True,
    help="For a partner's data officer: clean, tokenise, seal. Runs on the partner's own machine.",
)


@partner.command("map")
def partner_map(
    file: Annotated[Path, typer.Argument(help="The export; or env:NAME for a database.")],
    out: Annotated[
        Path | None, typer.Option(help="The mapping file to write; beside the export if not given.")
    ] = None,
    partner_name: Annotated[str | None, typer.Option("--partner", help="The partner's name.")] = None,
    gateway: Annotated[
        str | None, typer.Option(help="The legal gateway under which tokens are shared.")
    ] = None,
    record_id: Annotated[str | None, typer.Option(help="The column with each record's own id.")] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="IDENTIFIER=COLUMN", help="What a column is; empty COLUMN for none."),
    ] = None,
    attributes: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="NAME=COLUMN=GATEWAY", help="An attribute to send, sealed."),
    ] = None,
    date_orders: Annotated[
        list[str] | None,
        typer.Option("--date-order", metavar="[COLUMN=]ORDER", help="DMY, MDY or YMD."),
    ] = None,
    pivots: Annotated[
        list[str] | None,
        typer.Option(
            "--pivot", metavar="[COLUMN=]YEAR", help="The latest year that a year of two digits can mean."
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a text file, such as utf-8 or cp1252; guessed if not given.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a text file; guessed if not given.")] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Of a spreadsheet; the first with rows if not given.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Of a database.")] = None,
    shared: Annotated[
        Path | None,
        typer.Option("--shared", help="The project's shared folder: its catalogue says what may go."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take what is suggested without a question.")] = False,
) -> None:
    """Look at a file, suggest which column is what, ask, and write the mapping file. No value of the file is shown."""
    from service.officer.mapping import Given
    from service.officer.mapping_file import SourceOptions
    from service.officer.submit import partner_map as call

    with told():
        given = Given(
            partner=partner_name,
            gateway=gateway,
            record_id=record_id,
            sets=tuple(sets or ()),
            attributes=tuple(attributes or ()),
            date_orders=tuple(date_orders or ()),
            pivots=tuple(pivots or ()),
            accepted=yes,
        )
        options = SourceOptions(sheet=sheet, table=table, delimiter=delimiter, encoding=encoding)
        ask = typer.prompt if sys.stdin.isatty() else None
        typer.echo(call(file, out=out, given=given, options=options, ask=ask, say=typer.echo, shared=shared))


Mapped = Annotated[Path, typer.Option("--mapping", help="The mapping file.")]
Officer = Annotated[Path, typer.Option("--identity", help="The officer's identity file.")]
ProjectSecret = Annotated[Path, typer.Option("--secret", help="The project secret of this round.")]
OwnSecret = Annotated[Path, typer.Option("--own", help="The partner's own secret.")]
NewFolder = Annotated[Path, typer.Option("--out", help="Folder to write the submission to; must not exist.")]
After = Annotated[
    str | None, typer.Option("--after", help="The submission that the update follows, if not the latest.")
]


@partner.command("check")
def partner_check(
    file: Path,
    mapping: Mapped,
    shared: Shared,
    page: Annotated[Path | None, typer.Option(help="Write the report here too, as an HTML page.")] = None,
) -> None:
    """The pre-flight of a file, without tokenising anything."""
    from service.officer.submit import partner_check as call

    with told():
        typer.echo(call(file, mapping=mapping, shared=shared, page=page))


@partner.command("accept-secret")
def partner_accept(
    sealed: Path,
    identity: Officer,
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where to keep the secret (mode 0600).")],
) -> None:
    """Open the project secret that was delivered, check it against the record that the custodians signed, keep it where only you can read it, and
    write an acknowledgement beside it."""
    from service.officer.project_secret import accept_secret as call

    with told():
        typer.echo(call(sealed, identity=identity, shared=shared, out=out, unlock=unlocking()))


@partner.command("destroy-secret")
def partner_destroy(
    secret: Annotated[Path, typer.Argument(help="The project secret of a round that is over.")],
    identity: Officer,
    shared: Shared,
    out: Annotated[Path, typer.Option(help="The signed certificate; must not exist.")],
    even_open: Annotated[
        bool, typer.Option("--even-open", help="Also if the round still takes submissions.")
    ] = False,
) -> None:
    """Remove the project secret of a round from this machine, and sign a certificate of that."""
    from service.officer.project_secret import destroy_project_secret as call

    with told():
        typer.echo(
            call(secret, identity=identity, shared=shared, out=out, unlock=unlocking(), even_open=even_open)
        )


@partner.command("submit")
def partner_submit(
    file: Path,
    mapping: Mapped,
    identity: Officer,
    secret: ProjectSecret,
    own: OwnSecret,
    shared: Shared,
    out: NewFolder,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Keep what was sent in this folder of yours, so that updates can follow."),
    ] = None,
    update: Annotated[
        Path | None,
        typer.Option(help="Send only what changed since the submission whose ledger is in this folder."),
    ] = None,
    after: After = None,
    search_all: Annotated[
        bool,
        typer.Option(
            "--search-all", help="Search every byte of a large submission for raw values, which takes longer."
        ),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many processes share the work. If not given: one for each processor core, at most four, on Linux; one for a small file and on other systems. What is sent is the same.",
        ),
    ] = None,
) -> None:
    """Clean, tokenise, seal and sign: a folder that may leave this machine, and beside it the page of its pre-flight."""
    from service.officer.submit import partner_submit as call

    with told():
        typer.echo(
            call(
                file,
                mapping=mapping,
                identity=identity,
                secret=secret,
                own=own,
                shared=shared,
                out=out,
                ledger=ledger,
                update=update,
                after=after,
                search_all=search_all,
                processes=processes,
            )
        )


@partner.command("withdraw")
def partner_withdraw(
    ids: Annotated[Path, typer.Argument(help="A file with one column: the record ids to take back.")],
    mapping: Mapped,
    identity: Officer,
    secret: ProjectSecret,
    own: OwnSecret,
    shared: Shared,
    out: NewFolder,
    ledger: Annotated[Path, typer.Option(help="The folder of your ledger.")],
    after: After = None,
) -> None:
    """Take records back by their ids: an update that says which no longer hold."""
    from service.officer.submit import partner_withdraw as call

    with told():
        typer.echo(
            call(
                ids,
                mapping=mapping,
                identity=identity,
                secret=secret,
                own=own,
                shared=shared,
                out=out,
                ledger=ledger,
                after=after,
            )
        )


@partner.command("receipt")
def partner_receipt(
    receipt: Annotated[Path, typer.Argument(help="The receipt that came back.")],
    shared: Shared,
    submission: Annotated[Path, typer.Option(help="The folder that was sent.")],
    identity: Annotated[
        Path | None,
        typer.Option(
            "--identity", help="The officer's identity file: hold the register against what it has seen."
        ),
    ] = None,
) -> None:
    """Check that the release desk signed the receipt, and that it is for this very submission."""
    from service.officer.submit import partner_receipt as call

    with told():
        typer.echo(call(receipt, shared=shared, submission=submission, identity=identity))


@partner.command("find-local")
def partner_find_local(
    ref: Annotated[
        str, typer.Argument(help="A record reference (32 hexadecimal digits), or with --key a row reference.")
    ],
    own: OwnSecret,
    file: Annotated[Path, typer.Option(help="The export that was submitted.")],
    mapping: Mapped,
    key: Annotated[str | None, typer.Option(help="The match key of the row reference.")] = None,
    secret: Annotated[Path | None, typer.Option(help="With --key: the project secret of the round.")] = None,
    shared: Annotated[Path | None, typer.Option(help="With --key: the project's shared folder.")] = None,
) -> None:
    """Which of your own records a reference means. Only the own secret that made it can tell."""
    from service.officer.submit import partner_find_local as call

    with told():
        typer.echo(call(ref, own=own, file=file, mapping=mapping, key=key, secret=secret, shared=shared))


@partner.command("adopt")
def partner_adopt(
    shared: Shared,
    identity: Annotated[Path, typer.Option(help="The controller approver's identity file.")],
    clauses: Annotated[str, typer.Option(help="Ids with commas between, or all, or none to withdraw.")],
    out: Annotated[Path, typer.Option(help="Where the signed adoption goes; it then belongs in adoptions/.")],
    proposal: Annotated[
        str | None,
        typer.Option(
            "--proposal", help="A proposal under proposals/, in place of the policy in the shared folder."
        ),
    ] = None,
) -> None:
    """For the controller approver: adopt clauses of the recommended policy for the partner's own data."""
    from service.board.voting import adopt_clauses

    with told():
        typer.echo(
            adopt_clauses(
                shared=shared,
                identity=identity,
                unlock=unlocking(),
                clauses=clauses,
                out=out,
                proposal=proposal,
            )
        )
