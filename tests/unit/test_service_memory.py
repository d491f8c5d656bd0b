"""What an actor remembers: the newest version of each document, the latest time, the root, and when a submission was first accepted."""

import json
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkage.errors import BadInput
from service.errors import BAD_KEY, MemoryDamaged, RolledBack, exit_code
from service.memory import SEEN_FILE, Memory, Shown, recall, relearn, remember

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def seen(
    folder: Path, version: int, *, digest: str = A, previous: str | None = None, now: datetime = NOW
) -> Memory:
    return remember(folder, {"trust": Shown(version, digest, previous)}, now=now, root=C)


def test_what_was_seen_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    assert recall(tmp_path) == Memory()
    seen(tmp_path, 3)
    remember(tmp_path, {"ceremony/2": Shown(1)}, now=NOW + timedelta(hours=1), received={B: NOW})
    assert recall(tmp_path) == Memory(
        NOW + timedelta(hours=1), C, {"trust": Shown(3, A), "ceremony/2": Shown(1)}, {B: NOW}
    )
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / SEEN_FILE).stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.draft"))


def test_an_older_version_is_refused_and_what_is_remembered_stays(tmp_path: Path) -> None:
    seen(tmp_path, 3)
    before = (tmp_path / SEEN_FILE).read_bytes()
    with pytest.raises(RolledBack, match="trust version 2 is older than version 3, which was seen here before"):
        seen(tmp_path, 2, now=NOW + timedelta(days=1))
    assert (tmp_path / SEEN_FILE).read_bytes() == before
    assert exit_code(RolledBack()) == BAD_KEY
    seen(tmp_path, 3)
    seen(tmp_path, 5, digest=B)


def test_another_text_of_the_same_version_or_one_that_follows_another_is_refused(tmp_path: Path) -> None:
    seen(tmp_path, 3)
    with pytest.raises(RolledBack, match="is another text than the version 3 that was seen"):
        seen(tmp_path, 3, digest=B)
    with pytest.raises(RolledBack, match="does not follow the version 3 that was seen"):
        seen(tmp_path, 4, digest=B, previous=C)
    seen(tmp_path, 4, digest=B, previous=A)
    assert recall(tmp_path).documents["trust"] == Shown(4, B)


@pytest.mark.parametrize(("minutes", "refused"), [(0, False), (4.9, False), (5.1, True), (60 * 24 * 365, True)])
def test_a_clock_that_is_set_back_is_refused_beyond_five_minutes(
    tmp_path: Path, minutes: float, refused: bool
) -> None:
    seen(tmp_path, 1)
    earlier = NOW - timedelta(minutes=minutes)
    if refused:
        with pytest.raises(RolledBack, match=r"clock says .* set the clock right"):
            seen(tmp_path, 1, now=earlier)
    else:
        seen(tmp_path, 1, now=earlier)
    assert recall(tmp_path).latest == NOW


def test_a_clock_that_goes_back_a_little_each_time_is_refused_too(tmp_path: Path) -> None:
    for step in (0, 2, 4):
        seen(tmp_path, 1, now=NOW - timedelta(minutes=step))
    with pytest.raises(RolledBack):
        seen(tmp_path, 1, now=NOW - timedelta(minutes=6))


def test_another_root_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    seen(tmp_path, 1)
    with pytest.raises(RolledBack, match="root of trust is not the one"):
        remember(tmp_path, {}, now=NOW, root=B)
    relearn(tmp_path, root=B, latest=None)
    remember(tmp_path, {}, now=NOW, root=B)
    with pytest.raises(RolledBack, match="root of trust"):
        seen(tmp_path, 1)
    assert recall(tmp_path).documents["trust"].version == 1


def test_a_clock_that_was_wrong_can_be_said_so_and_no_document_is_forgotten(tmp_path: Path) -> None:
    seen(tmp_path, 3, now=NOW + timedelta(days=9))
    relearn(tmp_path, root=None, latest=NOW)
    seen(tmp_path, 3)
    with pytest.raises(RolledBack, match="older than version 3"):
        seen(tmp_path, 2)
    with pytest.raises(BadInput, match=r"no seen\.json"):
        relearn(tmp_path.parent, root=None, latest=NOW)


def test_a_submission_keeps_the_time_at_which_it_was_first_accepted(tmp_path: Path) -> None:
    for later in (0, 5):
        now = NOW + timedelta(days=later)
        remember(tmp_path, {}, now=now, received={A: now})
    assert recall(tmp_path).received == {A: NOW}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-10],
        lambda text: "{}",
        lambda text: "[]",
        lambda text: "null",
        lambda text: text.replace("seen/v1", "seen/v2"),
        lambda text: text.replace('"version": 3', '"version": "3"'),
        lambda text: text.replace('"version": 3', '"version": -3'),
        lambda text: text.replace("+00:00", ""),
        lambda text: text.replace(A, "short"),
        lambda text: text.replace('"received"', '"received_at"'),
    ],
)
def test_a_damaged_memory_is_said_and_never_taken_for_an_empty_one(tmp_path: Path, damage: object) -> None:
    seen(tmp_path, 3)
    path = tmp_path / SEEN_FILE
    text = damage(path.read_text("utf-8"))  # type: ignore[operator]
    path.write_text(text, encoding="utf-8")
    for act in (
        lambda: recall(tmp_path),
        lambda: seen(tmp_path, 4),
        lambda: relearn(tmp_path, root=B, latest=None),
    ):
        with pytest.raises(MemoryDamaged, match=r"cannot be read .* restore it from a backup"):
            act()
    assert path.read_text("utf-8") == text


@pytest.mark.skipif(os.name != "posix", reason="file modes and links")
def test_a_memory_that_others_can_read_or_that_is_a_dead_link_is_damaged(tmp_path: Path) -> None:
    seen(tmp_path, 3)
    (tmp_path / SEEN_FILE).chmod(0o644)
    with pytest.raises(MemoryDamaged):
        recall(tmp_path)
    (tmp_path / SEEN_FILE).unlink()
    (tmp_path / SEEN_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MemoryDamaged):
        seen(tmp_path, 3)


def test_there_is_nothing_to_remember_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no folder none/"):
        seen(tmp_path / "none", 1)


def test_runs_at_the_same_time_forget_nothing_of_each_other(tmp_path: Path) -> None:
    runs = [
        threading.Thread(target=remember, args=(tmp_path, {f"ceremony/{n}": Shown(n)}), kwargs={"now": NOW})
        for n in range(1, 21)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert {n: d.version for n, d in recall(tmp_path).documents.items()} == {
        f"ceremony/{n}": n for n in range(1, 21)
    }


def test_the_file_says_what_the_formats_page_says(tmp_path: Path) -> None:
    remember(tmp_path, {"trust": Shown(3, A, B)}, now=NOW, root=C, received={B: NOW})
    assert json.loads((tmp_path / SEEN_FILE).read_text("utf-8")) == {
        "format": "linkage-seen/v1",
        "latest": "2026-11-22T10:00:00+00:00",
        "root": C,
        "documents": {"trust": {"version": 3, "digest": A}},
        "received": {B: "2026-11-22T10:00:00+00:00"},
    }
