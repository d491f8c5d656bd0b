"""Whatever kills the linker, and whenever: the same command run again goes on, and ends with the run that an undisturbed one makes. No opened token is left."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import linkage.central.pairs.linking
from linkage.central.link import open_pairs, open_tables, run_linker
from linkage.central.pairs.chunks import Room
from linkage.central.pairs.journal import JOURNAL_NAME
from linkage.central.pairs.run import RUN_NAME, read_run
from linkage.central.receive import Doorstep
from linkage.drafts import hidden
from linkage.errors import BadSubmission
from linkage.manifest import Manifest
from linkage.tokens import PassTable

if sys.platform == "win32":
    pytest.skip("processes are forked and killed", allow_module_level=True)

# So small that every pass falls into several chunks, of which two are opened together.
ROOM = Room(chunk=16_000, held=32_000)


@dataclass(frozen=True)
class Place:
    """A linker with two submissions, and where its pairs go."""

    root: Path
    round: Any
    manifests: list[Manifest]

    @property
    def inbox(self) -> Path:
        return self.root / "linker"

    @property
    def out(self) -> Path:
        return self.root / "pairs"

    @property
    def work(self) -> Path:
        return hidden(self.out, "work")

    def run(self, progress: Callable[..., None] = lambda *_: None, room: Room = ROOM, **changes: Any) -> str:
        """The model's text."""
        about: dict[str, Any] = {
            "schema": self.round.schema, "one": self.round.one, "manifests": self.manifests, "linker": self.round.people["linker"],
            "assembler": self.round.recipients.assembler, "link_type": "link_only", "out": self.out,
        } | changes  # fmt: skip
        return run_linker(self.inbox, **about, progress=progress, room=room).to_json()

    def pairs(self, out: Path | None = None) -> dict[str, pa.Table]:
        """The opened pairs of every file that the run's note names."""
        assembler, linker = self.round.people["assembler"], self.round.people["linker"].public
        folder = out or self.out
        run = read_run(folder, one=self.round.one, manifests=self.manifests, linker=linker)
        assert {p.name for p in folder.iterdir()} == {RUN_NAME, *run.files}
        return {
            n: open_pairs(
                (folder / n).read_bytes(), key=n.partition(".")[0], one=self.round.one, assembler=assembler
            )
            for n in run.files
        }

    def killed(self, when: int | None = None, *, progress: int | None = None) -> bool:
        """A run in a forked process that is killed just before the n-th time it touches a file, or once it has told its progress so often."""
        child = os.fork()
        if not child:
            code = 70
            try:
                if when is not None:
                    die_at(when, under=self.root)
                self.run(told(progress or 0))
                code = 0
            finally:
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
        return status != 0


def told(last: int) -> Callable[..., None]:
    times = [0]

    def progress(*_: Any) -> None:
        times[0] += 1
        if times[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def die_at(number: int, *, under: Path) -> None:
    times = [0]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        ours = any(str(a).startswith(str(under)) for a in arguments)
        if ours and event in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"):
            times[0] += 1
            if times[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


@pytest.fixture(scope="module")
def undisturbed(small_round: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str, list[Any]]:
    """A place, with the model of a run that nothing disturbed and all that it told of its progress."""
    disk = tmp_path_factory.mktemp("undisturbed")
    doorstep = Doorstep(disk / "linker", disk / "assembler", disk / "desk")
    manifests = [
        small_round.take_in(s.folder, doorstep=doorstep).manifest for s in small_round.submissions.values()
    ]
    place = Place(disk, small_round, manifests)
    progress: list[Any] = []
    return place, place.run(lambda *words: progress.append(words)), progress


@pytest.fixture
def place(undisturbed: tuple[Place, str, list[Any]], tmp_path: Path) -> Place:
    """The same submissions, not linked yet."""
    shutil.copytree(undisturbed[0].inbox, tmp_path / "linker")
    return replace(undisturbed[0], root=tmp_path)


def same(place: Place, undisturbed: tuple[Place, str, list[Any]], model: str) -> None:
    first, first_model, _ = undisturbed
    assert model == first_model
    mine, theirs = place.pairs(), first.pairs()
    assert mine.keys() == theirs.keys()
    assert all(mine[n].equals(theirs[n]) for n in theirs)
    assert not place.work.exists()


def test_a_pass_in_chunks_has_the_pairs_of_the_pass_in_one_piece(
    place: Place, undisturbed: tuple[Place, str, list[Any]]
) -> None:
    """Without several chunks a pass, nothing below would be shown."""
    in_chunks = undisturbed[0].pairs()
    assert len(in_chunks) > 6
    assert place.run(room=Room()) == undisturbed[1]
    for name, whole in place.pairs().items():
        key = name.partition(".")[0]
        parts = [t for n, t in in_chunks.items() if n.partition(".")[0] == key]
        order = [("row_ref_l", "ascending"), ("row_ref_r", "ascending"), ("match_weight", "ascending")]
        assert (
            pa.concat_tables(parts).unify_dictionaries().sort_by(order).to_pylist()
            == whole.sort_by(order).to_pylist()
        )


def test_progress_rises_to_the_whole_and_names_its_unit(undisturbed: tuple[Place, str, list[Any]]) -> None:
    for step, unit in (("comparing", "rows"), ("scoring", "chunks")):
        its = [(done, total) for name, done, total, what in undisturbed[2] if name == step and what == unit]
        assert len(its) == len(undisturbed[0].pairs())
        assert [d for d, _ in its] == sorted(d for d, _ in its)
        assert its[-1][0] == its[-1][1] > 0


@pytest.mark.parametrize("last", [1, 14, 99])
def test_a_run_that_is_killed_after_a_chunk_goes_on_and_ends_as_if_nothing_had_been(
    place: Place, undisturbed: tuple[Place, str, list[Any]], last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = place.killed(progress=last)
    assert died == (last <= len(undisturbed[2]))
    assert died != (place.out / RUN_NAME).exists()
    compared: list[int] = []
    honest = linkage.central.pairs.linking.seal_compared
    monkeypatch.setattr(
        linkage.central.pairs.linking, "seal_compared", lambda *w, **m: (compared.append(1), honest(*w, **m))[1]
    )
    chunks = len(undisturbed[0].pairs())
    same(place, undisturbed, place.run())
    assert len(compared) == (max(0, chunks - last) if died else chunks)


@pytest.mark.parametrize("moment", [4, 80, 150])
def test_a_run_that_is_killed_at_any_write_goes_on_and_ends_as_if_nothing_had_been(
    place: Place, undisturbed: tuple[Place, str, list[Any]], moment: int
) -> None:
    place.killed(moment)
    place.killed(moment + 3)
    same(place, undisturbed, place.run())


def test_a_run_that_was_killed_begins_anew_where_its_inputs_are_others(
    place: Place, undisturbed: tuple[Place, str, list[Any]]
) -> None:
    assert place.killed(progress=4)
    began = (place.work / JOURNAL_NAME).read_bytes()
    times: list[Any] = []
    place.run(lambda *words: times.append(words), link_type="link_and_dedupe")
    assert not place.work.exists()
    assert began
    same(place, undisturbed, place.run())


def test_a_finished_chunk_that_was_altered_or_a_journal_of_somebody_else_or_of_another_version_does_not_count(
    place: Place, undisturbed: tuple[Place, str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.killed(progress=5)
    chunk = sorted(place.work.glob("*.compared.sealed"))[0]
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    same(place, undisturbed, place.run())
    shutil.rmtree(place.out)
    with monkeypatch.context() as patch:
        patch.setattr("linkage.central.pairs.linking.COMPARED_FORMAT", "linkage-compared/v0")
        assert place.killed(progress=5)
    same(place, undisturbed, place.run())
    shutil.rmtree(place.out)
    monkeypatch.setattr("linkage.central.pairs.journal.JOURNAL_FORMAT", "linkage-journal/v0")
    assert place.killed(progress=5)
    monkeypatch.undo()
    same(place, undisturbed, place.run())
    shutil.rmtree(place.out)
    assert place.killed(progress=5)
    journal = place.work / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes().replace(b'"link_type": "link_only"', b'"link_type": "link_all"'))
    same(place, undisturbed, place.run())


def opened_values(place: Place) -> set[bytes]:
    """Every block and every word of a filter that the linker can open, as the eight bytes that stand in memory, but for those that are too plain."""
    out: set[bytes] = set()
    for key in place.round.schema.match_keys:
        tables: dict[str, PassTable] = open_tables(
            key, inbox=place.inbox, manifests=place.manifests, schema=place.round.schema, one=place.round.one,
            linker=place.round.people["linker"],
        )  # fmt: skip
        for table in tables.values():
            lanes = [c for n, c in table.columns.items() if n != "row_ref" and not n.endswith("_band")]
            out |= {int(v).to_bytes(8, "little", signed=True) for lane in lanes for v in lane}
    return {v for v in out if len(set(v)) > 2}


def found(folder: Path, values: set[bytes]) -> list[str]:
    """The files in which one of the values stands, in either order of bytes, at any place, in hexadecimal or as a number."""
    both = values | {v[::-1] for v in values}
    texts = {v.hex() for v in both} | {str(int.from_bytes(v, "little", signed=True)) for v in values}
    out = []
    for path in (p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        words = {content[at : at + 8] for at in range(len(content) - 7)}
        spoken = content.decode("latin-1").lower()
        if both & words or (path.suffix in ("", ".note", ".json") and any(t in spoken for t in texts)):
            out.append(path.name)
    return out


def test_the_search_for_opened_tokens_finds_them_where_they_are(place: Place, tmp_path: Path) -> None:
    values = opened_values(place)
    assert len(values) > 2_000
    one = min(values)
    (tmp_path / "leak").mkdir()
    for name, content in (
        ("raw.sealed", b"abc" + one),
        ("turned.sealed", one[::-1]),
        ("hex.note", one.hex().encode()),
    ):
        (tmp_path / "leak" / name).write_bytes(content)
    assert sorted(found(tmp_path / "leak", values)) == ["hex.note", "raw.sealed", "turned.sealed"]


@pytest.mark.parametrize("last", [None, 15])
def test_no_opened_token_is_on_any_disk_after_a_run_or_after_a_run_that_was_killed(
    place: Place, monkeypatch: pytest.MonkeyPatch, last: int | None
) -> None:
    temporary = place.root / "temporary"
    temporary.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(temporary)
    if last is None:
        place.run()
    else:
        assert place.killed(progress=last)
        assert list(place.work.glob("*.sealed"))
    assert found(place.root, opened_values(place)) == []
    assert list(temporary.rglob("*")) == []


def test_a_run_that_was_killed_is_no_run_to_the_assembler(place: Place) -> None:
    assert place.killed(progress=15)
    assert list(place.out.glob("*.pairs.sealed"))
    with pytest.raises(BadSubmission, match="not finished"):
        place.pairs()
