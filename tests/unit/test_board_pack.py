"""The board pack: complete, two pages, in plain words, readable for everybody, and the same for the same papers."""

import re
import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from ethics.case import parse_case
from ethics.errors import BadDocument
from ethics.events import Event
from ethics.framework import the_framework
from policies.catalogue_document import load_catalogue
from policies.facts import Facts
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.space import Standing, whole_space
from service.board.pack import Papers, Since, page, since_of
from tests.made_up_board import demo_constitution

P = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_project.py")))
# The formula, and the counting of syllables, that the explanations are held to.
READING = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "test_policies_explain.py")))
LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
FACTS = Facts(CATALOGUE, load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8")))
NOW = datetime(2026, 9, 1, tzinfo=UTC)
SINCE = Since(date(2026, 3, 1), 211, 14, 12, 1, (("no clause", 4), ("patient information rows <b>", 2)))
MOST_YEARS, MOST_WORDS, MOST_IN_A_SENTENCE = 8.0, 1_050, 25


def standing(policy):
    facts = with_paperwork(FACTS, policy=policy, projects=["x"], until=date(2026, 9, 2))
    return Standing(policy, facts, NOW, "x")


def papers(**changes) -> Papers:
    before = changes.pop("before", None)
    old = before or POLICY.model_copy(update={"clauses": ()})
    given = Papers(
        project="vpp-demo",
        policy=POLICY,
        before=before,
        case=parse_case(P.CASE, name="case.yaml"),
        proposer="analyst/vpp-1",
        preview=preview(standing(old), standing(POLICY), space=whole_space(["local-policing-body"])),
        preview_digest="ab" * 32,
        facts=replace(FACTS, dpia={"SNA-1": date(2027, 6, 30), "PLAN-1": date(2026, 8, 1)}),
        constitution=demo_constitution(),
        framework=the_framework(),
        made=NOW.date(),
        until=date(2026, 9, 30),
        since=SINCE,
    )
    return replace(given, **changes)


PAGE = page(papers())
BLOCKS = {"h1", "h2", "h3", "p", "li", "th", "td", "caption"}


class Reader(HTMLParser):
    """The tags in their order, and the text of each block."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.blocks: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)
        if tag in BLOCKS:
            self.blocks.append((tag, ""))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.blocks and not {"style", "title", "code"} & set(self.open):
            tag, text = self.blocks[-1]
            self.blocks[-1] = (tag, f"{text}{data}")

    def said(self, *tags: str) -> list[str]:
        return [" ".join(text.split()) for tag, text in self.blocks if tag in tags and text.strip()]


READ = Reader(PAGE)


@pytest.mark.parametrize(
    "said",
    [
        "Ethical framework of the violence prevention partnership, version 1",
        "Please vote by 30 September 2026.",
        "Please recommend this policy.",
        "analyst/vpp-1 made this proposal. You can ask about it: the secretariat.",
        "for planning services, by areas no finer than local partnership, to an analyst",
        "Neighbours might guess who is meant.",
        "DPIA-2026-01, current until 30 June 2027",
        "DPIA-2026-02, lapsed on 1 August 2026",
        "DPIA-2026-03, not on record",
        "EQIA-2026-01",
        "P1 P2 P3 P4 P6 P8 P9 P10",
        "dry run of at least 14 days",
        "Since 1 March 2026 the log has 211 entries. Requests allowed: 14. Tables released: 12. Tables stopped: 1.",
        "patient information rows <b>",
        "I have no conflict.",
    ],
)
def test_the_page_says_every_fact(said: str) -> None:
    assert said in " ".join(READ.said(*BLOCKS))


def test_the_marks_of_policy_and_preview_stand_on_the_page() -> None:
    assert f"<code>{POLICY.digest}</code>" in PAGE
    assert f"<code>{'ab' * 32}</code>" in PAGE


def test_a_change_of_any_fact_changes_the_page() -> None:
    second = POLICY.model_copy(update={"version": 2})
    others = [
        {"policy": second},
        {"before": second},
        {"proposer": "police/controller"},
        {"preview_digest": "cd" * 32},
        {"facts": FACTS},
        {"made": date(2026, 9, 2)},
        {"until": date(2026, 10, 1)},
        {"since": None},
        {"since": replace(SINCE, refused=())},
        {"case": parse_case(P.CASE.replace("Neighbours might", "People could"), name="case.yaml")},
        {"constitution": demo_constitution().model_copy(update={"dry_run_days": 21})},
    ]
    pages = {PAGE, *(page(papers(**one)) for one in others)}
    assert len(pages) == len(others) + 1
    assert page(papers()) == PAGE


def test_where_nobody_looked_at_the_log_the_page_says_so() -> None:
    assert "So this page does not say." in page(papers(since=None))


def test_what_a_second_version_changes_is_told_and_nothing_else() -> None:
    first = POLICY.model_copy(update={"clauses": POLICY.clauses[1:], "version": 1})
    text = " ".join(Reader(page(papers(before=first))).said("p", "li"))
    assert "Version 1 is in force now." in text
    assert "for a strategic needs assessment or monitoring the strategy" in text
    assert "for an equity audit" not in text


def test_the_events_of_the_log_are_counted_from_a_day_on_and_by_reason() -> None:
    def event(kind: str, days: int, **details) -> Event:
        return Event(kind, at=NOW + timedelta(days=days), by="desk/1", project="x", details=details)

    decided = {"decision_digest": "0" * 64, "policy_digest": "0" * 64}
    events = [
        event("request-refused", -1, request="r-0", reasons="no-clause"),
        event("request-refused", 0, request="r-1", reasons="no-clause,not-adopted"),
        event("request-refused", 1, request="r-2", reasons="no-clause"),
        event("request-allowed", 1, request="r-3", **decided),
        event("release-made", 1, release="l-1", request="r-3", files_digest="0" * 64),
    ]
    found = since_of(events, day=NOW.date())
    assert (found.events, found.allowed, found.released, found.stopped) == (4, 1, 1, 0)
    assert found.refused == (("no clause", 2), ("not adopted", 1))


# Two pages that everybody can read


def test_the_page_is_about_two_pages_long() -> None:
    assert len(" ".join(READ.said(*BLOCKS)).split()) <= MOST_WORDS


def test_the_page_reads_no_harder_than_the_explanations_of_policies() -> None:
    assert READING.MOST_YEARS["clause"] == MOST_YEARS
    assert READING.grade("\n".join(READ.said("p", "li", "caption"))) <= MOST_YEARS


def test_no_sentence_beside_the_preview_is_long() -> None:
    for text in READ.said("p", "caption"):
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            assert len(sentence.split()) <= MOST_IN_A_SENTENCE, sentence


def test_the_page_refers_to_nothing_outside_and_runs_nothing() -> None:
    names = {name for tag, attributes in READ.tags for name in attributes}
    assert not names & {"src", "href", "onclick", "onload", "action"}
    assert not {tag for tag, _ in READ.tags} & {"script", "link", "img", "iframe", "object", "form"}
    assert "url(" not in PAGE
    assert "@import" not in PAGE


def test_language_character_set_title_and_one_main_part_are_there() -> None:
    tags = dict(reversed(READ.tags))
    assert tags["html"] == {"lang": "en-GB"}
    assert {"charset": "utf-8"} in [a for tag, a in READ.tags if tag == "meta"]
    assert "<title>Board pack: " in PAGE
    assert [tag for tag, _ in READ.tags].count("main") == 1


def test_headings_go_down_one_step_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _ in READ.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_table_has_a_caption_and_every_header_says_what_it_heads() -> None:
    tables = [tag for tag, _ in READ.tags if tag in ("table", "caption")]
    assert tables == ["table", "caption"] * (len(tables) // 2)
    assert {a.get("scope") for tag, a in READ.tags if tag == "th"} == {"col", "row"}
    for name in re.findall('aria-labelledby="([^"]+)"', PAGE):
        assert f'id="{name}"' in PAGE


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def inks() -> Iterator[str]:
    yield from re.findall(r"(?<!-)color: (#[0-9a-f]{6})", PAGE)


def test_every_ink_stands_out_from_every_ground_by_four_and_a_half_to_one() -> None:
    grounds = set(re.findall(r"background: (#[0-9a-f]{6})", PAGE))
    assert len(grounds) >= 3
    for ink in set(inks()):
        for ground in grounds:
            light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


# The case


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("asks: Please", "asks: please", "asks: plain sentences"),
        ("benefit: Partners", "benefit: 'Partners", "case.yaml, line"),
        ("    care: Counts from 1 to 7 are hidden. Areas are large.\n", "", r"risks\.0\.care"),
        ("contact: the secretariat\n", "contact: the secretariat\nscore: 7\n", "score"),
        ("linkage-case/v1", "linkage-case/v2", "case.yaml: case:"),
        (P.CASE[P.CASE.index("risks:") : P.CASE.index("contact:")], "risks: []\n", "risks: "),
    ],
)
def test_a_case_that_is_incomplete_is_refused_with_the_place(old: str, new: str, says: str) -> None:
    assert old in P.CASE
    with pytest.raises(BadDocument, match=says):
        parse_case(P.CASE.replace(old, new), name="case.yaml")
