"""E-mail addresses in lower case: one @ with something on both sides, and none of the signs that no address holds (RFC 5321, 4.1.2).

A domain that was mistyped, its dot lost, still tells whose address it was. Upper and lower case before the @ are told apart by no
provider in use. Addresses that stand for none (noemail@, none@, test@, an address that is not answered) are no values. Dots and +words
of some providers' addresses stay as they are: whether they matter differs.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.partner.records import image_of_others

SHAPE: Final = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\]+")
BRACKETED: Final = re.compile(r"<([^<>]*)>")
_NO_LOCAL: Final = """
    noemail no.email no-email no_email noemailaddress nomail noaddress none no na nil null unknown notknown notprovided notgiven notavailable
    declined refused test test1 testing tester dummy fake noreply no-reply no.reply donotreply do-not-reply anon anonymous xxx abc asdf
    email name n
"""
NO_LOCAL: Final = frozenset(_NO_LOCAL.split())
_NO_DOMAIN: Final = """
    none none.com none.co.uk noemail noemail.com noemail.co.uk nomail nomail.com no no.com na na.com nil null unknown test test.com email
    localhost
"""
NO_DOMAIN: Final = frozenset(_NO_DOMAIN.split())
START: Final = 4
USUAL: Final = "^[a-z0-9._+-]+@[a-z0-9.-]*[a-z0-9-]$"
UNUSUAL: Final = (
    rf"^(?:{'|'.join(map(re.escape, sorted(NO_LOCAL)))})@|@(?:{'|'.join(map(re.escape, sorted(NO_DOMAIN)))})$"
)


def clean(text: str) -> str | None:
    """The address in lower case, or None where it is none."""
    plain = text.strip().lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", plain).lower())
    if "<" in plain and (inside := BRACKETED.search(plain)):
        plain = inside[1].strip()
    plain = plain.removeprefix("mailto:").rstrip(".,;")
    if not SHAPE.fullmatch(plain):
        return None
    local, _, domain = plain.partition("@")
    return None if local in NO_LOCAL or domain in NO_DOMAIN else plain


def clean_many(texts: pa.StringArray) -> pa.StringArray:
    """`clean` of every text; most need no more than small letters."""
    plain = pc.ascii_lower(texts)
    usual = pc.and_not(
        pc.match_substring_regex(plain, pattern=USUAL), pc.match_substring_regex(plain, pattern=UNUSUAL)
    )
    return image_of_others(texts, clean, usual=usual, plain=plain)


def _local(value: str) -> str:
    return value.partition("@")[0]


EMAIL_PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": lambda value: (value,),
    "local": lambda value: (_local(value),),
    "start": lambda value: (_local(value)[:START],),
}


def locals_of(values: pa.StringArray) -> pa.StringArray:
    """The part `local` of each address."""
    return pc.list_element(pc.split_pattern(values, "@"), 0)


def domains_of(values: pa.StringArray) -> pa.StringArray:
    """What stands behind the @ of each address."""
    return pc.list_element(pc.split_pattern(values, "@"), 1)


def starts_of(values: pa.StringArray) -> pa.StringArray:
    """The part `start` of each address."""
    return pc.utf8_slice_codeunits(locals_of(values), 0, START)
