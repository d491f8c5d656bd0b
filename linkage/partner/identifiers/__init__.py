"""One module an identifier: how it is cleaned, when it is valid, and which parts of it may stand in a match key.

Every `clean` takes a text as exported and gives its canonical form, or None where it is no valid value. What is not valid is
counted and not tokenised. `part` gives the canonical form's named part, or None where it has none.
"""

from linkage.partner.identifiers import address, dates, email, names, nhs_number, postcode, sex
from linkage.partner.identifiers.kind import Kind

KINDS: dict[str, Kind] = {
    "forename": Kind(names.clean_forename, names.part),
    "middle_name": Kind(names.clean_forename, names.part),
    "surname": Kind(names.clean_surname, names.part),
    "date_of_birth": Kind(dates.clean, dates.part),
    "sex": Kind(sex.clean, sex.part),
    "postcode": Kind(postcode.clean, postcode.part),
    "address": Kind(address.clean, address.part),
    "town": Kind(names.clean_place, names.part),
    "email": Kind(email.clean, email.part),
    "nhs_number": Kind(nhs_number.clean, nhs_number.part),
}

__all__ = ["KINDS", "Kind"]
