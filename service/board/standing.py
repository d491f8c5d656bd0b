"""The framework and the board's constitution in words, and what partners have agreed of them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ethics.board import Constitution, read_constitution
from ethics.framework import Framework, read_framework, the_framework
from ethics.standing import Agreement, Standing, agree, agreement, standing_of
from keys import Identity, TrustRegister
from keys.passphrase import Unlock
from linkage.errors import BadInput
from policies.wording import day_in_words, joined
from service import clock
from service.errors import NotApproved
from service.evidence import VOUCHED
from service.memory import read_remembered
from service.shared import read_project, read_root
from service.texts import read_text
from service.trust.listed import listed
from service.writing import check_new, write_whole

CONSTITUTION_FORMAT: Final = "linkage-board-shown/v1"
FRAMEWORK_SHOWN_FORMAT: Final = "linkage-framework-shown/v1"
FRAMEWORK_FILE: Final = "framework.yaml"
STANDING: Final = "standing"
HELD: Final = {
    "engine": "by the program",
    "evidence": "by documents that must exist",
    "people": "by people's judgement",
}
KINDS: Final = {"expert": "expert", "lay": "lay", "community": "from the community"}


def framework_in(shared: Path | None) -> Framework:
    """The framework of a project; the one that comes with the program, if it has none of its own.

    Raises:
        BadDocument: it is none.
    """
    path = None if shared is None else shared / FRAMEWORK_FILE
    if path is None or not path.is_file():
        return the_framework()
    return read_framework(read_text(path), name=path.name)


def show_framework(shared: Path | None, *, root: Path | None, as_json: bool, at: str | None = None) -> str:
    """The framework in words, or as JSON; with a shared folder, who has agreed to it.

    Raises:
        BadDocument: it is none, or an agreement is malformed.
        BadSignature, NotTrusted: an agreement is not signed as it must be.
    """
    framework = framework_in(shared)
    found = None if shared is None else _agreement(standing_of(framework), shared, root=root, at=at)
    if as_json:
        return _json(FRAMEWORK_SHOWN_FORMAT, framework, found)
    lines = [f"The ethical framework, version {framework.version}."]
    for one in framework.principles:
        lines += [
            "",
            f"{one.id}. {one.says}",
            f"  Held {joined(HELD[how] for how in one.held_by)}.",
            f"  UK Statistics Authority: {joined(_words(one.uksa))}.",
            f"  Data and AI Ethics Framework: {joined(_words(one.daief))}.",
        ]
    return "\n".join([*lines, "", f"Its mark is {framework.digest}.", *_agreed(found)])


def show_constitution(shared: Path, *, root: Path | None, as_json: bool, at: str | None = None) -> str:
    """The board's constitution in words, or as JSON, and who has agreed to it.

    Raises:
        BadDocument: it is none, or an agreement is malformed.
        BadSignature, NotTrusted: an agreement is not signed as it must be.
    """
    board = read_constitution(shared / VOUCHED["constitution"])
    found = _agreement(standing_of(board), shared, root=root, at=at)
    if as_json:
        return _json(CONSTITUTION_FORMAT, board, found)
    quorum = board.quorum
    decides = (
        "A policy applies only once its proposal has gone through every step."
        if board.decides_by == "proposals"
        else "A policy applies once a quorum's votes recommend it; if there is a proposal of it, every step counts."
    )
    lines = [
        f"The constitution of the ethics board, version {board.version}.",
        f"{board.chair} is in the chair.",
        f"At least {quorum.present} members without a conflict must be present, {quorum.lay_or_community} of them lay or from the community, "
        f"and {quorum.not_employed_by_police} not employed by the police.",
        "More than half of those present must approve. A member with a conflict counts to neither.",
        decides,
        f"A dry run lasts at least {board.dry_run_days} days.",
        "",
        "The members:",
        *(_seat(board, one.id) for one in board.members),
    ]
    return "\n".join([*lines, "", f"Its mark is {board.digest}.", *_agreed(found)])


def sign_agreement(name: str, *, shared: Path, identity: Path, unlock: Unlock, out: Path) -> str:
    """The controller's agreement to the constitution or the framework as it lies in the shared folder, signed, in `out`.

    Raises:
        BadInput: there is no such document, or `out` exists.
        NotTrusted: the identity is no controller's.
    """
    if name not in ("constitution", "framework"):
        raise BadInput("name the document: constitution or framework")
    check_new(out)
    now = clock.now()
    project = read_remembered(shared, folder=identity.parent, now=now)
    by = listed(Identity.load(identity, unlock=unlock), role="controller-approver", trust=project.trust, at=now)
    document: Constitution | Framework = framework_in(shared)
    if name == "constitution":
        document = read_constitution(shared / VOUCHED["constitution"])
    standing = standing_of(document)
    write_whole(out, agree(standing, by=by, at=now))
    partner = project.trust.find(by.name).organisation
    return f"{partner} agrees to version {standing.version} of the {name}: {out.name}"


def check_agreed(shared: Path, *, trust: TrustRegister, now: datetime) -> None:
    """Returns if constitution and framework are both agreed, version by version.

    Raises:
        NotApproved: one is not; the message says what is missing.
    """
    for document in (read_constitution(shared / VOUCHED["constitution"]), framework_in(shared)):
        standing = standing_of(document)
        if missing := _agreement_at(standing, shared, trust=trust, now=now).missing:
            raise NotApproved(f"the {standing.name} is not agreed: {'; '.join(missing)}")


def _agreement(standing: Standing, shared: Path, *, root: Path | None, at: str | None) -> Agreement:
    trust = read_project(shared, root=None if root is None else read_root(root)).trust
    return _agreement_at(standing, shared, trust=trust, now=clock.named(at))


def _agreement_at(standing: Standing, shared: Path, *, trust: TrustRegister, now: datetime) -> Agreement:
    notes = [read_text(path) for path in sorted((shared / STANDING).glob("*.note"))]
    return agreement(notes, standing=standing, trust=trust, at=now)


def _agreed(found: Agreement | None) -> list[str]:
    if found is None:
        return []
    who = [f"{joined(found.partners)} agreed to it."] if found.partners else []
    return [*who, *(f"Missing: {one}." for one in found.missing)]


def _seat(board: Constitution, name: str) -> str:
    one = next(m for m in board.members if m.id == name)
    police = "employed by the police" if one.employed_by_police else "not employed by the police"
    also = f" Also {joined(one.also)}." if one.also else ""
    return f"- {one.id}: {one.title}, {KINDS[one.kind]}, {police}, from {day_in_words(one.since)} until {day_in_words(one.until)}.{also}"


def _words(names: tuple[str, ...]) -> list[str]:
    return [name.replace("-", " ") for name in names]


def _json(kind: str, document: Constitution | Framework, found: Agreement | None) -> str:
    agreed: dict[str, Any] | None = (
        None
        if found is None
        else {"agreed": found.agreed, "partners": found.partners, "of": found.of, "missing": found.missing}
    )
    body = {
        "format": kind,
        "digest": document.digest,
        "agreement": agreed,
        "document": document.model_dump(mode="json"),
    }
    return json.dumps(body, indent=1, ensure_ascii=False)
