import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FENCES = re.findall(r"```(\w+)\n(.*?)```", README, re.S)
TRANSCRIPT = next(text for kind, text in FENCES if kind == "text")
JOURNEYS = [
    line for kind, text in FENCES if kind == "sh" for line in text.splitlines() if line.startswith("linkage ")
]
VARIES = re.compile(r"Took|MB$|Open ")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """An empty folder in which `linkage demo` has run as the README says, and what it printed."""
    folder = tmp_path_factory.mktemp("readme")
    return folder, run("linkage demo", folder)


def run(line, folder):
    """What a line of the README printed; it must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S602  the README is our own, and it speaks to a shell
        line,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def settled(text):
    return [line.rstrip() for line in text.strip().splitlines() if not VARIES.search(line)]


def test_both_commands_stand_in_the_first_twenty_lines():
    first = README.splitlines()[:20]
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)


def test_the_transcript_is_what_the_demonstration_prints(demonstration):
    _, printed = demonstration
    assert settled(TRANSCRIPT) == settled(printed)


def test_the_transcript_hides_cells_refuses_and_verifies():
    assert "[c]" in TRANSCRIPT
    assert "Nearest allowed" in TRANSCRIPT
    assert re.search(r"audit: \d+ events, checkpoint verifies", TRANSCRIPT)


def test_every_command_of_the_journeys_runs(demonstration):
    folder, _ = demonstration
    assert len(JOURNEYS) >= 7
    for line in JOURNEYS:
        assert run(line, folder).strip(), line


def test_every_function_of_the_flow_table_exists():
    names = re.findall(r"^\| [^|]*\| `((?:linkage|policies|ethics|service)[\w.]*)` \|", README, re.M)
    assert len(names) >= 10
    for name in names:
        module, _, function = name.rpartition(".")
        assert hasattr(importlib.import_module(module), function), name


def test_every_link_to_a_file_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_tree_names_every_top_level_folder_of_the_product():
    tree = next(text for kind, text in FENCES if kind == "text" and "cli.py" in text)
    folders = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert folders == {"keys", "linkage", "policies", "ethics", "service"}
    assert all(f"{name}/" in tree for name in folders)


def test_the_picture_is_the_one_the_page_shows():
    from service.demonstration.pictures import journey

    assert (ROOT / "docs/journey.svg").read_text("utf-8").strip() == str(journey())
