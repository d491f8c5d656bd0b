"""One run of `linkage partner submit` with a clock beside it: `tokenise.py` starts this in a process of its own and reads the JSON it prints.

A thread looks every hundredth of a second at what the command is doing and how much memory it holds. A step is the first function of `linkage` or
`keys` below the command; the module at work is the last one of the project on the stack, whichever library it has called. So the table needs no
change when functions come and go. Under `--profile` cProfile counts instead, and everything takes longer.
"""

import time

BORN = time.perf_counter()

import argparse  # noqa: E402  the time that imports take is measured
import cProfile  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import pstats  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections import Counter, defaultdict  # noqa: E402
from contextlib import redirect_stdout  # noqa: E402
from pathlib import Path  # noqa: E402
from types import FrameType  # noqa: E402
from typing import Any  # noqa: E402

import pyarrow as pa  # noqa: E402

import service.centre.linker  # noqa: E402, F401  the command imports it when it runs; here it counts as starting
from cli import app  # noqa: E402
from service.meter import resident_mb  # noqa: E402

EVERY = 0.01
TOGETHER_EVERY = 0.25
STEPS, PROJECT = ("linkage", "keys"), ("linkage", "keys", "policies", "service", "cli")
MOST_LINES = 40


class Watch:
    """Seconds and peak memory by step, and seconds by the module at work inside it."""

    def __init__(self) -> None:
        self.modules: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.peak_mb: dict[str, float] = {}
        self.together_mb = 0.0
        self._main, self._stop = threading.main_thread().ident or 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._last = self._together = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(EVERY):
            step, module = _where(sys._current_frames().get(self._main))
            now = time.perf_counter()
            self.modules[step][module] += now - self._last  # type: ignore[assignment]
            self._last = now
            self.peak_mb[step] = max(self.peak_mb.get(step, 0.0), resident_mb())
            if now - self._together >= TOGETHER_EVERY and (forked := children()):
                self._together = now
                self.together_mb = max(self.together_mb, sum(map(proportional_mb, ("self", *forked))))

    def steps(self) -> list[dict[str, Any]]:
        made = [
            {
                "name": name,
                "seconds": sum(modules.values()),
                "peak_mb": self.peak_mb[name],
                "modules": dict(modules.most_common()),
            }
            for name, modules in self.modules.items()
        ]
        return sorted(made, key=lambda s: -s["seconds"])


def children() -> list[str]:
    """The numbers of the processes that this one has forked, where the system says."""
    try:
        return Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
    except OSError:
        return []


def proportional_mb(process: str) -> float:
    """The memory of a process, each page divided among those that share it, in MB (10^6 bytes); nothing once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:"))


def _where(frame: FrameType | None) -> tuple[str, str]:
    step, module, imported = "the command itself", "", False
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        room = name.partition(".")[0]
        if room in PROJECT:
            module = module or name
        if room in STEPS and not imported:
            step = f"{name}.{frame.f_code.co_qualname}"
        if frame.f_code.co_qualname == "<module>" and name != "__main__":
            step, imported = "imports", True
        frame = frame.f_back
    return step, module or "start and end"


def sizes(folder: Path) -> dict[str, int]:
    """Bytes by kind of file: what stands after the first point of its name."""
    kinds: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file():
            kinds[path.name.partition(".")[2] or path.name] += path.stat().st_size
    return dict(kinds.most_common())


def cpu_seconds() -> float:
    """Of this process and of those it started and waited for."""
    return sum(os.times()[:4])


def run(words: list[str]) -> None:
    with redirect_stdout(io.StringIO()):
        failed = app(words, standalone_mode=False)
    if failed:
        raise SystemExit(failed)


def profile_of(profile: cProfile.Profile) -> str:
    """The functions that took longest by themselves, as a table."""
    rows = [(own, total, calls, at) for at, (calls, _, own, total, _) in pstats.Stats(profile).stats.items()]  # type: ignore[attr-defined]
    lines = ["| function | calls | own seconds | with callees |", "|---|---|---|---|"]
    for own, total, calls, (file, line, name) in sorted(rows, reverse=True)[:MOST_LINES]:
        where = "/".join(Path(file).parts[-3:]) + f":{line} " if line else ""
        lines.append(f"| {where}{name} | {calls:,} | {own:.2f} | {total:.2f} |")
    return "\n".join(lines)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("office", type=Path)
    ask.add_argument("out", type=Path)
    ask.add_argument("--processes", type=int, default=1)
    ask.add_argument("--profile", action="store_true")
    asked = ask.parse_args()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    command = json.loads(asked.office.read_text("utf-8"))
    folder = asked.out / "submission"
    words = ["partner", "submit", command.pop("file"), *(w for pair in command.items() for w in pair)]
    words += ["--out", str(folder), "--processes", str(asked.processes)]
    start, cpu = time.perf_counter(), cpu_seconds()
    told: dict[str, Any] = {"start": start - BORN}
    if asked.profile:
        profile = cProfile.Profile()
        profile.runcall(run, words)
        told["profile"] = profile_of(profile)
    else:
        with Watch() as watch:
            run(words)
        told |= {"steps": watch.steps(), "together_mb": watch.together_mb}
    told |= {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": cpu_seconds() - cpu,
        "bytes": sizes(folder),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
