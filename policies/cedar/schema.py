"""The Cedar schema: the words of the vocabulary, and what is known of each kind of thing. It does not depend on a document."""

from __future__ import annotations

from collections.abc import Iterable

from policies.cedar.expressions import quoted
from policies.gateways import Gateways
from policies.terms import words


def schema(*, gateways: Gateways) -> str:
    """The schema, in Cedar's own notation. A word that the vocabulary does not have makes a request invalid.

    `gateways` name the pieces of evidence that can be on record.
    """
    needed = sorted({need.name for gateway in gateways.values() for need in gateway.needs})
    evidence = ", ".join(f"{quoted(name)}?: Paper" for name in needed)
    return f"""\
{_enumerated("Purpose", (*words("purpose"), *words("never-purpose")))}
{_enumerated("Form", (*words("form"), *words("never-form")))}
{_enumerated("Role", words("role"))}
{_enumerated("Area", words("area"))}
type Paper = {{text?: String, day?: Long}};
type Evidence = {{{evidence}}};
entity Clause = {{recommended: Bool, assessed_until?: Long}};
entity Partner = {{kind: String, adopted: Set<Clause>, evidence: Evidence}};
entity Requester = {{roles: Set<Role>, organisation: String, kind: String}};
entity Attribute = {{
  class: Long,
  flags: Set<String>,
  subjects: Set<String>,
  gateways: Set<String>,
  values: Set<String>,
  dated: Bool,
  partner?: Partner,
}};
entity Request = {{
  purpose: Purpose,
  form: Form,
  role: Role,
  area: Area,
  organisation: String,
  evidence: Evidence,
  asked_on: Long,
  use_until: Long,
  today: Long,
}};
action release appliesTo {{
  principal: Requester,
  resource: Attribute,
  context: {{asked: Request, values: Set<String>, requested: Bool, shown: Bool, windowed: Bool}},
}};
"""


def _enumerated(kind: str, members: Iterable[str]) -> str:
    return f"entity {kind} enum [{', '.join(quoted(word) for word in members)}];"
