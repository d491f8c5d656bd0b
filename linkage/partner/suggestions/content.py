"""What a column's values look like: how many of them are valid for each identifier, counted over a sample. Values stay here; only counts leave."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anyascii import anyascii

from linkage.partner.identifiers import KINDS
from linkage.partner.suggestions.date_orders import DateFinding, look_at_dates
from linkage.partner.suggestions.usual_names import FORENAMES, SURNAMES, TOWNS

MOST_VALUES: Final = 2_000
NAME: Final = re.compile(r"[^\W\d_]+(?:[ '’.\-]+[^\W\d_]+\.?){0,4}")
UK_POSTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][ABD-HJLNP-UW-Z]{2}", re.IGNORECASE)
UK_PHONE: Final = re.compile(r"(?:\+44|0044|\(?0)[\d ()\-]{9,13}")
SEX: Final = re.compile(r"m|f|male|female|man|woman|boy|girl", re.IGNORECASE)
UPRN: Final = re.compile(r"[1-9]\d{0,11}")
STREET: Final = re.compile(
    r"\b(?:road|rd|street|st|avenue|ave?|lane|ln|close|cl|drive|dr|way|court|ct|crescent|cres|gardens|gdns|place|pl|square|sq|terrace|terr?|grove|hill|park"
    r"|row|mews|rise|view|walk|green|parade|house|flat|apartment|farm|cottages?|cottage)\b",
    re.IGNORECASE,
)
LETTERS: Final = re.compile(r"[^A-Z ]+")

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How values speak for an identifier.

    `valid` is what a value of it must be: below the share `refuted` a header that says so is not believed. `proof` is what other identifiers' values
    are not: from the share `proven` on, values say it without a header.
    """

    valid: Test
    valid_words: str
    proof: Test
    proof_words: str
    refuted: float = 0.5
    proven: float = 0.8


@dataclass(frozen=True, slots=True)
class Profile:
    """One column in counts: rows, cells filled, different values, and of the `looked` values that were tested how many are valid and proof."""

    column: str
    rows: int
    filled: int
    distinct: int
    looked: int
    valid: Mapping[str, int]
    proof: Mapping[str, int]
    dates: DateFinding

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows == self.filled == self.distinct

    def valid_share(self, identifier: str) -> float:
        """The share of tested values that are valid for the identifier."""
        return self.valid[identifier] / self.looked if self.looked else 0.0

    def proof_share(self, identifier: str) -> float:
        """The share of tested values that can hardly be of another identifier."""
        return self.proof[identifier] / self.looked if self.looked else 0.0


def _first_word(text: str) -> str:
    plain = LETTERS.sub("", anyascii(text).upper().replace("-", " ").replace("'", ""))
    return plain.split(" ", 1)[0] if plain else ""


def _clean(identifier: str) -> Test:
    return lambda text: KINDS[identifier].clean(text) is not None


def _whole(pattern: re.Pattern[str]) -> Test:
    return lambda text: pattern.fullmatch(text.strip()) is not None


def _usual(names: frozenset[str]) -> Test:
    return lambda text: _first_word(text.strip()) in names


def _town(text: str) -> bool:
    plain = anyascii(text).upper().replace("-", " ").replace(".", "")
    return " ".join(plain.split()) in TOWNS


def _address(text: str) -> bool:
    plain = text.strip()
    return any(c.isalpha() for c in plain) and "@" not in plain and not UK_POSTCODE.fullmatch(plain)


def _street(text: str) -> bool:
    return (
        bool(STREET.search(text)) and _address(text) and (any(c.isdigit() for c in text) or " " in text.strip())
    )


def _same(identifier: str, words: str) -> Evidence:
    return Evidence(_clean(identifier), words, _clean(identifier), words)


_NAME_SHAPE: Final = "have the shape of a name"
EVIDENCE: Final[Mapping[str, Evidence]] = {
    "forename": Evidence(_whole(NAME), _NAME_SHAPE, _usual(FORENAMES), "are usual forenames", 0.6, 0.2),
    "surname": Evidence(_whole(NAME), _NAME_SHAPE, _usual(SURNAMES), "are usual surnames", 0.6, 0.1),
    "sex": Evidence(_clean("sex"), "say male or female", _whole(SEX), "say male or female", 0.3),
    "postcode": Evidence(_clean("postcode"), "are postcodes", _whole(UK_POSTCODE), "are UK postcodes"),
    "address": Evidence(_address, "have an address's shape", _street, "have a street's name", 0.5, 0.5),
    "town": Evidence(_whole(NAME), _NAME_SHAPE, _town, "are British towns", 0.6, 0.7),
    "email": _same("email", "are e-mail addresses"),
    "phone": Evidence(_clean("phone"), "are telephone numbers", _whole(UK_PHONE), "are UK telephone numbers"),
    "nhs_number": _same("nhs_number", "are valid NHS numbers"),
    "upn": _same("upn", "are valid UPNs"),
    "pnc_id": _same("pnc_id", "are valid PNC ids"),
    # Any whole number may be one, so values alone prove nothing.
    "uprn": Evidence(_whole(UPRN), "are numbers of at most 12 digits", _whole(UPRN), "", proven=2.0),
}
BASE: Final[Mapping[str, str]] = {
    "middle_name": "forename",
    "alias_forename": "forename",
    "previous_surname": "surname",
    "alias_surname": "surname",
    "previous_postcode": "postcode",
}


def profile(column: str, values: Sequence[str | None]) -> Profile:
    """The column's profile; empty cells are None."""
    filled = [v for v in values if v is not None]
    step = max(1, -(-len(filled) // MOST_VALUES))
    looked = Counter(filled[::step])
    valid, proof = {}, {}
    for identifier, evidence in EVIDENCE.items():
        valid[identifier] = sum(n for v, n in looked.items() if evidence.valid(v))
        proof[identifier] = sum(n for v, n in looked.items() if evidence.proof(v))
    return Profile(
        column, len(values), len(filled), len(set(filled)), looked.total(), valid, proof, look_at_dates(filled)
    )
