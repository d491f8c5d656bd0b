"""`linkage partner map`: looks at a file, suggests which column is what, asks, and writes the mapping file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from linkage.errors import BadInput
from linkage.partner.suggestions.suggest import suggest_mapping
from linkage.partner.suggestions.suggestion import Suggestion
from policies.catalogue_document import load_catalogue
from service.custody.opening import ENVIRONMENT, open_named, with_encoding
from service.evidence import VOUCHED
from service.officer.mapping_draft import Draft, started
from service.officer.mapping_file import MAPPING_FORMAT, MappingFile, SourceOptions, mapping_text
from service.officer.mapping_questions import Ask, Offered, Say, asked
from service.texts import read_text

SURE: Final = {"high": "sure", "medium": "likely", "low": "perhaps"}
WIDEST: Final = 32
ALL: Final = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says already. `sets` are IDENTIFIER=COLUMN, `attributes` NAME=COLUMN=GATEWAY, `date_orders` and `pivots` COLUMN=WORD
    or one word for all columns of dates. `accepted`: suggestions are taken without a question."""

    partner: str | None = None
    gateway: str | None = None
    record_id: str | None = None
    sets: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    date_orders: tuple[str, ...] = ()
    pivots: tuple[str, ...] = ()
    accepted: bool = False


def run(
    file: Path,
    *,
    out: Path | None,
    given: Given,
    options: SourceOptions,
    ask: Ask | None,
    say: Say,
    environment: Mapping[str, str],
    shared: Path | None = None,
) -> str:
    """The mapping file is written, and this says so; with neither `ask` nor `given.accepted` nothing is written. `shared` is the project's shared
    folder: its catalogue then says which attributes there are.

    Raises:
        BadInput: the file cannot be read, the mapping file is there already, or an answer of the command line is wrong or lacking.
    """
    target = out or _beside(file)
    if target.exists():
        raise BadInput(f"{target.name} is there already: look at it, then remove it or name another with --out")
    catalogue = None if shared is None else _catalogue(shared)
    options = with_encoding(file, options=options)
    with open_named(file, options=options, environment=environment) as source:
        suggestion = suggest_mapping(source)
    say(table(suggestion))
    draft = _with_given(started(suggestion), given, catalogue)
    if given.accepted:
        draft = draft if catalogue is None or given.attributes else _with_offered(draft, catalogue)
    elif ask is not None:
        draft = asked(draft, ask=ask, say=say, catalogue=catalogue)
    else:
        return "Nothing is written: answer the questions at a terminal, or take what is suggested with --yes."
    draft = _complete(draft)
    target.write_text(_text(draft, options, file=file), encoding="utf-8")
    return (
        f"wrote {target.name}: {', '.join(draft.identifiers)}; {len(draft.attributes)} attributes."
        f" Read it, then: linkage partner check {file.name} --mapping {target.name}"
    )


def _beside(file: Path) -> Path:
    text = str(file)
    if text.startswith(ENVIRONMENT):
        return Path(f"{text.removeprefix(ENVIRONMENT).lower()}.mapping.yaml")
    return file.with_name(f"{file.stem}.mapping.yaml")


def table(suggestion: Suggestion) -> str:
    """The suggestion for people, a line a column: headers and counts, no values."""
    wide = min(WIDEST, max(len(c.column) for c in suggestion.columns))
    lines = [f"{suggestion.source}: suggested from its headers and the first {suggestion.rows:,} rows"]
    for one in suggestion.columns:
        what = one.identifier or ("-" if one.role == "nothing" else one.role)
        sure = SURE[one.confidence] if one.role != "nothing" else ""
        name = " ".join(one.column.split())
        lines.append(f"  {name:{wide}}  {what:17} {sure:8} {one.reason}".rstrip())
    return "\n".join(lines)


def _catalogue(shared: Path) -> dict[str, Offered]:
    """Partner -> attribute -> gateways, by the catalogue in the shared folder."""
    out: dict[str, dict[str, Sequence[str]]] = {}
    name = VOUCHED["catalogue"]
    for one in load_catalogue(read_text(shared / name), name=name).attributes.values():
        partner, _, attribute = one.id.partition(".")
        out.setdefault(partner, {})[attribute] = one.gateways
    return dict(out)


def _with_given(draft: Draft, given: Given, catalogue: Mapping[str, Offered] | None) -> Draft:
    """The draft with what the command line says."""
    draft = replace(draft, partner=given.partner, gateway=given.gateway)
    for word in given.sets:
        draft = draft.set(word)
    if given.record_id is not None:
        draft = draft.with_record_id(given.record_id)
    for column, word in _by_column(draft, given.date_orders, option="--date-order"):
        draft = draft.with_order(column, word.upper())
    for column, word in _by_column(draft, given.pivots, option="--century-pivot"):
        draft = draft.with_pivot(column, word)
    offered = None if catalogue is None else catalogue.get(given.partner or "", {})
    for word in given.attributes:
        draft = draft.with_attribute(word, offered=offered)
    return draft


def _by_column(draft: Draft, words: Sequence[str], *, option: str) -> list[tuple[str, str]]:
    said = {column: word for column, _, word in (w.rpartition("=") for w in words)}
    if other := sorted(set(said) - {ALL, *draft.date_columns}):
        dates = ", ".join(draft.date_columns) or "none"
        raise BadInput(f"{option}: {other[0]!r} is not mapped as dates of birth; columns that are: {dates}")
    return [(c, said.get(c, said.get(ALL, ""))) for c in draft.date_columns if c in said or ALL in said]


def _with_offered(draft: Draft, catalogue: Mapping[str, Offered]) -> Draft:
    """The draft with every attribute of the partner's catalogue that a column is called after."""
    offered = catalogue.get(draft.partner or "", {})
    taken = {draft.record_id, *draft.identifiers.values()}
    for name in offered:
        if name in draft.columns and name not in taken:
            draft = draft.with_attribute(name, offered=offered)
    return draft


def _complete(draft: Draft) -> Draft:
    """The draft with the orders of dates that the values themselves tell.

    Raises:
        BadInput: something is still undecided; the message lists all of it.
    """
    missing = [
        f"{what} ({flag})"
        for what, flag, value in (
            ("your organisation", "--partner", draft.partner),
            ("the legal gateway of the tokens", "--gateway", draft.gateway),
            (
                "the column of record ids; none has a value of its own in every row",
                "--record-id",
                draft.record_id,
            ),
            ("an identifier", "--set IDENTIFIER=COLUMN", draft.identifiers),
        )
        if not value
    ]
    for column in draft.date_columns:
        found = draft.suggestion.dates(column)
        if column not in draft.date_orders and found.order is not None:
            draft = draft.with_order(column, found.order)
        if column not in draft.date_orders:
            missing.append(
                f"the order of day, month and year in {column}: its dates read in {_orders(found.possible)} (--date-order {column}=DMY)"
            )
        if found.two_digit and column not in draft.pivots:
            missing.append(
                f"the latest year of birth in {column}, which has years in two digits (--century-pivot {column}=YEAR)"
            )
    if missing:
        raise BadInput(f"{draft.suggestion.source}: still to be said: {'; '.join(missing)}")
    return draft


def _orders(possible: Sequence[str]) -> str:
    return " or ".join(possible) if possible else "no one order"


def _text(draft: Draft, options: SourceOptions, *, file: Path) -> str:
    mapping = MappingFile.model_validate(
        {
            "mapping": MAPPING_FORMAT,
            "partner": draft.partner,
            "source": options.model_dump(exclude_none=True),
            "record_id": draft.record_id,
            "identifiers": dict(draft.identifiers),
            "date_orders": {c: o for c, o in draft.date_orders.items() if c in draft.date_columns},
            "century_pivot": {c: y for c, y in draft.pivots.items() if c in draft.date_columns},
            "token_gateway": draft.gateway,
            "attributes": {name: column for name, (column, _) in draft.attributes.items()},
            "attribute_gateways": {name: gateway for name, (_, gateway) in draft.attributes.items()},
        }
    )
    used = {mapping.record_id, *mapping.identifiers.values(), *mapping.attributes.values()}
    head = (
        f"Which column of {file.name} is what: made by `linkage partner map` from the headers and the first {draft.suggestion.rows:,} rows.\n"
        "It stays with you. Change it as you like; `linkage partner check` says whether it serves.\n"
        "People who must not be linked are listed in files beside this one, each with an entry:\n"
        "  exclusions:\n"
        "    - {name: national-data-opt-out, file: optouts.csv, column: nhs_number, of: nhs_number, checked: 2026-11-20}\n"
        "Coarse codes by which linkage rates can be told apart by group of people, for linkage quality alone, go only if you say so:\n"
        "  subgroups:\n"
        "    sex: {column: gender, gateway: PCSC-s16, codes: {F: female, M: male, X: unknown}}"
    )
    left_out = {c.column: c.reason for c in draft.suggestion.columns if c.column not in used}
    return mapping_text(mapping, notes=draft.notes, head=head, left_out=left_out)
