"""What a command loads before it begins."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is imported inside is not searched for rings of garbage, neither while it is loaded nor later: modules stay to the end, and the collector would look
    through all of them each time. It starts no threads for linear algebra either, one a core, of which these commands do none that is large."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
