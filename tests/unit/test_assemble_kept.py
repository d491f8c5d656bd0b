"""What the assembler keeps: carried on where it can be, put together anew where it cannot, never taken altered, never half written."""

import errno
import io
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from keys import Identity, open_sealed, seal, sign_note
from linkage.central import assemble
from linkage.central.assembly import kept, sealed_files
from linkage.central.assembly.kept import NOTE_NAME, SUFFIX, TABLE_FORMAT, Place
from linkage.central.assembly.kept_tables import PEOPLE_TABLE, parsed
from linkage.central.assembly.spine import link_bands, read_spine
from linkage.errors import BadSubmission, NotWritten
from linkage.manifest import Round
from linkage.tokens import read_table

C = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "assembler_centre.py")))


def alike(_key: str, a: Any, b: Any) -> tuple[float, bool] | None:
    """Records of one name are surely one person; those whose names differ by one may be."""
    return {0: (0.9999, False), 1: (0.5, False)}.get(abs(a[1] - b[1]))


@pytest.fixture
def centre(tmp_path: Path) -> Any:
    """Two partners, linked and assembled once."""
    made = C.Centre(tmp_path, alike)
    made.submit("police", set(range(0, 12, 2)))
    made.submit("schools", set(range(0, 20, 4)))
    made.link()
    made.assemble()
    return made


def person(centre: Any, kept_: Any, partner: str, name: int) -> str:
    return str(C.people_in(kept_)[partner, C.ref_of(partner, name)])


def test_an_update_is_carried_on_and_ids_stay(centre: Any) -> None:
    before = centre.place().read()
    centre.update("schools", add={2}, replace={8}, delete={16})
    centre.link(extend=True)
    made = centre.assemble()
    assert made.extended
    assert person(centre, made.kept, "schools", 2) == person(centre, before, "police", 2)
    assert person(centre, made.kept, "schools", 8) == person(centre, before, "police", 8)
    assert [(e.kind, e.before) for e in made.events] == [("ended", person(centre, before, "schools", 16))]
    assert centre.place().read().history == made.events
    assert C.people_in(centre.place().read()) == C.people_in(made.kept)


def test_a_run_without_news_changes_nothing(centre: Any) -> None:
    files = {p.name: p.stat().st_mtime_ns for p in centre.place().folder.iterdir()}
    made = centre.assemble()
    assert made.extended
    assert not made.events
    assert files == {p.name: p.stat().st_mtime_ns for p in centre.place().folder.iterdir()}


def test_a_full_run_again_keeps_ids_by_the_records_that_people_had(centre: Any) -> None:
    before = C.people_in(centre.place().read())
    centre.update("schools", add={30}, delete={4})
    centre.link()
    made = centre.assemble()
    assert not made.extended
    after = C.people_in(made.kept)
    assert all(after[r] == before[r] for r in after.keys() & before.keys())
    assert len(set(after.values()) - set(before.values())) == 1
    assert made.kept.number == 1


def test_the_records_of_a_partner_who_withdraws_are_gone_from_all_that_is_kept(centre: Any) -> None:
    """The people that its records held together part."""
    centre.score = lambda _key, a, b: (0.9999, False) if {a[0], b[0]} == {"police", "schools"} and a[1] // 5 == b[1] // 5 else None  # fmt: skip
    centre.link()
    before = C.people_in(centre.assemble().kept)
    assert len({before["police", C.ref_of("police", n)] for n in (0, 2, 4)}) == 1
    centre.withdraw("schools")
    centre.link(extend=True)
    made = centre.assemble()
    after = C.people_in(made.kept)
    assert {p for p, _ in after} == {"police"} == set(made.kept.standing.partners)
    assert len(set(after.values())) == len(after) == 6
    assert {"split"} <= {e.kind for e in made.events}
    assert "schools" not in centre.place().shelf().rows("born")
    assert made.kept.standing.people.ids.shape == (6, 12)


def test_a_deleted_record_leaves_no_pseudonym_behind(centre: Any) -> None:
    centre.update("schools", delete={4})
    centre.link(extend=True)
    made = centre.assemble()
    assert made.extended
    assert C.ref_of("schools", 4) not in {bytes(r) for r in made.kept.standing.record_ref}


def test_a_record_that_comes_back_is_a_record_like_any_other(centre: Any) -> None:
    before = person(centre, centre.place().read(), "police", 4)
    for change in ({"delete": {4}}, {"add": {4}}):
        centre.update("schools", **change)
        centre.link(extend=True)
        made = centre.assemble()
        assert made.extended
    assert person(centre, made.kept, "schools", 4) == before == person(centre, made.kept, "police", 4)


def test_a_partner_who_says_that_its_file_has_no_doubles_is_heeded_from_the_next_run_on(centre: Any) -> None:
    centre.score = lambda _key, a, b: (0.9999, False) if a[1] // 4 == b[1] // 4 else None
    centre.link()
    made = centre.assemble()
    assert person(centre, made.kept, "police", 0) == person(centre, made.kept, "police", 2)
    centre.deduplicated = frozenset({"police"})
    made = centre.assemble()
    assert not made.extended
    assert person(centre, made.kept, "police", 0) != person(centre, made.kept, "police", 2)


def sealed_by_another(folder: Path) -> bytes:
    """A table as good as the people that are kept, sealed to the assembler as anybody can."""
    file = next(folder.glob(f"people*{SUFFIX}"))
    place = Place(folder, C.ONE, C.ASSEMBLER)
    opened = open_sealed(file.read_bytes(), by=C.ASSEMBLER, context=place.context(file.name))
    return seal(opened, to=C.ASSEMBLER.public, context=place.context(file.name))


def below_its_own_header(folder: Path) -> bytes:
    """The other's body, below the header that the note names."""
    own = next(folder.glob(f"people*{SUFFIX}")).read_bytes()
    return own.partition(b"\n\n")[0] + b"\n\n" + sealed_by_another(folder).partition(b"\n\n")[2]


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "a file is missing": lambda f: next(f.glob(f"pairs*{SUFFIX}")).unlink(),
    "a file was altered": lambda f: (p := next(f.glob(f"people*{SUFFIX}"))).write_bytes(
        p.read_bytes()[:-1] + bytes([p.read_bytes()[-1] ^ 1])
    ),
    "a file stands in another's place": lambda f: next(f.glob(f"people*{SUFFIX}")).write_bytes(
        next(f.glob(f"pairs*{SUFFIX}")).read_bytes()
    ),
    "another sealed a file": lambda f: next(f.glob(f"people*{SUFFIX}")).write_bytes(sealed_by_another(f)),
    "another sealed a body": lambda f: next(f.glob(f"people*{SUFFIX}")).write_bytes(below_its_own_header(f)),
    "a file was cut short": lambda f: (p := next(f.glob(f"people*{SUFFIX}"))).write_bytes(p.read_bytes()[:-40]),
    "a file has no header": lambda f: next(f.glob(f"people*{SUFFIX}")).write_bytes(b""),
    "the note was altered": lambda f: (f / NOTE_NAME).write_text(
        (f / NOTE_NAME).read_text().replace('"number": 0', '"number": 7')
    ),
    "another signed the note": lambda f: (f / NOTE_NAME).write_text(
        sign_note((f / NOTE_NAME).read_text().rpartition("\n\n")[0] + "\n", by=Identity.make("assembler/1"))
    ),
    "another version wrote the note": lambda f: (f / NOTE_NAME).write_text(
        sign_note(
            f"{kept.KEPT_FORMAT}\n"
            + json.dumps({"project": C.ONE.project, "epoch": 3, "schema": C.ONE.schema_digest, "files": {}})
            + "\n",
            by=C.ASSEMBLER,
        )
    ),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_what_was_altered_is_refused_for_without_it_people_would_get_other_ids(centre: Any, how: str) -> None:
    DAMAGES[how](centre.place().folder)
    with pytest.raises(BadSubmission, match="restore it from its backup; without it all people get new ids"):
        centre.assemble()


def test_the_rows_of_one_pass_after_another_are_read_in_one_place(centre: Any) -> None:
    """Numbers stand where the processor reads them best; whoever searches among others copies them first."""
    shelf, found = centre.place().shelf(), {}
    for key in C.PASSES:
        rows = shelf.rows(key)
        found[key] = {name: (its.row_ref.tolist(), its.record.tolist()) for name, its in rows.items()}
        assert all(its.row_ref.flags.aligned and its.record.flags.aligned for its in rows.values())
        assert all(len(its.row_ref) for its in rows.values())
    for key in C.PASSES:
        alone = centre.place().shelf().rows(key)
        assert found[key] == {name: (its.row_ref.tolist(), its.record.tolist()) for name, its in alone.items()}


def test_a_spine_in_many_pieces_is_the_spine(centre: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_, spines = centre.place().read(), []
    for many in (3, 1 << 15):
        monkeypatch.setattr(assemble, "AT_ONCE", many)
        assemble.kept_spine(kept_, meta={"round": "3"}, into=(out := io.BytesIO()))
        spines.append(read_spine(out.getvalue()))
        assert set(link_bands(out.getvalue())) == set(C.people_in(kept_).values())
    assert spines[0].to_pylist() == spines[1].to_pylist()
    found = {(r["partner"], r["record_ref"]): r["person_id"] for r in spines[0].to_pylist()}
    assert found == C.people_in(kept_)
    assert list(found) == sorted(found)


def test_people_whose_ids_an_earlier_version_kept_as_digits_are_the_same_people(centre: Any) -> None:
    shelf = centre.place().shelf()

    def table(name: str) -> pa.Table:
        its, _ = read_table(shelf._opened(name), kind=TABLE_FORMAT)
        if name != PEOPLE_TABLE:
            return its
        digits = [one.hex().encode() for one in its.column("id").to_pylist()]
        return pa.table({"id": pa.array(digits, pa.binary(24)), "made": its.column("made")})

    assert C.people_in(parsed(centre.place().note(), table=table)) == C.people_in(centre.place().read())


def test_what_is_kept_of_another_round_is_not_read(centre: Any) -> None:
    other = Round(C.ONE.project, C.ONE.epoch + 1, C.ONE.schema_digest)
    assert Place(centre.place().folder, other, C.ASSEMBLER).read() is None


def test_a_run_that_breaks_off_leaves_what_was_kept(centre: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = C.people_in(centre.place().read())
    centre.update("schools", add={2}, delete={4})
    centre.link(extend=True)
    real, there, written = kept.put_whole, _files(centre), set[str]()

    def breaks(path: Path, _: bytes) -> None:
        assert path.name == NOTE_NAME
        written.update(_files(centre) - there)
        raise NotWritten("the disk is full")

    monkeypatch.setattr(kept, "put_whole", breaks)
    with pytest.raises(NotWritten):
        centre.assemble()
    assert written
    assert _files(centre) == there
    assert C.people_in(centre.place().read()) == before
    monkeypatch.setattr(kept, "put_whole", real)
    made = centre.assemble()
    assert made.extended
    assert C.partition(made.kept) == C.partition(centre.assemble("fresh").kept)
    named = {f for f, _ in centre.place().note()["files"].values()}
    assert _files(centre) == named


def _files(centre: Any) -> set[str]:
    return {p.name for p in centre.place().folder.glob(f"*{SUFFIX}")}


def test_a_table_that_breaks_off_in_the_middle_is_not_there(
    centre: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, before = _files(centre), C.people_in(centre.place().read())
    centre.update("schools", add={2}, delete={4})
    centre.link(extend=True)

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(sealed_files.Sealer, "finish", full)
    with pytest.raises(NotWritten, match="the disk is full"):
        centre.assemble()
    assert _files(centre) == there
    assert C.people_in(centre.place().read()) == before


def test_an_update_of_another_run_or_model_is_refused(centre: Any) -> None:
    centre.update("schools", add={2})
    centre.link(extend=True)
    first = centre.pairs / "run.note"
    (centre.pairs / "update-0001" / "run.note").rename(centre.root / "aside")
    (centre.pairs / "update-0001" / "run.note").write_text(first.read_text("utf-8"), encoding="utf-8")
    with pytest.raises(BadSubmission, match="update-0001 does not extend the run before it"):
        centre.assemble()


def test_pairs_of_an_update_that_name_an_unknown_row_are_refused(centre: Any) -> None:
    centre.update("schools", add={2})
    centre.row = lambda key, record: C.number_of("elsewhere", key, *record[:2])
    centre.link(extend=True)
    with pytest.raises(BadSubmission, match=r"names a row that the map of .* does not know"):
        centre.assemble()


def test_an_update_that_takes_back_what_is_not_there_is_refused(centre: Any) -> None:
    centre.records["schools"][77] = 0
    centre.update("schools", delete={77})
    centre.link(extend=True)
    with pytest.raises(BadSubmission, match="takes back records that are not there"):
        centre.assemble()


def test_an_update_that_brings_what_is_there_is_refused(centre: Any) -> None:
    centre.records["schools"].pop(4)
    centre.update("schools", add={4})
    centre.link(extend=True)
    with pytest.raises(BadSubmission, match="brings records that are there already"):
        centre.assemble()


@pytest.mark.parametrize(("probability", "people"), [(0.009, 1), (0.02, 2)])
def test_a_pair_that_only_an_incremental_run_tells_parts_nobody(
    tmp_path: Path, probability: float, people: int
) -> None:
    """The linker tells pairs of a row that was sent again whatever their score; a full run leaves out those below 0.01, whose numbers then part nobody."""
    told: dict[frozenset[str], tuple[float, bool]] = {
        frozenset({"police", "schools"}): (0.9999, False),
        frozenset({"nhs", "schools"}): (0.9999, False),
    }
    made = C.Centre(tmp_path, lambda _key, a, b: told.get(frozenset({a[0], b[0]})))
    for partner in ("nhs", "police", "schools"):
        made.submit(partner, {1})
    made.link()
    assert len(C.partition(made.assemble().kept)) == 1
    made.update("police", replace={1})
    told[frozenset({"nhs", "police"})] = (probability, True)
    made.link(extend=True)
    after = made.assemble()
    assert after.extended
    assert len(C.partition(after.kept)) == people
    assert C.partition(made.assemble("at-once").kept) == C.partition(after.kept)


def test_eight_partners_who_know_one_person_give_one_id(tmp_path: Path) -> None:
    """Partners 0 and 1 never meet; the others hold them together."""
    names = [f"partner-{n}" for n in range(8)]
    rng = C.np.random.default_rng(3)

    def score(key: str, a: Any, b: Any) -> tuple[float, bool] | None:
        if a[1] != b[1] or {a[0], b[0]} == set(names[:2]):
            return None
        return 0.99 + 0.009 * (C.number_of(key, *sorted([a, b])) % 100) / 100, False

    made = C.Centre(tmp_path, score)
    for name in names:
        made.submit(name, {int(n) for n in rng.choice(30, 22, replace=False)})
    made.link()
    found = C.people_in(made.assemble().kept)
    refs = {(p, C.ref_of(p, n)): n for p, n, _ in made.everybody}
    of: dict[int, set[str]] = {}
    for record, who in found.items():
        of.setdefault(refs[record], set()).add(who)
    assert all(len(who) == 1 for who in of.values())
    assert len(set(found.values())) == len(of) == 30
