"""Bars on a terminal, one for each step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from service.progress import Clock, Progress, Step, told


@contextmanager
def drawn(to: TextIO, *, clock: Clock) -> Iterator[Progress]:
    """A progress that draws bars on this terminal."""
    bars = Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Told(),
        console=Console(file=to),
        get_time=clock,
    )
    with bars:
        yield _Drawn(bars)


class _Told(ProgressColumn):
    """Counts, rate and time left of a bar."""

    def render(self, task: Task) -> Text:
        """The words beside the bar."""
        total = None if task.total is None else int(task.total)
        step = Step(task.description, int(task.completed), total, str(task.fields["unit"]))
        return Text(told(step, seconds=task.elapsed or 0.0, before=int(task.fields["before"])))


@dataclass
class _Drawn:
    """Draws a bar for each step."""

    bars: Bars
    tasks: dict[str, TaskID] = field(default_factory=dict)

    def __call__(self, step: Step) -> None:
        """Moves the step's bar, which is drawn when the step is first heard of."""
        if step.name not in self.tasks:
            self.tasks[step.name] = self.bars.add_task(
                step.name, total=step.total, unit=step.unit, before=step.done
            )
        self.bars.update(self.tasks[step.name], completed=step.done, total=step.total)
