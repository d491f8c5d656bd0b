"""What the program asks of the operating system before it holds a secret."""

import os
import subprocess
import sys

import pytest

ASKED = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_a_process_that_asked_leaves_no_core_dump() -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if not hard:
        pytest.skip("no process here may leave one")

    def allowed() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    def run(script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, preexec_fn=allowed
        )
        return done.stdout.strip()

    harden = "from service.hardening import no_core_dumps; no_core_dumps(); no_core_dumps();"
    assert run(ASKED) == str((hard, hard))
    assert run(harden + ASKED) == "(0, 0)"
