"""One small demonstration for every test that needs a project at work. Whoever alters it copies it first."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from ethics.board import read_constitution
from linkage.schema import default_schema
from service.demonstration.cast import NOW, TOKEN_GATEWAYS, Cast, Randomness, make_cast
from service.demonstration.demo import run
from service.demonstration.story import Story
from service.memory import SEEN_FILE
from service.places import Places

PEOPLE, SEED = 3_000, 7
LATER = NOW + timedelta(hours=1)


@dataclass(frozen=True)
class Demo:
    """A finished demonstration: its folders, its story, and the lines it told. Read it, never write into it."""

    places: Places
    story: Story
    lines: tuple[str, ...]
    cast: Cast


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    out = tmp_path_factory.mktemp("demonstration") / "demo-out"
    lines: list[str] = []
    story = run(out, people=PEOPLE, seed=SEED, say=lines.append)
    # It plays on a day of its own, and its processes remember the real one: a test that plays on must not be told that its clock was set back.
    for seen in out.rglob(SEEN_FILE):
        seen.unlink()
    board = tuple(m.id for m in read_constitution(out / "shared" / "board.yaml").members)
    cast = make_cast(partners=tuple(TOKEN_GATEWAYS), board=board, randomness=Randomness(SEED))
    return Demo(Places(out), story, tuple(lines), cast)


@pytest.fixture(scope="session")
def few_keys() -> str:
    """The text of the default schema with four of its match keys, so that a linkage takes a second or two."""
    keys = (
        "keys:\n"
        "  born-name: [date_of_birth.whole, name.any.sound]\n"
        "  names-year: [name.both.sound, date_of_birth.year]\n"
        "  postcode-day: [postcode.whole, date_of_birth.day-month]\n"
        "  house-year: [address.house, date_of_birth.year]\n"
    )
    return default_schema().text.partition("keys:\n")[0] + keys


@pytest.fixture
def demo_copy(demo: Demo, tmp_path: Path) -> Places:
    """The whole demonstration again, to be altered."""
    shutil.copytree(demo.places.root, tmp_path / "project")
    return Places(tmp_path / "project")


@pytest.fixture
def shared(demo: Demo, tmp_path: Path) -> Path:
    """The shared folder alone, to be altered."""
    shutil.copytree(demo.places.shared, tmp_path / "shared")
    return tmp_path / "shared"
