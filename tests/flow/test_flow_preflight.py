"""From an agency's file to the page that its data officer reads: exclusions, observation, tokens, seals, the search of all that would leave."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from keys import Identity, Secret
from linkage.manifest import MANIFEST_NAME, Round, SealedFile
from linkage.partner.exclusions.exclusions import Exclusion, Stated
from linkage.partner.identifiers import KINDS
from linkage.partner.identifiers.dates import clean_in_order
from linkage.partner.normalise import ALTERNATIVES, ColumnMapping, normalise
from linkage.partner.preflight.advice import advise
from linkage.partner.preflight.observed import Observed, Seen
from linkage.partner.preflight.report import Preflight, Subject, preflight
from linkage.partner.preflight.tally import Tally
from linkage.partner.rawsearch.leaving import leaving_fields, leaving_files
from linkage.partner.rawsearch.needles import needles
from linkage.partner.rawsearch.scan import Found
from linkage.partner.rawsearch.search import Searcher
from linkage.partner.records import CleanRecords, Column, FieldQuality, QualityReport
from linkage.partner.submission import Recipients, Submission, seal_submission
from linkage.partner.suggestions.public_words import manifest_words, public_words
from linkage.partner.tokenise import Tokeniser
from linkage.people import AgencyFile, make_world
from linkage.schema import Schema, load_schema
from service.officer.preflight import page, told, verdict, write_page
from tests.in_one_portion import Remaining, attribute_table, exclude

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROLES = ("linker", "assembler", "custodian")
WORLD = make_world(people=400, seed=3)


class Run:
    """One agency's way to a sealed submission, with everything that the officer is shown."""

    def __init__(
        self, agency: AgencyFile, *, schema: Schema, folder: Path, exclusions: list[Exclusion]
    ) -> None:
        self.agency, self.schema = agency, schema
        self.rng = np.random.default_rng(len(agency.name))
        mapping = ColumnMapping(agency.record_id, agency.identifiers, agency.date_order, agency.attributes)
        everybody, self.quality = normalise(agency.frame, schema=schema, mapping=mapping, file="export.csv")
        self.remaining: Remaining = exclude(everybody, exclusions=exclusions, on=NOW.date())
        self.seen: Seen = self._observe(everybody).finish()
        self.made = needles(self.seen.values)
        self.people = {n: Identity.make(f"{n}/1", randomness=self.rng.bytes) for n in (*ROLES, "officer")}
        parties = [agency.name, "safer-streets", *(p.name for p in self.people.values())]
        self.known = public_words(schema, parties=parties)
        self.searcher = Searcher(self.made, known=self.known, left_out=self.seen.left_out)
        self.sent = self._seal(folder / agency.name)

    def _observe(self, everybody: CleanRecords) -> Observed:
        watch = Observed(randomness=self.rng.bytes)
        watch.ids(pa.array(self.agency.frame[self.agency.record_id], pa.string()))
        for identifier, column in self.agency.identifiers.items():
            raw = pa.array(self.agency.frame[column], pa.string(), from_pandas=True).dictionary_encode()
            kind = KINDS[ALTERNATIVES.get(identifier, identifier)]
            clean = [
                clean_in_order(t, self.agency.date_order) if identifier == "date_of_birth" else kind.clean(t)
                for t in raw.dictionary.to_pylist()
            ]
            watch.identifiers(identifier, raw, pa.array(clean, pa.string()))
        watch.cleaned(everybody)
        return watch

    def _seal(self, folder: Path) -> Submission:
        secret, own = (Secret(self.rng.bytes(32), name=n) for n in ("project", "own"))
        tokeniser = Tokeniser(
            self.remaining.clean, schema=self.schema, secret=secret, own=own, randomness=self.rng.bytes
        )
        kept = np.flatnonzero(self.remaining.kept)
        columns = {a: Column.of(self.agency.frame[a]).take(kept) for a in self.agency.attributes}
        return seal_submission(
            tokeniser,
            schema=self.schema,
            attributes=attribute_table(columns, names={a: a for a in self.agency.attributes}, refs=tokeniser.refs),
            attribute_gateways=dict.fromkeys(self.agency.attributes, "gateway-a"),
            token_gateway="gateway-t",  # noqa: S106  the name of a legal gateway
            one=Round("safer-streets", 1, self.schema.digest),
            secret=secret,
            signer=self.people["officer"],
            partner=self.agency.name,
            recipients=Recipients(*(self.people[r].public for r in ROLES)),
            folder=folder,
            now=NOW,
            watch=self.searcher,
        )  # fmt: skip

    def report(self) -> Preflight:
        """The report after everything was sealed and searched."""
        note = (self.sent.folder / MANIFEST_NAME).read_bytes()
        one = preflight(
            Tally.of(self.remaining.clean),
            subject=Subject(
                self.agency.name, "export.csv", NOW, self.agency.identifiers, {"date_of_birth": self.agency.date_order}
            ),
            quality=self.quality,
            seen=self.seen,
            remaining=Stated(self.remaining.excluded, self.remaining.attestations),
            passes=self.sent.passes,
            unkeyed=1,
            fields=leaving_fields(
                record_id=self.agency.record_id,
                identifiers=self.agency.identifiers,
                attributes={a: a for a in self.agency.attributes},
                token_gateway="gateway-t",  # noqa: S106  the name of a legal gateway
                attribute_gateways=dict.fromkeys(self.agency.attributes, "gateway-a"),
                classes=dict.fromkeys(self.agency.attributes, "C3"),
            ),
            files=leaving_files(
                self.sent.manifest.files,
                readers={"linker": "linker/1", "assembler": "assembler/1", "custodian": "custodian/1"},
                note=SealedFile(MANIFEST_NAME, sha256(note).hexdigest(), len(note)),
            ),
        )  # fmt: skip
        return replace(one, search=self.searcher.submission(self.sent.folder, manifest=self.sent.manifest))

    def values(self) -> set[str]:
        """Every raw and cleaned value of the file's people, ids among them."""
        columns = (self.agency.record_id, *self.agency.identifiers.values())
        raw = {str(v).strip() for c in columns for v in self.agency.frame[c].dropna()}
        return raw | {v for column in self.remaining.clean.columns.values() for v in column.values.to_pylist()}


@pytest.fixture(scope="module")
def run(few_keys: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The health agency, with one objection among its own record ids."""
    agency = next(a for a in WORLD.agencies if a.name == "nhs")
    objections = Exclusion(
        "objections", "record_id", frozenset(agency.frame[agency.record_id].iloc[:3]), date(2026, 2, 28), "list.csv",
        keeps=False, without="kept",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("sent")
    return Run(agency, schema=load_schema(few_keys), folder=folder, exclusions=[objections])


@pytest.fixture(scope="module")
def report(run: Run) -> Preflight:
    return run.report()


class Outline(HTMLParser):
    """The page's elements, its text, and whether every element that is opened is closed in its order."""

    VOID = frozenset({"meta", "rect", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @classmethod
    def of(cls, html: str) -> "Outline":
        one = cls()
        one.feed(html)
        one.close()
        return one


def strangers() -> Preflight:
    """A report with the same columns on nobody at all: every word of its page is the program's own."""
    agency = next(a for a in WORLD.agencies if a.name == "nhs")
    clean = CleanRecords(pa.array([], pa.string()), np.empty(0, dtype=np.int32), {})
    quality = QualityReport(0, {i: FieldQuality(0, 0, 0) for i in agency.identifiers})
    subject = Subject("nhs", "export.csv", NOW, agency.identifiers, {})
    return preflight(Tally.of(clean), subject=subject, quality=quality, seen=Seen({}, {}, 0))


def test_nothing_readable_is_in_a_real_submission(run: Run, report: Preflight) -> None:
    search = report.search
    assert search is not None
    search.require_none()
    assert search.places == 0
    assert search.values_left_out == 0
    sealed = sum(p.stat().st_size for p in run.sent.folder.iterdir())
    assert search.bytes_searched > sealed
    # Four passes, each with tokens and a map, and the map of all records, are seen before sealing; then they, the attributes, the manifest.
    assert search.files == 9 + 11
    assert search.false_alarm < 1e-6
    assert search.values_searched > 1000


def test_every_word_and_number_that_stands_in_the_clear_is_known(run: Run) -> None:
    """Were each of them somebody's name or record id, an honest submission would still pass."""
    plain = re.compile(rb"[A-Za-z]{6,}|[0-9]{6,}")
    values = set(plain.findall(run.sent.manifest.text().encode()))
    for path in run.sent.folder.iterdir():
        content = path.read_bytes()
        values |= (
            {w for line in content.split(b"\n")[:2] for w in plain.findall(line)}
            if path.suffix == ".sealed"
            else set()
        )
        keys = (
            re.findall(rb"[\x20-\x7e]{24,}", content[:4000] + content[-4000:])
            if path.suffix == ".parquet"
            else []
        )
        values |= {w for text in keys for w in plain.findall(re.sub(rb"[A-Za-z0-9+/=]{64,}", b" ", text))}
    assert len(values) > 30
    made = needles({"record_id": pa.array([v.decode() for v in sorted(values)])})
    searcher = Searcher(made, known=run.known)
    for path in run.sent.folder.iterdir():
        searcher.read(path, known=manifest_words(run.sent.manifest))
    assert searcher.result().found == ()


def test_the_report_adds_up(run: Run, report: Preflight) -> None:
    assert report.read == len(run.agency.frame)
    assert report.records == report.read - 3 == int(run.remaining.kept.sum())
    for one in report.identifiers:
        assert one.valid + one.missing + one.invalid == report.read
    assert {p.key for p in report.passes} == {k.name for k in run.schema.match_keys}
    assert sum(f.size or 0 for f in report.files) == sum(p.stat().st_size for p in run.sent.folder.iterdir())
    assert not any(a.grave for a in advise(report))


def test_the_excluded_are_in_no_reference_that_leaves(run: Run) -> None:
    gone = set(run.agency.frame[run.agency.record_id].iloc[:3])
    assert not gone & set(run.remaining.clean.record_ids.to_pylist())
    assert len(run.remaining.clean.record_ids) + len(gone) == len(run.agency.frame)


def test_the_page_stands_on_its_own_and_is_well_formed(report: Preflight, tmp_path: Path) -> None:
    write_page(report, path=tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text("utf-8")
    outline = Outline.of(html)
    assert outline.wrong == []
    assert outline.open == []
    tags = [tag for tag, _ in outline.seen]
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(tags)
    assert not re.search(r"https?://|url\(|@import|\bon\w+=", html)
    assert tags.count("h1") == 1
    assert {"lang": "en"} in [attributes for tag, attributes in outline.seen if tag == "html"]
    assert all(a.get("aria-label") for tag, a in outline.seen if tag == "svg")
    assert tags.count("svg") == len(report.identifiers)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_the_bars_of_the_page_fill_their_width(report: Preflight) -> None:
    outline = Outline.of(page(report))
    widths = [float(a["width"] or 0) for tag, a in outline.seen if tag == "rect"]
    assert len(widths) == 3 * len(report.identifiers)
    for at in range(0, len(widths), 3):
        assert sum(widths[at : at + 3]) == pytest.approx(100, abs=0.02)


def test_the_page_says_what_leaves_and_what_was_left_out(report: Preflight) -> None:
    text = " ".join(" ".join(Outline.of(page(report)).text).split())
    for said in (
        "Only these columns have a part in what leaves",
        "born-name.tokens.sealed",
        "linker (linker/1)",
        "List objections, checked on 2026-02-28",
        "Exactly 3 records",
        "none is in them",
        "C3",
    ):
        assert said in text


@pytest.mark.parametrize("form", ["page", "lines"])
def test_no_value_of_any_person_is_shown(run: Run, report: Preflight, form: str) -> None:
    show = page if form == "page" else lambda one: "\n".join(told(one))
    shown, ours = show(report), show(strangers())
    fixed = set(re.findall(r"\w+", ours)) | set(re.findall(r"\w+", show(_words_of_the_rules(report))))
    long = {v for v in run.values() if len(v) >= 8}
    assert len(long) > 500
    assert not [v for v in long if v.lower() in shown.lower()]
    single = {w.lower() for v in run.values() for w in re.findall(r"\w+", v) if not w.isdigit() and len(w) > 2}
    told_words = {w.lower() for w in re.findall(r"\w+", shown)} - {w.lower() for w in fixed}
    assert not single & told_words


def _words_of_the_rules(report: Preflight) -> Preflight:
    """The same report without what comes from people's values: no reasons, counts of nobody."""
    return replace(report, identifiers=(), dates=(), duplicates=None)


def test_markup_in_a_column_name_is_shown_as_text(report: Preflight) -> None:
    bad = "<script>alert(1)</script>"
    subject = replace(report.subject, file=bad, partner=bad)
    html = page(replace(report, subject=subject))
    assert bad not in html
    assert html.count("&lt;script&gt;") >= 3


def test_before_sealing_the_page_says_that_nothing_has_left(report: Preflight) -> None:
    early = replace(report, files=(), passes=(), search=None)
    for shown in (page(early), "\n".join(told(early))):
        assert "Nothing has been tokenised, sealed or sent." in shown
        assert "bytes" not in shown.lower()


def test_a_search_of_a_sample_says_so_and_is_no_reason_to_stop(report: Preflight) -> None:
    assert report.search is not None
    sampled = replace(report, search=replace(report.search, values_left_out=1234))
    assert "about 1,234 others were not drawn" in page(sampled)
    assert verdict(sampled) == verdict(report)


def test_a_found_value_says_do_not_send_and_where_and_never_what(report: Preflight) -> None:
    assert report.search is not None
    found = replace(report.search, found=(Found("records.map.sealed", 4321, "surname"),), places=1)
    stopped = replace(report, search=found)
    assert verdict(stopped) == "stop"
    for shown in (page(stopped), "\n".join(told(stopped))):
        assert "Do not send" in shown
        assert "found in 1 places" in shown
    assert "4,321" in page(stopped)


def test_the_terminal_is_told_the_same(report: Preflight) -> None:
    lines = told(report)
    text = "\n".join(lines)
    assert "none is in them" in text
    assert f"{report.read:,} records in the file, 3 left out" in text
    assert all(isinstance(line, str) and "\n" not in line for line in lines)
    assert all(file.name in text for file in report.files)


def test_other_agencies_can_send_and_none_shows_a_value(few_keys: str, tmp_path: Path) -> None:
    for agency in WORLD.agencies:
        if agency.name in ("police", "schools"):
            one = Run(agency, schema=load_schema(few_keys), folder=tmp_path, exclusions=[])
            report = one.report()
            assert report.search is not None
            report.search.require_none()
            html = page(report).lower()
            assert not [v for v in one.values() if len(v) >= 8 and v.lower() in html]
