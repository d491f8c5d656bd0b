"""docs/formats.md explains every key of a report on quality, and no other."""

import re
from pathlib import Path

import numpy as np
import pytest

from linkage.central.assembly.people import Doubt
from linkage.central.pairs.run import Run
from linkage.central.report.calibration import LINE, Expected
from linkage.central.report.from_model import ModelText, PassText
from linkage.central.report.report import Bin, PartnerCounts, Report
from linkage.central.report.subgroups import KindCounts, SubgroupCounts
from linkage.manifest import Manifest, Round
from linkage.partner.subgroups import FEWEST
from linkage.subgroups import SUBGROUPS_KNOWN
from linkage.tokens import PartnerStatistics
from service.centre.quality_body import COMPARED, Subject, body_of, since
from service.demonstration.cast import NOW
from service.officer.fairness import BEGIN, END

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEADING = "### `linkage centre quality --json`, `linkage-quality/v1`"


@pytest.fixture
def keys() -> set[str]:
    """Every key of a report, with a dot between levels; of things with names of their own, such as partners, the name is left out."""
    one = Round("p", 1, "0" * 64)
    manifests = [
        Manifest(
            one,
            n,
            f"{n}-1",
            "2026-12-01T10:00:00+00:00",
            "",
            (),
            PartnerStatistics(100, {"sex": 1.0}, {}),
            {},
            "PCSC-s16",
            subgroups={"sex": "PCSC-s16"},
        )
        for n in ("a", "b")
    ]
    counts = PartnerCounts(100, 0, 50, {"b": 50}, 100)
    report = Report(
        {"a": counts, "b": counts}, {1: 100}, {1: 100}, 60, 50, [Bin(0, 2, 60)], Expected(1.0, 0.0, 0.0)
    )
    by_code = KindCounts(
        np.array([0, 20, 30]), np.array([0, 25, 25]), np.array([0.0, 20, 30]), np.array([0.0, 2, 3])
    )
    subject = Subject(Run(one, "", {}, {}), manifests, "link_only", 0.5, LINE, NOW)
    body = body_of(
        subject,
        report=report,
        doubt=Doubt(0, 0, 0, 0, 0, 0),
        model=ModelText((PassText("k", 60, 0.9, {}),), ("careful",)),
        groups={"a": SubgroupCounts({"sex": by_code}, np.arange(100) < 50, np.arange(100))},
    )
    found = {"since", *(f"since.{k}" for k in since(body, now=body))}
    for key, value in body.items():
        found.add(key)
        inner = (
            value[0] if isinstance(value, list) else next(iter(value.values())) if key == "partners" else value
        )
        if isinstance(inner, dict) and not key.startswith("people_by"):
            found |= {f"{key}.{k}" for k in inner}
    return found


def test_every_key_of_the_report_is_explained_and_no_other(keys: set[str]) -> None:
    text = (DOCS / "formats.md").read_text("utf-8")
    assert text.count(HEADING) == 1
    section = text.partition(HEADING)[2].partition("\n### ")[0]
    told = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert sorted(told) == sorted(keys)
    for path in COMPARED:
        assert f"`{'.'.join(path)}`" in section


def test_the_lists_of_subgroup_codes_are_those_of_the_code() -> None:
    text = (DOCS / "formats.md").read_text("utf-8")
    section = text.partition("### Subgroup codes, `linkage-subgroups/v1`")[2].partition("\n### ")[0]
    told = {
        kind: tuple(re.findall(r"`([a-z0-9_]+)`", codes))
        for kind, codes in re.findall(r"^\| `([a-z_]+)` \| (.*) \|$", section, re.MULTILINE)
    }
    assert told == SUBGROUPS_KNOWN
    assert f"A code that fewer than {FEWEST} of the partner's records have is sent as 0" in section


PAGE = (DOCS / "quality.md").read_text(encoding="utf-8")


def test_the_page_on_quality_has_what_was_measured_and_its_plot() -> None:
    measured = PAGE.partition(BEGIN)[2].partition(END)[0]
    for caption in (
        "**Accuracy**",
        "**What the model expects and what is true**",
        "**As the passes say**",
        "**Calibrated**",
        "**The line**",
    ):
        assert caption in measured
    assert f"by the general one, {LINE.offset:+.2f} + {LINE.slope:.2f} × log odds" in measured
    assert "(quality.svg)" in PAGE
    assert (DOCS / "quality.svg").read_text("utf-8").startswith("<svg")


def test_the_line_of_the_code_is_the_one_that_was_decided() -> None:
    decision = (DOCS / "decisions" / "0022-calibrated-probabilities.md").read_text("utf-8")
    assert f"`{LINE.offset:.2f} + {LINE.slope:.2f} x log odds`" in decision


def test_the_line_is_near_what_the_five_sources_gave_when_it_was_last_measured() -> None:
    """Fitted again it moves in the first digit after the point, for secrets are drawn anew."""
    fitted = re.search(r"^\| all of them \| (\S+) \| (\S+) \|", PAGE, re.MULTILINE)
    assert fitted is not None
    assert abs(float(fitted[1]) - LINE.offset) < 0.3
    assert abs(float(fitted[2]) - LINE.slope) < 0.1
