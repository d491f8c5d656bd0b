"""`linkage centre quality` on a whole project: a page and JSON that say how good the linkage is and nothing about anybody."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linkage.central.pairs.run import RUN_NAME
from linkage.central.report.calibration import LINE, Line
from policies.disclosure import HIDDEN
from service.centre.quality_body import MOST_RECORDS


def quality(project: Any, *words: object, out: str = "quality.html") -> Any:
    """What the command answered."""
    home, model = project.home("assembler/1"), project.home("linker/1") / "model.json"
    return project.run(
        "centre",
        "quality",
        home,
        "--shared",
        project.shared,
        "--model",
        model,
        "--out",
        project.folder / out,
        *words,
    )


@pytest.fixture
def reported(allowed: Any) -> Any:
    """The project after its first report."""
    allowed.well(quality(allowed))
    return allowed


def body(project: Any, name: str = "quality.json") -> dict[str, Any]:
    return dict(json.loads((project.folder / name).read_text("utf-8")))


def test_the_report_counts_what_is_there(reported: Any) -> None:
    """240 records each, of whom 160 are the same people."""
    told = body(reported)
    assert (told["records"], set(told["partners"])) == (480, {"police", "schools"})
    police = told["partners"]["police"]
    assert police["records"] == 240
    assert abs(police["linked"] - 160) <= 10
    assert police["linked_with"] == {"schools": police["linked"]}
    assert police["linked_rate"] == round(100 * police["linked"] / 240, 1)
    assert abs(told["people"] - 320) <= 10
    assert told["people_by_records"]["2"] == told["people_by_partners"]["2 or more"]
    assert told["pairs"]["linked"] == police["linked"]
    assert told["expected"]["precision"] > 0.9
    assert told["since"] is None
    assert sum(b["pairs"] for b in told["weights"] if b["pairs"] != HIDDEN) <= told["pairs"]["scored"] + 10


def test_the_page_stands_on_its_own_and_has_no_script(reported: Any) -> None:
    page = (reported.folder / "quality.html").read_text("utf-8")
    assert "<script" not in page.lower()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    assert not re.findall(r"https?://(?!www\.w3\.org/)", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert page.count("<svg") == page.count("</svg>") == 5
    for heading in (
        "Who was linked with whom",
        "Partial match weights",
        "waterfall",
        "GUILD asks",
        "Not known here",
    ):
        assert heading in page


def test_every_picture_has_a_description_and_every_tag_an_end(reported: Any) -> None:
    page = (reported.folder / "quality.html").read_text("utf-8")
    assert len(re.findall(r'class="chart" role="img" aria-label="[^"]{10,}"', page)) == page.count("<svg")
    for tag in (
        "main",
        "section",
        "table",
        "tbody",
        "thead",
        "tr",
        "td",
        "th",
        "ul",
        "li",
        "p",
        "div",
        "details",
        "g",
    ):
        assert len(re.findall(rf"<{tag}[\s>]", page)) == page.count(f"</{tag}>") + len(
            re.findall(rf"<{tag}\s[^>]*/>", page)
        ), tag


def test_the_models_threshold_is_the_reports_on_the_scale_of_the_passes(reported: Any) -> None:
    model = json.loads((reported.home("linker/1") / "model.json").read_text("utf-8").partition("\n")[2])
    calibrated = float(LINE(np.array([model["threshold"]]))[0])
    assert abs(calibrated - body(reported)["threshold"]) < 0.02


def test_the_report_names_the_line_that_people_were_formed_by(reported: Any) -> None:
    said = body(reported)["calibration"]
    note = next(reported.folder.rglob("kept.note")).read_text("utf-8")
    kept = json.loads(note.partition("\n")[2].partition("\n\n")[0])["calibration"]
    assert Line(said["offset"], said["slope"]).name == kept
    assert said["own"] == (kept != LINE.name)
    page = (reported.folder / "quality.html").read_text("utf-8")
    assert f"calibrated by a line of this linkage's own, {said['offset']:+.2f}".replace("'", "&#39;") in page


def test_nothing_in_the_report_is_of_a_person(reported: Any) -> None:
    said = "".join((reported.folder / f"quality.{end}").read_text("utf-8") for end in ("html", "json"))
    exports = [reported.home(f"{p}/officer") / "export.csv" for p in ("police", "schools")]
    values = {
        cell
        for path in exports
        for line in path.read_text("utf-8").splitlines()[1:]
        for cell in line.split(",")
    }
    found = {v for v in values if len(v) > 3 and v in said}
    assert found == set()
    assert "_l = " not in said
    assert "bit_count" not in said


def test_every_count_of_people_or_records_is_hidden_or_rounded(reported: Any) -> None:
    told = body(reported)
    counts = [
        told["records"],
        told["people"],
        *told["people_by_records"].values(),
        *told["people_by_partners"].values(),
    ]
    counts += [
        *told["doubt"].values(),
        *told["pairs"].values(),
        *(b["pairs"] for b in told["weights"]),
        *(p["compared"] for p in told["passes"]),
    ]
    for one in told["partners"].values():
        counts += [one[n] for n in ("records", "people", "without_match_key", "linked")] + list(
            one["linked_with"].values()
        )
    assert len(counts) > 25
    assert all(c == HIDDEN or (isinstance(c, int) and c % told["rule"]["round_to"] == 0) for c in counts)
    assert len(told["people_by_records"]) == MOST_RECORDS


def test_json_is_printed_where_asked_and_is_what_was_written(allowed: Any) -> None:
    told = allowed.well(quality(allowed, "--json"))
    assert json.loads(told.out) == body(allowed)


def test_a_later_report_says_what_has_changed(reported: Any) -> None:
    first = reported.folder / "quality.json"
    before = {**body(reported), "people": 100, "model": "0" * 64}
    first.write_text(json.dumps(before), "utf-8")
    reported.well(quality(reported, "--before", first, out="again.html"))
    told = body(reported, "again.json")
    assert told["since"]["numbers"]["people"] == {"before": 100, "now": told["people"]}
    assert told["since"]["same_model"] is False
    assert told["since"]["same_schema"] is True
    page = (reported.folder / "again.html").read_text("utf-8")
    assert f"{told['people']:,}" in page
    assert "another model" in page


def no_report(folder: Path) -> Path:
    path = folder / "earlier.json"
    path.write_text('{"format": "linkage-leak/v1"}', "utf-8")
    return path


def of_another_project(folder: Path) -> Path:
    path = folder / "earlier.json"
    path.write_text(
        json.dumps({**json.loads((folder / "quality.json").read_text("utf-8")), "project": "other"}), "utf-8"
    )
    return path


@pytest.mark.parametrize(
    ("earlier", "saying"),
    [(no_report, "is no linkage-quality/v1 report"), (of_another_project, "is of another project")],
)
def test_an_earlier_report_that_is_none_is_refused_and_nothing_is_written(
    reported: Any, earlier: Callable[[Path], Path], saying: str
) -> None:
    told = quality(reported, "--before", earlier(reported.folder), out="again.html")
    assert told.code == 10
    assert saying in told.err
    assert not list(reported.folder.glob("again.*"))


def test_a_model_that_the_linker_did_not_sign_for_is_refused(allowed: Any) -> None:
    path = allowed.home("linker/1") / "model.json"
    path.write_text(path.read_text("utf-8").replace('"prior": 0.9', '"prior": 0.8', 1) + " ", "utf-8")
    told = quality(allowed)
    assert told.code != 0
    assert "is not the model of this run" in told.err
    assert not list(allowed.folder.glob("quality.*"))


def test_a_run_that_is_not_finished_has_no_report(allowed: Any) -> None:
    (allowed.home("assembler/1") / "pairs" / RUN_NAME).unlink()
    told = quality(allowed)
    assert told.code != 0
    assert RUN_NAME in told.err


def test_the_page_is_an_html_file(allowed: Any) -> None:
    told = quality(allowed, out="quality.txt")
    assert told.code == 10
    assert "should end in .html" in told.err
