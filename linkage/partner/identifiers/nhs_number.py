"""NHS numbers: ten digits whose last is the modulus-11 check digit (NHS data dictionary, NHS NUMBER), checked by python-stdnum."""

from stdnum.exceptions import ValidationError
from stdnum.gb import nhs


def clean(text: str) -> str | None:
    """The ten digits, or None where the check digit does not fit or all digits are the same."""
    try:
        digits: str = nhs.validate(text)
    except ValidationError:
        return None
    return None if len(set(digits)) == 1 else digits


def part(value: str, name: str) -> str | None:
    """`whole`."""
    return value if name == "whole" else None
