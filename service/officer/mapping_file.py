"""The mapping file: which column is what, how the file is written, under which gateway it goes, and who must be left out."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from linkage.attestations import LIST_NAME, Listed, Without
from linkage.errors import BadInput
from linkage.partner.normalise import ColumnMapping
from linkage.partner.subgroups import SubgroupColumn
from linkage.subgroups import SUBGROUPS_KNOWN
from service.texts import read_text

MAPPING_FORMAT: Final = "linkage-mapping/v1"
DEFAULT_ENCODING: Final = "utf-8"
LONGEST_LINE: Final = 1 << 20
EARLIEST_PIVOT: Final = 1999
LATEST_PIVOT: Final = 2099

Text = Annotated[str, Field(min_length=1, max_length=200)]
Order = Literal["YMD", "DMY", "MDY"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceOptions(_Strict):
    """How a source is read: of a spreadsheet its sheet, of a database its table, of a CSV its delimiter and encoding."""

    sheet: Text | None = None
    table: Text | None = None
    delimiter: Text | None = None
    encoding: Text | None = None


class ExclusionList(_Strict):
    """A list of people who must not be linked (or, with `keeps`, of those who may), beside the mapping file."""

    name: Annotated[str, Field(pattern=f"^{LIST_NAME.pattern}$")]
    file: Text
    column: Text | None = None
    of: Listed
    checked: date
    keeps: bool = False
    without: Without | None = None


class SubgroupEntry(_Strict):
    """Coarse codes of one kind, for linkage quality alone: the column, what each of its own codes stands for, and the gateway."""

    column: Text
    gateway: Text
    codes: Annotated[dict[Text, Text], Field(min_length=1)]

    @field_validator("codes", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        if isinstance(value, dict) and any(type(word) is not str for pair in value.items() for word in pair):
            raise ValueError(
                "put numbers, and words such as yes, no and on, between quotation marks: YAML takes them for something else"
            )
        return value


class MappingFile(_Strict):
    """The mapping a data officer keeps beside the export. `date_order` is of date columns that `date_orders` does not name; `deduplicated` states that no
    person has two records in the file."""

    mapping: Literal["linkage-mapping/v1"]
    partner: Text
    source: SourceOptions = SourceOptions()
    record_id: Text
    date_order: Order = "YMD"
    date_orders: dict[Text, Order] = Field(default_factory=dict)
    century_pivot: dict[Text, Annotated[int, Field(ge=EARLIEST_PIVOT, le=LATEST_PIVOT)]] = Field(
        default_factory=dict
    )
    encoding: Text = DEFAULT_ENCODING
    identifiers: dict[Text, Text]
    attributes: dict[Text, Text] = Field(default_factory=dict)
    token_gateway: Text
    attribute_gateways: dict[Text, Text] = Field(default_factory=dict)
    exclusions: tuple[ExclusionList, ...] = ()
    deduplicated: bool = False
    subgroups: dict[Text, SubgroupEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _subgroups_are_of_the_closed_lists(self) -> "MappingFile":
        for kind, one in self.subgroups.items():
            if kind not in SUBGROUPS_KNOWN:
                raise ValueError(f"{kind!r} is no kind of subgroup; there are {', '.join(SUBGROUPS_KNOWN)}")
            if other := sorted(set(one.codes.values()) - set(SUBGROUPS_KNOWN[kind])):
                raise ValueError(
                    f"{other[0]!r} is no code of {kind}; there are {', '.join(SUBGROUPS_KNOWN[kind])}"
                )
        return self

    @model_validator(mode="after")
    def _every_attribute_has_a_gateway(self) -> "MappingFile":
        if other := sorted(set(self.attributes) ^ set(self.attribute_gateways)):
            raise ValueError(f"{other[0]} should stand under both attributes and attribute_gateways")
        return self

    @model_validator(mode="after")
    def _one_encoding(self) -> "MappingFile":
        if (
            self.source.encoding
            and "encoding" in self.model_fields_set
            and self.encoding != self.source.encoding
        ):
            raise ValueError("encoding is said twice and differently; keep the one under source")
        return self

    @model_validator(mode="after")
    def _dates_are_of_mapped_columns(self) -> "MappingFile":
        mapped = {self.record_id, *self.identifiers.values(), *self.attributes.values()}
        if other := sorted({*self.date_orders, *self.century_pivot} - mapped):
            raise ValueError(f"{other[0]!r} stands under date_orders or century_pivot and is no mapped column")
        return self

    @model_validator(mode="after")
    def _each_list_once(self) -> "MappingFile":
        names = [e.name for e in self.exclusions]
        if len(set(names)) != len(names):
            raise ValueError("two exclusions have the same name")
        return self

    @property
    def read_as(self) -> SourceOptions:
        """How the source is read, whichever way the encoding is said."""
        return self.source.model_copy(update={"encoding": self.source.encoding or self.encoding})

    @property
    def subgroup_columns(self) -> dict[str, SubgroupColumn]:
        """Kind -> column and table of codes."""
        return {kind: SubgroupColumn(one.column, one.codes) for kind, one in self.subgroups.items()}

    @property
    def subgroup_gateways(self) -> dict[str, str]:
        """Kind -> gateway."""
        return {kind: one.gateway for kind, one in self.subgroups.items()}

    def columns(self) -> ColumnMapping:
        """The mapping as cleaning needs it."""
        return ColumnMapping(
            record_id=self.record_id,
            identifiers=self.identifiers,
            date_order=self.date_order,
            attributes=tuple(
                dict.fromkeys([*self.attributes.values(), *(one.column for one in self.subgroups.values())])
            ),
            date_orders=self.date_orders,
            latest_years=self.century_pivot,
        )


def read_mapping(path: Path) -> MappingFile:
    """The mapping in a YAML file.

    Raises:
        BadInput: it is missing, no YAML, or lacks or has a word it should not.
    """
    return parse_mapping(read_text(path), name=path.name)


def parse_mapping(text: str, *, name: str) -> MappingFile:
    """The mapping in a text; `name` is what messages call it.

    Raises:
        BadInput: as `read_mapping`.
    """
    try:
        return MappingFile.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        at = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{name}{at}: this is no YAML") from fault
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        raise BadInput(f"{name}, {'.'.join(map(str, first['loc'])) or 'top'}: {first['msg']}") from fault


def mapping_text(
    mapping: MappingFile, *, notes: Mapping[str, str], head: str = "", left_out: Mapping[str, str]
) -> str:
    """The mapping as a YAML text for people: `notes` say why an entry is there (by `record_id`, `identifiers.surname`, `date_orders.dob` and so
    on), `left_out` why a column is not. Reading it gives the mapping again."""
    lines = list(_lines(mapping, notes=notes, head=head, left_out=left_out))
    text = "\n".join(lines) + "\n"
    if parse_mapping(text, name="the mapping") != mapping:
        raise BadInput(
            "the mapping cannot be written so that it reads the same; a column has an odd name: rename it in the export"
        )
    return text


def _lines(
    mapping: MappingFile, *, notes: Mapping[str, str], head: str, left_out: Mapping[str, str]
) -> Iterator[str]:
    body = mapping.model_dump(mode="json", exclude_defaults=True)
    body["mapping"] = MAPPING_FORMAT
    order = ("mapping", "partner", "source", "encoding", "record_id", "identifiers", "date_order", "date_orders", "century_pivot", "token_gateway",
             "attributes", "attribute_gateways", "subgroups", "exclusions", "deduplicated")  # fmt: skip
    yield from (f"# {line}" for line in head.splitlines())
    for entry in order:
        if entry not in body:
            continue
        value, note = body[entry], _comment(notes.get(entry))
        if not isinstance(value, dict):
            yield f"{entry}: {_plain(value)}{note}"
            continue
        yield f"{entry}:{note}"
        pairs = {k: f"  {_plain(k)}: {_plain(v)}" for k, v in value.items()}
        wide = max(map(len, pairs.values()), default=0)
        for key, pair in pairs.items():
            why = _comment(notes.get(f"{entry}.{key}"))
            yield f"{pair:{wide if why else 0}}{why}"
    if left_out:
        yield "# Columns that stay behind:"
        yield from (f"#   {' '.join(f'{column}: {why}'.split())}" for column, why in left_out.items())


def _plain(value: object) -> str:
    """The value as YAML on one line."""
    text = _flow(value, style=None)
    return _flow(value, style='"') if "\n" in text else text


def _flow(value: object, *, style: str | None) -> str:
    text: str = yaml.safe_dump(
        value,
        default_flow_style=True,
        default_style=style,
        allow_unicode=True,
        width=LONGEST_LINE,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(note: str | None) -> str:
    return f"   # {' '.join(note.split())}" if note else ""


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
