"""From the text of a file to a policy or a request. Reading the file itself is the caller's."""

from __future__ import annotations

from policies.document import Policy
from policies.reading import read
from policies.request import Request


def load_policy(text: str, *, name: str = "policy") -> Policy:
    """The policy document that the text describes.

    Raises:
        DocumentInvalid: with the line, the column and the fix of every problem.
    """
    return read(text, model=Policy, name=name)


def load_request(text: str, *, name: str = "request") -> Request:
    """The request that the text describes.

    Raises:
        DocumentInvalid: as for `load_policy`.
    """
    return read(text, model=Request, name=name)
