"""`linkage centre quality`: the assembler's report on a linkage, from its own folder and the model that the linker hands on."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keys import Identity
from linkage.central.assembly.kept import Place
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.people import doubt_of
from linkage.central.pairs.run import sha256
from linkage.central.report.from_model import read_model
from linkage.central.report.inputs import read_linkage
from linkage.central.report.own_line import fit_for
from linkage.central.report.report import report_of
from linkage.central.report.subgroups import by_subgroup, read_codes
from linkage.errors import BadInput, BadModel
from service import clock
from service.centre.assembler import KEPT_FOLDER
from service.centre.quality_body import Subject, body_of, calibrated_by, read_body, since
from service.centre.quality_page import page
from service.desk.accepted import accepted_manifests
from service.memory import read_remembered
from service.places import IDENTITY_FILE
from service.texts import read_text
from service.trust.unlocking import asking, unlocker
from service.writing import write_whole


@dataclass(frozen=True, slots=True)
class Told:
    """The report as JSON, and the same in lines for the terminal."""

    body: Mapping[str, Any]
    lines: tuple[str, ...]


def run_quality(folder: Path, *, shared: Path, model: Path, out: Path, before: Path | None = None) -> Told:
    """The report on the linkage of the assembler's folder: a page in `out`, and beside it the same as `.json`. `before` is the `.json` of an earlier one.

    Raises:
        BadInput: `out` is no .html file, or `before` is no report of this project.
        BadModel: the model is not the one that the linker signed for.
        BadSubmission: the linker's run is unfinished, altered, or of other submissions.
        RolledBack: the trust register or the clock is older than what the assembler has seen.
    """
    if out.suffix != ".html":
        raise BadInput(
            f"{out.name} should end in .html: the report is a page, and beside it stands the same as .json"
        )
    earlier = read_body(before) if before is not None else None
    now, unlock, inbox = clock.now(), unlocker(os.environ, ask=asking(sys.stdin)), folder / "inbox"
    project = read_remembered(shared, folder=folder, now=now)
    text = read_text(model)
    manifests = accepted_manifests(
        folder, inbox=inbox, trust=project.trust, one=project.one, now=now, clock=now
    )
    assembler = Identity.load(folder / IDENTITY_FILE, unlock=unlock)
    kept = Place(folder / KEPT_FOLDER, project.one, assembler).read()
    run, linkage, evidence, line = read_linkage(
        inbox,
        pairs=folder / "pairs",
        one=project.one,
        manifests=manifests,
        match_keys=[key.name for key in project.schema.match_keys],
        assembler=assembler,
        linker=project.trust.only("linker", at=now),
        threshold=None if kept is None else kept.rules.threshold,
        line=None if kept is None else kept.line,
        fit=fit_for(project.schema.most_people_per_key),
        deduplicated=[m.partner for m in manifests if m.deduplicated],
    )
    if sha256(text.encode()) != run.model:
        raise BadModel(
            f"{model.name} is not the model of this run, whose digest the linker signed: ask the linker for the one of its latest run"
        )
    known = read_model(text)
    codes = read_codes(Reader(inbox, project.one, assembler), manifests)
    subject = Subject(run, manifests, project.link_type, linkage.threshold, line, now)
    body = body_of(
        subject,
        report=report_of(linkage, evidence=evidence),
        doubt=doubt_of(linkage),
        model=known,
        groups=by_subgroup(linkage, codes=codes),
    )
    changes = since(earlier, now=body) if earlier is not None else None
    body["since"] = changes
    write_whole(out.with_suffix(".json"), json.dumps(body, indent=1) + "\n")
    write_whole(out, page(body, passes=known.passes, changes=changes))
    return Told(body, tuple(_lines(body, out=out)))


def _groups(body: Mapping[str, Any]) -> list[str]:
    compared = sum(row["difference"] is not None for row in body["subgroups"])
    beyond = sum(row["beyond_chance"] is not None for row in body["subgroups"])
    return [f"{compared} groups compared, {beyond} differ by more than chance"] if body["subgroups"] else []


def _lines(body: Mapping[str, Any], *, out: Path) -> list[str]:
    says = body["expected"]
    return [
        f"{body['records']:,} records of {len(body['partners'])} partners, {body['people']:,} people; threshold {body['threshold']:.2f}",
        f"probabilities calibrated by {calibrated_by(body)}",
        f"expected to be right: {says['precision']:.1%} of the links; expected to be missed: {says['missed']:.1%} of the matches that were compared",
        *_groups(body),
        f"the report is in {out.name}, and as JSON in {out.with_suffix('.json').name}",
    ]
