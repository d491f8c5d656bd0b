"""The public register: what is done with whose data, for what, and what was refused; as data, and as a site of static pages.

The pages are HTML without scripts, to be read on any machine and printed. They are made from facts that the verified log and the signed policies
hold; there is nothing about persons in them, and numbers of requests are shown as small counts of people would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from ethics.framework import Framework

if TYPE_CHECKING:
    from jinja2 import Environment

SMALL: Final = 7
ROUNDED_TO: Final = 5
MENU: Final[Mapping[str, str]] = {
    "index.html": "Approved uses",
    "releases.html": "Releases",
    "refusals.html": "Refused requests",
    "policies.html": "Policies",
    "partners.html": "Partners",
    "log.html": "Check it yourself",
}


@cache
def _pages() -> "Environment":
    """The templates of the pages; loaded by those who write pages, and not by every command."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("ethics", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class ApprovedUse:
    """One use that is approved: its clause in the words that were signed, its purposes, law, partners and end.

    `attributes` lists the attributes' names under the title of their class; `adopted` and `waiting` are partners; `outputs` the releases made for it.
    """

    id: str
    title: str
    says: tuple[str, ...]
    purposes: tuple[str, ...]
    basis: str
    gateways: tuple[str, ...]
    adopted: tuple[str, ...]
    waiting: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    approved: date | None
    expires: date
    principles: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """One release: what was let out, for which use, and its place in the log. `withdrawn` says why, if it was.

    `attributes` are the names by partner; `summary` is what whoever asked wrote of its benefit, where the policy has that published; both are empty
    where the documents of the request are not at hand.
    """

    id: str
    uses: tuple[str, ...]
    purpose: str
    form: str
    summary: str
    counted: tuple[str, ...]
    partners: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    released: date
    until: date | None
    entry: int
    withdrawn: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """How many requests were refused for one reason; the reason is a sentence, the number in protected words."""

    reason: str
    count: str


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a policy: how far it came and when, and what it changed, in sentences."""

    title: str
    policy: str
    version: int
    digest: str
    steps: tuple[tuple[date, str], ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One submission of a partner: when it came in, how many columns of attributes it had, and whether it was taken back."""

    day: date
    attributes: int
    taken_back: date | None


@dataclass(frozen=True, slots=True)
class PartnerStatement:
    """What was released from one partner's data: its releases with the attributes that are its own, what it sent, and what it adopted."""

    id: str
    name: str
    adopted: tuple[str, ...]
    sent: tuple[Sent, ...]
    releases: tuple[PublishedRelease, ...]


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The log as it was verified: the checkpoint's note, size, who has cosigned, by which rule, and how anybody checks it."""

    checkpoint: str
    size: int
    cosigned: tuple[str, ...]
    rule: str
    key: str
    register: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """All that the pages say."""

    partnership: str
    contact: str
    made: datetime
    framework: Framework
    uses: tuple[ApprovedUse, ...]
    releases: tuple[PublishedRelease, ...]
    asked: str
    refusals: tuple[Refused, ...]
    stopped: tuple[Refused, ...]
    policies: tuple[PolicyVersion, ...]
    partners: tuple[PartnerStatement, ...]
    log: LogFacts


@dataclass(frozen=True, slots=True)
class YearFacts:
    """All that an annual report says: of each kind of event in words, how often it happened; and the year's releases and refusals."""

    partnership: str
    contact: str
    made: datetime
    year: int
    counted: Mapping[str, Mapping[str, str]]
    releases: tuple[PublishedRelease, ...]
    refusals: tuple[Refused, ...]
    stopped: tuple[Refused, ...]
    log: LogFacts


def protected(count: int) -> str:
    """A number of requests as the register shows it: small ones by their limit alone, others rounded, like the counts in released tables."""
    if count == 0:
        return "none"
    if count <= SMALL:
        return f"{SMALL} or fewer"
    return f"about {ROUNDED_TO * round(count / ROUNDED_TO)}"


def register_pages(facts: RegisterFacts) -> dict[str, str]:
    """Every page by its path in the site; every value is escaped, and the same facts give the same bytes."""
    pages = {name: _page(f"register_{name}", facts=facts, here=name, up="") for name in MENU}
    for one in facts.partners:
        path = f"partners/{one.id}.html"
        pages[path] = _page("register_partner.html", facts=facts, here=path, up="../", partner=one)
    return pages


def annual_report(facts: YearFacts) -> str:
    """The report of one year as one page that stands on its own."""
    return _pages().get_template("register_year.html").render(facts=facts, menu={}, here="", up="")


def _page(
    template: str, *, facts: RegisterFacts, here: str, up: str, partner: PartnerStatement | None = None
) -> str:
    return _pages().get_template(template).render(facts=facts, menu=MENU, here=here, up=up, partner=partner)
