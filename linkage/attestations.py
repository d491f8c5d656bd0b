"""What a partner states in its signed manifest about people it left out: which list, checked when, and how many, rounded. Never who."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

Listed = Literal["nhs_number", "record_id"]
Without = Literal["excluded", "kept"]
LIST_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
PLACES: Final = -2


@dataclass(frozen=True, slots=True)
class Attestation:
    """One exclusion list as it was applied before anything was tokenised.

    `name` is the list's; `of` is what it lists. A list that `keeps` names those who may be used, such as the answer of the national data
    opt-out's check; any other names those who may not. `without` says what became of records that have nothing to look up in the list.
    `listed` and `excluded` are rounded to 100. There is no digest of the list: whoever guesses a short list could confirm it by its digest.
    """

    name: str
    of: Listed
    keeps: bool
    without: Without
    checked: date
    listed: int
    excluded: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
        return {
            "name": self.name,
            "of": self.of,
            "keeps": self.keeps,
            "without": self.without,
            "checked": self.checked.isoformat(),
            "listed": self.listed,
            "excluded": self.excluded,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Attestation":
        """The attestation that `to_json` wrote.

        Raises:
            ValueError: a field is missing, one too many, or not of its kind.
        """
        if set(value) != set(cls.__slots__):
            raise ValueError("an attestation has not the fields of one")
        name, of, keeps, without = value["name"], value["of"], value["keeps"], value["without"]
        counts = (value["listed"], value["excluded"])
        if not LIST_NAME.fullmatch(str(name)) or of not in get_args(Listed) or without not in get_args(Without):
            raise ValueError("an attestation says something that no attestation says")
        if type(keeps) is not bool or any(type(n) is not int or n < 0 or n != rounded(n) for n in counts):
            raise ValueError("an attestation's counts are no rounded counts")
        checked = date.fromisoformat(str(value["checked"]))
        if checked.isoformat() != value["checked"]:
            raise ValueError("an attestation's day is not written as YYYY-MM-DD")
        return cls(str(name), of, keeps, without, checked, *counts)

    def says(self) -> str:
        """The attestation as a sentence for people."""
        what = "NHS numbers" if self.of == "nhs_number" else "record ids"
        rule = "Only those on it were kept" if self.keeps else "Those on it were left out"
        if self.of == "nhs_number":
            rule += (
                f"; records without an NHS number were {'left out' if self.without == 'excluded' else 'kept'}"
            )
        return (
            f"List {self.name}, checked on {self.checked.isoformat()}, {_about(self.listed)} {what}. {rule}."
            f" Left out: {_about(self.excluded)} records."
        )


def rounded(count: int) -> int:
    """The count rounded to 100, as the manifest states every count of people."""
    return int(round(count, PLACES))


def _about(count: int) -> str:
    return f"about {count:,}" if count else "at most 50"
