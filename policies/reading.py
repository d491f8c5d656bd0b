"""From YAML text to a checked value, with errors that say the line, the column and the fix.

A strict subset of YAML 1.2: every scalar is text until the field it fills says otherwise (so `no` stays `no`), and
duplicate keys, anchors, aliases and tags are refused, because two readers could understand them differently. For the same
reason a day is written in one way only, a number in digits alone, and a switch as true or false.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Final, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from policies.errors import DocumentInvalid, Problem
from policies.problems import DAY_FIX, Mark, Path, at_mark, complain, problem_of
from policies.terms import VERSION, closest, is_word, term, understood, words

__all__ = [
    "Area",
    "ClassName",
    "Count",
    "Day",
    "Document",
    "Duty",
    "EvidenceName",
    "Flag",
    "Form",
    "GatewayId",
    "Organisation",
    "Period",
    "Principle",
    "Purpose",
    "Role",
    "StageWord",
    "Statement",
    "Subject",
    "Switch",
    "Vocabulary",
    "complain",
    "read",
    "spelt",
]

Model = TypeVar("Model", bound=BaseModel)

MAX_CHARACTERS: Final = 1_000_000
MAX_DEPTH: Final = 40
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_YAML: Final = "Check the indentation, colons and quotes here."
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_OPENING: Final = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class Document(BaseModel):
    """The base of everything that is read from a file: unchangeable, and extra words are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, validate_by_name=True, validate_by_alias=True
    )

    def __copy__(self) -> Self:
        return _forget(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return _forget(super().__deepcopy__(memo))


def _forget(copied: Model) -> Model:
    """Drop cached values such as digests: a copy is made in order to differ."""
    for name in copied.__dict__.keys() - type(copied).model_fields.keys():
        del copied.__dict__[name]
    return copied


def _word_of(kind: str) -> AfterValidator:
    def check(word: str) -> str:
        if is_word(word, kind=kind):
            return word
        never = f"never-{kind}"
        if is_word(word, kind=never):
            said = term(word, kind=never).sentence
            raise complain(f"“{word}” is outside every clause. {said}", fix="Remove it.")
        fix = closest(word, among=words(kind))
        raise complain(f"“{word[:60]}” is not a word for {kind} in this vocabulary.", fix=fix)

    return AfterValidator(check)


Purpose = Annotated[str, _word_of("purpose")]
Form = Annotated[str, _word_of("form")]
Role = Annotated[str, _word_of("role")]
Area = Annotated[str, _word_of("area")]
Flag = Annotated[str, _word_of("flag")]
Subject = Annotated[str, _word_of("subject")]
Statement = Annotated[str, _word_of("statement")]
Duty = Annotated[str, _word_of("duty")]
GatewayId = Annotated[str, _word_of("gateway")]
Organisation = Annotated[str, _word_of("organisation")]
Principle = Annotated[str, _word_of("principle")]
EvidenceName = Annotated[str, _word_of("evidence")]
Period = Annotated[str, _word_of("period")]
StageWord = Annotated[str, _word_of("stage")]
ClassName = Annotated[str, _word_of("class")]


def spelt(pattern: str, *, like: str, most: int = 80) -> AfterValidator:
    """A check that a text is written in a certain way; `like` is an example for whoever wrote it otherwise."""

    def check(text: str) -> str:
        if len(text) <= most and re.fullmatch(pattern, text):
            return text
        raise complain(f"“{text[:60]}” is not written as it has to be.", fix=f"Write it like {like}.")

    return AfterValidator(check)


def _same_vocabulary(name: str) -> str:
    if understood(name):
        return name
    fix = f"Compare its words with {VERSION}, and then name that."
    raise complain(f"It is written in {name[:60]}; this program speaks {VERSION}.", fix=fix)


Vocabulary = Annotated[str, AfterValidator(_same_vocabulary)]


def _one_way(pattern: str, fault: str) -> BeforeValidator:
    """Text has to have this spelling; what is not text is left to pydantic."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch(pattern, value.strip(), re.ASCII):
            return value
        raise PydanticCustomError(fault, "It is written in another way.")

    return BeforeValidator(check)


def _no_hours(value: Any) -> Any:
    if isinstance(value, datetime):
        raise complain("A day has no hours.", fix=DAY_FIX)
    return value


Count = Annotated[int, _one_way(r"[0-9]{1,9}", "int_parsing")]
Switch = Annotated[bool, _one_way(r"true|false", "bool_type")]
Day = Annotated[date, _one_way(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "date_type"), BeforeValidator(_no_hours)]


def read(text: str, *, model: type[Model], name: str) -> Model:
    """The document that `text` describes; `name` is what error messages call it.

    Raises:
        DocumentInvalid: with every problem found, each with its line and column.
    """
    if len(text) > MAX_CHARACTERS:
        problem = Problem(1, 1, f"It is longer than {MAX_CHARACTERS} characters.", "Shorten it.")
        raise DocumentInvalid(name, (problem,))
    root = _tree(text, name=name)
    marks: dict[Path, Mark] = {}
    problems: list[Problem] = []
    value = _value(root, (), marks, problems)
    if problems:
        raise DocumentInvalid(name, tuple(problems))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = {problem_of(d, marks=marks, model=model) for d in error.errors(include_url=False)}
        listed = sorted(found, key=lambda p: (p.line, p.column, p.message))
        raise DocumentInvalid(name, tuple(listed)) from None


def _tree(text: str, *, name: str) -> yaml.Node:
    try:
        if refused := _refused(text):
            raise DocumentInvalid(name, (refused,))
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        found = at_mark(
            error.problem_mark or error.context_mark, f"This is not YAML: {error.problem}.", _NOT_YAML
        )
        raise DocumentInvalid(name, (found,)) from None
    except (yaml.YAMLError, UnicodeError) as error:
        before = _BREAK.split(_read_until(text, error))
        fault = "This is not YAML: a character may not stand here."
        found = Problem(len(before), len(before[-1]) + 1, fault, "Write it as plain text in UTF-8.")
        raise DocumentInvalid(name, (found,)) from None
    if root is None:
        raise DocumentInvalid(name, (Problem(1, 1, "It is empty.", "Write at least one line."),))
    return root


def _read_until(text: str, error: Exception) -> str:
    """The text before the character at which reading stopped; the YAML library in C counts bytes."""
    if isinstance(error, UnicodeEncodeError):
        return text[: error.start]
    stop = getattr(error, "position", 0)
    if _LOADER is yaml.SafeLoader:
        return text[:stop]
    return text.encode()[:stop].decode(errors="ignore")


def _refused(text: str) -> Problem | None:
    """The first thing of YAML that is not used here."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        if depth > MAX_DEPTH:
            return at_mark(
                event.start_mark, f"It is nested deeper than {MAX_DEPTH} levels.", "Take some levels away."
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return at_mark(
                event.start_mark, "Anchors and aliases (& and *) are not used here.", "Write the value out."
            )
        if getattr(event, "tag", None):
            return at_mark(event.start_mark, "Tags (!) are not used here.", "Remove the tag.")
    return None


def _value(node: yaml.Node, path: Path, marks: dict[Path, Mark], problems: list[Problem]) -> Any:
    marks.setdefault(path, node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), marks, problems) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                problems.append(
                    at_mark(key.start_mark, "A name before a colon has to be plain text.", "Write one word.")
                )
                continue
            if key.value in result:
                problems.append(
                    at_mark(key.start_mark, f"“{key.value[:60]}” is written twice.", "Keep one of them.")
                )
            marks[(*path, key.value)] = key.start_mark
            result[key.value] = _value(item, (*path, key.value), marks, problems)
        return result
    return node.value
