"""The public register: what is done with whose data, for what, and what was refused; as data, and as one page.

The page is static HTML without scripts, to be read on any machine and printed. It is made from facts that the log and the signed
policies hold; it holds nothing about persons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from ethics.framework import Framework

PAGES: Final = Environment(
    loader=PackageLoader("ethics", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class ApprovedUse:
    """One use that is approved: its clause in the words that were signed, its purpose, law, partners and end.

    `attributes` lists the attributes' names under the title of their class.
    """

    id: str
    says: str
    purpose: str
    basis: str
    partners: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    approved: date
    expires: date
    principles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """One release: what was let out, for which use, and its place in the log. `withdrawn` says why, if it was."""

    id: str
    use: str
    title: str
    released: date
    entry: int
    withdrawn: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRequests:
    """How many requests were refused for one reason; the reason is a sentence, and says where to turn instead."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """All that the page says. `checkpoint` is the log's newest note; `log_key` its public key's fingerprint."""

    partnership: str
    made: datetime
    framework: Framework
    partners: tuple[str, ...]
    uses: tuple[ApprovedUse, ...]
    releases: tuple[PublishedRelease, ...]
    refusals: tuple[RefusedRequests, ...]
    checkpoint: str
    log_key: str
    witnesses: tuple[str, ...]
    check_command: str
    contact: str


def register_page(facts: RegisterFacts) -> str:
    """The register as one HTML page; every value is escaped, and the same facts give the same bytes."""
    refused = sum(one.count for one in facts.refusals)
    return PAGES.get_template("register.html").render(facts=facts, refused=refused)
