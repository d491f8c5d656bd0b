"""What leaves, file by file and field by field: what it is, for whom it is sealed, under which gateway."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from linkage.errors import BadSubmission
from linkage.manifest import SealedFile
from linkage.subgroups import SUBGROUPS_KNOWN

Reader = Literal["linker", "assembler", "custodian", "everybody"]


@dataclass(frozen=True, slots=True)
class LeavingFile:
    """One file of the submission: what it holds, who can open it (a role and that party's name), and its bytes; None where it is not made yet."""

    name: str
    holds: str
    reader: Reader
    reader_name: str
    size: int | None


@dataclass(frozen=True, slots=True)
class LeavingField:
    """One column of the partner's file that has a part in what leaves: what it is used as, what becomes of it, and under which gateway; an attribute
    has a class as well."""

    column: str
    used_as: str
    becomes: str
    gateway: str
    attribute_class: str | None


FILES: Final[tuple[tuple[re.Pattern[str], str, Reader], ...]] = (
    (
        re.compile(r"records\.map\.sealed"),
        "a pseudonym for every record, so that people without a match key count too",
        "assembler",
    ),
    (
        re.compile(r"records\.gone\.sealed"),
        "the pseudonyms of records that were deleted or replaced since your last submission",
        "assembler",
    ),
    (
        re.compile(r"(?P<key>.+)\.gone\.sealed"),
        "which rows of {key} no longer hold since your last submission; no tokens",
        "linker",
    ),
    (
        re.compile(r"(?P<key>.+)\.tokens\.sealed"),
        "tokens for the match key {key}: numbers that can be compared within a block and tell no name",
        "linker",
    ),
    (
        re.compile(r"(?P<key>.+)\.map\.sealed"),
        "which row of {key} is which pseudonym; no tokens",
        "assembler",
    ),
    (
        re.compile(r"subgroups\.sealed"),
        "a coarse code of each record, such as one of five ethnic groups, to measure how well linkage serves each group and for nothing else",
        "assembler",
    ),
    (
        re.compile(r"attributes\.parquet"),
        "the attributes, each column sealed with its own key; opened only for an approved request",
        "custodian",
    ),
)
TOKENS: Final = "tokens, never the value"
NOT_READ: Final = "nothing: the project's schema does not read it, so it can be left out of the file"
NO_GATEWAY: Final = "none needed"
NOTE: Final = (
    "your signed statement, readable by whoever carries the files: the number of records rounded to 100, the share of rows that have each identifier,"
    " rates of chance agreement, names of attributes, kinds of subgroup codes and gateways, what you attest about people left out, and in an update how many records are gone, rounded to 10"
)


def leaving_files(
    files: Iterable[SealedFile], *, readers: Mapping[Reader, str], note: SealedFile
) -> tuple[LeavingFile, ...]:
    """Every file of the submission, the signed note last; `readers` has the name of each party that can open something.

    Raises:
        BadSubmission: a file is none that a submission has.
    """
    return (*(_file(f, readers) for f in files), LeavingFile(note.name, NOTE, "everybody", "", note.size))


def _file(one: SealedFile, readers: Mapping[Reader, str]) -> LeavingFile:
    for pattern, holds, reader in FILES:
        if found := pattern.fullmatch(one.name):
            return LeavingFile(one.name, holds.format_map(found.groupdict()), reader, readers[reader], one.size)
    raise BadSubmission(f"{one.name} is no file that a submission has: nothing is known of what it holds")


def leaving_fields(
    *,
    record_id: str,
    identifiers: Mapping[str, str],
    attributes: Mapping[str, str],
    token_gateway: str,
    attribute_gateways: Mapping[str, str],
    classes: Mapping[str, str],
    subgroups: Mapping[str, tuple[str, str]] | None = None,
    unread: Collection[str] = (),
) -> tuple[LeavingField, ...]:
    """Every mapped column: `identifiers` and `attributes` map their names to columns, `classes` has the catalogue's class of each attribute, `subgroups`
    the column and the gateway of each kind; of identifiers that are `unread` under the schema nothing leaves."""
    return (
        LeavingField(record_id, "record id", "a pseudonym that only you can trace back", token_gateway, None),
        *(
            LeavingField(
                column,
                spoken(identifier),
                *((NOT_READ, NO_GATEWAY) if identifier in unread else (TOKENS, token_gateway)),
                None,
            )
            for identifier, column in identifiers.items()
        ),
        *(
            LeavingField(
                column,
                attribute,
                "the value, sealed; opened only for an approved request",
                attribute_gateways[attribute],
                classes.get(attribute),
            )
            for attribute, column in attributes.items()
        ),
        *(
            LeavingField(
                column,
                f"subgroup: {spoken(kind)}",
                f"one of {len(SUBGROUPS_KNOWN[kind])} coarse codes, sealed for the assembler; for linkage quality alone",
                gateway,
                None,
            )
            for kind, (column, gateway) in (subgroups or {}).items()
        ),
    )


SPOKEN: Final[Mapping[str, str]] = {
    "nhs_number": "NHS number",
    "upn": "unique pupil number",
    "pnc_id": "PNC number",
    "uprn": "property number (UPRN)",
    "email": "e-mail address",
}


def spoken(identifier: str) -> str:
    """The identifier's name as people say it."""
    return SPOKEN.get(identifier, identifier.replace("_", " "))
