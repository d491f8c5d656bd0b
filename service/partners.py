"""What a data officer does: accept the secret, tokenise and seal, and read the receipt."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from keys import Identity, Secret, TrustRegister
from linkage.errors import BadInput
from linkage.manifest import Round
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.read import read_rows
from linkage.partner.records import QualityReport
from linkage.partner.submission import Recipients, Submission, attribute_table, seal_submission
from linkage.partner.tokenise import Randomness, record_refs, tokenise
from linkage.schema import Schema
from service.texts import read_text

MAPPING_FORMAT: Final = "linkage-mapping/v1"
Text = Annotated[str, Field(min_length=1, max_length=200)]


class MappingFile(BaseModel):
    """The mapping a data officer keeps beside the export: which column is what, and under which gateway it goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mapping: Literal["linkage-mapping/v1"]
    partner: Text
    record_id: Text
    date_order: Literal["YMD", "DMY", "MDY"] = "YMD"
    encoding: Text = "utf-8"
    identifiers: dict[Text, Text]
    attributes: dict[Text, Text] = Field(default_factory=dict)
    token_gateway: Text
    attribute_gateways: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _every_attribute_has_a_gateway(self) -> "MappingFile":
        if other := sorted(set(self.attributes) ^ set(self.attribute_gateways)):
            raise ValueError(f"{other[0]} should stand under both attributes and attribute_gateways")
        return self

    def columns(self) -> ColumnMapping:
        """The mapping as cleaning needs it."""
        return ColumnMapping(self.record_id, self.identifiers, self.date_order, tuple(self.attributes.values()))


def read_mapping(path: Path) -> MappingFile:
    """The mapping in a YAML file.

    Raises:
        BadInput: it is missing, no YAML, or lacks or has a word it should not.
    """
    try:
        return MappingFile.model_validate(yaml.safe_load(read_text(path)))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        at = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{path.name}{at}: this is no YAML") from fault
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        raise BadInput(f"{path.name}, {'.'.join(map(str, first['loc'])) or 'top'}: {first['msg']}") from fault


@dataclass(frozen=True, slots=True)
class Office:
    """A data officer's desk: who signs, which secrets, which round and schema, and for whom to seal."""

    officer: Identity
    secret: Secret
    own: Secret
    one: Round
    schema: Schema
    recipients: Recipients


def recipients_of(trust: TrustRegister, *, at: datetime) -> Recipients:
    """The linker, assembler and custodian that the trust register names."""
    return Recipients(*(trust.only(role, at=at) for role in ("linker", "assembler", "custodian")))


def submit(
    file: Path,
    *,
    mapping: MappingFile,
    office: Office,
    out: Path,
    now: datetime,
    randomness: Randomness = os.urandom,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Submission, QualityReport]:
    """The file as a sealed submission in `out`, and what cleaning found.

    Raises:
        BadInput: the file or the mapping cannot be used; nothing is written.
    """
    rows = read_rows(file, encoding=mapping.encoding)
    clean, quality = normalise(rows, schema=office.schema, mapping=mapping.columns(), file=file.name)
    nothing = not any(f.valid for f in quality.fields.values())
    if empty := [i for i, f in quality.fields.items() if not f.valid and (f.invalid or nothing)]:
        raise BadInput(
            f"{file.name}, column {mapping.identifiers[empty[0]]!r}: no usable value for {empty[0]} in any row; check the mapping"
            " (and the order of dates), or take the column out of it"
        )
    tokens, statistics = tokenise(
        clean,
        schema=office.schema,
        secret=office.secret,
        own=office.own,
        randomness=randomness,
        progress=progress,
    )
    refs = record_refs(clean.record_ids, own=office.own)
    attributes = attribute_table(rows, columns=mapping.attributes, refs=refs) if mapping.attributes else None
    sent = seal_submission(
        tokens,
        statistics,
        refs=refs,
        attributes=attributes,
        attribute_gateways=mapping.attribute_gateways,
        token_gateway=mapping.token_gateway,
        one=office.one,
        secret=office.secret,
        signer=office.officer,
        partner=mapping.partner,
        recipients=office.recipients,
        folder=out,
        now=now,
    )
    return sent, quality


def check_values(file: Path, *, mapping: MappingFile, values: Mapping[str, tuple[str, ...]]) -> None:
    """Nothing, if every attribute is in the catalogue and holds its values alone; `values` are the catalogue's by attribute, none for any.

    Raises:
        BadInput: an attribute is not in the catalogue, or a row has another value; the message names column and row.
    """
    rows = read_rows(file, encoding=mapping.encoding)
    mapping.columns().check(list(rows.columns), file=file.name)
    for attribute, column in mapping.attributes.items():
        if attribute not in values:
            raise BadInput(
                f"{file.name}: {attribute} is not among {mapping.partner}'s attributes in the catalogue"
            )
        texts = rows[column].str.strip()
        other = (texts.notna() & ~texts.isin(list(values[attribute]))).to_numpy()
        if values[attribute] and other.any():
            raise BadInput(
                f"{file.name}, column {column!r}, row {int(other.argmax()) + 2}: not a value of {attribute} ({int(other.sum())} such rows);"
                f" the catalogue has {', '.join(values[attribute])}"
            )


def check(file: Path, *, mapping: MappingFile, schema: Schema) -> QualityReport:
    """What cleaning finds in the file; nothing is tokenised, nothing written.

    Raises:
        BadInput: the file or the mapping cannot be used.
    """
    rows = read_rows(file, encoding=mapping.encoding)
    return normalise(rows, schema=schema, mapping=mapping.columns(), file=file.name)[1]


def as_mapping(
    *, partner: str, record_id: str, date_order: str, identifiers: Mapping[str, str], attributes: Mapping[str, str],
    token_gateway: str, attribute_gateways: Mapping[str, str],
) -> str:  # fmt: skip
    """A mapping file's text."""
    body = {
        "mapping": MAPPING_FORMAT,
        "partner": partner,
        "record_id": record_id,
        "date_order": date_order,
        "identifiers": dict(identifiers),
        "attributes": dict(attributes),
        "token_gateway": token_gateway,
        "attribute_gateways": dict(attribute_gateways),
    }
    MappingFile.model_validate(body)
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True)
