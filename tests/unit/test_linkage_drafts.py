"""A folder stands under its name whole or not at all, and one run at a time writes it."""

import errno
import os
import sys
from pathlib import Path

import pytest

from linkage.drafts import FolderDraft, alone, hidden, put_unsettled, remove_whole, settle, telling
from linkage.errors import NotWritten


def test_a_draft_has_a_hidden_name_until_it_is_committed(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    with FolderDraft(target) as draft:
        draft.put("a", b"1")
        assert [p.name for p in target.parent.iterdir()] == [".target.draft"]
        draft.commit()
        assert (target / "a").read_bytes() == b"1"
    assert [p.name for p in target.parent.iterdir()] == ["target"]


def breaking_off(target: Path) -> None:
    with FolderDraft(target) as draft:
        draft.put("a", b"1")
        assert [p.name for p in target.parent.iterdir()] == [".target.draft"]
        raise ValueError("stop")


def test_a_draft_that_is_not_committed_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"):
        breaking_off(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_dead_runs_draft_gets_into_the_next(tmp_path: Path) -> None:
    stale = hidden(tmp_path / "target", "draft")
    (stale / "inner").mkdir(parents=True)
    (stale / "old").write_bytes(b"half")
    with FolderDraft(tmp_path / "target") as draft:
        draft.put("new", b"whole")
        draft.commit()
    assert [p.name for p in (tmp_path / "target").iterdir()] == ["new"]


def test_what_appeared_under_the_name_meanwhile_is_not_overwritten_unless_it_is_to_be_replaced(
    tmp_path: Path,
) -> None:
    target = tmp_path / "target"
    with FolderDraft(target) as draft:
        draft.put("new", b"whole")
        target.mkdir()
        with pytest.raises(NotWritten, match="target exists by now"):
            draft.commit()
        (target / "old").write_bytes(b"left")
        draft.replace()
    assert [p.name for p in target.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["target"]


def test_what_is_removed_is_hidden_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "a").write_bytes(b"1")
    seen: list[list[str]] = []
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", lambda *_, **__: seen.append([p.name for p in tmp_path.iterdir()]))
        remove_whole(target)
    assert seen == [["target"], [".target.gone"]]
    (tmp_path / "target").mkdir()
    remove_whole(target)
    assert list(tmp_path.iterdir()) == []
    remove_whole(target)


def dying_while_holding(target: Path) -> None:
    with alone(target), alone(target.with_name("another")):
        assert target.with_name(".target.lock").read_text() == f"{os.getpid()}\n"
        for _ in range(2):
            with pytest.raises(NotWritten, match=rf"process {os.getpid()}\) is writing target"), alone(target):
                pass
        raise ValueError("stop")


def test_one_run_at_a_time_holds_a_target_and_lets_go_however_it_ends(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"):
        dying_while_holding(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []
    with alone(tmp_path / "target"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="permissions of posix")
def test_a_disk_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    with pytest.raises(NotWritten, match="its disk has no locks"), alone(tmp_path / "target"):
        pass


def test_only_what_the_system_refuses_is_told_anew(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ours"), telling(tmp_path / "target"):
        raise ValueError("ours")
    with (
        pytest.raises(NotWritten, match=r"target could not be written.*the disk is full") as caught,
        telling(tmp_path / "target"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "target" / "a"))
    assert str(tmp_path) not in str(caught.value)


def test_files_that_are_settled_together_are_all_on_the_disk_and_their_folders_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        put_unsettled(path, path.name.encode())
    assert synced == []
    settle(paths)
    assert [path.read_bytes() for path in paths] == [b"a", b"b", b"c"]
    assert synced == [path.stat().st_ino for path in (*paths, *([] if sys.platform == "win32" else [tmp_path]))]


def test_nothing_is_left_of_an_unsettled_file_that_the_disk_has_no_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        honest(path, content[:1])
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NotWritten, match="nothing of it was left: the disk is full"):
        put_unsettled(tmp_path / "a", b"content")
    assert list(tmp_path.iterdir()) == []
