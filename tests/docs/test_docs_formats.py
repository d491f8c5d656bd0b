"""docs/formats.md says what the code writes: every format's name, file name, exit code, event kind and key of a report."""

import ast
import csv
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ethics.kinds import KINDS
from keys.derive import LABELS
from linkage.partner.tokens.filters import PATTERNS, SPREAD
from linkage.partner.tokens.grams import LONGEST, STREET_KINDS
from linkage.partner.tokens.lanes import MASK_EXACT, MASK_PRESENCE
from linkage.people import make_world
from linkage.schema import MOST_COMPARISONS, MOST_EXACT, default_schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, lanes_of
from policies.decision import Decision, NearMiss
from policies.disclosure import HIDDEN
from policies.disclosure.render import ALL
from policies.disclosure.table import NOT_APPLICABLE
from policies.obligations import Obligations
from policies.reasons import because
from service import errors
from service.analyst.asking import decision_json
from service.centre.evaluate import cost_of_privacy, run

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ROOT / "docs" / "formats.md"
TEXT = FORMATS.read_text(encoding="utf-8")
LANES_SECTION = "Pass file, `linkage-tokens/v2`"
NAME = re.compile(r"(?:[a-z0-9.-]+/)?[a-z][a-z-]*(?:/v|@v?)[0-9]+")
SOURCES = [p for package in ("keys", "linkage", "policies", "ethics", "service") for p in sorted((ROOT / package).rglob("*.py"))] + [ROOT / "cli.py"]  # fmt: skip


def constants() -> Iterator[tuple[str, str]]:
    """Every constant text that a module of the product names at its top, with that name."""
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            target = node.target if isinstance(node, ast.AnnAssign) else None
            target = node.targets[0] if isinstance(node, ast.Assign) else target
            value = getattr(node, "value", None)
            if (
                isinstance(target, ast.Name)
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str)
            ):
                yield target.id, value.value


def texts() -> Iterator[str]:
    """Every text in the product's code."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def section(title: str) -> str:
    """What stands under a heading, up to the next one."""
    parts = re.split(r"^#+ (.+)$", TEXT, flags=re.MULTILINE)
    return parts[parts.index(title) + 1]


def cells(title: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def plain(cell: str) -> str:
    return cell.strip("`")


def test_the_formats_of_the_code_and_of_the_overview_are_the_same() -> None:
    named = {value for name, value in constants() if name.endswith("_FORMAT")}
    literal = {text for text in texts() if NAME.fullmatch(text)}
    assert len(named) >= 15
    assert named <= literal
    assert sorted(plain(row[0]) for row in cells("All names at a glance")) == sorted(literal)


def test_every_format_is_described_beyond_the_overview() -> None:
    rest = TEXT.replace(section("All names at a glance"), "")
    wanted = {plain(row[0]) for row in cells("All names at a glance")}
    assert sorted(name for name in wanted if f"`{name}`" not in rest and f"\n{name}\n" not in rest) == []


def test_no_format_is_mentioned_that_the_code_does_not_have() -> None:
    mentioned = {text for text in re.findall(r"`([^`\n]+)`", TEXT) if NAME.fullmatch(text)}
    assert mentioned <= set(texts())


def test_every_file_name_that_the_code_fixes_is_mentioned() -> None:
    fixed = {v for n, v in constants() if n.endswith(("_FILE", "_NAME")) and "." in v}
    assert {"manifest.note", "project.json", "spine.sealed"} <= fixed
    assert sorted(name for name in fixed if f"`{name}`" not in TEXT) == []


def test_every_exit_code_is_in_the_table_with_its_name() -> None:
    codes = {name: value for name, value in vars(errors).items() if name.isupper() and type(value) is int}
    assert {plain(row[1]): int(row[0]) for row in cells("Exit codes")} == codes


def test_every_error_class_stands_beside_its_exit_code() -> None:
    told = {
        plain(name): int(row[0]) for row in cells("Exit codes") for name in row[3].split(", ") if "`" in name
    }
    assert told == {kind.__name__: code for kind, code in errors.EXIT_CODES}


def test_every_kind_of_event_stands_with_its_details() -> None:
    def names(cell: str) -> frozenset[str]:
        return frozenset(re.findall(r"`([^`]+)`", cell))

    table = {plain(kind): (names(needs), names(may)) for kind, needs, may in cells("Entry, `linkage-event/v1`")}
    assert table == {kind: (one.needs, one.may) for kind, one in KINDS.items()}


def test_the_example_of_a_pass_file_has_the_lanes_of_the_default_schema() -> None:
    schema = default_schema()
    lanes = lanes_of(schema, schema.match_key("names-year"))
    assert f"\n{' '.join(lanes)}\n" in section(LANES_SECTION)


def test_the_numbers_of_a_pass_file_are_those_of_the_code() -> None:
    text = section(LANES_SECTION)
    assert f"{PRESENCE_BITS} bits a comparison" in text
    assert f"{EXACT_BITS} bits for each exact comparison" in text
    assert f"{SPREAD:,} · n mod {PATTERNS:,}" in text
    assert f"is {MASK_PRESENCE} + n, for `exact_<n>` {MASK_EXACT} + n" in text
    assert [int(n) for n in re.findall(r"first ([0-9]+) characters", text)] == [
        LONGEST[kind] for kind in ("name", "email", "address")
    ]
    kinds = re.search(r"Kinds of street: ([^.]*)\.", text)
    assert kinds is not None
    assert re.findall("`([A-Z]+)`", kinds[1]) == list(STREET_KINDS)
    numbers = re.search(r"At most ([0-9]+) comparisons, of which at most ([0-9]+)", TEXT)
    assert numbers is not None
    assert tuple(map(int, numbers.groups())) == (MOST_COMPARISONS, MOST_EXACT)


def test_every_label_of_a_derived_key_stands_in_its_table() -> None:
    told = [plain(row[0].split(" ")[0]) for row in cells("Derived keys, `linkage/v1`")]
    assert sorted(told) == sorted(LABELS)


def test_the_signs_of_a_table_are_those_that_the_code_prints() -> None:
    assert [plain(row[0]) for row in cells("Table")] == [HIDDEN, NOT_APPLICABLE, ALL, "no record"]


def test_the_example_of_a_table_adds_up() -> None:
    example = re.search(r"```\n(.+?)```", section("Table"), re.DOTALL)
    assert example is not None
    rows = list(csv.reader(example[1].splitlines()))[1:]
    shown = {(area, suspended): count for area, suspended, count in rows}
    inner = {key: count for key, count in shown.items() if ALL not in key}
    for area, suspended in set(shown) - set(inner):
        part = [c for (a, s), c in inner.items() if area in (a, ALL) and suspended in (s, ALL)]
        numbers = [int(c) for c in part if c != HIDDEN]
        assert shown[area, suspended] == (str(sum(numbers)) if numbers else HIDDEN)


def paths(value: Any, *, above: str = "") -> Iterator[str]:
    for key, inner in value.items():
        yield f"{above}{key}"
        if isinstance(inner, dict) and key not in ("records", "step_peak_mb"):
            yield from paths(inner, above=f"{above}{key}.")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("files")
    world = make_world(people=700, seed=5)
    files = []
    for agency in world.agencies[:2]:
        frame = agency.frame.rename(columns={column: i for i, column in agency.identifiers.items()})
        truth = world.truth[agency.name].reindex(frame[agency.record_id]).astype(str).to_numpy()
        path = folder / f"{agency.name}.csv"
        frame.assign(id=frame[agency.record_id], person=truth).to_csv(path, index=False)
        files.append(path)
    return run(
        files,
        record_id="id",
        truth="person",
        schema=None,
        columns=[],
        dates=None,
        dedupe=False,
        cleartext=False,
        say=lambda _: None,
    )


def test_every_key_of_the_report_of_evaluate_is_explained_and_no_other(report: dict[str, Any]) -> None:
    assert report["truth_pairs"] > 0
    both = {**report, "cleartext": report["private"]}
    found = {*paths(report), "cleartext", "cost_of_privacy"}
    found |= {f"cost_of_privacy.{key}" for key in cost_of_privacy(both)}
    assert [plain(row[0]) for row in cells("`linkage evaluate --json`") if not row[1]] == []
    assert sorted(plain(row[0]) for row in cells("`linkage evaluate --json`")) == sorted(found)
    assert report["private"]["step_peak_mb"].keys() == report["private"]["seconds"].keys()


def test_every_key_of_the_report_of_analyst_check_is_explained() -> None:
    reason = because("nothing-asked")
    decision = Decision(
        allowed=False,
        request="",
        policy="",
        facts="",
        vocabulary="",
        decided_at=datetime(2026, 1, 1, tzinfo=UTC),
        obligations=Obligations(7, 5, 10, 2, 10, 183, frozenset({"no-reid"})),
        reasons=(reason,),
        errors=(reason,),
        nearest=(NearMiss("A-1", "a title", (reason,)),),
    )
    found = decision_json(decision)
    told = {
        plain(row[0]): set(re.findall(r"`([^`]+)`", row[1])) for row in cells("`linkage analyst check --json`")
    }
    assert told.keys() == found.keys() | {"advice"}
    assert told["decision"] == {"allow", "deny"}
    assert told["obligations"] == found["obligations"].keys() == {f.name for f in fields(Obligations)}
    assert all(told[name] == found[name][0].keys() for name in ("reasons", "errors", "nearest"))


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_every_link_between_documents_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]*)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert not target or (path.parent / target).is_file(), target


def test_every_document_that_the_code_points_to_is_there() -> None:
    pointed = {p for text in texts() for p in re.findall(r"docs/[A-Za-z0-9/.-]*[A-Za-z0-9]", text)}
    assert "docs/formats.md" in pointed
    assert sorted(p for p in pointed if not list(ROOT.glob(f"{p}*"))) == []


def test_every_module_that_the_documents_name_is_there() -> None:
    for path in sorted((ROOT / "docs").rglob("*.md")):
        named = re.findall(
            r"`((?:keys|linkage|policies|ethics|service)/[a-z_/]+\.(?:py|yaml))`", path.read_text("utf-8")
        )
        assert [n for n in named if not (ROOT / n).is_file()] == []
