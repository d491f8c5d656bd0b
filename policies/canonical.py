"""One byte string for each value, so that a signature or a digest always covers the same thing.

JSON with sorted keys, no spaces, UTF-8 and no floating point: the subset of RFC 8785 in which there is nothing to
choose, because the numbers are integers only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, Final, TypeAlias, cast

from pydantic import BaseModel

from policies.errors import NotCanonical

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"

ADDED: Final[dict[str, Any]] = {"added-later": True}
"""Marks a field that a format got after values of it had been signed, as metadata of a dataclass or `json_schema_extra` of a document. At its default
it is no part of the canonical form, so that what was signed before keeps its digest."""

_ALWAYS: Final = object()
_AS_THEY_ARE: Final = frozenset({str, int, bool})
_WRITER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
)


def plain(value: object) -> Plain:
    """The same value, made of text, integers, lists and mappings only; sets come out sorted.

    Raises:
        NotCanonical: the value holds a floating-point number or a type that has no agreed form.
    """
    if value is None or type(value) in _AS_THEY_ARE:
        return cast(Plain, value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    if isinstance(value, BaseModel):
        return _body(value, _fields_of_model(type(value)))
    if is_dataclass(value) and not isinstance(value, type):
        return _body(value, _fields_of_dataclass(type(value)))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted((plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    raise NotCanonical(
        f"a value of type {type(value).__name__} has no canonical form: write it as text or an integer"
    )


def _body(value: object, names: tuple[tuple[str, object], ...]) -> dict[str, Plain]:
    """The fields by name, but for those that were added later and are as they would be without."""
    found = ((name, getattr(value, name), without) for name, without in names)
    return {name: plain(item) for name, item, without in found if without is _ALWAYS or item != without}


@cache
def _fields_of_model(model: type[BaseModel]) -> tuple[tuple[str, object], ...]:
    return tuple(
        (name, field.default if field.json_schema_extra == ADDED else _ALWAYS)
        for name, field in model.model_fields.items()
    )


@cache
def _fields_of_dataclass(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default if field.metadata == ADDED else _ALWAYS) for field in fields(kind))


def canonical(value: object) -> bytes:
    """The canonical bytes of a policy, request, catalogue or any other value of this package.

    Raises:
        NotCanonical: see `plain`.
    """
    return _WRITER.encode(plain(value)).encode()


def digest(value: object) -> str:
    """`sha256:` and the SHA-256 (FIPS 180-4) of the canonical bytes, in hexadecimal."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()
