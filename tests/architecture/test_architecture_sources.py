"""What no source file may hold: a clock, an environment, global randomness, an unnamed place for leftovers, an absolute path."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("keys", "linkage", "policies", "ethics", "service")
PURE = ("keys", "linkage", "policies", "ethics")

CLOCKS = {
    *(f"datetime.{n}" for n in ("now", "utcnow", "today", "datetime.now", "datetime.utcnow", "datetime.today", "date.today")),
    *(f"date.{n}" for n in ("today",)),
    *(f"time.{n}" for n in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime", "ctime")),
    *("pd.Timestamp.now", "pd.Timestamp.today", "pandas.Timestamp.now", "np.datetime64.now"),
}  # fmt: skip
ENVIRONMENT = {
    "os.environ",
    "os.getenv",
    "os.getcwd",
    "Path.cwd",
    "Path.home",
    "os.getlogin",
    "socket.gethostname",
}
RANDOM_ALLOWED = {"default_rng", "Generator", "SeedSequence", "BitGenerator", "PCG64"}


def modules(packages: tuple[str, ...] = PACKAGES) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute, or the empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def uses(path: Path) -> set[str]:
    """Every dotted name in the file, and every imported name as `module.name`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    out = {dotted(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            out |= {f"{node.module}.{a.name}" for a in node.names}
        if isinstance(node, ast.Import):
            out |= {a.name for a in node.names}
    return out


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_search_finds_a_clock_where_one_is(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "import time\nfrom datetime import datetime\nx = datetime.now()\ny = time.time()\n", "utf-8"
    )
    assert uses(path) & CLOCKS == {"datetime.now", "time.time"}
    path.write_text("from time import perf_counter\n", "utf-8")
    assert uses(path) & CLOCKS == {"time.perf_counter"}


def test_no_module_outside_service_reads_the_clock() -> None:
    assert {name_of(p): found for p in modules(PURE) if (found := uses(p) & CLOCKS)} == {}


def test_no_module_outside_service_reads_the_environment() -> None:
    assert {name_of(p): found for p in modules(PURE) if (found := uses(p) & ENVIRONMENT)} == {}


def test_no_module_draws_from_global_randomness() -> None:
    found: dict[str, set[str]] = {}
    for path in modules():
        names = uses(path)
        bad = names & {"random", "random.random", "random.Random", "random.choice", "random.shuffle"}
        bad |= names & {"secrets"} if path.relative_to(ROOT).parts[0] != "service" else set()
        bad |= {
            n
            for n in names
            if re.match(r"(np|numpy)\.random\.", n) and n.rpartition(".")[2] not in RANDOM_ALLOWED
        }
        if bad:
            found[name_of(path)] = bad
    assert found == {}


def test_no_module_is_a_place_for_leftovers() -> None:
    assert not [name_of(p) for p in modules() if re.search(r"util|helper|common|misc", p.stem)]


def test_every_module_says_what_it_is() -> None:
    without = [
        name_of(p)
        for p in modules()
        if p.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert without == []


def test_every_package_has_its_init_file() -> None:
    folders = {p.parent for p in modules()}
    assert not [name_of(f) for f in folders if not (f / "__init__.py").is_file()]


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX:", "HACK", "NotImplementedError", "pdb", "breakpoint("])
def test_no_module_is_unfinished(word: str) -> None:
    pattern = re.compile(rf"(?<![A-Za-z]){re.escape(word)}")
    assert not [name_of(p) for p in modules() if pattern.search(p.read_text(encoding="utf-8"))]


def test_no_module_names_a_place_of_one_machine() -> None:
    pattern = re.compile(r"[\"'](/(?:home|tmp|Users|opt|var|srv)/|[A-Z]:\\\\)")
    assert not [name_of(p) for p in modules() if pattern.search(p.read_text(encoding="utf-8"))]


def test_keys_and_linkage_print_and_log_nothing() -> None:
    for path in modules(("keys", "linkage")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {dotted(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        assert not {
            c
            for c in calls
            if c == "print" or c.startswith(("logging.", "logger.", "sys.stdout", "sys.stderr"))
        }


def test_no_bare_except_swallows_a_fault_in_keys_or_linkage() -> None:
    for path in modules(("keys", "linkage")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, name_of(path)
                assert not all(isinstance(s, ast.Pass) for s in node.body), name_of(path)
