"""One module an identifier: how it is cleaned, when it is valid, which parts of it may stand in a match key, and what else it may be.

Every `clean` takes a text as exported and gives its canonical form, or None where it is no valid value. What is not valid is counted and
not tokenised. Cleaning fails on no text, and what is clean stays as it is. `parts` gives the values of a canonical value's named part:
none, one, or several. `docs/identifiers.md` says the same for data officers.
"""

from collections.abc import Mapping
from typing import Final

from linkage.partner.identifiers import (
    address,
    buildings,
    dates,
    email,
    forename,
    nhs_number,
    phone,
    place,
    pnc_id,
    postcode,
    sex,
    surname,
    upn,
    uprn,
)
from linkage.partner.identifiers.kind import Kind, parts_by, themselves, whole
from linkage.partner.identifiers.names import PARTS, main

_NAME: Final = parts_by(PARTS)
_UNDIVIDED: Final = parts_by({"whole": whole})
_WHOLE: Final = {"whole": themselves}
_BUILDINGS: Final = _WHOLE | {"house": buildings.houses_of, "number": buildings.numbers_of}
_MAILBOXES: Final = _WHOLE | {"local": email.locals_of, "start": email.starts_of}

KINDS: Final[Mapping[str, Kind]] = {
    "forename": Kind(forename.clean, _NAME, forename.alternatives, main),
    "middle_name": Kind(forename.clean, _NAME, main=main),
    "surname": Kind(surname.clean, _NAME, surname.alternatives, main),
    "date_of_birth": Kind(dates.clean, parts_by(dates.DATE_PARTS), parts_many=dates.DATE_PARTS_MANY),
    "sex": Kind(sex.clean, _UNDIVIDED, parts_many=_WHOLE),
    "postcode": Kind(
        postcode.clean,
        parts_by(postcode.POSTCODE_PARTS),
        clean_many=postcode.clean_many,
        parts_many=_WHOLE,
    ),
    "address": Kind(
        address.clean,
        parts_by(address.ADDRESS_PARTS),
        clean_many=address.clean_many,
        parts_many=_BUILDINGS,
    ),
    "town": Kind(place.clean, parts_by(place.PLACE_PARTS)),
    "email": Kind(email.clean, parts_by(email.EMAIL_PARTS), clean_many=email.clean_many, parts_many=_MAILBOXES),
    "phone": Kind(phone.clean, parts_by(phone.PHONE_PARTS), parts_many=_WHOLE),
    "nhs_number": Kind(nhs_number.clean, _UNDIVIDED, clean_many=nhs_number.clean_many, parts_many=_WHOLE),
    "upn": Kind(upn.clean, _UNDIVIDED, parts_many=_WHOLE),
    "pnc_id": Kind(pnc_id.clean, _UNDIVIDED, parts_many=_WHOLE),
    "uprn": Kind(uprn.clean, _UNDIVIDED, parts_many=_WHOLE),
}

__all__ = ["KINDS", "Kind"]
