"""Who may import whom, and that the package's names are its own."""

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("keys", "linkage", "policies", "ethics", "service")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    """All modules that the file imports anywhere, by their full names."""
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            out |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return out


def top(names: set[str]) -> set[str]:
    return {n.partition(".")[0] for n in names}


def test_the_contracts_between_the_rooms_are_kept() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


def test_one_module_links_with_splink_and_one_takes_its_charts() -> None:
    """The charts are drawn from a model alone: the module gets no database and no rows."""
    found = [name_of(p) for p in modules() if "splink" in top(imported(p))]
    assert found == ["linkage/central/pairs/linker.py", "linkage/central/report/splink_charts.py"]
    charts = imported(ROOT / "linkage" / "central" / "report" / "splink_charts.py")
    assert top(charts) <= {"splink", "collections", "typing"}
    assert not {
        n
        for n in charts
        if n.startswith(("splink.internals.linker", "splink.internals.duckdb", "splink.DuckDB"))
    }


def test_two_modules_connect_to_duckdb_the_centres_store_and_the_partners_reader() -> None:
    connecting = [
        name_of(p)
        for p in modules()
        for node in ast.walk(ast.parse(p.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute | ast.Name | ast.alias)
        and getattr(node, "attr", getattr(node, "id", getattr(node, "name", ""))) == "connect"
        and "duckdb" in top(imported(p))
    ]
    assert connecting == ["linkage/central/store.py", "linkage/partner/sources/database.py"]
    assert not [name_of(p) for p in modules() if "duckdb.connect" in imported(p)]


@pytest.mark.parametrize("side", ["partner", "central"])
def test_neither_side_of_the_linkage_imports_the_other_nor_the_generator(side: str) -> None:
    other = {"partner": "central", "central": "partner"}[side]
    for path in sorted((ROOT / "linkage" / side).rglob("*.py")):
        names = imported(path)
        assert not [n for n in names if n.startswith((f"linkage.{other}", "linkage.people"))], name_of(path)


def test_the_central_side_imports_nothing_that_makes_tokens_or_reads_files_of_records() -> None:
    for path in sorted((ROOT / "linkage" / "central").rglob("*.py")):
        assert not imported(path) & {"anyascii", "jellyfish", "stdnum", "linkage.partner"}


def test_nothing_reaches_a_network() -> None:
    network = {"socket", "ssl", "urllib", "http", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}
    reaching = {name_of(p): found for p in modules() if (found := top(imported(p)) & network)}
    assert not {n for n in reaching if not n.startswith("service/")}, reaching


def test_nothing_is_unpickled_or_evaluated() -> None:
    banned_modules = {"pickle", "marshal", "shelve", "dill", "joblib"}
    banned_calls = {"eval", "exec", "compile", "__import__"}
    for path in modules():
        assert not top(imported(path)) & banned_modules, name_of(path)
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & banned_calls, name_of(path)


def at_start(path: Path) -> set[str]:
    """What a module imports when it is itself imported, not later inside a function."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize(
    "path", [ROOT / "cli.py", *sorted((ROOT / "service" / "commands").glob("*.py"))], ids=lambda p: p.stem
)
def test_a_command_starts_with_typer_and_the_standard_library_alone(path: Path) -> None:
    others = {n for n in at_start(path) if n != "service.commands" and not n.startswith("service.commands.")}
    assert {n.partition(".")[0] for n in others} <= {"typer", *sys.stdlib_module_names}


@pytest.mark.parametrize(
    ("begins", "waits"),
    [
        ("service.centre.linker", {"pandas", "scipy", "splink", "altair", "duckdb"}),
        ("service.centre.assembler", {"pandas", "splink", "altair", "duckdb"}),
        ("service.officer.submit", {"duckdb", "splink", "altair"}),
        ("service.errors", {"pandas", "scipy", "pyarrow"}),
    ],
)
def test_a_run_begins_without_what_it_may_never_need(begins: str, waits: set[str]) -> None:
    asked = f"import sys, {begins}; print(*sorted(m for m in sys.modules if '.' not in m))"
    run = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert begins.partition(".")[0] in run.stdout.split()
    assert not waits & set(run.stdout.split())


def test_linker_and_assembler_load_no_policy_no_request_nothing_of_the_board_and_no_strongbox() -> None:
    asked = "import sys, service.centre.linker, service.centre.assembler; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {"service.centre.linker", "service.centre.assembler"} <= loaded
    assert not loaded & {
        "policies.document",
        "policies.request",
        "service.dossier",
        "service.custody.strongbox",
    }
    assert {m for m in loaded if m.startswith("ethics.")} == {"ethics.errors"}


def test_the_top_level_names_belong_to_this_distribution_alone() -> None:
    owners = importlib.metadata.packages_distributions()
    ours = {n: set(owners[n]) for n in (*PACKAGES, "cli") if n in owners}
    assert all(who == {"vpp-private-linkage"} for who in ours.values()), ours


def test_the_top_level_names_hide_no_module_of_python() -> None:
    assert not {*PACKAGES, "cli"} & sys.stdlib_module_names
