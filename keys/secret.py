"""Secret bytes that do not print, do not pickle, and compare in constant time."""

import hmac
from typing import NoReturn


class Secret:
    """Holds bytes that leave it only through `expose()`.

    `repr`, `str` and formats show the name alone; `==` takes the same time wherever two secrets differ; whatever copies an object or writes it
    out (pickle, copy, json, `dataclasses.asdict`) gets an error.
    """

    __slots__ = ("_bytes", "name")

    def __init__(self, value: bytes, *, name: str) -> None:
        self._bytes = bytes(value)
        self.name = name

    def expose(self) -> bytes:
        """The bytes themselves, for the one call that needs them."""
        return self._bytes

    def __repr__(self) -> str:
        return f"<Secret {self.name}>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes, other._bytes)

    def __hash__(self) -> int:
        raise TypeError("a secret cannot be a dictionary key")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be copied or pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret has no state to show")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("a secret has no other kinds, which could show what it does not")
