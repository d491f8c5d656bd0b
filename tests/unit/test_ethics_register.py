"""The public register: complete, readable without scripts, and unable to carry anyone else's markup."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from ethics import ApprovedUse, PublishedRelease, RefusedRequests, RegisterFacts, register_page, the_framework

USE = ApprovedUse(
    id="SNA-1",
    says="Analysts may make tables of counts for the strategic needs assessment.",
    purpose="Strategic needs assessment",
    basis="Police, Crime, Sentencing and Courts Act 2022, sections 8 and 16",
    partners=("police", "council"),
    attributes={"C1 coarse demographics": ("age band", "sex"), "C3 a sensitive event": ("exclusion",)},
    approved=date(2026, 11, 2),
    expires=date(2027, 10, 31),
    principles=("P1", "P4"),
)
FACTS = RegisterFacts(
    partnership="A made-up partnership",
    made=datetime(2026, 11, 3, 8, 5, tzinfo=UTC),
    framework=the_framework(),
    partners=("police", "council", "health"),
    uses=(USE,),
    releases=(
        PublishedRelease("R-1", "SNA-1", "Exclusions by district", date(2026, 11, 3), 17),
        PublishedRelease(
            "R-2", "SNA-1", "Visits by month", date(2026, 11, 3), 21, withdrawn="an error in the source"
        ),
    ),
    refusals=(RefusedRequests("No clause allows it.", 4), RefusedRequests("It names people.", 2)),
    checkpoint="log/demo\n21\nabc=\n\n— log/demo xyz=\n",
    log_key="ab" * 32,
    witnesses=("police/witness", "council/witness"),
    check_command="linkage audit verify log/",
    contact="the secretariat",
)
CSS = files("ethics").joinpath("templates", "register.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(facts: RegisterFacts = FACTS) -> Reader:
    reader = Reader()
    reader.feed(register_page(facts))
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize(
    "said",
    [
        "SNA-1: Strategic needs assessment",
        "sections 8 and 16",
        "age band, sex",
        "2027-10-31",
        "Exclusions by district",
        "Withdrawn: an error in the source",
        "6 refused, by reason",
        "It names people.",
        "log/demo\n21\nabc=",
        "linkage audit verify log/",
        "police/witness, council/witness",
        "3 November 2026, 08:05",
    ],
)
def test_the_page_says_every_fact(said: str) -> None:
    assert said in read().text


def test_every_principle_stands_on_the_page() -> None:
    text = read().text
    assert all(one.says in text for one in FACTS.framework.principles)


def test_the_same_facts_give_the_same_bytes() -> None:
    assert register_page(FACTS) == register_page(FACTS)


def test_an_empty_register_says_so() -> None:
    text = read(replace(FACTS, uses=(), releases=(), refusals=())).text
    for said in ("No use is approved", "Nothing was released yet", "No request was refused yet"):
        assert said in text


def test_the_page_needs_no_script_and_loads_nothing() -> None:
    page = read()
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "link", "img", "form"}
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert attributes.get("href", "#").startswith("#")  # type: ignore[union-attr]
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in page.tags)


HOSTILE = "<script>alert('x')</script>\"'&<b>"


def test_no_value_can_bring_markup() -> None:
    use = replace(
        USE, id=HOSTILE, says=HOSTILE, basis=HOSTILE, partners=(HOSTILE,), attributes={HOSTILE: (HOSTILE,)}
    )
    hostile = replace(
        FACTS,
        partnership=HOSTILE,
        partners=(HOSTILE,),
        uses=(use,),
        releases=(PublishedRelease(HOSTILE, HOSTILE, HOSTILE, date(2026, 1, 1), 1, HOSTILE),),
        refusals=(RefusedRequests(HOSTILE, 1),),
        checkpoint=HOSTILE,
        log_key=HOSTILE,
        witnesses=(HOSTILE,),
        check_command=HOSTILE,
        contact=HOSTILE,
    )
    page = register_page(hostile)
    assert "<script" not in page
    assert "<b>" not in page
    assert read(hostile).text.count(HOSTILE) >= 14


def test_the_page_can_be_used_with_a_screen_reader() -> None:
    page = read()
    names = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en-GB"}) in page.tags
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert names.count("table") == names.count("caption") == 3
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in page.tags if tag == "th")
    levels = [int(tag[1]) for tag in names if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {attributes["href"] for tag, attributes in page.tags if tag == "a"} == {"#content"}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_formula_gives_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_text_colour_meets_wcag_aa_on_every_background_it_can_stand_on() -> None:
    dark = {"#12304a"}
    grounds = set(re.findall(r"background: (#[0-9a-f]{6})", CSS)) - dark
    inks = set(re.findall(r"[{ ]color: (#[0-9a-f]{6})", CSS)) - {"#ffffff"}
    assert len(grounds) >= 3
    assert len(inks) >= 4
    assert all(contrast(ink, ground) >= 4.5 for ink in inks for ground in grounds)
    assert all(contrast("#ffffff", ground) >= 4.5 for ground in dark)


def test_every_border_and_focus_mark_meets_wcag_aa() -> None:
    marks = set(re.findall(r"(?:border|outline|border-bottom): \dpx solid (#[0-9a-f]{6})", CSS))
    assert len(marks) >= 3
    assert all(contrast(mark, "#ffffff") >= 3 for mark in marks)
