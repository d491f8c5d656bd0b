"""τ-ARGUS (through pytauargus) and the checker judge each other's tables of sums under the p% rule: no hidden sum is recoverable in either's eyes."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_magnitudes, protect_magnitudes
from policies.disclosure.table import HIDDEN

pytauargus = pytest.importorskip("pytauargus", reason="there is no wheel of pytauargus for this platform")
pytest.importorskip("pytauargus.engine")
pytest.importorskip("pytauargus.result")
WITHHELD = ("U", "M")
P_RULE = "P(10,1)"
# The p% rule alone: one person may make up everything as far as (n,k) is concerned, and every sum has contributors enough.
RULES = TableRules.model_validate(
    {
        "mode": "exact",
        "threshold": 1,
        "width": 1,
        "sums": {"threshold": 1, "n": 1, "k": 1, "p": 0.1, "width": 0.01},
    }
)


@pytest.fixture(autouse=True)
def _its_own_folder(tmp_path, monkeypatch):
    """The engine writes logs of its own into the folder that it is called from."""
    monkeypatch.chdir(tmp_path)


def drawn(shape, seed):
    """What each person of each cell contributes: mostly little, now and then much."""
    rng = np.random.default_rng(seed)
    return {
        place: np.sort(np.ceil(rng.lognormal(4, 1.8, rng.integers(3, 9)))).astype(int)[::-1]
        for place in product(*map(range, shape))
    }


def people(cells):
    """One row a person, as τ-ARGUS wants it."""
    rows = [
        (*(f"{d}{n}" for d, n in zip("xyz", place, strict=False)), int(v))
        for place, one in cells.items()
        for v in one
    ]
    return dict(zip([*"xyz"[: len(rows[0]) - 1], "money"], map(list, zip(*rows, strict=True)), strict=True))


def judged(cells, folder, *, run=True):
    folder.mkdir()
    data = people(cells)
    return pytauargus.protect(
        data, list(data)[:-1], response="money", safety_rules=P_RULE, workdir=str(folder), run=run
    )


def audited(cells, folder, *, also):
    """The cells that the p% rule finds unsafe and those named, hidden without any others: each with the range that τ-ARGUS's audit gives it."""
    made = judged(cells, folder, run=False)
    batch, marks = Path(made.files["arb"]), folder / "status.hst"
    marks.write_text("".join(f"{';'.join(codes)};M\n" for codes in also), encoding="utf-8")
    batch.write_text(
        batch.read_text("utf-8").replace("<SUPPRESS> OPT(1)", f'<APRIORI> "{marks}",1,";",0,0'),
        encoding="utf-8",
    )
    engine = pytauargus.engine.run_batch(str(batch))
    names = list(people(cells))[:-1]
    rows = pytauargus.result.TableResult(made.files["tab1"], names, "money").rows
    codes = [tuple(r[n] for n in names) for r in rows]
    return {codes[one["cell"]]: (one["min"], one["max"]) for one in engine.audit(0)}


def with_totals(cells, shape):
    found = {}
    for place in product(*(range(n + 1) for n in shape)):
        codes = tuple(
            "Total" if n == size else f"{d}{n}" for d, n, size in zip("xyz", place, shape, strict=False)
        )
        inside = [
            one
            for at, one in cells.items()
            if all(n in (a, size) for a, n, size in zip(at, place, shape, strict=True))
        ]
        found[codes] = np.sort(np.concatenate(inside))[::-1]
    counts = Printed(
        "t", tuple("xyz"[: len(shape)]), tuple(found), tuple(str(len(one)) for one in found.values()), RULES
    )
    values = {"sum": [one.sum() for one in found.values()], "largest": [one[0] for one in found.values()]}
    values["second"] = [one[1] for one in found.values()]
    return Magnitudes(counts, {name: tuple(str(int(v)) for v in column) for name, column in values.items()})


def hidden_of(printed):
    return {
        codes for codes, one in zip(printed.counts.codes, printed.columns["sum"], strict=True) if one == HIDDEN
    }


@pytest.mark.parametrize(("shape", "seed"), [((4, 5), 0), ((4, 5), 1), ((3, 3, 3), 0)])
def test_no_sum_that_tau_argus_hid_is_recovered_and_both_find_the_same_sums_unsafe(shape, seed, tmp_path):
    cells = drawn(shape, seed)
    names = "xyz"[: len(shape)]
    rows = judged(cells, tmp_path / "a").tables[0].rows
    theirs = {tuple(r[n] for n in names): (str(round(float(r["money"]))), r["status"]) for r in rows}
    shown = tuple(HIDDEN if status in WITHHELD else number for number, status in theirs.values())
    counts = Printed("theirs", tuple(names), tuple(theirs), (HIDDEN,) * len(theirs))
    result = attack_magnitudes(Magnitudes(counts, {"sum": shown}))
    assert HIDDEN in shown
    assert [one for one in result.findings if one.lower == one.upper] == []
    for one in result.cells:
        if one.measure == "sum":
            assert one.lower <= int(theirs[one.codes][0])
            assert one.upper is None or int(theirs[one.codes][0]) <= one.upper
    _, sides = protect_magnitudes(with_totals(cells, shape), rules=RULES)
    assert set(sides) == {codes for codes, (_, status) in theirs.items() if status == "U"}


@pytest.mark.parametrize(("shape", "seed"), [((4, 5), 0), ((4, 5), 1), ((3, 3, 3), 0)])
def test_the_audit_of_tau_argus_recovers_no_sum_that_we_hid(shape, seed, tmp_path):
    cells = drawn(shape, seed)
    printed, sides = protect_magnitudes(with_totals(cells, shape), rules=RULES)
    assert attack_magnitudes(printed, sides=sides).safe
    hidden = hidden_of(printed)
    ranges = audited(cells, tmp_path / "a", also=hidden)
    assert set(ranges) == hidden != set()
    assert [codes for codes, (low, high) in ranges.items() if high - low < 0.5] == []


@pytest.mark.parametrize("seed", range(3))
def test_hiding_unsafe_sums_alone_is_seen_through_by_both(seed, tmp_path):
    cells = drawn((4, 5), seed)
    table = with_totals(cells, (4, 5))
    theirs = audited(cells, tmp_path / "a", also=())
    shown = tuple(
        HIDDEN if codes in theirs else one
        for codes, one in zip(table.counts.codes, table.columns["sum"], strict=True)
    )
    counts = Printed("t", table.counts.dimensions, table.counts.codes, (HIDDEN,) * len(shown))
    findings = attack_magnitudes(Magnitudes(counts, {"sum": shown})).findings
    ours = {one.codes for one in findings if one.lower == one.upper}
    assert {codes for codes, (low, high) in theirs.items() if high - low < 0.5} == ours != set()
