"""Commands around the trust register, for holders of the root and for whoever keeps the shared folder."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.commands.options import AsJson, At, RootFromHolder, Shared, told, unlocking

trust = typer.Typer(
    no_args_is_help=True,
    help="For holders of the root: who holds which role. Draft, sign, publish and read the trust register.",
)

Draft = Annotated[Path, typer.Argument(help="The draft of the next version.")]


@trust.command("new-root")
def trust_new_root(
    public: Annotated[
        list[Path], typer.Argument(metavar="PUBLIC.json...", help="The public half of each holder.")
    ],
    quorum: Annotated[int, typer.Option(min=1, help="How many holders must sign a register.")],
    out: Annotated[Path, typer.Option(help="The root's file, for every party.")],
) -> None:
    """Put the holders' public keys into one root, and print the words by which everybody checks that they got it."""
    from service.trust.register import new_root as call

    with told():
        typer.echo(call(public, quorum=quorum, out=out))


@trust.command("draft")
def trust_draft(
    shared: Shared,
    root: RootFromHolder,
    out: Annotated[Path, typer.Option(help="Where the draft goes.")],
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", metavar="PUBLIC.json", help="Somebody new; --organisation and --role follow."),
    ] = None,
    organisation: Annotated[list[str] | None, typer.Option(help="Of each --add, in their order.")] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Of each --add, in their order; several with commas between.")
    ] = None,
    since: Annotated[
        list[str] | None, typer.Option(metavar="TIME", help="Of each --add, in their order; now if left out.")
    ] = None,
    end: Annotated[
        list[str] | None, typer.Option("--end", metavar="NAME", help="Whose roles end; --at may follow.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(metavar="TIME", help="Of each --end, in their order; now if left out.")
    ] = None,
    replace: Annotated[
        list[Path] | None, typer.Option("--replace", metavar="PUBLIC.json", help="New keys of a name.")
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove", metavar="NAME", help="Whose signatures count no more, whenever they were made."
        ),
    ] = None,
) -> None:
    """Write the next version of the register as a draft to be signed, and print what it changes."""
    from service import clock
    from service.shared import read_identity
    from service.trust.draft import Addition, Changes, Ending
    from service.trust.register import draft as call

    with told():
        adds, ends = add or [], end or []
        additions = zip(
            adds,
            _of_each("--organisation", organisation, of="--add", count=len(adds)),
            _of_each("--role", role, of="--add", count=len(adds)),
            _times("--since", since, of="--add", count=len(adds)),
            strict=True,
        )
        endings = zip(ends, _times("--at", at, of="--end", count=len(ends)), strict=True)
        changes = Changes(
            removals=tuple(remove or ()),
            replacements=tuple(read_identity(one) for one in replace or ()),
            endings=tuple(Ending(name, then) for name, then in endings),
            additions=tuple(
                Addition(read_identity(file), where, frozenset(roles.split(",")), start)
                for file, where, roles, start in additions
            ),
        )
        typer.echo(call(shared=shared, root=root, out=out, changes=changes, now=clock.now()))


@trust.command("sign")
def trust_sign(
    draft: Draft,
    shared: Shared,
    root: RootFromHolder,
    identity: Annotated[Path, typer.Option(help="The holder's identity file.")],
    given_up: Annotated[
        bool,
        typer.Option("--given-up", help="Another draft of this version, which you signed, was given up."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="The words were compared with the other holders; do not ask.")
    ] = False,
) -> None:
    """Show what a draft changes, and sign it. Compare the words with the other holders first, by voice."""
    from service import clock
    from service.trust.register import sign as call

    with told():
        typer.echo(
            call(
                draft,
                shared=shared,
                root=root,
                identity=identity,
                unlock=unlocking(),
                now=clock.now(),
                say=typer.echo,
                confirm=_agreed if yes else typer.confirm,
                given_up=given_up,
            )
        )


@trust.command("publish")
def trust_publish(draft: Draft, shared: Shared, root: RootFromHolder) -> None:
    """Put a draft that a quorum has signed in place of the register, and keep the one before it."""
    from service import clock
    from service.trust.register import publish as call

    with told():
        typer.echo(call(draft, shared=shared, root=root, now=clock.now()))


@trust.command("show")
def trust_show(shared: Shared, root: RootFromHolder, at: At = None, as_json: AsJson = False) -> None:
    """Who holds which role."""
    from service import clock
    from service.trust.register import show as call

    with told():
        typer.echo(call(shared=shared, root=root, at=clock.named(at), as_json=as_json))


@trust.command("accept")
def trust_accept(
    identity: Annotated[Path, typer.Option(help="The identity file beside which seen.json lies.")],
    root: Annotated[Path | None, typer.Option("--root", help="The new root.")] = None,
    the_clock: Annotated[
        bool, typer.Option("--clock", help="The clock was wrong before and is right now.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="It was checked; do not ask.")] = False,
) -> None:
    """Accept a root that was changed on purpose, or a clock that was wrong, in what an identity remembers."""
    from service import clock
    from service.trust.register import accept_again as call

    with told():
        confirm = _agreed if yes else typer.confirm
        typer.echo(call(identity=identity, root=root, clock=the_clock, now=clock.now(), confirm=confirm))


def _agreed(_: str) -> bool:
    return True


def _of_each(option: str, words: list[str] | None, *, of: str, count: int) -> list[str]:
    """The words of an option that belongs to each occurrence of another.

    Raises:
        BadInput: there are more or fewer than of the other.
    """
    from linkage.errors import BadInput

    if len(words or ()) != count:
        raise BadInput(f"{count} {of} need {count} {option}, in the same order: there are {len(words or ())}")
    return words or []


def _times(option: str, words: list[str] | None, *, of: str, count: int) -> list[datetime | None]:
    """The times of an option that belongs to each occurrence of another, or to none."""
    from service.texts import read_time

    if not words:
        return [None] * count
    return [read_time(one, option=option) for one in _of_each(option, words, of=of, count=count)]
