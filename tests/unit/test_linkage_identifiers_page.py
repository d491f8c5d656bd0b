"""docs/identifiers.md names every identifier and part that the schema knows, and its examples are clean."""

import re
from pathlib import Path

from linkage.partner.identifiers import KINDS
from linkage.schema import PARTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "identifiers.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    """The cells of the first table's rows, by identifier."""
    out = {}
    for line in PAGE.split("## ")[0].splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        for identifier in re.findall(r"`(\w+)`", cells[0]):
            out[identifier] = cells
    return out


def test_every_identifier_has_its_row() -> None:
    assert set(rows()) == set(KINDS)


def test_the_row_names_the_parts_and_no_others() -> None:
    for identifier, cells in rows().items():
        named = set(re.findall(r"`([\w-]+)`", cells[4])) or set(
            re.findall(r"`([\w-]+)`", rows()["forename"][4])
        )
        assert named >= PARTS[identifier], identifier
        value = KINDS[identifier].clean(re.findall(r"`([^`]+)`", cells[1])[0])
        assert value is not None
        for part in named:
            assert KINDS[identifier].parts(value, part)


def test_the_examples_of_the_clean_form_are_clean() -> None:
    for identifier, cells in rows().items():
        for example in re.findall(r"`([^`]+)`", cells[1]):
            assert KINDS[identifier].clean(example) == example
