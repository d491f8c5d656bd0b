"""The demonstration from end to end: it tells its story, it can be told again to the digit, and no name left an agency."""

import csv
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import service.demonstration.demo
import service.demonstration.linking
from cli import app
from linkage.schema import load_schema
from service.demonstration.story import Story

ROOT = Path(__file__).resolve().parents[2]
SMALL = 500


def test_the_demonstration_tells_its_story(demo: Any) -> None:
    story, told = demo.story, "\n".join(demo.lines)
    assert sum(story.records.values()) > 3_000
    assert (
        f"Records in:      {sum(story.records.values()):,} from 5 agencies. No name left any of them." in told
    )
    assert f"People found:    {story.found:,} ({story.known:,} in truth)." in told
    assert "request-1, rows of single people: refused" in told
    assert "Request refused: rows of single people. Nearest allowed: Ask for a table of counts" in told
    assert "request-2, a table of counts: allowed" in told
    assert f"Log:             {story.events} events, every one verified; 5 partners cosigned" in told
    assert f"Digest:          {story.digest[:16]}" in told
    assert told.count("[c]") >= 1


def test_the_people_found_are_the_people_there_are_within_a_few_per_cent(demo: Any) -> None:
    default, best = demo.story.quality["default"], demo.story.quality["best"]
    assert default["precision"] > 0.92
    assert default["recall"] > 0.94
    assert default["f1"] > 0.93
    assert best["f1"] - default["f1"] < 0.02
    assert abs(demo.story.found - demo.story.known) < 0.03 * demo.story.known
    assert sum(n * people for n, people in demo.story.sizes.items()) == sum(demo.story.records.values())


def test_one_request_is_refused_with_the_nearest_that_would_be_allowed_and_one_is_allowed(demo: Any) -> None:
    refused, allowed = demo.story.refused, demo.story.allowed
    assert not refused.allowed
    assert refused.alternative is not None
    assert {r.code for r in refused.reasons} >= {"prohibited"}
    assert allowed.allowed
    assert allowed.clauses == ("SNA-1",)


def released(demo: Any) -> list[list[str]]:
    text = (demo.places.analyst / demo.story.release / "table.csv").read_text("utf-8")
    return list(csv.reader(io.StringIO(text)))


def test_the_released_table_has_hidden_cells_and_shows_no_small_or_unrounded_number(demo: Any) -> None:
    cells = [row[-1] for row in released(demo)[1:]]
    assert 0 < demo.story.hidden < demo.story.cells
    assert sum(row[-1] == "[c]" for row in released(demo)[1 : demo.story.cells + 1]) == demo.story.hidden
    assert {c for c in cells if not c.isdecimal()} <= {"[c]", "[z]"}
    assert all(int(c) == 0 or (int(c) >= 10 and int(c) % 5 == 0) for c in cells if c.isdecimal())


def test_every_total_of_the_released_table_is_the_sum_of_its_printed_cells(demo: Any) -> None:
    _, *rows = released(demo)
    body = [r for r in rows if "All" not in r[:-1]]
    totals = [r for r in rows if "All" in r[:-1]]
    assert len(body) == demo.story.cells
    assert len(totals) == 9  # two ages, three answers twice, and all
    for *labels, shown in totals:
        under = [cell for *its, cell in body if all(t in ("All", i) for t, i in zip(labels, its, strict=True))]
        numbers = [int(c) for c in under if c.isdecimal()]
        assert shown == (str(sum(numbers)) if numbers else "[c]")


class Page(HTMLParser):
    """Checks that every tag is closed in order, and keeps what a browser would fetch or run."""

    VOID = frozenset({"meta", "br", "img", "link", "hr", "input", "col"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.fetched: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster") and value:
                self.fetched.append(value)
            assert not name.startswith("on"), f"{tag} {name}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_whole_and_fetches_and_runs_nothing(demo: Any) -> None:
    text = (demo.places.root / "index.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert text.lower().startswith("<!doctype html>")
    assert {"html", "head", "title", "body", "main", "h1", "svg", "table"} <= page.tags
    assert not {"script", "iframe", "object", "embed", "link", "base", "form"} & page.tags
    assert [f for f in page.fetched if not f.startswith("#")] == []
    assert re.findall(r"url\((?!#)|@import|javascript:", text) == []
    said = " ".join(page.text)
    assert f"{demo.story.found:,}" in said
    assert "Ask for a table of counts" in said
    assert demo.story.digest[:16] in said or demo.story.release in said


def small(seed: int, out: Path) -> Story:
    return service.demonstration.demo.run(out, people=SMALL, seed=seed, say=lambda _: None)


def test_the_same_seed_tells_the_same_story_and_another_seed_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_keys: str
) -> None:
    """With four match keys, and linker and assembler inside this process, to save time; the demonstration above is the full one."""

    def in_this_process(*words: str) -> str:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == 0, result.stderr
        return result.stdout.strip()

    monkeypatch.setattr(service.demonstration.linking, "_own_process", in_this_process)
    monkeypatch.setattr(service.demonstration.demo, "default_schema", lambda: load_schema(few_keys))
    first, again, other = small(5, tmp_path / "a"), small(5, tmp_path / "b"), small(6, tmp_path / "c")
    assert first.digest == again.digest
    assert first.quality == again.quality
    assert first.table == again.table
    assert first.digest != other.digest


def test_a_folder_with_something_else_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    for out in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
        result = CliRunner().invoke(app, ["demo", "--out", str(out), "--people", "500"])
        assert result.exit_code == 10
        assert "no earlier demonstration" in result.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text("utf-8") == "years of work"


def test_a_program_that_lies_in_the_working_directory_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cli.py").write_text("print('stranger')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "stranger" not in service.demonstration.linking._own_process("audit", "--help")


LETTERS = re.compile(rb"[A-Za-z]{5,}")
NUMBERS = re.compile(rb"(?<!\d)\d{3} ?\d{3} ?\d{4}(?!\d)")
DAYS = re.compile(rb"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?!\d)")
MAILS = re.compile(rb"[A-Za-z0-9._+'-]+@[A-Za-z0-9.-]+")
HOMES = re.compile(rb"(?<![A-Za-z0-9])\d{1,3} [A-Za-z']{3,} [A-Za-z]{3,}")
LOCAL = re.compile(rb"(?<![A-Za-z0-9])[NHSYC]\d{8}(?!\d)")
ENCODED = re.compile(rb"[A-Za-z0-9+/=_-]{40,}")


def is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def traces(content: bytes) -> dict[str, set[bytes]]:
    """Everything in the bytes that could be a surname, NHS number, date, e-mail, address or local id. In sealed files five letters
    stand in a row by chance, so that there only seven count; runs of base64 are no words."""
    shortest = 5 if is_text(content) else 7
    plain = ENCODED.sub(b" ", content) if is_text(content) else content
    return {
        "surname": {w.lower() for w in LETTERS.findall(plain) if len(w) >= shortest},
        "NHS number": {n.replace(b" ", b"") for n in NUMBERS.findall(content)},
        "date": set(DAYS.findall(content)),
        "e-mail": {m.lower() for m in MAILS.findall(content)},
        "address": {h.lower() for h in HOMES.findall(content)},
        "local id": set(LOCAL.findall(content)),
    }


KINDS = {
    "surname": r"surname|family_name|last_name|maiden", "NHS number": r"nhs", "date": r"dob|birth|d_o_b", "e-mail": r"email",
    "address": r"address|street", "local id": r"nominal_ref|hospital_number|pupil_id|case_id|client_no",
}  # fmt: skip


@pytest.fixture(scope="module")
def personal(demo: Any) -> dict[str, set[bytes]]:
    """What the agencies' exports hold of people, without the words and days that the project's own documents use."""
    held: dict[str, set[bytes]] = {kind: set() for kind in KINDS}
    for path in sorted((demo.places.root / "agencies").glob("*/export.csv")):
        rows = pd.read_csv(path, dtype="str")
        for kind, pattern in KINDS.items():
            for column in (c for c in rows.columns if re.search(pattern, c.lower()) and c != "area"):
                held[kind] |= traces("\n".join(rows[column].dropna()).encode())[kind]
    own = b"\n".join(p.read_bytes() for p in documents())
    known = traces(own)
    return {kind: values - known[kind] for kind, values in held.items()}


def documents() -> Iterator[Path]:
    for package in ("policies", "ethics", "service", "linkage"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".yaml", ".html") and path.parent.name != "people":
                yield path
    yield ROOT / "linkage" / "people" / "places.py"


def test_no_person_of_any_agency_occurs_in_any_file_outside_the_agencies(
    demo: Any, personal: dict[str, set[bytes]]
) -> None:
    assert {k: len(v) >= least for (k, v), least in zip(personal.items(), (400, 1000, 1500, 100, 800, 3000), strict=True)} == dict.fromkeys(KINDS, True)  # fmt: skip
    searched = 0
    for path in sorted(p for p in demo.places.root.rglob("*") if p.is_file()):
        if path.relative_to(demo.places.root).parts[0] == "agencies":
            continue
        searched += 1
        found = {k: v & personal[k] for k, v in traces(path.read_bytes()).items()}
        assert not any(found.values()), (path.name, {k: len(v) for k, v in found.items()})
    assert searched > 200


def test_the_search_for_people_would_find_them(demo: Any, personal: dict[str, set[bytes]]) -> None:
    """An export does not pass it, be it plain or in the middle of other bytes."""
    content = (demo.places.agency("council") / "export.csv").read_bytes()
    for around in (b"", bytes(range(256))):
        found = traces(around + content + around)
        assert all(found[k] & personal[k] for k in KINDS)


def test_what_an_agency_sends_away_names_nobody_either(demo: Any, personal: dict[str, set[bytes]]) -> None:
    for path in sorted((demo.places.root / "agencies").glob("*/submission/*")):
        found = {k: v & personal[k] for k, v in traces(path.read_bytes()).items()}
        assert not any(found.values()), path.name


def test_keys_and_secrets_can_be_read_by_their_owner_alone(demo: Any) -> None:
    private = [
        p
        for p in demo.places.root.rglob("*")
        if p.suffix == ".key" or p.name in ("own.secret", "project.secret", "ledger.salt")
    ]
    assert len(private) >= 25
    assert {p.stat().st_mode & 0o777 for p in private} == {0o600}


def test_the_command_itself_writes_its_errors_to_the_error_stream(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "log.toml")
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "audit", "verify", str(tmp_path), "--root", str(tmp_path / "log.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (10, "")
    assert "Traceback" not in ended.stderr
