"""The command line: one sub-app per actor. Exit codes: docs/formats.md."""

import json
import sys
from errno import ENOENT
from pathlib import Path
from typing import Annotated

import typer

from service.commands.analyst import analyst, desk_answer
from service.commands.audit import audit
from service.commands.board import board
from service.commands.centre import centre
from service.commands.checker import checker
from service.commands.checker_votes import COMMANDS as CHECKER_VOTES
from service.commands.custodian import custodian
from service.commands.desk import desk
from service.commands.identity import identity
from service.commands.impact import COMMANDS as IMPACT
from service.commands.options import ReportAsJson, told
from service.commands.partner import partner
from service.commands.people import centre_people, person_history
from service.commands.policy import board_test, board_twins, policy
from service.commands.proposals import COMMANDS as PROPOSALS
from service.commands.public import COMMANDS as PUBLIC
from service.commands.quality import centre_quality
from service.commands.releases import ANALYST as ANALYST_RELEASES
from service.commands.releases import DESK as DESK_RELEASES
from service.commands.schema import schema
from service.commands.trust import trust
from service.commands.work import centre_log

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Link records across agencies without sharing names.",
)
for name, actor in {
    "identity": identity,
    "trust": trust,
    "custodian": custodian,
    "partner": partner,
    "centre": centre,
    "desk": desk,
    "schema": schema,
    "analyst": analyst,
    "board": board,
    "policy": policy,
    "audit": audit,
    "checker": checker,
}.items():
    app.add_typer(actor, name=name)
desk.command("answer")(desk_answer)
centre.command("quality")(centre_quality)
centre.command("log")(centre_log)
centre.command("people")(centre_people)
centre.command("person-history")(person_history)
board.command("test")(board_test)
board.command("twins")(board_twins)
for name, command in {**IMPACT, **PROPOSALS, **PUBLIC}.items():
    board.command(name)(command)
for name, command in CHECKER_VOTES.items():
    checker.command(name)(command)
for name, command in DESK_RELEASES.items():
    desk.command(name)(command)
for name, command in ANALYST_RELEASES.items():
    analyst.command(name)(command)


@app.callback()
def before_any_command() -> None:
    """Link records across agencies without sharing names."""
    from service.hardening import no_core_dumps

    no_core_dumps()


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where to write; replaced if it is an earlier demo.")] = Path(
        "demo-out"
    ),
    people: Annotated[int, typer.Option(min=500, help="How many made-up people.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same digest.")] = 7,
) -> None:
    """Play the whole journey with five made-up agencies: tokenise, link, ask, decide, release, verify."""
    from service.demonstration.demo import run

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
    missed: Annotated[
        bool, typer.Option("--missed", help="Also say why true pairs were missed, in counts without values.")
    ] = False,
    out: ReportAsJson = None,
) -> None:
    """Link files whose truth is known, exactly as partners and centre would, and score the result."""
    from service.centre.evaluate import run

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
            missed=missed,
            say=typer.echo,
        )
        if out is not None:
            out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(app())
