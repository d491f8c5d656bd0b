"""From a fault of validation to a problem that says where in the text it is, what is wrong, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails, PydanticCustomError

from policies.errors import Problem
from policies.terms import closest

Path: TypeAlias = tuple[str | int, ...]
Mark: TypeAlias = Any  # the two YAML loaders have a class of marks each: .line and .column, counted from 0

LIST_FIX: Final = "Write the items between square brackets, or one a line after a hyphen."
LINES_FIX: Final = "Write lines of the form “name: value” under it."
DAY_FIX: Final = "Write it as 2026-12-01."

# What pydantic calls a fault: what we say, and what to do. {field} is the nearest name in the document; the rest is pydantic's context.
SAYINGS: Final[Mapping[str, tuple[str, str]]] = {
    "int_type": ("“{field}” takes a whole number.", "Write digits alone, such as 10."),
    "int_parsing": ("“{field}” takes a whole number.", "Write digits alone, such as 10."),
    "bool_type": ("“{field}” is either true or false.", "Write true or false."),
    "date_type": ("“{field}” takes a day.", DAY_FIX),
    "greater_than_equal": ("“{field}” is at least {ge}.", "Write {ge} or more."),
    "less_than_equal": ("“{field}” is at most {le}.", "Write {le} or less."),
    "literal_error": ("“{field}” takes nothing but {expected}.", "Write {expected}."),
    "string_type": ("“{field}” takes a text.", "Write words after the colon, and nothing under it."),
    "string_too_short": ("“{field}” is empty.", "Write something, or remove the line."),
    "string_too_long": ("“{field}” is longer than {max_length} characters.", "Shorten it."),
    "too_short": ("“{field}” names too few: at least {min_length}.", "Name one more."),
    "tuple_type": ("“{field}” takes a list.", LIST_FIX),
    "list_type": ("“{field}” takes a list.", LIST_FIX),
    "set_type": ("“{field}” takes a list.", LIST_FIX),
    "frozen_set_type": ("“{field}” takes a list.", LIST_FIX),
    "dict_type": ("“{field}” has lines of its own.", LINES_FIX),
    "model_type": ("“{field}” has lines of its own.", LINES_FIX),
    "model_attributes_type": ("“{field}” has lines of its own.", LINES_FIX),
    "union_tag_invalid": ("“{tag}” is not known here.", "Write {expected_tags}."),
}


def complain(message: str, *, fix: str, at: Path = ()) -> PydanticCustomError:
    """An error for a validator to raise, which the reader turns into a problem with its line and its fix.

    `at` leads from the value under validation to the part that is wrong.
    """
    return PydanticCustomError("document", "{message}", {"message": message, "fix": fix, "at": at})


def at_mark(mark: Mark | None, message: str, fix: str) -> Problem:
    """A problem at a mark of the YAML loader; at the beginning where there is none."""
    return Problem(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message, fix)


def problem_of(detail: ErrorDetails, *, marks: Mapping[Path, Mark], model: type[BaseModel]) -> Problem:
    """The problem that one fault of validation amounts to. `marks` says where each part of the document stands."""
    context: Mapping[str, Any] = detail.get("ctx", {})
    loc: Path = (*detail["loc"], *context.get("at", ()))
    place = _place(loc, marks)
    mark, kind = marks.get(place), detail["type"]
    if kind == "extra_forbidden":
        field = str(loc[-1])[:60]
        among = tuple(_field_names(model, place[:-1]))
        return at_mark(mark, f"“{field}” is not a word that belongs here.", closest(field, among=among))
    if kind in {"missing", "union_tag_not_found"}:
        field = str(loc[-1]) if kind == "missing" else str(context["discriminator"]).strip("'")
        return at_mark(mark, f"“{field}” is missing.", f"Add a line “{field}: …”.")
    field = next((str(step)[:60] for step in reversed(place) if isinstance(step, str)), "the document")
    if kind in SAYINGS:
        message, fix = SAYINGS[kind]
        words = {name: str(value)[:200] for name, value in context.items()} | {"field": field}
        return at_mark(mark, message.format_map(words), fix.format_map(words))
    message = re.sub(r"\.?$", ".", detail["msg"], count=1)
    return at_mark(mark, message, str(context.get("fix") or f"Correct “{field}”."))


def _place(loc: Path, marks: Mapping[Path, Mark]) -> Path:
    """As much of a place as the text has. Steps that only pydantic takes, such as the name of a union's member, are left out."""
    place: Path = ()
    for step in loc:
        if (*place, step) in marks:
            place = (*place, step)
    return place


def _field_names(model: type[BaseModel], place: Path) -> Iterator[str]:
    """The names allowed at one place of a document, found by walking the types of the fields."""
    here: tuple[Any, ...] = (model,)
    for step in place:
        here = tuple(inner for one in here for inner in _inside(one, step))
    for one in here:
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield from (field.alias or name for name, field in one.model_fields.items())


def _inside(annotation: Any, step: str | int) -> tuple[Any, ...]:
    """The types that a step into a value of this type leads to."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        found = fields.get(str(step)) or next((f for f in fields.values() if f.alias == step), None)
        return _members(found.annotation) if found else ()
    inner = [one for one in get_args(annotation) if one is not Ellipsis]
    return _members(inner[-1]) if inner else ()


def _members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the one type there is."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(member for one in get_args(annotation) for member in _members(one))
    return (annotation,)
