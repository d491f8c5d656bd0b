"""How far a long step has come: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TextIO

EVERY_SECONDS: Final = 10.0
SHORTEST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """The state of a step: its name, how many `unit`s are done, and of how many where that is known."""

    name: str
    done: int
    total: int | None
    unit: str


Progress = Callable[[Step], None]
Clock = Callable[[], float]


def silent(step: Step) -> None:
    """Nothing is shown."""
    del step


@contextmanager
def shown(to: TextIO, *, clock: Clock, every: float = EVERY_SECONDS) -> Iterator[Progress]:
    """A progress that draws bars where the stream is a terminal, and else prints a line every so many seconds and at the end of each step."""
    if not to.isatty():
        yield Lines(partial(print, file=to), clock=clock, every=every)
        return
    # What draws takes as long to load as some steps take.
    from service.progress_bars import drawn

    with drawn(to, clock=clock) as progress:
        yield progress


class Lines:
    """A line for a step when it is done, and every so many seconds until then."""

    def __init__(self, say: Callable[[str], None], *, clock: Clock, every: float = EVERY_SECONDS) -> None:
        self._say, self._clock, self._every = say, clock, every
        self._name = ""
        self._began = self._last = 0.0
        self._from = 0
        self._ended = False

    def __call__(self, step: Step) -> None:
        """Takes note of the state, and says it if it is time."""
        now = self._clock()
        if step.name != self._name:
            self._name, self._began, self._last, self._from, self._ended = step.name, now, now, step.done, False
        ended = step.total is not None and step.done >= step.total
        if (ended and not self._ended) or (not ended and now - self._last >= self._every):
            self._last, self._ended = now, ended
            self._say(f"{step.name}: {told(step, seconds=now - self._began, before=self._from)}")


def told(step: Step, *, seconds: float, before: int = 0) -> str:
    """The state in words: done, of how many, how fast since `before`, and how long it will still take."""
    words = [f"{step.done:,} {step.unit}"]
    if step.total:
        words = [f"{step.done:,} of {step.total:,} {step.unit} ({min(100, 100 * step.done // step.total)} %)"]
    rate = (step.done - before) / seconds if seconds >= SHORTEST else 0.0
    if rate:
        words.append(f"{rate:,.0f} a second")
    if step.total is not None and step.done >= step.total:
        words.append(f"{spoken(seconds)} in all")
    elif step.total and rate:
        words.append(f"{spoken((step.total - step.done) / rate)} left")
    return ", ".join(words)


def spoken(seconds: float) -> str:
    """A length of time as people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
