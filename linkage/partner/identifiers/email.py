"""E-mail addresses in lower case; what has no single @ with something on both sides is none."""

import re
from typing import Final

SHAPE: Final = re.compile(r"^[^@\s]+@[^@\s]+$")


def clean(text: str) -> str | None:
    """The address in lower case, or None where it is none."""
    plain = text.strip().lower()
    return plain if SHAPE.match(plain) else None


def part(value: str, name: str) -> str | None:
    """`whole`; `local`, what stands before the @; `start`, the first four characters of that."""
    if name == "whole":
        return value
    local = value.partition("@")[0]
    return local if name == "local" else local[:4]
