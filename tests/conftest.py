"""What holds for every test. The fixtures are in the modules named here, each about one part of a project at work."""

import atexit
import os

import keyring
import pytest
from keyring.backends.fail import Keyring as NoBackend

# Each after those whose classes it uses.
pytest_plugins = [
    "tests.fixtures_commands",
    "tests.fixtures_demonstration",
    "tests.fixtures_holders",
    "tests.fixtures_office",
    "tests.fixtures_served",
    "tests.fixtures_keyholders",
    "tests.fixtures_partnership",
    "tests.fixtures_updates",
    "tests.fixtures_interrupted",
]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist ends without tidying up, and DuckDB's binding would list on its standard error what was left. (Until then pytest holds that.)"""
    if hasattr(session.config, "workerinput"):
        atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_own_keyring_is_asked() -> None:
    keyring.set_keyring(NoBackend())
