"""The quality of a linkage as JSON: protected counts, what the probabilities say, and what changed since an earlier report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from linkage.central.assembly.people import Doubt
from linkage.central.pairs.model import LinkType
from linkage.central.pairs.run import Run
from linkage.central.report.calibration import LINE, Line
from linkage.central.report.from_model import ModelText
from linkage.central.report.report import Report
from linkage.central.report.subgroups import SubgroupCounts
from linkage.errors import BadInput
from linkage.manifest import Manifest
from service.centre.quality_counts import RULE, binned, rate, shown, total
from service.centre.quality_subgroups import subgroup_rows
from service.texts import read_text

QUALITY_FORMAT: Final = "linkage-quality/v1"
MOST_RECORDS: Final = 8
COMPARED: Final = (
    ("records",),
    ("people",),
    ("pairs", "linked"),
    ("threshold",),
    ("expected", "precision"),
    ("expected", "missed"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: the linker's run, the submissions, how they are linked, the threshold, the line that probabilities were calibrated by, and when
    the report was made."""

    run: Run
    manifests: Sequence[Manifest]
    link_type: LinkType
    threshold: float
    line: Line
    made_at: datetime


def body_of(
    subject: Subject, *, report: Report, doubt: Doubt, model: ModelText, groups: Mapping[str, SubgroupCounts]
) -> dict[str, Any]:
    """The report, its keys as in docs/formats.md; `groups` are the counts of partners that send subgroup codes."""
    by_records = binned(report.by_records, last=MOST_RECORDS)
    partners = {
        m.partner: _partner(m, report=report) for m in sorted(subject.manifests, key=lambda m: m.partner)
    }
    one = subject.run.round
    return {
        "format": QUALITY_FORMAT,
        "made_at": subject.made_at.isoformat(timespec="seconds"),
        "project": one.project,
        "epoch": one.epoch,
        "schema": one.schema_digest,
        "model": subject.run.model,
        "link_type": subject.link_type,
        "threshold": round(subject.threshold, 4),
        "calibration": {
            "offset": subject.line.offset,
            "slope": subject.line.slope,
            "own": subject.line != LINE,
        },
        "rule": {"suppress": RULE.suppress, "round_to": RULE.round_to},
        "records": total(p["records"] for p in partners.values()),
        "people": total(by_records.values()),
        "partners": partners,
        "subgroups": subgroup_rows(
            groups, gateways={m.partner: m.subgroups for m in subject.manifests}, partners=partners
        ),
        "people_by_records": by_records,
        "people_by_partners": binned(report.by_partners, last=len(partners)),
        "doubt": {name: shown(count) for name, count in doubt.to_json().items()},
        "pairs": {"scored": shown(report.scored), "linked": shown(report.linked)},
        "expected": {
            "precision": round(report.expected.precision, 4),
            "missed": round(report.expected.missed, 4),
            "never_met": shown(round(report.expected.never_met)),
        },
        "weights": [{"from": b.low, "to": b.high, "pairs": shown(b.pairs)} for b in report.bins],
        "warnings": list(model.warnings),
        "passes": [
            {"key": p.key, "compared": shown(p.pairs), "matches": round(p.prior, 4)} for p in model.passes
        ],
    }


def calibrated_by(body: Mapping[str, Any]) -> str:
    """The line of a report's calibration in words."""
    line = body["calibration"]
    whose = "a line of this linkage's own" if line["own"] else "the general line"
    return f"{whose}, {line['offset']:+.2f} {line['slope']:+.2f} × log odds"


def _partner(manifest: Manifest, *, report: Report) -> dict[str, Any]:
    its = report.partners[manifest.partner]
    records = shown(its.records)
    others = {name: shown(count) for name, count in its.linked_with.items()}
    return {
        "submission": manifest.submission,
        "made_at": manifest.made_at,
        "gateway": manifest.token_gateway,
        "records": records,
        "people": shown(its.people),
        "without_match_key": shown(its.without_match_key),
        "linked": shown(its.linked),
        "linked_rate": rate(shown(its.linked), of=records),
        "linked_with": others,
        "linked_with_rate": {name: rate(count, of=records) for name, count in others.items()},
        "complete": {name: round(100 * share, 1) for name, share in sorted(manifest.statistics.held.items())},
        "left_out": [
            {"list": x.name, "checked": x.checked.isoformat(), "records": x.excluded}
            for x in manifest.exclusions
        ],
    }


def read_body(path: Path) -> dict[str, Any]:
    """An earlier report.

    Raises:
        BadInput: it is none, or of another version.
    """
    try:
        body = json.loads(read_text(path))
        if body["format"] != QUALITY_FORMAT:
            raise ValueError("another format")
        for at in COMPARED:
            _at(body, at)
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise BadInput(
            f"{path.name} is no {QUALITY_FORMAT} report: name the .json that an earlier run wrote"
        ) from fault
    return dict(body)


def since(before: Mapping[str, Any], *, now: Mapping[str, Any]) -> dict[str, Any]:
    """What changed: of each number, before and now; the same model or another; partners that came and went.

    Raises:
        BadInput: the earlier report is of another project.
    """
    if before["project"] != now["project"]:
        raise BadInput("the earlier report is of another project: name one of this project with --before")
    return {
        "made_at": before["made_at"],
        "same_model": before["model"] == now["model"],
        "same_schema": before["schema"] == now["schema"],
        "partners_new": sorted(set(now["partners"]) - set(before["partners"])),
        "partners_gone": sorted(set(before["partners"]) - set(now["partners"])),
        "numbers": {".".join(at): {"before": _at(before, at), "now": _at(now, at)} for at in COMPARED},
    }


def _at(body: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = body
    for name in path:
        value = value[name]
    return value
