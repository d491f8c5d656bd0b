"""Which column is which identifier, by its header; and in which order a column writes its dates."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from linkage.partner.identifiers.dates import ORDERS, SPLIT, clean_in_order

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "forename": ("forename", "forenames", "firstname", "givenname", "first", "given"),
    "middle_name": ("middlename", "middlenames", "middle", "secondforename"),
    "surname": ("surname", "lastname", "familyname", "last", "family"),
    "previous_surname": ("previoussurname", "formersurname", "maidenname", "birthname"),
    "date_of_birth": ("dateofbirth", "dob", "birthdate", "born", "datebirth"),
    "sex": ("sex", "gender"),
    "postcode": ("postcode", "postalcode", "zip", "zipcode"),
    "address": ("address", "addressline1", "address1", "streetaddress", "homeaddress"),
    "town": ("town", "city", "posttown", "towncity"),
    "email": ("email", "emailaddress", "mail"),
    "nhs_number": ("nhsnumber", "nhsno", "nhs"),
}
ENOUGH: Final = 0.8


def suggest(columns: Iterable[str]) -> dict[str, str]:
    """The columns whose headers say which identifier they are; each identifier once, the first column wins."""
    plain = {c: re.sub(r"[^a-z0-9]", "", c.lower()) for c in columns}
    out: dict[str, str] = {}
    for identifier, names in HEADERS.items():
        for name in names:
            found = next((c for c, p in plain.items() if p == name), None)
            if found is not None:
                out[identifier] = found
                break
    return out


def date_order(values: Iterable[str]) -> str | None:
    """The one order of day, month and year in which the column's values are dates, or None where it cannot be told.

    Four digits in front settle year first; otherwise a day above 12 must show which of the two numbers is the day.
    """
    parts = [p for p in (SPLIT.split(v.strip()) for v in values) if len(p) == 3]
    if not parts:
        return None
    if sum(len(p[0]) == 4 for p in parts) >= ENOUGH * len(parts):
        return "YMD"
    fits = {
        o: sum(clean_in_order("-".join(p), o) is not None and _direct(p, o) for p in parts)
        for o in ("DMY", "MDY")
    }
    best, other = sorted(fits, key=lambda o: fits[o], reverse=True)
    return best if fits[best] >= ENOUGH * len(parts) and fits[best] > fits[other] else None


def _direct(parts: list[str], order: str) -> bool:
    """Whether the month stands where the order says, without any exchange."""
    month = parts[ORDERS[order][1]]
    return not month.isdigit() or 1 <= int(month) <= 12
