"""Sex as recorded: M or F; anything else is not compared (codes follow the NHS data dictionary's person gender codes)."""

from typing import Final

CODES: Final = {
    "M": "M", "MALE": "M", "1": "M", "MAN": "M", "BOY": "M",
    "F": "F", "FEMALE": "F", "2": "F", "WOMAN": "F", "GIRL": "F",
}  # fmt: skip


def clean(text: str) -> str | None:
    """M or F, or None where neither is meant."""
    return CODES.get(text.strip().upper())


def part(value: str, name: str) -> str | None:
    """`whole`."""
    return value if name == "whole" else None
