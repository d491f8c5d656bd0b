"""No function of the product is there for tests alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("keys", "linkage", "policies", "ethics", "service")
CALLERS = (*PRODUCT, "benchmarks")
# Functions that nothing but tests calls by their name, and why they are there all the same.
ALLOWED = {
    "linkage/central/assemble.py:write_spine": "the whole of what the command does in parts, for records that are in memory",
    "linkage/central/pairs/run.py:read_run": "opens one run, where the program reads a chain of them",
    "linkage/tokens.py:read_pass": "opens one pass at once, where the program reads chunk by chunk",
    "linkage/tokens.py:write_pass": "writes one pass at once, where the program writes chunk by chunk",
    "policies/cedar/world.py:entities": "the second engine of decision 0015, which tests and benchmarks ask",
    "policies/cedar/world.py:questions": "the second engine of decision 0015, which tests and benchmarks ask",
    "policies/disclosure/csv_table.py:table_csv": "the table that `read_table` reads, written",
    "policies/five_safes.py:five_safes": "the request in sentences under the five questions, for whoever embeds the engine",
}


def functions(path: Path) -> Iterator[str]:
    """The public functions at the top of a module; commands are called by Typer."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not node.decorator_list:
            yield node.name


def names(path: Path) -> set[str]:
    """All names that a module uses otherwise than inside what bears the name; what a package only hands on is no use."""
    found: set[str] = set()

    def walk(node: ast.AST, inside: frozenset[str]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                walk(child, inside | {child.name})
                continue
            if isinstance(child, ast.Name | ast.Attribute):
                name = child.id if isinstance(child, ast.Name) else child.attr
                found.update({name} - inside)
            elif isinstance(child, ast.ImportFrom) and path.name != "__init__.py":
                found.update(alias.name for alias in child.names)
            walk(child, inside)

    walk(ast.parse(path.read_text("utf-8")), frozenset())
    return found


def test_every_public_function_is_called_by_the_product_or_a_benchmark() -> None:
    used: set[str] = set()
    for path in [ROOT / "cli.py", *(p for one in CALLERS for p in (ROOT / one).rglob("*.py"))]:
        used |= names(path)
    uncalled = {
        f"{path.relative_to(ROOT).as_posix()}:{name}"
        for one in PRODUCT
        for path in (ROOT / one).rglob("*.py")
        for name in functions(path)
        if name not in used
    }
    assert uncalled - ALLOWED.keys() == set(), "have the product use it, or move it to the tests that do"
