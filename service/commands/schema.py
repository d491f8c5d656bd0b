"""Commands for whoever designs a linkage schema."""

import json
from errno import ENOENT
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import ReportAsJson, told

schema = typer.Typer(
    no_args_is_help=True, help="For whoever designs a linkage schema: what it leaks, and how well it links."
)


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
    out: ReportAsJson = None,
) -> None:
    """Attack the real tokens of made-up people with everything but the keys, and print what share could be named. Exits 15 beyond the limits."""
    from datetime import UTC, datetime

    from service.centre.leak import run

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
    from service.centre.leak import lint as call

    with told():
        findings = call(file, say=typer.echo)
    from service.errors import LEAKS

    if findings:
        raise typer.Exit(LEAKS)
