"""The glossary is in order, and speaks of everything that code and documents name."""

import re
from pathlib import Path

import pytest

from policies.terms import TERMS
from service.demonstration.cast import Randomness, make_cast

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ENTRY = re.compile(r"\*\*([^*]+)\*\*: (\S.*)")
# A word in italics points to its entry; bold text has two stars on either side, and code is no prose.
POINTER = re.compile(r"(?<![*\w])\*([^*\n]+)\*(?!\*)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


def entries() -> list[tuple[str, str]]:
    paragraphs = (DOCS / "GLOSSARY.md").read_text(encoding="utf-8").strip().split("\n\n")[2:]
    found = [ENTRY.fullmatch(p) for p in paragraphs]
    wrong = [p for p, match in zip(paragraphs, found, strict=True) if match is None]
    assert not wrong, f"no entry in one paragraph of the form **term**: sentence: {wrong}"
    return [(match[1], match[2]) for match in found if match]


def terms() -> set[str]:
    return {term for term, _ in entries()}


def singular(words: str) -> set[str]:
    plain = words.lower()
    return {plain, plain.removesuffix("s"), plain.removesuffix("es"), re.sub(r"ies$", "y", plain)}


def test_entries_stand_in_alphabetical_order_and_once_each() -> None:
    names = [term for term, _ in entries()]
    assert len(names) > 90
    assert names == sorted(names, key=str.casefold)
    assert len({n.casefold() for n in names}) == len(names)


@pytest.mark.parametrize(("term", "says"), entries())
def test_an_entry_is_one_sentence_that_does_not_only_repeat_its_term(term: str, says: str) -> None:
    prose = CODE.sub("x", says)
    assert prose[0].isupper()
    assert prose.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", prose)
    assert len(set(re.findall(r"\w+", prose.lower())) - singular(term) - {"a", "an", "the"}) >= 4


@pytest.mark.parametrize(
    "path", [DOCS / "GLOSSARY.md", DOCS / "threat-model.md", *DECISIONS], ids=lambda p: p.name
)
def test_every_word_in_italics_has_an_entry(path: Path) -> None:
    known = {t.lower() for t in terms()}
    prose = CODE.sub("", path.read_text(encoding="utf-8"))
    pointers = set(POINTER.findall(prose))
    assert pointers
    assert sorted(p for p in pointers if not singular(p) & known) == []


def test_every_kind_of_word_of_the_policy_vocabulary_has_an_entry() -> None:
    kinds = {k for k in TERMS if not k.startswith("never-")} - {"class"} | {"attribute class"}
    assert sorted(kinds - terms()) == []


def test_every_role_has_an_entry() -> None:
    cast = make_cast(partners=("police",), board=("board/lay-1",), randomness=Randomness(1))
    roles = {role for entry in cast.entries for role in entry.roles} | set(TERMS["role"])
    named_otherwise = {"desk": "release desk", "key-custodian": "custodian"}
    wanted = {named_otherwise.get(role, role.replace("-", " ")) for role in roles}
    assert sorted(wanted - terms()) == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.name)
def test_a_decision_has_its_number_and_the_three_parts_in_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    assert all(len(part.split()) >= 8 for part in parts)
