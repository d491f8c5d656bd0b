"""What of the command line is loaded, and what is known of the rest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.commands.actors import ACTORS
from tests.fixtures_commands import told

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("words", "loaded"), [(["centre", "--help"], {"centre"}), (["--help"], {*ACTORS})])
def test_only_the_actor_that_is_named_is_loaded_and_all_where_all_are_listed(
    words: list[str], loaded: set[str]
) -> None:
    asked = "import atexit, sys, cli; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); cli.app()"
    run = subprocess.run(
        [sys.executable, "-c", asked, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(run.stderr.split())
    assert {actor for actor in ACTORS if f"service.commands.{actor}" in modules} == loaded


def test_the_actors_are_listed_in_their_order_after_the_commands_that_are_no_actors() -> None:
    listed = re.findall(r"^│ ([a-z]+) ", told("--help").out, re.M)
    assert listed == ["demo", "evaluate", *ACTORS]


def test_an_actor_that_is_not_loaded_is_still_suggested_for_one_mistyped() -> None:
    mistyped = told("custodain")
    assert mistyped.code == 2
    assert "Did you mean 'custodian'?" in mistyped.err
