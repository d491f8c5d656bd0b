"""What this process has freed it uses again, where the C library can do that: what goes back to the system is cleared, page by page, before it is handed out anew."""

import ctypes
import sys
from typing import Final

# Numbers of parameters, as in malloc.h of glibc.
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
ANY_SIZE: Final = 1_000_000_000


def keep_freed_memory() -> None:
    """What this process frees from now on stays its own to the end."""
    if sys.platform == "linux":
        tell = getattr(ctypes.CDLL(None), "mallopt", None)
        if tell is not None:
            tell(M_MMAP_THRESHOLD, ANY_SIZE)
            tell(M_TRIM_THRESHOLD, ANY_SIZE)
