"""Progress is a bar on a terminal and a line now and then elsewhere, with rate and time left by a clock that is handed in."""

import io

import pytest

from service.progress import Lines, Step, shown, silent, spoken, told


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_step_is_told_with_its_rate_and_the_time_left() -> None:
    assert told(Step("read", 50_000, 200_000, "rows"), seconds=10) == (
        "50,000 of 200,000 rows (25 %), 5,000 a second, 30 s left"
    )
    assert told(Step("read", 200_000, 200_000, "rows"), seconds=40) == (
        "200,000 of 200,000 rows (100 %), 5,000 a second, 40 s in all"
    )
    assert told(Step("read", 50_000, None, "rows"), seconds=10) == "50,000 rows, 5,000 a second"
    assert told(Step("read", 60_000, None, "rows"), seconds=10, before=50_000) == "60,000 rows, 1,000 a second"
    assert told(Step("read", 0, 10, "rows"), seconds=0) == "0 of 10 rows (0 %)"
    assert told(Step("read", 0, 0, "rows"), seconds=0) == "0 rows, 0 s in all"


def test_time_is_said_as_people_say_it() -> None:
    assert [spoken(s) for s in (0.4, 59, 60, 3_599, 3_600, 7_320)] == [
        "0 s", "59 s", "1 min 00 s", "59 min 59 s", "1 h 00 min", "2 h 02 min",
    ]  # fmt: skip


def test_without_a_terminal_a_line_comes_every_ten_seconds_and_at_the_end_of_a_step() -> None:
    clock, lines = Clock(), list[str]()
    progress = Lines(lines.append, clock=clock)
    for second in range(0, 26):
        clock.now = 100.0 + second
        progress(Step("read", second * 100, 2_500, "rows"))
        progress(Step("read", second * 100, 2_500, "rows"))
    assert lines == [
        "read: 1,000 of 2,500 rows (40 %), 100 a second, 15 s left",
        "read: 2,000 of 2,500 rows (80 %), 100 a second, 5 s left",
        "read: 2,500 of 2,500 rows (100 %), 100 a second, 25 s in all",
    ]
    clock.now += 1
    progress(Step("tokenise", 5, 10, "passes"))
    clock.now += 2
    progress(Step("tokenise", 10, 10, "passes"))
    assert lines[3:] == ["tokenise: 10 of 10 passes (100 %), 2 a second, 2 s in all"]


def test_a_stream_that_is_no_terminal_gets_lines() -> None:
    clock, out = Clock(), io.StringIO()
    with shown(out, clock=clock) as progress:
        progress(Step("read [red]x", 0, None, "rows"))
        clock.now += 11
        progress(Step("read [red]x", 1_234_567, None, "rows"))
    assert out.getvalue() == "read [red]x: 1,234,567 rows, 112,233 a second\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_for_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    clock, out = Clock(), Terminal()
    with shown(out, clock=clock) as progress:
        progress(Step("read", 0, 200, "rows"))
        progress(Step("tokenise", 0, None, "records"))
        clock.now += 10
        progress(Step("read", 50, 200, "rows"))
    last = out.getvalue().rpartition("read")[2]
    assert "50 of 200 rows (25 %), 5 a second, 30 s left" in last
    assert "tokenise" in last
    assert "━" in last


def test_silence_is_a_progress_too() -> None:
    silent(Step("read", 1, 2, "rows"))
