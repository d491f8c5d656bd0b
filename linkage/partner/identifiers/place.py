"""Towns and other places: their words in capital Latin letters; SAINT is written ST, as in the post towns of Royal Mail."""

from collections.abc import Callable, Mapping
from typing import Final

from linkage.partner.identifiers.names import NO_NAME, UNSPOKEN, capitals

NO_PLACE: Final = NO_NAME | {
    "NFA",
    "NOFIXEDABODE",
    "NOFIXEDADDRESS",
    "HOMELESS",
    "ADDRESSUNKNOWN",
    "TOWN",
    "CITY",
}


def clean(text: str) -> str | None:
    """The words of the place, or None where there are none."""
    if text.isascii() and text.isalpha():
        words = [text.upper()]
    else:
        words = ["ST" if w == "SAINT" else w for w in capitals(text).translate(UNSPOKEN).split()]
    joined = "".join(words)
    return (
        None
        if not joined or joined in NO_PLACE or (len(joined) > 2 and len(set(joined)) == 1)
        else " ".join(words)
    )


PLACE_PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": lambda value: (value.replace(" ", ""),),
    "start": lambda value: (value.replace(" ", "")[:3],),
}
