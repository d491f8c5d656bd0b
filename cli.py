"""The command line: one sub-app per actor. Parse, one call, print. Exit codes: docs/formats.md."""

import json
import sys
from errno import ENOENT
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, At, Shared, told

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Link records across agencies without sharing names.",
)
partner = typer.Typer(
    no_args_is_help=True,
    help="For a partner's data officer: clean, tokenise, seal. Runs on the partner's own machine.",
)
centre = typer.Typer(
    no_args_is_help=True, help="For the centre: the linker and the assembler, two processes with separate keys."
)
schema = typer.Typer(
    no_args_is_help=True, help="For whoever designs a linkage schema: what it leaks, and how well it links."
)
analyst = typer.Typer(no_args_is_help=True, help="For the analyst: would this request be allowed, and why?")
board = typer.Typer(
    no_args_is_help=True,
    help="For board members: what a policy says, in sentences, and who has recommended it.",
)
audit = typer.Typer(no_args_is_help=True, help="For auditors and the public: check the log for yourself.")
for name, sub in {
    "partner": partner,
    "centre": centre,
    "schema": schema,
    "analyst": analyst,
    "board": board,
    "audit": audit,
}.items():
    app.add_typer(sub, name=name)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where to write; replaced if it is an earlier demo.")] = Path(
        "demo-out"
    ),
    people: Annotated[int, typer.Option(min=500, help="How many made-up people.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same digest.")] = 7,
) -> None:
    """Play the whole journey with five made-up agencies: tokenise, link, ask, decide, release, verify."""
    from service.demo import run

    with told():
        run(out, people=people, seed=seed, say=typer.echo)


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet files, each a partner.")],
    record_id: Annotated[str, typer.Option(help="Column with each record's own id.")],
    truth: Annotated[str, typer.Option(help="Column with the true person of each record.")],
    schema: Annotated[
        Path | None, typer.Option(help="A linkage schema; the built-in one if not given.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="IDENTIFIER=COLUMN",
            help="Which column is which identifier, where headers do not say; several may follow.",
        ),
    ] = None,
    dates: Annotated[
        str | None, typer.Option(help="Order of dates in all files: YMD, DMY or MDY; detected if not given.")
    ] = None,
    dedupe: Annotated[
        bool, typer.Option("--dedupe", help="Also find several records of one person inside a file.")
    ] = False,
    cleartext: Annotated[
        bool,
        typer.Option(
            "--cleartext", help="Also run plain Splink on the same values, to show what privacy costs."
        ),
    ] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the report here as JSON.")] = None,
) -> None:
    """Link files whose truth is known, exactly as partners and centre would, and score the result."""
    from service.evaluate import run

    with told():
        if out is not None and not out.parent.is_dir():
            raise FileNotFoundError(ENOENT, "there is no such folder", str(out.parent))
        report = run(
            files,
            record_id=record_id,
            truth=truth,
            schema=schema,
            columns=columns or [],
            dates=dates,
            dedupe=dedupe,
            cleartext=cleartext,
            say=typer.echo,
        )
        if out is not None:
            out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


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
    from service.mapping import Given
    from service.mapping_file import SourceOptions
    from service.officer import partner_map as call

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
    from service.officer import partner_check as call

    with told():
        typer.echo(call(file, mapping=mapping, shared=shared, page=page))


@partner.command("accept-secret")
def partner_accept(
    sealed: Path,
    identity: Officer,
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where to keep the secret (mode 0600).")],
) -> None:
    """Open the project secret that was delivered, and keep it where only you can read it."""
    from service.officer import accept_secret as call

    with told():
        typer.echo(call(sealed, identity=identity, shared=shared, out=out))


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
) -> None:
    """Clean, tokenise, seal and sign: a folder that may leave this machine, and beside it the page of its pre-flight."""
    from service.officer import partner_submit as call

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
    from service.officer import partner_withdraw as call

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
    from service.officer import partner_find_local as call

    with told():
        typer.echo(call(ref, own=own, file=file, mapping=mapping, key=key, secret=secret, shared=shared))


@centre.command("link")
def centre_link(
    folder: Annotated[
        Path, typer.Argument(help="The linker's own folder: its identity, and inbox/ with sealed tokens.")
    ],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where the sealed pairs for the assembler go.")],
    at: At = None,
) -> None:
    """The linker's run: train and score one pass after another; hand sealed pairs of row references to the assembler."""
    from service.desks import run_linker_desk as call

    with told():
        typer.echo(call(folder, shared=shared, out=out, at=at))


@centre.command("assemble")
def centre_assemble(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The assembler's own folder: its identity, inbox/ with sealed maps, pairs/ from the linker."
        ),
    ],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where the sealed spine goes.")],
) -> None:
    """The assembler's run: rows become records, records become people; the spine is sealed to the custodian."""
    from service.desks import run_assembler_desk as call

    with told():
        typer.echo(call(folder, shared=shared, out=out))


SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="A linkage schema; the built-in one if not given.")
]


@schema.command("leak")
def schema_leak(
    file: SchemaFile = None,
    people: Annotated[int, typer.Option(min=100, help="How many made-up people.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same people.")] = 1,
    only: Annotated[str | None, typer.Option(help="Measure this match key alone.")] = None,
    repeats: Annotated[
        bool,
        typer.Option("--repeats", help="Let the file hold some people several times, as agencies' files do."),
    ] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the report here as JSON.")] = None,
) -> None:
    """Attack the real tokens of made-up people with everything but the keys, and print what share could be named. Exits 15 beyond the limits."""
    from datetime import UTC, datetime

    from service.leak import run

    with told():
        if out is not None and not out.parent.is_dir():
            raise FileNotFoundError(ENOENT, "there is no such folder", str(out.parent))
        report = run(
            file,
            people=people,
            seed=seed,
            only=only,
            repeats=repeats,
            now=datetime.now(UTC),
            say=typer.echo,
        )
        if out is not None:
            out.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    from service.errors import LEAKS

    if not report.passed:
        raise typer.Exit(LEAKS)


@schema.command("lint")
def schema_lint(file: SchemaFile = None) -> None:
    """Names the match keys that leak or cost more than they should, and why. Exits 15 if there are any."""
    from service.leak import lint as call

    with told():
        findings = call(file, say=typer.echo)
    from service.errors import LEAKS

    if findings:
        raise typer.Exit(LEAKS)


@analyst.command("check")
def analyst_check(
    request: Path,
    shared: Shared,
    root: Annotated[Path, typer.Option(help="The root's public key.")],
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """Advice before asking: would this request be allowed now, and if not, what would?"""
    from service.desks import analyst_check as call

    with told():
        allowed, text = call(request, shared=shared, root=root, as_json=as_json, at=at)
        typer.echo(text)
    from service.errors import REFUSED

    if not allowed:
        raise typer.Exit(REFUSED)


@board.command("explain")
def board_explain(policy: Path) -> None:
    """A policy in plain English, generated from its fields."""
    from service.desks import board_explain as call

    with told():
        typer.echo(call(policy))


@board.command("lint")
def board_lint(policy: Path, shared: Shared) -> None:
    """Faults of a policy, and its own tests. Exits 10 if there are any."""
    from service.desks import board_lint as call

    with told():
        typer.echo(call(policy, shared=shared))


@board.command("tally")
def board_tally(
    shared: Shared, root: Annotated[Path, typer.Option(help="The root's public key.")], at: At = None
) -> None:
    """Who has voted on the policy in the shared folder, and what a recommendation still lacks."""
    from service.desks import board_tally as call

    with told():
        typer.echo(call(shared, root=root, at=at))


@audit.command("verify")
def audit_verify(
    directory: Annotated[Path, typer.Argument(help="The published log.")],
    keys: Annotated[
        Path,
        typer.Option(
            help="keys.json with the public keys of log and witnesses; by default the one beside the log."
        ),
    ] = Path(),
) -> None:
    """Check every entry, every hash and every signature of a published log. Needs the files and the public keys alone; take the keys from
    somebody other than whoever gave you the log."""
    from service.desks import audit_verify as call

    with told():
        typer.echo(call(directory, keys=keys))


@audit.command("proof")
def audit_proof(
    proof: Annotated[Path, typer.Argument(help="audit-proof.txt of a release.")],
    entry: Annotated[Path, typer.Argument(help="audit-entry.json of the release.")],
    keys: Annotated[Path, typer.Option(help="keys.json with the public keys of log and witnesses.")],
) -> None:
    """Check, offline, that a release is in the log."""
    from service.desks import audit_proof as call

    with told():
        typer.echo(call(proof, entry=entry, keys=keys))


if __name__ == "__main__":
    sys.exit(app())
