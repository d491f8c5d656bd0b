"""What the program asks of the operating system before it holds a secret."""

import sys


def no_core_dumps() -> None:
    """A crash leaves no copy of this process's memory, where the system lets a process say so (POSIX `setrlimit`, RLIMIT_CORE)."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
