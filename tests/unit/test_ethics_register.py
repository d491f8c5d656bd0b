"""The public register's pages: complete, readable without scripts and with a screen reader, and unable to carry anyone else's markup."""

import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from ethics.framework import the_framework
from ethics.register import (
    MENU,
    ApprovedUse,
    LogFacts,
    PartnerStatement,
    PolicyVersion,
    PublishedRelease,
    Refused,
    RegisterFacts,
    Sent,
    YearFacts,
    annual_report,
    protected,
    register_pages,
)

USE = ApprovedUse(
    id="SNA-1",
    title="Strategic needs assessment",
    says=("Analysts may make tables of counts.", "Counts from 1 to 7 are hidden."),
    purposes=("A strategic needs assessment",),
    basis="Police, Crime, Sentencing and Courts Act 2022, section 8",
    gateways=("The same Act, section 16",),
    adopted=("Police", "Councils, children's services"),
    waiting=("Schools",),
    attributes={"C1, coarse demographics": ("age band", "sex"), "C3, a sensitive event": ("exclusion",)},
    approved=date(2026, 11, 2),
    expires=date(2027, 10, 31),
    principles=("Transparency",),
    outputs=("release-1",),
)
RELEASE = PublishedRelease(
    id="release-1",
    uses=("SNA-1",),
    purpose="a strategic needs assessment",
    form="a table of counts",
    summary="Help starts earlier.",
    counted=("Everybody whom an agency knows is counted.",),
    partners=("Police", "Schools"),
    attributes={"Police": ("arrested",), "Schools": ("suspended",)},
    released=date(2026, 11, 3),
    until=date(2027, 5, 1),
    entry=17,
)
WITHDRAWN = replace(
    RELEASE, id="release-2", entry=21, withdrawn="an error in the source", attributes={}, until=None, uses=()
)
LOG = LogFacts(
    checkpoint="log/demo\n21\nabc=\n\n— log/demo xyz=\n",
    size=21,
    cosigned=("council/witness", "police/witness"),
    rule="at least 2 of 3 witnesses",
    key="ab" * 32,
    register="trust register of demo, version 3",
    commands=("linkage audit verify audit --root root.json",),
)
FACTS = RegisterFacts(
    partnership="A made-up partnership",
    contact="the secretariat",
    made=datetime(2026, 11, 3, 8, 5, tzinfo=UTC),
    framework=the_framework(),
    uses=(USE,),
    releases=(WITHDRAWN, RELEASE),
    asked="about 20",
    refusals=(Refused("No approved use covers it.", "about 10"), Refused("It is never allowed.", "7 or fewer")),
    stopped=(Refused("The figures could have told something.", "7 or fewer"),),
    policies=(
        PolicyVersion(
            "The framework",
            "framework",
            2,
            "sha256:" + "0" * 64,
            ((date(2026, 11, 2), "Recommended."),),
            ("Clause X-1 is new.",),
        ),
        PolicyVersion("The framework", "framework", 1, "sha256:" + "1" * 64, (), ("It is the first version.",)),
    ),
    partners=(
        PartnerStatement(
            "police", "Police", ("SNA-1",), (Sent(date(2026, 11, 1), 5, date(2026, 11, 9)),), (RELEASE,)
        ),
        PartnerStatement("schools", "Schools", (), (), ()),
    ),
    log=LOG,
)
YEAR = YearFacts(
    partnership=FACTS.partnership,
    contact=FACTS.contact,
    made=FACTS.made,
    year=2026,
    counted={"Requests": {"Requests made": "about 20"}, "Policies": {"Votes": "7"}},
    releases=FACTS.releases,
    refusals=FACTS.refusals,
    stopped=FACTS.stopped,
    log=LOG,
)
EMPTY = replace(FACTS, uses=(), releases=(), refusals=(), stopped=(), policies=(), partners=())
CSS = files("ethics").joinpath("templates", "register_base.html").read_text(encoding="utf-8")
PATHS = (*MENU, "partners/police.html", "partners/schools.html", "annual report")
VOID = {"meta", "br"}


def pages(facts: RegisterFacts = FACTS, year: YearFacts = YEAR) -> dict[str, str]:
    return {**register_pages(facts), "annual report": annual_report(year)}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def every(value: Any) -> set[str]:
    """Every text in the facts, however deep."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*(every(k) | every(v) for k, v in value.items()))
    if isinstance(value, tuple):
        return set().union(*map(every, value), set())
    if is_dataclass(value) and value is not FACTS.framework:
        return set().union(*(every(getattr(value, f.name)) for f in fields(value)))
    return set()


def test_the_register_has_the_pages_of_its_menu_and_one_for_each_partner() -> None:
    assert set(register_pages(FACTS)) == {*MENU, "partners/police.html", "partners/schools.html"}


@pytest.mark.parametrize(
    "said",
    sorted(every(FACTS) | {"3 November 2026, 08:05", "31 October 2027", "2 November 2026", "9 November 2026"}),
)
def test_the_site_says_every_fact(said: str) -> None:
    told = " ".join(read(page).text for page in register_pages(FACTS).values())
    assert re.sub(r"\s+", " ", said) in re.sub(r"\s+", " ", told) or said in {
        "police",
        "schools",
        "framework",
        "a table of counts",
    }


@pytest.mark.parametrize("said", sorted(every(YEAR)))
def test_the_annual_report_says_every_fact(said: str) -> None:
    told = re.sub(r"\s+", " ", read(annual_report(YEAR)).text)
    assert re.sub(r"\s+", " ", said) in told or said.startswith(("linkage audit", "a table of counts"))


def test_every_principle_stands_on_the_first_page() -> None:
    text = read(register_pages(FACTS)["index.html"]).text
    assert all(one.says in text for one in FACTS.framework.principles)


def test_a_partners_page_names_its_own_attributes_alone() -> None:
    text = read(register_pages(FACTS)["partners/police.html"]).text
    assert "arrested" in text
    assert "suspended" not in text


def test_the_same_facts_give_the_same_bytes() -> None:
    assert pages() == pages()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("index.html", "No use is approved"),
        ("releases.html", "Nothing was released yet"),
        ("refusals.html", "No request was refused yet"),
        ("refusals.html", "No release was stopped"),
        ("policies.html", "No policy was put before the board"),
    ],
)
def test_an_empty_register_says_so(path: str, said: str) -> None:
    assert said in read(register_pages(EMPTY)[path]).text
    assert said not in read(register_pages(FACTS)[path]).text


def test_an_empty_year_and_a_partner_without_data_say_so() -> None:
    text = read(annual_report(replace(YEAR, releases=(), refusals=(), stopped=()))).text
    assert "Nothing was released in 2026" in text
    assert "No request was refused in 2026" in text
    schools = read(register_pages(FACTS)["partners/schools.html"]).text
    assert "Nothing was released from the data of Schools" in schools
    assert "its data is used for nothing" in schools


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "none"),
        (1, "7 or fewer"),
        (7, "7 or fewer"),
        (8, "about 10"),
        (12, "about 10"),
        (13, "about 15"),
        (104, "about 105"),
    ],
)
def test_numbers_of_requests_are_protected_like_counts_of_people(count: int, shown: str) -> None:
    assert protected(count) == shown


@pytest.mark.parametrize("path", PATHS)
def test_a_page_needs_no_script_and_loads_nothing(path: str) -> None:
    page = read(pages()[path])
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "link", "img", "form"}
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in page.tags)


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_to_a_page_and_a_place_that_are_there(path: str) -> None:
    site = {name: read(page) for name, page in pages().items()}
    ids = {name: {a["id"] for _, a in page.tags if "id" in a} for name, page in site.items()}
    up = "partners/" if path.startswith("partners/") else ""
    for tag, attributes in site[path].tags:
        if tag == "a":
            target, _, place = str(attributes["href"]).partition("#")
            name = (up + target).replace("partners/../", "") if target else path
            assert name in site
            assert not place or place in ids[name]


HOSTILE = "<script>alert('x')</script>\"'&<b>"


def hostile(value: Any) -> Any:
    """The same facts with markup in the place of every text."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, dict):
        return dict.fromkeys([HOSTILE], hostile(next(iter(value.values()), "")))
    if isinstance(value, tuple):
        return tuple(hostile(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type) and value is not FACTS.framework:
        return type(value)(**{f.name: hostile(getattr(value, f.name)) for f in fields(value)})
    return value


def test_no_value_can_bring_markup() -> None:
    for page in pages(hostile(FACTS), hostile(YEAR)).values():
        assert "<script" not in page
        assert "<b>" not in page
        assert HOSTILE in read(page).text


@pytest.mark.parametrize("path", PATHS)
def test_a_page_can_be_used_with_a_screen_reader_and_a_keyboard(path: str) -> None:
    page = read(pages()[path])
    names = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en-GB"}) in page.tags
    assert (
        names.count("h1")
        == names.count("main")
        == names.count("title")
        == names.count("header")
        == names.count("footer")
        == 1
    )
    assert names.count("nav") == (path != "annual report")
    assert names.count("table") == names.count("caption") == names.count("thead")
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in page.tags if tag == "th")
    levels = [int(tag[1]) for tag in names if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    labelled = {attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes}
    assert labelled <= set(ids)
    first = next(attributes for tag, attributes in page.tags if tag == "a")
    assert (first["class"], first["href"]) == ("skip", "#content")
    assert ("main", {"id": "content"}) in page.tags
    assert sum("aria-current" in attributes for _, attributes in page.tags) == (path in MENU)
    # What scrolls by itself can be reached and scrolled by keyboard, and says what it is.
    scrolls = [a for tag, a in page.tags if tag == "pre" or a.get("class") == "wide"]
    assert all(a.get("tabindex") == "0" and a.get("aria-label") and a.get("role") for a in scrolls)


def test_every_page_has_a_title_of_its_own() -> None:
    titles = [re.findall(r"<title>(.*?)</title>", page)[0] for page in pages().values()]
    assert len(set(titles)) == len(titles)


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
    grounds = set(re.findall(r"background: (#[0-9a-f]{6})", CSS)) - {"#12304a"}
    assert len(marks) >= 3
    assert all(contrast(mark, ground) >= 3 for mark in marks for ground in grounds)


def test_colours_stand_nowhere_but_in_the_sheet() -> None:
    for one in files("ethics").joinpath("templates").iterdir():
        if one.name.startswith("register_") and one.name != "register_base.html":
            assert not re.search(r"#[0-9a-f]{6}\b", one.read_text(encoding="utf-8"))
