"""Police National Computer identifiers, in the long form YYYY/NNNNNNNL.

The check letter is the number made of the year's last two digits and the serial in seven digits, modulo 23, over ZABCDEFGHJKLMNPQRTUVWXY
(criminal justice data standards, Police National Computer Id; the same rule is in the Ministry of Justice's open person record service).
Shown on paper, the century and the serial's leading zeros are left out: 79/163001B is 1979/0163001B. The computer began in 1974 and holds
older files, none before 1950: years 50 to 99 of the short form are of the last century. A CRO number (123456/79B, SF79/123456B) is another
number, of the criminal record's file, and is no PNC identifier.
"""

import re
from typing import Final

SHAPE: Final = re.compile(
    r"(?:([0-9]{2})?([0-9]{2})/([0-9]{1,7})|(?:([0-9]{2})([0-9]{2})([0-9]{7})|([0-9]{2})([0-9]{1,7})))([A-HJ-NP-RT-Z])"
)
ALPHABET: Final = "ZABCDEFGHJKLMNPQRTUVWXY"
FIRST_YEAR_OF_LAST_CENTURY: Final = "50"
GAPS: Final = str.maketrans("\\-", "//", " \t\u00a0")


def clean(text: str) -> str | None:
    """The identifier in the long form, or None where the check letter does not fit, or the serial is zero."""
    found = SHAPE.fullmatch(text.upper().translate(GAPS))
    if not found:
        return None
    century = found[1] or found[4]
    year = found[2] or found[5] or found[7]
    serial = (found[3] or found[6] or found[8]).zfill(7)
    if ALPHABET[int(year + serial) % 23] != found[9] or serial == "0000000":
        return None
    expected = "19" if year >= FIRST_YEAR_OF_LAST_CENTURY else "20"
    return None if century is not None and century != expected else f"{expected}{year}/{serial}{found[9]}"
