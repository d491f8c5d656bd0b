"""Seconds and peak memory of each step of a run."""

import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAGE: Final = resource.getpagesize()
SAMPLE_EVERY: Final = 0.01
STATM: Final = Path("/proc/self/statm")


def resident_mb() -> float:
    """This process's memory now, in MB (10^6 bytes); its peak so far where the system does not say."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * PAGE / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


class Meter:
    """Collects `seconds` and `peak_mb` by step name; a step that runs twice adds up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measures what runs inside."""
        stop = threading.Event()
        peak = [resident_mb()]

        def watch() -> None:
            while not stop.wait(SAMPLE_EVERY):
                peak[0] = max(peak[0], resident_mb())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            stop.set()
            watcher.join()
            self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), peak[0], resident_mb())
