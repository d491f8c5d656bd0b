"""What an output checker does, on a machine of her own: open what the desk prepared, read it, and vote on exactly that."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keys import BadSeal, Identity, PublicIdentity
from keys.identity import write_private
from keys.passphrase import Unlock
from linkage.drafts import FolderDraft
from linkage.errors import BadInput
from linkage.manifest import Round
from service import clock
from service.checker.votes import (
    CHECKER,
    DESK,
    REASONS,
    VERDICTS,
    Prepared,
    cast_output_vote,
    check_eligible,
    read_prepared,
)
from service.desk.checks import SHEET_FILE, STATEMENT_FILE, seal_vote
from service.desk.package import SUFFIX, digest_of, opened_by
from service.memory import read_remembered
from service.texts import read_text
from service.trust.listed import listed
from service.writing import check_new

PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Package:
    """A package as this checker got it: what the desk states of it, its files, the check sheet, who she is, and to whom her vote goes."""

    prepared: Prepared
    contents: Mapping[str, bytes]
    sheet: bytes
    checker: Identity
    desk: PublicIdentity
    one: Round


def review(folder: Path, *, identity: Path, shared: Path, out: Path, unlock: Unlock, as_json: bool) -> str:
    """The package in a new folder `out` that nobody else may read, and what is to be looked at, in sentences or as JSON.

    Raises:
        BadInput, BadSeal, BadSignature, NotTrusted: as `open_package`, or `out` exists.
    """
    check_new(out)
    found = open_package(folder, identity=identity, shared=shared, unlock=unlock)
    with FolderDraft(out) as draft:
        draft.folder.chmod(PRIVATE)
        for name, content in {**found.contents, SHEET_FILE: found.sheet}.items():
            draft.put(name, content)
        draft.commit()
    summary = _summary(found)
    if as_json:
        return json.dumps(summary, indent=1)
    return "\n".join(_in_words(summary, out=out))


def vote(
    folder: Path, *, identity: Path, shared: Path, verdict: str, reasons: Sequence[str], because: str, out: Path, unlock: Unlock
) -> str:  # fmt: skip
    """The checker's vote on the package, signed, and sealed to the desk in `out`, so that nobody who carries it reads it.

    Raises:
        BadInput: the verdict or a reason is none, a refusal does not say why, or `out` exists.
        BadSeal, BadSignature, NotTrusted: as `open_package`.
    """
    check_new(out)
    chosen = next((one for one in VERDICTS if one == verdict), None)
    if chosen is None:
        raise BadInput(f"--verdict takes one of {', '.join(VERDICTS)}")
    found = open_package(folder, identity=identity, shared=shared, unlock=unlock)
    note = cast_output_vote(
        found.prepared, verdict=chosen, reasons=reasons, because=because, by=found.checker, now=clock.now()
    )
    write_private(out, seal_vote(note, release_id=found.prepared.release, to=found.desk, one=found.one))
    return f"{out.name}: the vote of {found.checker.name} on {found.prepared.release}, sealed to {found.desk.name}; send it there"


def open_package(folder: Path, *, identity: Path, shared: Path, unlock: Unlock) -> Package:
    """The package in a folder that the desk made for this checker, held against what the desk states of it.

    Raises:
        BadInput: the folder holds no package.
        NotTrusted: the identity is no output checker's, or made the request itself.
        BadSeal: a file is for somebody else, or was altered.
        BadSignature: no desk stated it, or the files are others than it stated.
    """
    now = clock.now()
    me = Identity.load(identity, unlock=unlock)
    project = read_remembered(shared, folder=identity.parent, now=now)
    listed(me, role=CHECKER, trust=project.trust, at=now)
    sealed = {p.name: p.read_bytes() for p in sorted(folder.glob(f"*{SUFFIX}")) if p.is_file()}
    if not sealed:
        raise BadInput(
            f"{folder.name} holds no sealed file: name the folder that the release desk made for you"
        )
    prepared = read_prepared(read_text(folder / STATEMENT_FILE), trust=project.trust)
    check_eligible(me.name, on=prepared, trust=project.trust, at=now)
    contents = opened_by(sealed, by=me, one=project.one, place=("check", prepared.release))
    sheet = contents.pop(SHEET_FILE, b"")
    if (digest_of(contents), hashlib.sha256(sheet).hexdigest()) != (prepared.files, prepared.sheet):
        raise BadSeal(
            f"{folder.name}/ does not hold what {prepared.by} states that it prepared: ask the release desk for the folder again"
        )
    desk = project.trust.require(prepared.by, role=DESK, at=now)
    return Package(prepared, contents, sheet, me, desk, project.one)


def _summary(found: Package) -> dict[str, Any]:
    sheet = json.loads(found.sheet)
    return {
        "release": found.prepared.release,
        "request": found.prepared.request,
        "requester": found.prepared.requester,
        "files_digest": found.prepared.files,
        "files": sorted(found.contents),
        "sheet": sheet,
    }


def _in_words(summary: Mapping[str, Any], *, out: Path) -> list[str]:
    sheet, asked = summary["sheet"], summary["sheet"]["request"]
    return [
        f"{summary['release']}: {summary['requester']} asks for it under {summary['request']}, for {asked['purpose']}, as {asked['form']}",
        f"benefit as the requester sees it: {asked['benefit']}",
        *(_of_rows(sheet) if "rows" in sheet else _of_table(sheet)),
        f"{out.name}/ holds {', '.join(summary['files'])}, which would leave, and {SHEET_FILE}, which is for you alone",
        "look for:",
        *(f"  {code}: {says}" for code, says in REASONS.items()),
        "then vote with `linkage checker vote`; do not talk about it with the other checkers before all have voted",
    ]


def _of_table(sheet: Mapping[str, Any]) -> list[str]:
    attack = sheet["attack"]
    return [
        f"a table of {len(sheet['counts'])} cells about {sheet['people']} people, of which {attack['hidden_cells']} are hidden in all tables read together",
        f"attacked as a reader could, with {attack['tables_together'] - 1} earlier tables on the same people: {attack['findings']} cells found",
    ]


def _of_rows(sheet: Mapping[str, Any]) -> list[str]:
    return [
        f"{sheet['rows']} rows of {sheet['people']} people; {sheet['left_out']} were left out; each looks like at least {sheet['k'] - 1} others",
        f"{len(sheet['alone_by_what_others_know_before'])} combinations had one person alone before it was made coarser; "
        f"{len(sheet['alone_by_all_columns'])} rows differ from every other now, when all columns are looked at",
        f"earlier extracts: {', '.join(sheet['earlier_extracts']) or 'none'}",
    ]
