"""The processes that this one has started and has not waited for. Others than the test's own may be among them: servers that a whole session uses."""

import os
from pathlib import Path


def children() -> frozenset[int]:
    """Their numbers, ended ones that nobody waited for included; Linux alone (proc(5): the fourth field of `stat` is the parent's)."""
    found = set()
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = one.read_text()
        except OSError:  # it has ended meanwhile, and was waited for
            continue
        if int(told.rpartition(")")[2].split()[1]) == os.getpid():
            found.add(int(one.parent.name))
    return frozenset(found)
