"""What an update brings is small, and is read at once and compared without threads: with the same result as what is large."""

import hashlib
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from keys import BadSeal, Identity, seal
from linkage.central.pairs import compare as comparing
from linkage.central.pairs import token_files
from linkage.central.pairs.compare import compare
from linkage.central.pairs.levels import lane_levels
from linkage.errors import BadSubmission
from linkage.manifest import Round
from linkage.schema import load_schema
from linkage.tokens import TOKENS_FORMAT, PassTable, lanes_of, pass_types, write_chunks, write_pass

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
KEY = SCHEMA.match_keys[0]
ONE = Round("project", 1, SCHEMA.digest)
ME = Identity.make("linker/1")


def table(seed: int, *, key: str = KEY.name) -> PassTable:
    rng = np.random.default_rng(seed)
    lanes = {
        n: rng.integers(0, 3, 300).astype(np.int8) if n.endswith("_band") else rng.integers(0, 40, 300)
        for n in lanes_of(SCHEMA, SCHEMA.match_key(key))
    }
    return PassTable(key, lanes | {"row_ref": np.arange(300) + 1000 * seed})


def test_few_pairs_are_compared_as_many_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, lanes = {"a": table(1), "b": table(2)}, lane_levels(SCHEMA, KEY, held=SCHEMA.comparisons)
    found = []
    for worth in (0, 1 << 60):
        monkeypatch.setattr(comparing, "WORTH_THREADS", worth)
        found.append(compare(tables, lanes, link_type="link_and_dedupe"))
    assert len(found[0].pairs["pattern"]) > 1000
    assert (found[0].codes == found[1].codes).all()
    assert all((column == found[1].pairs[name]).all() for name, column in found[0].pairs.items())


def read(folder: Path, content: bytes, *, held: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """The rows of the file, of which no more than `held` bytes are held."""
    monkeypatch.setattr(token_files, "HELD", held)
    (folder / f"{KEY.name}.tokens.sealed").write_bytes(content)
    digests = []
    manifest = SimpleNamespace(partner="police", check_digest=lambda _, digest: digests.append(digest))
    tokens = SimpleNamespace(schema=SCHEMA, one=ONE, linker=ME)
    pieces = list(token_files.pieces_of(KEY, SimpleNamespace(folder=folder, manifest=manifest), tokens))
    assert digests == [hashlib.sha256(content).hexdigest()]
    return {n: np.concatenate([piece[n] for piece in pieces]) for n in pieces[0]}


@pytest.mark.parametrize("held", [0, 1 << 20])
def test_a_file_reads_the_same_whether_it_is_held_or_a_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    rows = table(3)
    sealed = seal(
        write_pass(rows, schema=SCHEMA, partner="police"), to=ME.public, context=ONE.context("police", KEY.name)
    )
    found = read(tmp_path, sealed, held=held, monkeypatch=monkeypatch)
    assert all((found[name] == column).all() for name, column in rows.columns.items())
    for altered in (sealed[:-1], sealed[:-9] + bytes([sealed[-9] ^ 1]) + sealed[-8:]):
        with pytest.raises(BadSeal):
            read(tmp_path, altered, held=held, monkeypatch=monkeypatch)


@pytest.mark.parametrize("held", [0, 1 << 20])
@pytest.mark.parametrize(("key", "partner"), [(SCHEMA.match_keys[1].name, "police"), (KEY.name, "schools")])
def test_rows_of_another_place_are_refused_however_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int, key: str, partner: str
) -> None:
    content = write_pass(table(3, key=key), schema=SCHEMA, partner=partner)
    sealed = seal(content, to=ME.public, context=ONE.context("police", KEY.name))
    with pytest.raises(BadSubmission, match="belong elsewhere"):
        read(tmp_path, sealed, held=held, monkeypatch=monkeypatch)


@pytest.mark.parametrize("held", [0, 1 << 20])
def test_a_row_that_lacks_a_value_is_refused_however_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    columns = dict(table(3).columns)
    columns["presence_0"] = pa.array([None, *columns["presence_0"][1:].tolist()], pa.int64())
    sink = io.BytesIO()
    write_chunks(sink, [columns], kind=TOKENS_FORMAT, types=pass_types(SCHEMA, KEY, partner="police"))
    sealed = seal(sink.getvalue(), to=ME.public, context=ONE.context("police", KEY.name))
    with pytest.raises(BadSubmission, match="has not the lanes of the schema"):
        read(tmp_path, sealed, held=held, monkeypatch=monkeypatch)
