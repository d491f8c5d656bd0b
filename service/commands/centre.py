"""Commands of the linker and the assembler."""

import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from service.commands.loading import loading
from service.commands.options import AsJson, At, Shared, told
from service.commands.people import centre_people, person_history
from service.commands.quality import centre_quality
from service.commands.work import centre_log

centre = typer.Typer(
    no_args_is_help=True, help="For the centre: the linker and the assembler, two processes with separate keys."
)
# Loaded once where both are run, and not again by each.
BOTH_LOAD: Final = (
    # Only the first key that is read loads it.
    "cryptography.hazmat.backends.openssl.backend",
    "service.centre.assembler",
    "service.centre.linker",
    "service.custody.quorum",
    "service.progress",
)


@centre.command("link")
def centre_link(
    folder: Annotated[
        Path, typer.Argument(help="The linker's own folder: its identity, and inbox/ with sealed tokens.")
    ],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where the sealed pairs for the assembler go.")],
    at: At = None,
    session: Annotated[
        Path | None,
        typer.Option(
            help="A new folder in which custodians answer, where they share the key that opens tokens."
        ),
    ] = None,
    wait: Annotated[float, typer.Option(min=0, max=86_400, help="How many seconds to wait for them.")] = 3600.0,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Link only what is new since the last run, scored by the model of that run, or nothing. Without it and without --full, that is done where it can be.",
        ),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Link everything anew, with a new model.")] = False,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep-rows/--no-keep-rows",
            help="Keep the opened rows under seal, so that updates are quick; needs as much space again as the submissions.",
        ),
    ] = True,
) -> None:
    """The linker's run: compare one pass after another, train, score, and hand sealed pairs of row references to the assembler. A run that was broken off
    goes on where it was when the same command is given again."""
    with loading():
        from service.centre.linker import run_linker_desk as call
        from service.centre.linker import scope_of
        from service.custody.quorum import patiently
        from service.progress import shown

    with told():
        scope = scope_of({"update": update, "full": full})
        waiting = patiently(wait, say=typer.echo)
        with shown(sys.stderr, clock=time.monotonic) as progress:
            answer = call(
                folder,
                shared=shared,
                out=out,
                at=at,
                session=session,
                waiting=waiting,
                progress=progress,
                scope=scope,
                keep=keep,
                warn=lambda sentence: typer.echo(f"warning: {sentence}", err=True),
            )
        # While bars are drawn, what is printed goes where they are.
        typer.echo(answer)


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
    with loading():
        from service.centre.assembler import run_assembler_desk as call

    with told():
        typer.echo(call(folder, shared=shared, out=out))


@centre.command("run")
def centre_run(
    linker: Annotated[Path, typer.Argument(help="The linker's own folder, as for `link`.")],
    assembler: Annotated[
        Path,
        typer.Argument(help="The assembler's own folder, as for `assemble`; the pairs go into its pairs/."),
    ],
    shared: Shared,
    out: Annotated[Path, typer.Option(help="Where the sealed spine goes.")],
    update: Annotated[
        bool, typer.Option("--update", help="The linker links only what is new since its last run, or nothing.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="The linker links everything anew.")] = False,
) -> None:
    """The linker's run and then the assembler's, on one machine, as two processes that each open their own folder. In earnest they are on two machines: give `link` and
    `assemble` there."""
    with loading():
        from service.centre.run import CAN_FORK, forked, run_centre, started
        from service.errors import UNEXPECTED

        for module in BOTH_LOAD if CAN_FORK else ():
            importlib.import_module(module)
    with told():
        words = [word for word, given in (("--update", update), ("--full", full)) if given]
        process = forked(_as_typed) if CAN_FORK else started
        ran = run_centre(linker, assembler, shared=shared, out=out, process=process, more=words)
        for name, one in zip(("linker", "assembler"), ran, strict=False):
            if one.told:
                typer.echo(f"{name}: {one.told}")
        if ran[-1].code < 0:
            name = ("linker", "assembler")[len(ran) - 1]
            typer.echo(
                f"the {name}'s process was ended from outside (signal {-ran[-1].code}), as the system does where memory runs out: give the same command again",
                err=True,
            )
            raise typer.Exit(UNEXPECTED)
        if ran[-1].code:
            raise typer.Exit(ran[-1].code)


def _as_typed(words: Sequence[str]) -> None:
    centre(words)


@centre.command("model")
def centre_model(
    file: Annotated[Path, typer.Argument(help="The model.json in the linker's folder.")],
    shared: Shared,
    as_json: AsJson = False,
) -> None:
    """Say a linkage model in words: what is compared, how much each agreement weighs, what each was learnt from, and what is doubtful."""
    from service.centre.model_words import model_words as call

    with told():
        said = call(file, shared=shared)
        typer.echo(said.as_json() if as_json else "\n".join(said.lines))


centre.command("quality")(centre_quality)
centre.command("log")(centre_log)
centre.command("people")(centre_people)
centre.command("person-history")(person_history)
