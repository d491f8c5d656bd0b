"""How an error of a command is told."""

from collections.abc import Collection
from typing import Any


def told_plainly(told: Any, code: int, *, saying: str, secret: Collection[str] = ()) -> None:
    assert told.code == code, told.err
    assert told.out == ""
    lines = told.err.strip().split("\n")
    assert 1 <= len(lines) <= 8
    assert saying in told.err
    assert "Traceback" not in told.err
    assert not [v for v in secret if v in told.err]
