"""What a command loads before it begins."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is imported inside is not searched for rings of garbage, neither while it is loaded nor later: modules stay to the end, and the collector would look
    through all of them each time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
