"""Bad twins: clauses that look right and are not, each with what is wrong and what would be right, to learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from policies.catalogue import Catalogue
from policies.errors import DocumentInvalid, PolicyError
from policies.gateways import Gateways
from policies.linter import lint
from policies.load import load_policy

NEVER_READ: Final = "never-allowed"
"""What the linter says of a twin that is refused when it is read, before it could be linted."""

_HEADER: Final = re.compile(
    r"# A bad twin of the clause (?P<of>\S+) of framework\.yaml\. Nobody should use it\.\n"
    r"# Wrong: (?P<wrong>.*?)\n# Instead: (?P<instead>.*?)\n# The linter says: (?P<codes>[a-z, -]+)\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Twin:
    """One bad twin: the clause it resembles, what is wrong, what to do instead, and the codes of the faults it shows."""

    name: str
    of: str
    wrong: str
    instead: str
    codes: tuple[str, ...]
    text: str


def read_twin(text: str, *, name: str) -> Twin:
    """The twin that a file describes; its header says what is wrong.

    Raises:
        PolicyError: it has no such header.
    """
    found = _HEADER.match(text)
    if found is None:
        raise PolicyError(
            f"{name} does not begin with what it is a twin of, what is wrong, and what the linter says"
        )
    wrong, instead = (re.sub(r"\n# ", " ", found[part]) for part in ("wrong", "instead"))
    return Twin(name, found["of"], wrong, instead, tuple(found["codes"].split(", ")), text)


def faults_of(twin: Twin, *, catalogue: Catalogue, gateways: Gateways) -> tuple[tuple[str, str], ...]:
    """What the linter, or the reader before it, says of a twin: code and sentence."""
    try:
        policy = load_policy(twin.text, name=twin.name)
    except DocumentInvalid as error:
        return tuple((NEVER_READ, str(problem)) for problem in error.problems)
    return tuple((f.code, str(f)) for f in lint(policy, catalogue=catalogue, gateways=gateways))
