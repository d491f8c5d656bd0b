"""The questions of `linkage partner map`: each says what was found, offers it as the answer, and is put again until the answer serves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from linkage.errors import BadInput
from service.officer.mapping_draft import Draft, read_in

RIGHT: Final = "ok"
DONE: Final = "done"
Say = Callable[[str], None]
Offered = Mapping[str, Sequence[str]]  # attribute -> gateways


class Ask(Protocol):
    """Puts a question to the person; the default is the answer of somebody who only presses Enter. `typer.prompt` is one."""

    def __call__(self, text: str, default: Any = None) -> Any:
        """The answer."""


def asked(draft: Draft, *, ask: Ask, say: Say, catalogue: Mapping[str, Offered] | None) -> Draft:
    """The draft with the person's answers."""
    draft = _changed(draft, ask, say)
    draft = _answered(draft.with_record_id, "Column of record ids", draft.record_id, ask, say)
    for column in draft.date_columns:
        draft = _dated(draft, column, ask, say)
    partner = draft.partner or ask("Your organisation, as the project's trust register names it")
    gateway = draft.gateway or ask("Legal gateway of the tokens, such as PCSC-s16")
    draft = replace(draft, partner=str(partner).strip(), gateway=str(gateway).strip())
    return _with_attributes(draft, ask, say, catalogue)


def _changed(draft: Draft, ask: Ask, say: Say) -> Draft:
    question = "Right? Press Enter, or change one: IDENTIFIER=COLUMN (IDENTIFIER= leaves it out)"
    while (word := str(ask(question, default=RIGHT)).strip()) != RIGHT:
        try:
            draft = draft.set(word)
            say(", ".join(f"{i} from {c}" for i, c in draft.identifiers.items()))
        except BadInput as fault:
            say(str(fault))
    return draft


def _dated(draft: Draft, column: str, ask: Ask, say: Say) -> Draft:
    found = draft.suggestion.dates(column)
    say(f"{column}: {read_in(found)}")
    question = f"In which order does {column} write day, month and year (DMY, MDY or YMD)"
    draft = _answered(
        partial(_order, draft, column), question, draft.date_orders.get(column, found.order), ask, say
    )
    if found.two_digit and column not in draft.pivots:
        question = f"{found.two_digit:,} years in {column} have two digits. The latest year of birth that they can mean, such as that of the export"
        draft = _answered(partial(draft.with_pivot, column), question, None, ask, say)
    return draft


def _order(draft: Draft, column: str, answer: str) -> Draft:
    return draft.with_order(column, answer.upper())


def _with_attributes(draft: Draft, ask: Ask, say: Say, catalogue: Mapping[str, Offered] | None) -> Draft:
    offered = None if catalogue is None else catalogue.get(draft.partner or "", {})
    possible = draft.suggestion.attributes if offered is None else tuple(offered)
    say(f"Attributes that could go along: {', '.join(possible) or 'none'}")
    while (
        word := str(ask("Attribute, as NAME=COLUMN=GATEWAY; Enter when done", default=DONE)).strip()
    ) != DONE:
        try:
            draft = draft.with_attribute(word, offered=offered)
        except BadInput as fault:
            say(str(fault))
    return draft


def _answered(take: Callable[[str], Draft], question: str, default: str | None, ask: Ask, say: Say) -> Draft:
    """The draft with an answer that it takes."""
    while True:
        try:
            return take(str(ask(question, default=default)).strip())
        except BadInput as fault:
            say(str(fault))
