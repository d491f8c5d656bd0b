"""While a command loads its modules, no garbage is looked for; afterwards it is, and not among what was loaded."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.commands.loading import loading


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_garbage_is_looked_for_again_when_all_is_loaded_and_not_among_what_was() -> None:
    gc.unfreeze()
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1_000


def test_garbage_is_looked_for_again_when_a_module_cannot_be_loaded() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()


def test_what_is_thrown_away_after_loading_goes() -> None:
    told = (
        "import gc, weakref\n"
        "from service.commands.loading import loading\n"
        "class Ring: pass\n"
        "with loading(): pass\n"
        "ring = Ring(); ring.self = ring; seen = weakref.ref(ring); del ring\n"
        "gc.collect(); print(seen() is None)\n"
    )
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True"


@pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="threads are counted by the system's own files"
)
def test_what_is_loaded_has_started_no_thread_but_that_of_arrows_allocator() -> None:
    told = (
        "import os\n"
        "from service.commands.loading import loading\n"
        "with loading():\n"
        "    import service.centre.assembler, service.centre.linker\n"
        "names = [open(f'/proc/self/task/{one}/comm').read().strip() for one in os.listdir('/proc/self/task')]\n"
        "print(len([name for name in names if not name.startswith('jemalloc')]))\n"
    )
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, env=bare)
    assert run.stdout.strip() == "1"
