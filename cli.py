"""The command line: one sub-app per actor. Exit codes: docs/formats.md."""

import json
import sys
from errno import ENOENT
from pathlib import Path
from typing import Annotated

import typer

from service.commands.actors import Actors
from service.commands.options import ReportAsJson, told

app = typer.Typer(
    cls=Actors,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Link records across agencies without sharing names.",
)


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
