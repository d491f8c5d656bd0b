"""Reading YAML documents with errors that point at the place."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ethics.errors import BadDocument

Document = TypeVar("Document", bound=BaseModel)


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key may stand only once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping, if no key repeats."""
        seen: list[object] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} stands here twice", key_node.start_mark
                )
            seen.append(key)
        return super().construct_mapping(node, deep=deep)


def document_digest(document: BaseModel) -> str:
    """`sha256:` and the SHA-256 of the canonical form (JSON, keys sorted, no spaces): of what it says, not of its layout."""
    value = json.dumps(document.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def read_document(path: Path, *, model: type[Document]) -> Document:
    """The document in a YAML file.

    Raises:
        BadDocument: it is missing, no YAML, or has a field that is wrong, missing or unknown; the message names file and field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadDocument(
            f"{path.name}: this file cannot be read: check that it is there and is text"
        ) from fault
    return parse_document(text, model=model, name=path.name)


def parse_document(text: str, *, model: type[Document], name: str) -> Document:
    """The document in a YAML text; `name` stands for it in messages.

    Raises:
        BadDocument: see `read_document`.
    """
    try:
        value = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise BadDocument(f"{name}, {where}: {getattr(fault, 'problem', None) or 'this is no YAML'}") from fault
    if not isinstance(value, dict):
        raise BadDocument(f"{name}: fields with values are expected at the top")
    try:
        return model.model_validate(value)
    except ValidationError as fault:
        lines = [
            f"{'.'.join(str(step) for step in one['loc']) or 'the whole'}: {one['msg'].removeprefix('Value error, ')}"
            for one in fault.errors(include_url=False, include_input=False)
        ]
        raise BadDocument(f"{name}: " + "; ".join(lines)) from fault
