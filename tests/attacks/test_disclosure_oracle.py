"""τ-ARGUS (through pytauargus) and the checker judge each other's tables: no hidden count is exactly recoverable in either's eyes."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN

pytauargus = pytest.importorskip("pytauargus", reason="there is no wheel of pytauargus for this platform")
RULES = TableRules.model_validate({"mode": "exact", "threshold": 10})
pytest.importorskip("pytauargus.engine")
pytest.importorskip("pytauargus.result")
WITHHELD = ("U", "M")
FREQUENCY = "FREQ(10,10)"  # fewer than ten people are unsafe, with a protection range of 10 %


@pytest.fixture(autouse=True)
def _its_own_folder(tmp_path, monkeypatch):
    """The engine writes logs of its own into the folder that it is called from."""
    monkeypatch.chdir(tmp_path)


def drawn(shape, seed):
    """Counts without zeros or telling lines, for τ-ARGUS leaves zeros out."""
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(0.7, 30, shape)).astype(np.int64) + 1


def people(counts):
    """One row a person, as τ-ARGUS wants it."""
    columns = {name: [] for name in "xyz"[: counts.ndim]}
    for place in product(*map(range, counts.shape)):
        for name, n in zip(columns, place, strict=True):
            columns[name] += [f"{name}{n}"] * int(counts[place])
    return {**columns, "one": [1] * int(counts.sum())}


def judged(counts, folder, *, rules=FREQUENCY, run=True):
    folder.mkdir()
    return pytauargus.protect(
        people(counts),
        list("xyz"[: counts.ndim]),
        response="one",
        safety_rules=rules,
        workdir=str(folder),
        run=run,
    )


def audited(counts, folder, *, also=()):
    """The cells that are unsafe by themselves or named in `also`, hidden without any others: each with the range that τ-ARGUS's audit gives it."""
    made = judged(counts, folder, run=False)
    batch = Path(made.files["arb"])
    marks = folder / "status.hst"
    marks.write_text("".join(f"{';'.join(codes)};M\n" for codes in also), encoding="utf-8")
    batch.write_text(
        batch.read_text("utf-8").replace("<SUPPRESS> OPT(1)", f'<APRIORI> "{marks}",1,";",0,0'),
        encoding="utf-8",
    )
    engine = pytauargus.engine.run_batch(str(batch))
    names = list("xyz"[: counts.ndim])
    rows = pytauargus.result.TableResult(made.files["tab1"], names, "one").rows
    cells = [tuple(r[n] for n in names) for r in rows]
    return {cells[one["cell"]]: (one["min"], one["max"]) for one in engine.audit(0)}


def with_totals(counts):
    names = "xyz"[: counts.ndim]
    cells = {}
    for place in product(*(range(n + 1) for n in counts.shape)):
        codes = tuple(
            "Total" if n == size else f"{d}{n}" for d, n, size in zip(names, place, counts.shape, strict=True)
        )
        part = tuple(slice(None) if n == size else n for n, size in zip(place, counts.shape, strict=True))
        cells[codes] = str(int(counts[part].sum()))
    return Printed("table", tuple(names), tuple(cells), tuple(cells.values()))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(4, 5), (3, 3, 3)])
def test_no_count_that_tau_argus_hid_is_recovered_and_honest_labels_would_not_matter(shape, seed, tmp_path):
    counts = drawn(shape, seed)
    names = "xyz"[: len(shape)]
    rows = judged(counts, tmp_path / "a").tables[0].rows
    cells = {tuple(r[n] for n in names): (str(int(r["one"])), r["status"]) for r in rows}
    shown = tuple(HIDDEN if status in WITHHELD else number for number, status in cells.values())
    result = attack(Printed("theirs", tuple(names), tuple(cells), shown))
    assert any(one == HIDDEN for one in shown)
    assert [f for f in result.findings if f.lower == f.upper] == []
    for cell in result.cells:
        true = int(cells[cell.codes][0])
        assert cell.lower <= true
        assert cell.upper is None or true <= cell.upper


@pytest.mark.parametrize("seed", range(3))
def test_hiding_small_counts_alone_is_seen_through_by_both(seed, tmp_path):
    counts = drawn((4, 5), seed)
    table = with_totals(counts)
    theirs = audited(counts, tmp_path / "a")
    shown = tuple(
        HIDDEN if codes in theirs else one for codes, one in zip(table.codes, table.shown, strict=True)
    )
    ours = {
        f.codes
        for f in attack(Printed("t", table.dimensions, table.codes, shown)).findings
        if f.lower == f.upper
    }
    assert {codes for codes, (low, high) in theirs.items() if high - low < 0.5} == ours != set()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(4, 5), (3, 3, 3)])
def test_the_audit_of_tau_argus_recovers_no_count_that_we_hid(shape, seed, tmp_path):
    counts = drawn(shape, seed)
    table = protect_table(with_totals(counts), rules=RULES).table
    hidden = [codes for codes, one in zip(table.codes, table.shown, strict=True) if one == HIDDEN]
    ranges = audited(counts, tmp_path / "a", also=hidden)
    assert set(ranges) == set(hidden) != set()
    assert [codes for codes, (low, high) in ranges.items() if high - low < 0.5] == []


@pytest.mark.parametrize("seed", range(3))
def test_our_choice_hides_no_more_than_that_of_tau_argus_where_it_protects_as_much(seed, tmp_path):
    """With the same demands on the cells that the rule hides, and cells as cost; ours demands a range of every hidden cell, theirs of those alone."""
    counts = drawn((4, 5), seed)
    rows = judged(counts, tmp_path / "a", rules="FREQ(10,50)").tables[0].rows
    theirs = sum(r["status"] in WITHHELD for r in rows)
    rules = RULES.model_copy(update={"width": 2, "cost": "cells"})
    ours = sum(one == HIDDEN for one in protect_table(with_totals(counts), rules=rules).table.shown)
    assert ours <= theirs + 1
