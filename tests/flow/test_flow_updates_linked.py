"""The linker's incremental runs after updates: the pairs of a full run with the same model, and a full run where there is a reason for one."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linkage.central.pairs.linking
from keys import BadSeal
from linkage.central.link import open_pairs, open_tables, run_linker, run_update
from linkage.central.pairs.chunks import Room
from linkage.central.pairs.learn import score
from linkage.central.pairs.model import Model
from linkage.central.pairs.run import RUN_NAME, Run
from linkage.central.pairs.since import in_full_because, runs_in
from linkage.central.pairs.token_files import Tokens
from linkage.central.receive import withdraw
from linkage.errors import BadSubmission
from tests.fixtures_updates import Round1, changed, file_of

Pair = tuple[str, str, int, str, int]


def centre_of(made: Round1, model: Model | None = None) -> dict[str, Any]:
    """What every run of the linker is told."""
    about: dict[str, Any] = {
        "out": made.root / "pairs", "schema": made.schema, "one": made.one, "manifests": made.manifests(made.doorstep.linker),
        "linker": made.people["linker"], "assembler": made.people["assembler"].public,
    }  # fmt: skip
    return about | ({"link_type": "link_and_dedupe"} if model is None else {"model": model})


def pairs_in(made: Round1, folder: Path, run: Run) -> dict[Pair, list[float]]:
    """The pairs that a run tells, with their weights."""
    out: dict[Pair, list[float]] = {}
    for name in run.files:
        key = name.partition(".")[0]
        table = open_pairs(
            (folder / name).read_bytes(), key=key, one=made.one, assembler=made.people["assembler"]
        )
        for row in table.to_pylist():
            pair = (key, row["source_l"], row["row_ref_l"], row["source_r"], row["row_ref_r"])
            out.setdefault(pair, []).append(row["match_weight"])
    return {pair: sorted(weights) for pair, weights in out.items()}


def rows_of(made: Round1) -> dict[str, dict[str, Any]]:
    about = centre_of(made)
    return {
        k.name: open_tables(k, inbox=made.doorstep.linker, **{n: about[n] for n in ("manifests", "schema", "one", "linker")})
        for k in made.schema.match_keys
    }  # fmt: skip


def linked_in_steps(made: Round1, model: Model) -> dict[Pair, list[float]]:
    """The pairs of all runs: what a later run tells of a pair counts, and rows that are gone are no pair."""
    runs = runs_in(made.root / "pairs", one=made.one, linker=made.people["linker"].public)
    folders = [made.root / "pairs", *sorted((made.root / "pairs").glob("update-*"))]
    assert len(runs) == len(folders)
    out: dict[Pair, list[float]] = {}
    for folder, run in zip(folders, runs, strict=True):
        assert run.model == model.digest
        out |= pairs_in(made, folder, run)
    here = {
        (k, p): set(t.columns["row_ref"].tolist()) for k, its in rows_of(made).items() for p, t in its.items()
    }
    return {
        pair: weights
        for pair, weights in out.items()
        if pair[2] in here[pair[0], pair[1]]
        and pair[4] in here[pair[0], pair[3]]
        and weights[-1] > np.log2(0.01 / 0.99)
    }


def linked_anew(made: Round1, model: Model) -> dict[Pair, list[float]]:
    """The pairs of everything that is here, scored by the same model at once."""
    tables = rows_of(made)
    out: dict[Pair, list[float]] = {}
    for key, scored in score(lambda k: tables[k.name], model=model, schema=made.schema).items():
        for row in scored.to_pylist():
            pair = (key, row["source_l"], row["row_ref_l"], row["source_r"], row["row_ref_r"])
            out.setdefault(pair, []).append(row["match_weight"])
    return {pair: sorted(weights) for pair, weights in out.items()}


@pytest.mark.parametrize(
    ("room", "later", "keep"),
    [
        (Room(), Room(), False),
        (Room(), Room(), True),
        (Room(chunk=30_000, held=60_000), Room(chunk=30_000, held=60_000), True),
        (Room(chunk=10_000), Room(chunk=3_000, held=9_000), True),
    ],
    ids=["read again", "kept rows", "chunks", "kept rows in other chunks"],
)
def test_incremental_runs_give_the_pairs_and_scores_of_a_full_run_with_the_same_model(
    at_home: Round1, tmp_path: Path, room: Room, later: Room, keep: bool
) -> None:
    """Records come, change and go; a band of names moves; then a new partner comes."""
    first, last = file_of("police"), changed(file_of("police"))
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home), room=room, keep=keep)
    assert bool(list(at_home.doorstep.linker.rglob("*.rows.sealed"))) == keep
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model)) is None
    between = pd.concat([first.iloc[6:], last.iloc[-3:]])
    for number, rows in enumerate((between, last), 1):
        at_home.take_in(at_home.update(rows, "police", f"update-{number}").submission.folder)
        made = run_update(at_home.doorstep.linker, **centre_of(at_home, model), room=later)
        assert made == tmp_path / "pairs" / f"update-{number:04d}"
    at_home.whole(file_of("schools"), "schools", "whole")
    at_home.take_in(tmp_path / "schools" / "whole")
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model), room=later) is not None
    in_steps, anew = linked_in_steps(at_home, model), linked_anew(at_home, model)
    assert len(anew) > 300
    assert {p[1] for p in anew} | {p[3] for p in anew} == {"police", "schools"}
    assert in_steps == anew


@pytest.mark.parametrize("again", [0, None], ids=["every chunk is told of", "as ever"])
def test_an_incremental_run_that_is_broken_off_compares_again_what_its_journal_does_not_tell_of(
    at_home: Round1, monkeypatch: pytest.MonkeyPatch, again: int | None
) -> None:
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    if again is not None:
        monkeypatch.setattr("linkage.central.pairs.linking.AGAIN_AT_MOST", again)
    compared: list[str] = []
    honest = linkage.central.pairs.linking.compare
    monkeypatch.setattr(
        linkage.central.pairs.linking, "compare", lambda *w, **m: (compared.append(""), honest(*w, **m))[1]
    )

    def broken_off(*_: object) -> None:
        if len(compared) == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run_update(at_home.doorstep.linker, **centre_of(at_home, model), progress=broken_off)
    compared.clear()
    assert len(model.passes) > 1
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model)) is not None
    assert len(compared) == len(model.passes) - (0 if again is None else 1)
    assert linked_in_steps(at_home, model) == linked_anew(at_home, model)


@pytest.mark.parametrize("again", [0, 1 << 40], ids=["told of one by one", "settled together"])
def test_an_incremental_run_is_signed_only_when_all_its_pairs_are_on_the_disk(
    at_home: Round1, monkeypatch: pytest.MonkeyPatch, again: int
) -> None:
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    monkeypatch.setattr("linkage.central.pairs.linking.AGAIN_AT_MOST", again)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    folder = run_update(at_home.doorstep.linker, **centre_of(at_home, model))
    assert folder is not None
    # A file that is gone leaves its number to a later one.
    signed = len(synced) - synced[::-1].index((folder / "run.note").stat().st_ino)
    pairs = list(folder.glob("*.pairs.sealed"))
    assert len(pairs) == len(model.passes)
    assert {path.stat().st_ino for path in pairs} <= set(synced[: signed - 1])


def test_an_incremental_run_tells_only_pairs_with_a_new_row(at_home: Round1, tmp_path: Path) -> None:
    at_home.whole(file_of("schools"), "schools", "whole")
    at_home.take_in(tmp_path / "schools" / "whole")
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    before = {k: t["police"] for k, t in rows_of(at_home).items()}
    newcomers = changed(file_of("police")).iloc[-15:]
    at_home.take_in(
        at_home.update(pd.concat([file_of("police"), newcomers]), "police", "update-1").submission.folder
    )
    folder = run_update(at_home.doorstep.linker, **centre_of(at_home, model))
    assert folder is not None
    told = pairs_in(
        at_home, folder, runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)[1]
    )
    sent = at_home.manifests(at_home.doorstep.linker)[0]
    assert sent.kind == "update"
    old = {k: set(t.columns["row_ref"].tolist()) for k, t in before.items()}
    fresh = [
        p
        for p in told
        if (p[1] == "police" and p[2] not in old[p[0]]) or (p[3] == "police" and p[4] not in old[p[0]])
    ]
    again = len(told) - len(fresh)
    assert len(fresh) > 10
    assert again < len(linked_anew(at_home, model)) / 3
    assert not list(tmp_path.glob("pairs/.*"))


def test_an_incremental_run_that_nothing_can_be_added_to_is_refused(at_home: Round1, tmp_path: Path) -> None:
    linker = at_home.doorstep.linker
    model = run_linker(linker, **centre_of(at_home))
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    with pytest.raises(BadSubmission, match="not the one that pairs/ was scored by"):
        run_update(linker, **centre_of(at_home, replace(model, threshold=0.5)))
    withdraw("police", doorstep=at_home.doorstep)
    at_home.whole(changed(file_of("police")), "police", "whole-again")
    at_home.take_in(tmp_path / "police" / "whole-again")
    with pytest.raises(BadSubmission, match="what police has here does not follow what was linked before"):
        run_update(linker, **centre_of(at_home, model))
    shutil.rmtree(tmp_path / "pairs")
    with pytest.raises(BadSubmission, match="run is not finished"):
        run_update(linker, **centre_of(at_home, model))


def test_only_what_is_new_is_linked_unless_there_is_a_reason_to_link_everything(
    at_home: Round1, tmp_path: Path
) -> None:
    linker = at_home.doorstep.linker
    model = run_linker(linker, **centre_of(at_home))

    def because(model: Model | None = model) -> str | None:
        about = {n: centre_of(at_home)[n] for n in ("manifests", "schema", "one", "linker")}
        return in_full_because(tmp_path / "pairs", Tokens.of(linker, **about), model=model)

    assert because() == "nothing is new since the last run"
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    assert because() is None
    assert because(None) == "the model here is not the one that pairs/ was scored by"
    assert because(replace(model, threshold=0.5)) == "the model here is not the one that pairs/ was scored by"
    assert run_update(linker, **centre_of(at_home, model)) is not None
    assert because() == "nothing is new since the last run"
    (tmp_path / "pairs" / "update-0001" / RUN_NAME).unlink()
    assert "has no run.note" in str(because())
    shutil.rmtree(tmp_path / "pairs" / "update-0001")
    assert because() is None
    at_home.whole(file_of("schools"), "schools", "whole")
    at_home.take_in(tmp_path / "schools" / "whole")
    assert because() == "schools came since the last run"
    withdraw("police", doorstep=at_home.doorstep)
    assert because() == "what police has here does not follow what was linked before"


def test_a_full_run_leaves_no_incremental_one_of_the_run_before(at_home: Round1, tmp_path: Path) -> None:
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model)) is not None
    run_linker(at_home.doorstep.linker, **centre_of(at_home))
    assert [p.name for p in (tmp_path / "pairs").iterdir() if p.is_dir()] == []
    assert len(runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)) == 1


def test_an_update_run_that_was_moved_or_left_out_is_not_extended(at_home: Round1, tmp_path: Path) -> None:
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    for number, rows in enumerate((file_of("police").iloc[3:], changed(file_of("police"))), 1):
        at_home.take_in(at_home.update(rows, "police", f"update-{number}").submission.folder)
        run_update(at_home.doorstep.linker, **centre_of(at_home, model))
    (tmp_path / "pairs" / "update-0001").rename(tmp_path / "away")
    with pytest.raises(BadSubmission, match="does not extend the run before it"):
        run_update(at_home.doorstep.linker, **centre_of(at_home, model))


def test_rows_that_the_linker_keeps_are_opened_only_as_they_were_kept(
    at_home: Round1, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linker = at_home.doorstep.linker
    model = run_linker(linker, **centre_of(at_home), keep=True)
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    kept = sorted((linker / ".rows").glob("*.rows.sealed"))
    assert len(kept) == len(at_home.schema.match_keys)
    honest = [path.read_bytes() for path in kept]
    heads = int.from_bytes(honest[0][-8:], "big") + 100
    for changed_bytes in (
        honest[0][:heads] + bytes([honest[0][heads] ^ 1]) + honest[0][heads + 1 :],
        honest[0][:-9] + honest[0][-8:],
        honest[1],
    ):
        kept[0].write_bytes(changed_bytes)
        with pytest.raises(BadSeal):
            run_update(linker, **centre_of(at_home, model))
    kept[0].write_bytes(honest[0])
    with monkeypatch.context() as patch:
        patch.setattr("linkage.central.pairs.resident.ROWS_FORMAT", "linkage-rows/v5")
        with pytest.raises(BadSeal, match="should be linkage-rows/v5"):
            run_update(linker, **centre_of(at_home, model))
    folder = run_update(linker, **centre_of(at_home, model))
    assert folder is not None
    by_kept = pairs_in(
        at_home, folder, runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)[1]
    )
    shutil.rmtree(folder)
    for path in kept:
        path.unlink()
    folder = run_update(linker, **centre_of(at_home, model))
    assert folder is not None
    assert by_kept == pairs_in(
        at_home, folder, runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)[1]
    )
    assert by_kept


def test_rows_that_the_linker_keeps_go_with_the_partner_and_with_the_next_run_that_keeps_none(
    at_home: Round1,
) -> None:
    linker = at_home.doorstep.linker
    run_linker(linker, **centre_of(at_home), keep=True)
    assert list(linker.rglob("*.rows.sealed"))
    run_linker(linker, **centre_of(at_home))
    assert not list(linker.rglob("*.rows.sealed"))
    run_linker(linker, **centre_of(at_home), keep=True)
    withdraw("police", doorstep=at_home.doorstep)
    assert not list(linker.rglob("*.rows.sealed"))


def test_rows_that_an_earlier_version_kept_in_the_partners_folder_are_gone_after_a_full_run(
    at_home: Round1,
) -> None:
    linker, key = at_home.doorstep.linker, at_home.schema.match_keys[0]
    earlier = linker / "police" / f"{key.name}.rows.sealed"
    earlier.write_bytes(b"sealed")
    run_linker(linker, **centre_of(at_home), keep=True)
    assert not earlier.exists()
    assert (linker / ".rows" / earlier.name).is_file()
