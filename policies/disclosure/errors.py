"""What disclosure control raises. No message holds a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.errors import PolicyError

if TYPE_CHECKING:
    from policies.disclosure.attack import Finding


class DisclosureError(PolicyError):
    """The base of every error raised by disclosure control."""


class TableInvalid(DisclosureError):
    """A table does not describe what it says it describes."""


class NotPermitted(DisclosureError):
    """The permit does not cover this table."""


class Unsafe(DisclosureError):
    """What would be published tells too much. `findings` is for the output checker and stays inside."""

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = ()) -> None:
        self.findings = findings
        super().__init__(message)
