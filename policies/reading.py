"""From YAML text to a checked value, with errors that say the line, the column and the fix.

A strict subset of YAML 1.2: every scalar is text until the field it fills says otherwise (so `no` stays `no`), and
duplicate keys, anchors, aliases and tags are refused, because two readers could understand them differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, Self, TypeAlias, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from policies.errors import DocumentInvalid, Problem
from policies.terms import closest, is_word, words

Path: TypeAlias = tuple[str | int, ...]
Mark: TypeAlias = Any  # the two YAML loaders have a class of marks each: .line and .column, counted from 0
Model = TypeVar("Model", bound=BaseModel)

MAX_CHARACTERS: Final = 1_000_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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


def _word_of(kind: str) -> Callable[[str], str]:
    def check(word: str) -> str:
        if is_word(word, kind=kind):
            return word
        raise PydanticCustomError(
            "vocabulary",
            "“{word}” is not a word for {kind} in this vocabulary.",
            {"word": word[:60], "kind": kind, "fix": closest(word, among=words(kind))},
        )

    return check


Purpose = Annotated[str, AfterValidator(_word_of("purpose"))]
Form = Annotated[str, AfterValidator(_word_of("form"))]
Role = Annotated[str, AfterValidator(_word_of("role"))]
Area = Annotated[str, AfterValidator(_word_of("area"))]
Flag = Annotated[str, AfterValidator(_word_of("flag"))]
Duty = Annotated[str, AfterValidator(_word_of("duty"))]
GatewayId = Annotated[str, AfterValidator(_word_of("gateway"))]
Organisation = Annotated[str, AfterValidator(_word_of("organisation"))]
Principle = Annotated[str, AfterValidator(_word_of("principle"))]
StageWord = Annotated[str, AfterValidator(_word_of("stage"))]
ClassName = Annotated[str, AfterValidator(_word_of("class"))]


def complain(message: str, *, fix: str) -> PydanticCustomError:
    """An error for a validator to raise, which the reader turns into a problem with its line and its fix."""
    return PydanticCustomError("document", "{message}", {"message": message, "fix": fix})


def read(text: str, *, model: type[Model], name: str) -> Model:
    """The document that `text` describes; `name` is what error messages call it.

    Raises:
        DocumentInvalid: with every problem found, each with its line and column.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentInvalid(
            name, (Problem(1, 1, f"It is longer than {MAX_CHARACTERS} characters.", "Shorten it."),)
        )
    try:
        _refuse_references(text, name=name)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = Problem(
            *where, f"This is not YAML: {error.problem}.", "Check the indentation, colons and quotes here."
        )
        raise DocumentInvalid(name, (problem,)) from None
    except (yaml.YAMLError, RecursionError):
        raise DocumentInvalid(
            name, (Problem(1, 1, "This is not YAML.", "Write it as plain text in UTF-8."),)
        ) from None
    if root is None:
        raise DocumentInvalid(name, (Problem(1, 1, "It is empty.", "Write at least one line."),))
    marks: dict[Path, Mark] = {}
    problems: list[Problem] = []
    value = _value(root, (), marks, problems)
    if problems:
        raise DocumentInvalid(name, tuple(problems))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = [_problem(detail, marks, model) for detail in error.errors(include_url=False)]
        raise DocumentInvalid(name, tuple(sorted(found, key=lambda p: (p.line, p.column)))) from None


def _refuse_references(text: str, *, name: str) -> None:
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            fault = _at(
                event.start_mark, "Anchors and aliases (& and *) are not used here.", "Write the value out."
            )
            raise DocumentInvalid(name, (fault,))
        if getattr(event, "tag", None):
            raise DocumentInvalid(
                name, (_at(event.start_mark, "Tags (!) are not used here.", "Remove the tag."),)
            )


def _value(node: yaml.Node, path: Path, marks: dict[Path, Mark], problems: list[Problem]) -> Any:
    marks.setdefault(path, node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), marks, problems) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                problems.append(
                    _at(key.start_mark, "A name before a colon has to be plain text.", "Write one word.")
                )
                continue
            if key.value in result:
                problems.append(
                    _at(key.start_mark, f"“{key.value[:60]}” is written twice.", "Keep one of them.")
                )
            marks[(*path, key.value)] = key.start_mark
            result[key.value] = _value(item, (*path, key.value), marks, problems)
        return result
    return node.value


def _at(mark: Mark | None, message: str, fix: str) -> Problem:
    return Problem(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message, fix)


def _problem(detail: ErrorDetails, marks: dict[Path, Mark], model: type[BaseModel]) -> Problem:
    loc: Path = detail["loc"]
    mark = next(marks[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in marks)
    field = str(loc[-1])[:60] if loc else ""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _at(
            mark,
            f"“{field}” is not a word that belongs here.",
            closest(field, among=tuple(_field_names(model, loc[:-1]))),
        )
    if kind == "missing":
        return _at(mark, f"“{field}” is missing.", f"Add a line “{field}: …”.")
    context = detail.get("ctx", {})
    return _at(
        mark, detail["msg"].rstrip(".") + ".", str(context.get("fix", f"Correct “{field}”." if field else ""))
    )


def _field_names(model: type[BaseModel], path: Path) -> Iterator[str]:
    """The names allowed at one place of a document, found by walking the types of the fields."""
    here: Any = model
    for step in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(step)) or next(
                (f for f in here.model_fields.values() if f.alias == step), None
            )
            here = field.annotation if field else None
        else:
            here = (getattr(here, "__args__", None) or (None,))[-1 if isinstance(step, str) else 0]
        here = (
            next((a for a in getattr(here, "__args__", ()) if a is not type(None)), here)
            if _optional(here)
            else here
        )
    if isinstance(here, type) and issubclass(here, BaseModel):
        yield from (field.alias or name for name, field in here.model_fields.items())


def _optional(annotation: Any) -> bool:
    return type(None) in getattr(annotation, "__args__", ())
