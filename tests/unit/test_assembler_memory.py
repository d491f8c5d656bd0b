"""Memory that linker and assembler free is used again."""

import ctypes
import subprocess
import sys

import pytest

FAULTS = """
import resource
{first}
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
for _ in range(6):
    b"x" * (40 << 20)
print(faults() - before)
"""
KEEP = "from linkage.central.kept_memory import keep_freed_memory; keep_freed_memory()"


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc"
)
def test_what_is_freed_is_not_asked_for_again() -> None:
    kept, given_back = (
        int(
            subprocess.run(
                [sys.executable, "-c", FAULTS.format(first=first)], capture_output=True, text=True, check=True
            ).stdout
        )
        for first in (KEEP, "")
    )
    assert kept < given_back / 3
