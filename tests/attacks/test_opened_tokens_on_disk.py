"""The database in which tokens are opened reaches nothing outside itself; after a linkage, no disk of the centre holds an opened token."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from linkage.central.link import open_tables
from linkage.central.receive import read_manifests
from linkage.central.store import open_locked
from service.demonstration.cast import NOW
from service.shared import read_project

Words = npt.NDArray[np.uint64]

# What tests/architecture/test_architecture_database.py does not try already.
REFUSED = {
    "reading a file's bytes": "SELECT * FROM read_blob('{file}')",
    "writing what is opened": "COPY opened TO '{folder}/out.csv'",
    "keeping a secret": "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "allowing a folder": "SET allowed_directories = ['{folder}']",
    "allowing a file": "SET allowed_paths = ['{file}']",
    "unlocking everywhere": "SET GLOBAL lock_configuration = false",
    "a log file": "SET log_query_path = '{folder}/log'",
    "where a profile goes": "PRAGMA profiling_output = '{folder}/profile.json'",
    "an extension's folder": "SET extension_directory = '{folder}'",
}


@pytest.fixture
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_locked(memory="200MB") as connection:
        connection.register("opened", pd.DataFrame({"a": [1]}))
        yield connection


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses(opened: duckdb.DuckDBPyConnection, tmp_path: Path, what: str) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(duckdb.Error):
        opened.execute(REFUSED[what].format(file=tmp_path / "rows.csv", folder=tmp_path)).fetchall()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_database_that_nobody_locked_does_most_of_it(tmp_path: Path) -> None:
    """Without this, the refusals above could be faults of the statements."""
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    done = []
    with duckdb.connect() as free:
        free.register("opened", pd.DataFrame({"a": [1]}))
        for what, sql in REFUSED.items():
            try:
                free.execute(sql.format(file=tmp_path / "rows.csv", folder=tmp_path)).fetchall()
                done.append(what)
            except duckdb.Error:
                continue
    assert len(done) >= 6, set(REFUSED) - set(done)


def values_of(demo: Any, keys: int) -> Words:
    """Blocks and words of filters of some passes as the linker opens them, sorted."""
    project = read_project(demo.places.shared)
    inbox = demo.places.linker / "inbox"
    manifests = read_manifests(inbox, trust=project.trust, one=project.one, now=NOW)
    out = []
    for key in project.schema.match_keys[:keys]:
        tables = open_tables(
            key, inbox=inbox, manifests=manifests, schema=project.schema, one=project.one, linker=demo.cast.people["linker/1"],
        )  # fmt: skip
        out += [
            c.view(np.uint64)
            for t in tables.values()
            for n, c in t.columns.items()
            if n != "row_ref" and not n.endswith("_band")
        ]
    return np.unique(np.concatenate(out))


def holds(content: bytes, values: Words) -> bool:
    """Whether one of the values stands anywhere in the bytes, in either order of bytes."""
    for start in range(min(8, max(0, len(content) - 7))):
        words = np.frombuffer(content, dtype="<u8", offset=start, count=(len(content) - start) // 8)
        for some in (words, words.byteswap()):
            place = np.searchsorted(values, some).clip(max=len(values) - 1)
            if (values[place] == some).any():
                return True
    return False


def test_no_opened_token_is_on_any_disk_of_the_demonstrations_centre_nor_in_its_temporary_folder(
    demo: Any,
) -> None:
    values = values_of(demo, 3)
    assert len(values) > 50_000
    a = int(values[len(values) // 2])
    assert holds(b"abc" + a.to_bytes(8, "little") + b"defgh", values)
    assert holds(b"abcd" + a.to_bytes(8, "big") + b"efgh", values)
    places = [demo.places.linker, demo.places.assembler, demo.places.centre, demo.places.shared]
    files = [p for place in places for p in place.rglob("*") if p.is_file()]
    assert {"run.note", "model.json"} <= {p.name for p in files}
    temporary = Path(tempfile.gettempdir())
    files += [p for p in temporary.glob("linkage-*/**/*") if p.is_file()]
    files += [p for p in temporary.glob("duckdb*") if p.is_file()]
    assert [p.name for p in files if holds(p.read_bytes(), values)] == []


def test_what_the_linker_works_with_is_gone_when_it_has_ended_well(demo: Any) -> None:
    assert not (demo.places.linker / "work").exists()
    assert list(demo.places.root.rglob("*.compared.sealed")) == []
    assert list(demo.places.root.rglob(".*.draft")) == []
