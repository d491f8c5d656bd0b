"""`linkage evaluate` on files with known truth: small made-up ones, and, where they lie beside the repository, four public data sets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from linkage.errors import BadInput
from linkage.people import make_world
from service.centre.evaluate import read_given

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SIDE = {"default", "best", "clusters", "seconds", "step_peak_mb", "peak_mb"}
SCORE = {"threshold", "precision", "recall", "f1"}
CLUSTERS = {"found", "true", "largest", "exact", "precision", "recall", "f1"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two agencies' exports with the true person in a column `who`; the NHS trust's headers say little."""
    world = make_world(people=1_200, seed=3)
    folder = tmp_path_factory.mktemp("agencies")
    out = {}
    for agency in world.agencies:
        if agency.name not in ("schools", "nhs"):
            continue
        frame = agency.frame.rename(columns={agency.record_id: "id"})
        frame["who"] = [f"person-{p}" for p in world.truth[agency.name]]
        out[agency.name] = folder / f"{agency.name}.{'csv' if agency.name == 'schools' else 'parquet'}"
        if agency.name == "schools":
            frame.to_csv(out["schools"], index=False)
        else:
            frame.to_parquet(out["nhs"])
    return out


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory, few_keys: str) -> Path:
    path = tmp_path_factory.mktemp("schema") / "few.yaml"
    path.write_text(few_keys, encoding="utf-8")
    return path


MAPPED = [
    f"--map={identifier}={column}"
    for identifier, column in {
        "forename": "pat_forename", "surname": "pat_surname", "previous_surname": "pat_previous_surname", "date_of_birth": "birth_date",
        "postcode": "pat_postcode", "address": "pat_address",
    }.items()
]  # fmt: skip


@pytest.fixture
def evaluated(
    files: dict[str, Path], schema: Path, tmp_path: Path, command: Callable[..., Any]
) -> Callable[..., dict[str, Any]]:
    def call(*words: object, of: tuple[str, ...] = ("schools", "nhs")) -> dict[str, Any]:
        told = command(
            "evaluate", *(files[n] for n in of), "--record-id", "id", "--truth", "who", "--schema", schema, *words, "--json", tmp_path / "r.json",
        )  # fmt: skip
        assert told.code == 0, told.err
        report = json.loads((tmp_path / "r.json").read_text("utf-8"))
        assert f"{report['private']['best']['f1']:.4f}" in told.out
        return dict(report)

    return call


def people(path: Path) -> pd.Series:
    rows = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    return rows["who"].value_counts()


def test_the_report_has_the_documented_keys_and_counts(
    evaluated: Callable[..., dict[str, Any]], files: dict[str, Path]
) -> None:
    report = evaluated(*MAPPED, "--cleartext")
    a, b = people(files["schools"]), people(files["nhs"])
    assert set(report) == {"files", "records", "truth_pairs", "private", "cleartext", "cost_of_privacy"}
    assert report["files"] == ["schools.csv", "nhs.parquet"]
    assert report["records"] == int(a.sum()) + int(b.sum())
    assert report["truth_pairs"] == int((a * b).dropna().sum())
    for side in ("private", "cleartext"):
        one = report[side]
        assert set(one) == SIDE
        assert set(one["default"]) == set(one["best"]) == SCORE
        assert set(one["clusters"]) == CLUSTERS
        assert set(one["seconds"]) == set(one["step_peak_mb"])
        assert one["peak_mb"] == max(one["step_peak_mb"].values()) > 10
        assert one["best"]["f1"] >= one["default"]["f1"] > 0.8
        assert one["clusters"]["true"] == len(set(a.index) | set(b.index))
    assert set(report["private"]["seconds"]) == {
        "clean",
        "tokenise",
        "receive",
        "train",
        "score",
        "cluster",
    }
    assert set(report["cleartext"]["seconds"]) == {"train", "score", "cluster"}
    difference = report["private"]["best"]["f1"] - report["cleartext"]["best"]["f1"]
    assert report["cost_of_privacy"]["best_f1_difference"] == pytest.approx(difference, abs=1e-4)
    assert difference > -0.02


def test_with_dedupe_pairs_inside_a_file_count_too(
    evaluated: Callable[..., dict[str, Any]], files: dict[str, Path]
) -> None:
    report = evaluated(*MAPPED, "--dedupe")
    both = people(files["schools"]).add(people(files["nhs"]), fill_value=0)
    assert report["truth_pairs"] == int((both * (both - 1) / 2).sum())
    assert "cleartext" not in report
    assert report["private"]["best"]["f1"] > 0.8


def test_what_was_missed_is_explained_in_counts_without_values(
    evaluated: Callable[..., dict[str, Any]], files: dict[str, Path]
) -> None:
    report = evaluated(*MAPPED, "--missed")
    missed, default = report["missed"], report["private"]["default"]
    assert missed["pairs"] == round(report["truth_pairs"] * (1 - default["recall"]))
    assert sum(g["pairs"] for g in missed["by_group"].values()) == missed["pairs"] > 0
    for group in missed["by_group"].values():
        assert all(sum(n.values()) == group["pairs"] for n in group["identifiers"].values())
    assert "forename" in missed["by_group"]["never_met"]["identifiers"]
    for told in missed["match_keys"].values():
        assert sum(told.values()) == missed["by_group"]["never_met"]["pairs"]


def test_the_default_threshold_is_that_of_the_model_and_near_the_best(
    evaluated: Callable[..., dict[str, Any]],
) -> None:
    private = evaluated(*MAPPED)["private"]
    assert 0.4 < private["default"]["threshold"] <= 0.5
    assert private["default"]["f1"] >= private["best"]["f1"] - 0.01


def test_one_file_alone_is_searched_for_duplicates(
    evaluated: Callable[..., dict[str, Any]], files: dict[str, Path]
) -> None:
    report = evaluated(*MAPPED, of=("nhs",))
    held = people(files["nhs"])
    assert report["truth_pairs"] == int((held * (held - 1) / 2).sum()) > 10
    assert report["records"] == int(held.sum())


def test_a_column_that_is_in_one_of_the_files_alone_may_be_mapped_whatever_their_order(
    files: dict[str, Path],
) -> None:
    columns = {"forename": "pat_forename", "surname": "pat_surname"}
    for order in (("schools", "nhs"), ("nhs", "schools")):
        given = read_given([files[n] for n in order], record_id="id", truth="who", columns=columns)
        mapped = {g.name: dict(g.mapping.identifiers) for g in given}
        assert mapped["schools"]["forename"] == "Forename"
        assert (mapped["nhs"]["forename"], mapped["nhs"]["surname"]) == ("pat_forename", "pat_surname")


def test_a_column_that_is_in_no_file_cannot_be_mapped(files: dict[str, Path]) -> None:
    with pytest.raises(BadInput, match="no file has a column 'nowhere'"):
        read_given(list(files.values()), record_id="id", truth="who", columns={"forename": "nowhere"})


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--record-id", "nope", "--truth", "who"), "no column 'nope'"),
        (("--record-id", "id", "--truth", "nope"), "no column 'nope'"),
        (("--record-id", "id", "--truth", "who", "--map", "forename"), "--map takes"),
        (("--record-id", "id", "--truth", "who", "--map", "shoe_size=Forename"), "is no identifier"),
        (("--record-id", "id", "--truth", "who", "--dates", "YDM"), "--dates takes"),
        (("--record-id", "id", "--truth", "who", "--schema", "none.yaml"), "no file none.yaml"),
        (("--record-id", "who", "--truth", "who"), "same record id"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_line(
    files: dict[str, Path], command: Callable[..., Any], tmp_path: Path, words: tuple[str, ...], saying: str
) -> None:
    report = tmp_path / "r.json"
    told = command("evaluate", files["schools"], files["nhs"], *words, "--json", report)
    assert told.code == 10
    assert saying in told.err
    assert len(told.err.strip().split("\n")) <= 3
    assert not report.exists()


def test_a_report_that_cannot_be_written_is_told_before_anything_is_linked(
    files: dict[str, Path], command: Callable[..., Any], tmp_path: Path
) -> None:
    told = command(
        "evaluate",
        files["nhs"],
        "--record-id",
        "id",
        "--truth",
        "who",
        "--json",
        tmp_path / "nowhere" / "r.json",
    )
    assert (told.code, told.out) == (10, "")
    assert "nowhere" in told.err


BASELINES = {"febrl4": 0.997, "essnet_sw": 0.989, "pp_census_ssa": 0.992, "splink_fake_1000": 0.845}


@pytest.mark.parametrize("name", BASELINES)
def test_public_data_sets_are_linked_as_well_as_in_the_clear(
    name: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    """The baselines are those of a strong cleartext linker, measured on the same files before this one was written."""
    if not (DATA / name).is_dir():
        pytest.skip(f"the data set {name} does not lie beside the repository")
    told = command(
        "evaluate", *sorted((DATA / name).glob("*.parquet")), "--record-id", "record_id", "--truth", "entity_id", "--cleartext",
        "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert told.code == 0, told.err
    report = json.loads((tmp_path / "r.json").read_text("utf-8"))
    private, clear = report["private"], report["cleartext"]
    assert private["best"]["f1"] >= clear["best"]["f1"] - 0.005
    assert private["best"]["f1"] >= BASELINES[name] - 0.015
    assert private["default"]["f1"] >= private["best"]["f1"] - 0.01


def test_several_mappings_may_follow_one_option_and_go_by_their_usual_names(
    evaluated: Callable[..., dict[str, Any]], files: dict[str, Path]
) -> None:
    apart = evaluated(*MAPPED)
    words = [
        w.removeprefix("--map=").replace("forename=", "first_name=") for w in MAPPED if w.startswith("--map=")
    ]
    rest = [w for w in MAPPED if not w.startswith("--map=")]
    together = evaluated(*rest, "--map", *words)
    assert together["files"] == apart["files"]
    assert together["records"] == apart["records"]
    assert abs(together["private"]["best"]["f1"] - apart["private"]["best"]["f1"]) < 0.02
