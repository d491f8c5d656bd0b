"""The sub-apps of the command line, one for each actor, each in the module of its name. Only the one that is asked for is loaded."""

from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final, TypeVar

from typer.core import TyperGroup
from typer.main import get_group

# In the order in which they are listed.
ACTORS: Final = (
    "identity",
    "trust",
    "custodian",
    "partner",
    "centre",
    "desk",
    "schema",
    "analyst",
    "board",
    "policy",
    "audit",
    "checker",
)
Command = TypeVar("Command")


class Actors(TyperGroup):
    """The whole command line: the commands that it is given, and after them a group of commands for each actor."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = _WithActors(self.commands, load=_group)


class _WithActors(MutableMapping[str, Command]):
    """Commands by name. An actor's group is loaded when it is looked up; its name is there before."""

    def __init__(self, given: MutableMapping[str, Command], *, load: Callable[[str], Command]) -> None:
        self._there, self._load = given, load

    def __getitem__(self, name: str) -> Command:
        if name in ACTORS and name not in self._there:
            self._there[name] = self._load(name)
        return self._there[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._there[name] = command

    def __delitem__(self, name: str) -> None:
        del self._there[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*(name for name in self._there if name not in ACTORS), *ACTORS])

    def __len__(self) -> int:
        return len({*self._there, *ACTORS})


def _group(actor: str) -> TyperGroup:
    group = get_group(getattr(import_module(f"service.commands.{actor}"), actor))
    group.name = actor
    return group
