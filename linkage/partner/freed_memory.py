"""What a process has freed goes back to the system, where the C library can do that: it keeps freed memory for itself otherwise."""

import ctypes
import sys

import pyarrow as pa


def give_back_memory() -> None:
    """What this process has freed is the system's again. Forked processes would each have a part of it, and write to none of the same."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
