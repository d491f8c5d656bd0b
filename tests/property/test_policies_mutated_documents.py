"""Whatever is done to a document, reading it never crashes: it is what it says, or every problem says where and what to do."""

import re
from copy import deepcopy
from importlib.resources import files

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.catalogue_document import load_catalogue
from policies.errors import DocumentInvalid
from policies.facts_document import FactsDocument
from policies.gateways_document import load_gateways
from policies.linter import lint
from policies.load import load_policy, load_request
from policies.reading import read

LIBRARY = files("policies") / "library"
FRAMEWORK, CATALOGUE, GATEWAYS = (
    (LIBRARY / f"{name}.yaml").read_text("utf-8") for name in ("framework", "catalogue", "gateways")
)
REQUEST = """\
format: linkage-request/v1
project: needs-2027
requester: asker
role: analyst
organisation: Partnership
purpose: strategic-needs-assessment
form: aggregate-table
attributes:
  police.area: where
  schools.suspended: who
  schools.excluded_on: when
  police.arrested_on: when
population:
  - {attribute: schools.suspended, op: is, values: [yes]}
  - {attribute: police.arrested_on, op: within-days-after, of: schools.excluded_on, days: 365}
group-by: [police.area]
area: local-partnership
benefit: earlier help
asked-on: 2026-12-01
use-until: 2027-03-01
"""
FACTS = """\
format: linkage-facts/v1
catalogue: catalogue.yaml
gateways: gateways.yaml
recommended: [SNA-1]
adoptions: {police: [SNA-1]}
dpia: {SNA-1: 2027-06-30}
evidence: {nhs: {cag_ref: R-1}}
requesters:
  analyst/1: {roles: [analyst], organisation: vpp, kind: local-policing-body}
"""


def load_facts(text, *, name="facts"):
    return read(text, model=FactsDocument, name=name)


DOCUMENTS = {
    "policy": (load_policy, FRAMEWORK),
    "catalogue": (load_catalogue, CATALOGUE),
    "gateways": (load_gateways, GATEWAYS),
    "request": (load_request, REQUEST),
    "facts": (load_facts, FACTS),
}
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
PIECES = [":", "- ", "[", "]", "{", "}", "'", '"', "#", "&a ", "*a", "!!x ", "|", ">", "\n", "\n  ", "\t", ",", "~", "\x00", "\u2028", "\ud800", "%", "---\n", "99999999999999999999", "-1", "2026-13-45", "true", "null", "é", "?"]  # fmt: skip
VALUES = ["", "x", "-1", "0", "12", "1e9", "2026-12-01", "2026-02-30", "yes", "true", [], ["x"], {}, {"a": "b"}, [[]], "C3", "SNA-1", "police.area", "analyst"]  # fmt: skip

values = st.sampled_from(VALUES)

fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def located(load, text):
    """The document, or None once it is certain that each problem stands in the text and says what to do."""
    problems = ()
    try:
        return load(text)
    except DocumentInvalid as error:
        problems = error.problems
    assert problems
    lines = LINE_BREAK.split(text)
    for problem in problems:
        assert 1 <= problem.line <= len(lines) + 1
        longest = len(lines[problem.line - 1]) if problem.line <= len(lines) else 0
        assert 1 <= problem.column <= longest + 1
        assert problem.message.strip().endswith(".")
        assert problem.fix.strip()
    return None


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_documents_that_are_mutated_can_be_read(kind):
    load, text = DOCUMENTS[kind]
    assert located(load, text) is not None


@fuzz
@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_texts_with_pieces_put_in_taken_out_and_moved(kind, data):
    load, text = DOCUMENTS[kind]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 60)))
        piece = data.draw(st.one_of(st.sampled_from(PIECES), st.just(text[start:end] * 2), st.text(max_size=5)))
        text = text[:start] + piece + text[end:]
    located(load, text)


@fuzz
@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_texts_with_lines_lost_repeated_and_in_another_order(kind, data):
    load, text = DOCUMENTS[kind]
    lines = text.splitlines()
    for _ in range(data.draw(st.integers(1, 5))):
        at, to = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = data.draw(st.sampled_from(["lose", "repeat", "move", "indent"]))
        line = lines[at] if change == "repeat" else lines.pop(at)
        if change != "lose":
            lines.insert(min(to, len(lines)), f"  {line}" if change == "indent" else line)
    located(load, "\n".join(lines) + "\n")


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


@settings(fuzz, max_examples=60)
@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_values_of_another_kind_words_that_do_not_belong_and_fields_that_are_missing(kind, data):
    load, text = DOCUMENTS[kind]
    tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it makes nothing but text
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([p for p in places(tree) if p]))
        parent = tree
        for step in path[:-1]:
            parent = parent[step]
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "remove":
            del parent[path[-1]]
        elif change == "replace":
            parent[path[-1]] = deepcopy(data.draw(values))
        elif isinstance(parent, dict):
            parent[data.draw(st.sampled_from(["extra", "purpose", "", "class", "says"]))] = deepcopy(
                data.draw(values)
            )
        else:
            parent.append(deepcopy(data.draw(values)))
        if not tree:
            break
    found = located(load, yaml.safe_dump(tree, sort_keys=False))
    if kind == "policy" and found is not None:
        lint(found, catalogue=load_catalogue(CATALOGUE), gateways=load_gateways(GATEWAYS))


@fuzz
@given(st.sampled_from(sorted(DOCUMENTS)), st.text(max_size=200))
def test_any_text_at_all(kind, text):
    located(DOCUMENTS[kind][0], text)


@pytest.mark.parametrize("depth", [39, 41, 500, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_texts_that_are_nested_very_deep(depth, opening, closing):
    assert located(load_policy, opening * depth + "x" + closing * depth) is None
