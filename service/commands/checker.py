"""Commands for whoever checks tables before they leave: protect one, or attack one as a reader would."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.checker_votes import COMMANDS as VOTES
from service.commands.options import ReportAsJson, told

checker = typer.Typer(
    no_args_is_help=True,
    help="For output checkers: protect a table of any tool, or see what a reader could work out from it.",
)

Table = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE",
        help="A CSV file: the dimensions, then `count`, and `sum` if there are sums; `Total` stands for a total.",
    ),
]
Earlier = Annotated[
    Path | None,
    typer.Option("--earlier", help="A folder of tables on the same people that readers have already."),
]


@checker.command("protect")
def checker_protect(
    table: Table,
    rules: Annotated[Path, typer.Option("--rules", help="What to hide and how, as YAML.")],
    out: Annotated[
        Path, typer.Option("--json", help="Write the report here, and the protected table beside it as .csv.")
    ],
    earlier: Earlier = None,
) -> None:
    """Hides and rounds a table's counts and sums as the rules say, and writes it only if an attack on the result fails. Exits 17 if it succeeds."""
    from service.checker.checking import protect_file

    with told():
        safe = protect_file(table, rules=rules, earlier=earlier, out=out, say=typer.echo)
    _leave(safe=safe)


@checker.command("attack")
def checker_attack(
    table: Table,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="How the table was protected, as its readers know.")
    ] = None,
    earlier: Earlier = None,
    out: ReportAsJson = None,
) -> None:
    """Works out the range of every hidden count and sum from all that is printed, as a reader could. Exits 17 if one is too narrow. Sums are also looked at as people inside the
    table could, where columns `true_count`, `true_sum`, `largest` and `second` tell what they know."""
    from service.checker.checking import attack_file

    with told():
        safe = attack_file(table, rules=rules, earlier=earlier, out=out, say=typer.echo)
    _leave(safe=safe)


def _leave(*, safe: bool) -> None:
    from service.errors import DISCLOSES

    if not safe:
        raise typer.Exit(DISCLOSES)


for _name, _command in VOTES.items():
    checker.command(_name)(_command)
