"""Names that lead elsewhere, and things that are no files: whoever signed them, nothing is written outside the desk's folder, nothing is waited for, and
nothing of a name reaches the terminal as it came."""

import json
import os
import re
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keys import seal, sign_note
from linkage.central.pairs.run import RUN_FORMAT
from linkage.manifest import MANIFEST_FORMAT, MANIFEST_NAME
from service.errors import BAD_INPUT, BAD_KEY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and sockets")

ROOT = Path(__file__).resolve().parents[2]
TOKENS = "born.tokens.sealed"
Change = Callable[[dict[str, Any]], object]


class Waited(BaseException):
    """Nobody takes it for an error of the system."""


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    """A reader that opens a pipe would wait for ever."""

    def late(*_: object) -> None:
        raise Waited("something waited for a pipe")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def tree(folder: Path) -> dict[str, tuple[int, ...]]:
    """All that lies below the folder, outside of the desk's, with what changes when it is written: kind, size and time."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if "desk-1/" not in f"{name}/" and not name.endswith(("/seen.json", "/.seen.json.lock")):
            state = path.lstat()
            found[name] = (
                state.st_mode,
                *(() if path.is_dir() else (state.st_size, state.st_mtime_ns)),
            )
    return found


def came_in(p: Any) -> list[str]:
    """The files of submissions in the desk's folder."""
    places = [p.home("desk/1") / one for one in ("desk", "for-linker", "for-assembler")]
    return [f.as_posix() for place in places for f in place.rglob("*") if f.is_file()]


def told(told: Any, *codes: int) -> str:
    """The one line in which it was refused: it shows as it is, and is no longer than people read."""
    assert told.code in codes, told
    assert told.out == ""
    line = told.err.removesuffix("\n")
    assert line.isprintable(), repr(line)
    assert len(line) < 400
    return str(line)


def kept_out(p: Any, folder: Path, *, saying: str) -> None:
    above = p.folder.parent
    before = tree(above)
    line = told(p.receive(folder), BAD_INPUT)
    assert saying in line, line
    assert tree(above) == before
    assert came_in(p) == []
    assert set(p.kinds()) == {"submission-refused"}
    assert not Path("x").exists()


def resigned(p: Any, folder: Path, change: Change) -> None:
    """The manifest with a change, signed anew by its officer."""
    path = folder / MANIFEST_NAME
    value = json.loads(path.read_text("utf-8").rpartition("\n\n")[0].partition("\n")[2])
    change(value)
    text = f"{MANIFEST_FORMAT}\n{json.dumps(value, indent=1, sort_keys=True)}\n"
    path.write_text(sign_note(text, by=p.people["police/officer"]), "utf-8")


@pytest.fixture
def sent(partnership: Any) -> Path:
    return Path(partnership.sent("police"))


PATHS = [
    "..", ".", "", "../x.tokens.sealed", "../../seen.json", "/etc/passwd", "/tmp/x.map.sealed", "a/b.map.sealed", "./born.tokens.sealed",  # noqa: S108
    "born.tokens.sealed/", "born.tokens.sealed/..", "attributes.parquet/..", "a\\b.map.sealed", "..\\..\\x.map.sealed", "C:\\x.map.sealed",
    "\\\\host\\share\\x.map.sealed", "file:///etc/passwd", "~/x.map.sealed", "$HOME.map.sealed", "%2e%2e%2fx.map.sealed",
]  # fmt: skip
SPELT = [
    "born.tokens.sealed\0", "born\0.map.sealed", "born.tokens.sealed\n", "born.tokens.sealed ", " born.tokens.sealed", "born.tokens.sealed.",
    "born.tokens.sealed:evil", "BORN.TOKENS.SEALED", "Born.tokens.sealed", ".born.tokens.sealed", "born.tokens.sealed~", "-rf.map.sealed",
    "b\u043ern.tokens.sealed", "bo\u200brn.tokens.sealed", "born\u2024tokens\u2024sealed", "\uff0e\uff0e\uff0fx.map.sealed", "bo\u0301rn.map.sealed",
    "\u202enrob.tokens.sealed", "born.tokens.\x1b[2Jsealed", "\ud800.map.sealed", "\u0661.map.sealed", "manifest.note", "x.parquet", "born.tokens.sealed.exe",
    "a b.map.sealed", "x" * 61 + "y.map.sealed", "x" * 5000 + ".map.sealed",
]  # fmt: skip


@pytest.mark.parametrize("names", [PATHS, SPELT], ids=["paths", "spelt otherwise"])
def test_a_manifest_that_names_no_plain_file_is_refused_before_anything_is_read(
    partnership: Any, sent: Path, names: list[str]
) -> None:
    for name in names:
        resigned(partnership, sent, lambda v, name=name: v["files"][0].update(name=name))
        kept_out(partnership, sent, saying="names a file that no submission has")


# These could be names of sealed files, and are not those of the agreed schema's match keys.
UNAGREED = [
    "con.tokens.sealed", "nul.map.sealed", "other.tokens.sealed", "born.gone.sealed", "update-0001.map.sealed", "x" * 61 + ".tokens.sealed",
]  # fmt: skip


@pytest.mark.parametrize("name", UNAGREED)
@pytest.mark.parametrize("instead", [True, False], ids=["instead", "besides"])
def test_a_file_that_the_agreed_schema_does_not_have_is_refused_though_it_lies_there_as_it_was_signed(
    partnership: Any, sent: Path, name: str, instead: bool
) -> None:
    if instead:
        (sent / TOKENS).rename(sent / name)
    else:
        shutil.copy(sent / TOKENS, sent / name)

    def list_it(value: dict[str, Any]) -> None:
        (listed,) = (one for one in value["files"] if one["name"] == TOKENS)
        value["files"].append(listed | {"name": name})
        if instead:
            value["files"].remove(listed)

    resigned(partnership, sent, list_it)
    saying = (
        "of a whole submission that follows another" if ".gone." in name else "files of the schema's match keys"
    )
    kept_out(partnership, sent, saying=saying)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v["files"].append(v["files"][0]),
        lambda v: v["files"].append(v["files"][0] | {"sha256": "0" * 64}),
        lambda v: v["files"].append(v["files"][0] | {"size": 0}),
    ],
    ids=["the same", "another digest", "another size"],
)
def test_a_file_that_is_named_twice_is_refused(partnership: Any, sent: Path, change: Change) -> None:
    resigned(partnership, sent, change)
    kept_out(partnership, sent, saying="or one file twice")


def test_a_file_with_attributes_that_the_manifest_does_not_name_is_refused_and_the_other_way_round(
    partnership: Any, sent: Path
) -> None:
    resigned(partnership, sent, lambda v: v.update(attributes={}))
    kept_out(partnership, sent, saying="lacks 0 of the files of the schema's match keys, and has 1 others")
    resigned(
        partnership, sent, lambda v: (v.update(attributes={"arrested_violence": "PCSC-s16"}), v["files"].pop())
    )
    last = sorted(f.name for f in sent.iterdir())
    resigned(partnership, sent, lambda v: [(sent / n).unlink() for n in last if n != MANIFEST_NAME and n not in {f["name"] for f in v["files"]}])  # fmt: skip
    kept_out(partnership, sent, saying="lacks 1 of the files of the schema's match keys, and has 0 others")


PARTNERS = [
    "../police", "..", ".", ".police", "a/b", "/etc", "a\\b", "po\0lice", "con", "nul", "police.", "police ", "Police", "p\u043elice", "po\u200blice",
    "\u202epolice", "police\n", "\x1b[2J", "update-0001", "", "x" * 300, "pol\u00edce", "p/../../police",
]  # fmt: skip


def test_a_partner_of_a_name_that_leads_elsewhere_is_refused_even_if_the_register_has_it(
    partnership: Any, sent: Path
) -> None:
    p = partnership
    for partner in PARTNERS:
        p.roles = {**p.roles, "police/officer": (partner, "data-officer")}
        p.register()
        named = {"partner": partner, "submission": f"{partner}-1-0123456789ab"}
        resigned(p, sent, lambda v, named=named: v.update(named))
        kept_out(p, sent, saying="")
    assert {e.details["partner"] for e in p.events("desk/1")} <= {"unnamed", *PARTNERS}


NO_SUBMISSION = [
    "police-1-0123456789ab\nmanifest: sha256:0", "police-1-0123456789ab ", "../police-1-0123456789ab", "schools-1-0123456789ab", "police-2-0123456789ab",
    "police-1-0123456789AB", "police-1-0123456789abc", "police-1-", "", "\x1b[2J", "Mary Smith", "\u202epolice-1-0123456789ab", "police-1-\u06611234567890",
]  # fmt: skip


def test_a_submission_of_a_made_up_name_is_refused_for_its_name_stands_in_receipts_and_in_the_log(
    partnership: Any, sent: Path
) -> None:
    for name in NO_SUBMISSION:
        resigned(partnership, sent, lambda v, name=name: v.update(submission=name))
        kept_out(partnership, sent, saying="")


WORDS: dict[str, Change] = {
    "a project that moves the cursor": lambda v: v.update(project="\x1b[2J\x1b[H"),
    "a project that turns the text": lambda v: v.update(project="\u202eomed-ppv"),
    "a project of a megabyte": lambda v: v.update(project="x" * (1 << 20)),
    "a schema that is a sentence of two lines": lambda v: v.update(schema="one\ntwo"),
    "an attribute that moves the cursor": lambda v: v.update(attributes={"\x1b[2J": "PCSC-s16"}),
    "an attribute that is somebody's name": lambda v: v.update(attributes={"Mary Smith" * 20: "PCSC-s16"}),
    "an attribute with a point": lambda v: v.update(attributes={"x.police.area": "PCSC-s16"}),
    "a gateway that rings the bell": lambda v: v.update(token_gateway="\a"),  # noqa: S106  the name of a gateway
    "a gateway of a megabyte": lambda v: v.update(token_gateway="x" * (1 << 20)),
    "a time that is none": lambda v: v.update(made_at="\x1b[2J"),
    "a key check that is none": lambda v: v.update(key_check="../../.."),
    "an epoch without end": lambda v: v.update(epoch=float("inf")),
    "an epoch that is nothing": lambda v: v.update(epoch=float("nan")),
    "an epoch of many digits": lambda v: v.update(epoch=10**4000),
    "a size without end": lambda v: v["files"][0].update(size=float("inf")),
    "records without end": lambda v: v["statistics"].update(records=float("inf")),
    "folders in folders in folders": lambda v: v.update(statistics=nested()),
    "half of a letter": lambda v: v.update(token_gateway="\ud800"),  # noqa: S106  the name of a gateway
}


def nested() -> Any:
    value: Any = []
    for _ in range(900):
        value = [value]
    return value


def test_what_a_signed_manifest_says_is_told_plainly_or_not_at_all(partnership: Any, sent: Path) -> None:
    true = (sent / MANIFEST_NAME).read_text("utf-8")
    for change in WORDS.values():
        (sent / MANIFEST_NAME).write_text(true, "utf-8")
        resigned(partnership, sent, change)
        kept_out(partnership, sent, saying="")


def test_a_signed_manifest_so_deep_that_its_reader_would_fall_is_refused(partnership: Any, sent: Path) -> None:
    body = "[" * 200_000
    note = sign_note(f"{MANIFEST_FORMAT}\n{body}\n", by=partnership.people["police/officer"])
    (sent / MANIFEST_NAME).write_text(note, "utf-8")
    kept_out(partnership, sent, saying="signed but not readable")


# Things that are no files.
def pipe(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    # The name of a socket must be short: it is made elsewhere and moved.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as one:
        one.bind(f"{folder}/s")
        shutil.move(f"{folder}/s", path)


def linked(path: Path) -> None:
    """The same file lies outside, and a link leads to it."""
    outside = path.parent.parent / f"outside-{path.name}"
    shutil.move(path.parent.parent / "aside" / path.name, outside)
    path.symlink_to(outside)


THINGS: dict[str, Callable[[Path], object]] = {
    "a pipe": pipe,
    "a socket": listener,
    "a folder": Path.mkdir,
    "a link to the same file": linked,
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a link to a folder": lambda path: path.symlink_to(path.parent),
}


def removed(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize("name", [TOKENS, "attributes.parquet", MANIFEST_NAME])
def test_what_stands_in_a_files_place_and_is_none_is_refused(partnership: Any, sent: Path, name: str) -> None:
    aside = sent.parent / "aside"
    aside.mkdir()
    whole = (sent / name).read_bytes()
    for put in THINGS.values():
        shutil.move(sent / name, aside / name)
        put(sent / name)
        kept_out(partnership, sent, saying=name)
        removed(sent / name)
        (sent / name).write_bytes(whole)
    partnership.well(partnership.receive(sent))


def test_what_lies_beside_the_files_and_is_not_listed_is_refused_and_not_named(
    partnership: Any, sent: Path
) -> None:
    for what in (w for w in THINGS if "same" not in w):
        path = sent / "\x1b[2Jmore"
        THINGS[what](path)
        kept_out(partnership, sent, saying="0 files of the manifest are missing and 1 are not in it")
        removed(path)


def test_a_file_that_has_a_second_name_elsewhere_comes_in_as_a_copy_of_its_own(
    partnership: Any, sent: Path
) -> None:
    p = partnership
    outside = p.folder / "outside"
    os.link(sent / TOKENS, outside)
    whole = outside.read_bytes()
    p.well(p.receive(sent))
    mine = p.home("desk/1") / "for-linker" / "police" / TOKENS
    outside.write_bytes(b"changed afterwards")
    assert mine.read_bytes() == whole
    mine.write_bytes(b"changed here")
    assert outside.read_bytes() == b"changed afterwards"


def test_a_link_to_a_submission_is_followed_by_reading_alone(partnership: Any, sent: Path) -> None:
    """The operator names the folder, and may name it by a link; what is in it has to be as it was signed all the same."""
    p = partnership
    (p.folder / "latest").symlink_to(sent)
    before = tree(p.folder.parent)
    told_so = p.well(p.receive(p.folder / "latest"))
    assert " of police is in: 4 sealed files" in told_so.out
    after = tree(p.folder.parent)
    assert set(after) - set(before) == {"project/receipt.note"}
    assert {n: c for n, c in after.items() if n in before} == before


@pytest.mark.parametrize("what", ["a file", "a pipe", "a link to nowhere", "nothing"])
def test_what_is_no_folder_is_no_submission_and_not_logged_as_one(partnership: Any, what: str) -> None:
    p, path = partnership, partnership.folder / "arrived"
    if what != "nothing":
        {"a file": lambda f: f.write_text("x", "utf-8"), **THINGS}[what](path)
    assert "there is no folder arrived/" in told(p.receive(path), BAD_INPUT)
    assert p.kinds() == []


def test_a_draft_of_the_desks_that_is_a_link_is_not_written_through(partnership: Any, sent: Path) -> None:
    """Somebody who can write beside the desk's folders lays a link where the next draft will be."""
    p, elsewhere = partnership, partnership.folder / "elsewhere"
    elsewhere.mkdir()
    place = p.home("desk/1") / "for-linker"
    place.mkdir()
    (place / ".police.draft").symlink_to(elsewhere)
    told(p.receive(sent), BAD_INPUT)
    assert list(elsewhere.iterdir()) == []
    assert came_in(p) == []


# Other readers.
@pytest.mark.parametrize("what", [w for w in THINGS if "same" not in w])
def test_other_readers_wait_for_no_pipe_and_read_no_device(partnership: Any, what: str) -> None:
    p = partnership
    put = THINGS[what]
    for name in ("request.note", "delivered.sealed", "receipt.note"):
        put(p.folder / name)
    (p.shared / "votes").mkdir()
    told(p.decide(p.folder / "request.note"), BAD_INPUT)
    told(p.accept("police", p.folder / "delivered.sealed", out="new.secret"), BAD_INPUT)
    words = ("--shared", p.shared, "--submission", p.sent("police"))
    told(p.run("partner", "receipt", p.folder / "receipt.note", *words), BAD_INPUT)
    put(p.shared / "votes" / "a.note")
    told(p.run("board", "tally", "--shared", p.shared, "--root", p.root), BAD_INPUT)
    identity = p.key("desk/1").rename(p.folder / "identity.key")
    put(p.key("desk/1"))
    told(p.receive(p.sent("police"), receipt="other.note"), BAD_KEY)
    removed(p.key("desk/1"))
    identity.rename(p.key("desk/1"))
    (p.shared / "trust.note").unlink()
    put(p.shared / "trust.note")
    told(p.receive(p.sent("police"), receipt="other.note"), BAD_INPUT)
    p.root.unlink()
    put(p.root)
    told(p.receive(p.sent("police"), receipt="other.note"), BAD_INPUT)
    assert came_in(p) == []


@pytest.mark.parametrize("what", ["a pipe", "a folder", "a link to an endless device"])
def test_linker_assembler_and_analyst_wait_for_no_pipe_either(allowed: Any, what: str) -> None:
    p, put = allowed, THINGS[what]
    p.well(p.release(*p.keeper))
    (folder,) = (p.folder / "out").iterdir()
    put(folder / "more.sealed")
    inboxes = [p.home("desk/1") / place for place in ("for-linker", "for-assembler")]
    for inbox, name in zip(inboxes, ("born.tokens.sealed", "born.map.sealed"), strict=True):
        (inbox / "police" / name).unlink()
    p.well(p.open(folder))
    for role, name, act in (
        ("linker/1", "born.tokens.sealed", "link"),
        ("assembler/1", "born.map.sealed", "assemble"),
    ):
        inbox = p.home(role) / "inbox" / "police"
        (inbox / name).unlink()
        put(inbox / name)
        pairs, spine = p.home("assembler/1") / "again", p.folder / "spine"
        words = {"link": (p.home(role), "--out", pairs), "assemble": (p.home(role), "--out", spine)}[act]
        told(p.run("centre", act, *words, "--shared", p.shared), BAD_INPUT)
        assert not pairs.exists()
        assert not spine.exists()


@pytest.mark.parametrize("name", ["../evil.pairs.sealed", "/etc/passwd", "..", "", "a/b.pairs.sealed", "born\0.pairs.sealed"], ids=ascii)  # fmt: skip
def test_a_run_of_the_linkers_that_names_a_path_is_not_followed(allowed: Any, name: str) -> None:
    p = allowed
    folder = p.home("assembler/1") / "pairs"
    evil = seal(b"x", to=p.people["assembler/1"].public, context=b"")
    (folder.parent / "evil.pairs.sealed").write_bytes(evil)
    value = json.loads((folder / "run.note").read_text("utf-8").rpartition("\n\n")[0].partition("\n")[2])
    value["files"][name] = "0" * 64
    text = f"{RUN_FORMAT}\n{json.dumps(value, indent=1, sort_keys=True)}\n"
    (folder / "run.note").write_text(sign_note(text, by=p.people["linker/1"]), "utf-8")
    before = tree(p.folder.parent)
    told(p.assemble(), BAD_INPUT, BAD_KEY)
    assert tree(p.folder.parent) == before


def test_no_module_reads_or_writes_an_archive() -> None:
    """A submission is a folder of files: there is no archive to unpack, and so no name inside one to follow."""
    archive = re.compile(
        r"^\s*(import|from)\s+(zipfile|tarfile|zipimport|gzip|bz2|lzma)\b|\b(unpack_archive|make_archive|extractall)\b|\.extract\(", re.MULTILINE
    )  # fmt: skip
    assert archive.search("import x\n    import zipfile\n")
    assert archive.search("shutil.unpack_archive(x)")
    for package in ("keys", "linkage", "policies", "ethics", "service"):
        for path in (ROOT / package).rglob("*.py"):
            assert not archive.search(path.read_text("utf-8")), path.name
