"""The release desk's commands around what leaves, one function each: let it out, or have it checked first; take in a checker's vote; see to its end."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from keys import PublicIdentity
from linkage.drafts import FolderDraft
from linkage.errors import BadInput
from policies.load import load_request
from service import clock
from service.analyst.signed_requests import text_of
from service.desk.checks import copies_for_checkers, take_vote
from service.desk.checks_state import Checks
from service.desk.commands import check_id
from service.desk.ends import ASKS_FOR_SOMETHING, releases_due, take_certificate, withdraw_release
from service.desk.folder import Keeper, Where, custody_of, opened
from service.errors import OutOfOrder
from service.release import Desk, Handed, Release, Waiting, collect, let_out
from service.shared import Project
from service.texts import read_text
from service.writing import as_file_name, write_whole


def release_request(request_id: str, *, by: str, where: Where, keeper: Keeper, out: Path) -> str:
    """The allowed request's package, sealed to whom it is for, in a new folder of `out` named after the release; or, where output checkers have to look
    first, a folder for each of them.

    A run that breaks off is made again with the same words: what was released already is handed over again, without the custodian.

    Raises:
        BadInput: somebody else made the request, or no custodian was named.
        OutOfOrder: there is no such request, or it is not allowed.
        NotTrusted: `by` is no analyst.
        Refused, CustodianRefused, CustodianUnavailable, Unsafe: as `service.release.let_out`.
    """
    check_id(request_id)
    with opened(where) as (desk, project):
        analyst = project.trust.require(by, role="analyst", at=clock.now())
        stored = desk.state.request(request_id)
        if load_request(text_of(stored.text)).requester != by:
            raise BadInput(f"request {request_id} was not made by {by}: a release goes to whoever asked for it")
        if stored.state == "released":
            return _hand_over(collect(request_id, by=analyst, desk=desk), out=out)
        if stored.state != "allowed":
            raise OutOfOrder(f"request {request_id} is {stored.state}, not allowed: nothing is released")
        made = _let_out(request_id, by=analyst, where=where, keeper=keeper, desk=desk, project=project)
        if isinstance(made, Release):
            return _hand_over(Handed(made.id, made.files, made.proof), out=out)
        return _wait(made, request_id=request_id, desk=desk, out=out)


def _let_out(
    request_id: str, *, by: PublicIdentity, where: Where, keeper: Keeper, desk: Desk, project: Project
) -> Release | Waiting:
    """What was prepared already needs no key any more."""
    if Checks(desk.state).prepared(request_id) is not None:
        return let_out(request_id, by=by, desk=desk)
    with custody_of(keeper, where=where, desk=desk, project=project) as custody:
        return let_out(request_id, by=by, desk=replace(desk, custodian=custody))


def _wait(made: Waiting, *, request_id: str, desk: Desk, out: Path) -> str:
    """The folders for the checkers that are not there yet; what is missing is told, and never what anybody voted."""
    told = [f"{made.id} is prepared and waits for its output checkers: {'; '.join(made.standing.missing)}"]
    for checker, files in copies_for_checkers(request_id, desk=desk).items():
        folder = out / f"{made.id}-for-{as_file_name(checker)}"
        if not folder.exists():
            with FolderDraft(folder) as draft:
                for name, content in files.items():
                    draft.put(name, content)
                draft.commit()
        told.append(f"{checker}: {folder.name}/")
    told += [f"the vote of {name} does not count: {why}" for name, why in made.standing.void.items()]
    return "\n".join(told)


def take_output_vote(vote: Path, *, request_id: str, where: Where) -> str:
    """The vote is in and logged, once; a sentence says whether the package still waits or was stopped by it.

    Raises:
        BadInput: there is no such file.
        OutOfOrder, BadSeal, BadSignature, NotTrusted: as `service.desk.checks.take_vote`.
    """
    check_id(request_id)
    if not vote.is_file():
        raise BadInput(f"no file {vote.name}")
    with opened(where) as (desk, _):
        by, refused = take_vote(vote.read_bytes(), request_id=request_id, desk=desk)
    if refused:
        return f"the vote of {by} is in; it refuses, and nothing is released: the analyst has to ask again"
    return f"the vote of {by} is in"


def due(*, where: Where, at: str | None, as_json: bool) -> str:
    """The releases that ask for something, a sentence each, and how many others there are; as JSON all of them."""
    with opened(where) as (desk, _):
        now = clock.named(at)
        every = releases_due(replace(desk, clock=lambda: now))
    if as_json:
        return json.dumps([asdict(one) | {"expires": one.expires.isoformat()} for one in every], indent=1)
    asking = [one.says for one in every if one.standing in ASKS_FOR_SOMETHING]
    return "\n".join([*asking, f"{len(every) - len(asking)} other releases ask for nothing"])


def withdraw(release: str, *, reason: str, where: Where, out: Path) -> str:
    """The release is withdrawn and logged; the signed notice for whoever holds it lies in `out`.

    Raises:
        BadInput: there is no such reason, or another file stands in `out`.
        OutOfOrder: there is no such release, or it was destroyed already.
    """
    with opened(where) as (desk, _):
        note = withdraw_release(release, reason=reason, desk=desk)
        holder = desk.state.terms_of(release).recipient
    if out.exists() and (not out.is_file() or out.read_bytes() != note.encode()):
        raise BadInput(f"{release} is withdrawn, and {out.name} exists already: name another file with --out")
    write_whole(out, note)
    return f"{release} is withdrawn; {out.name} tells {holder} to destroy it: send it there"


def record_destruction(certificate: Path, *, where: Where) -> str:
    """The certificate is on record and logged, once.

    Raises:
        OutOfOrder, BadSignature, NotTrusted: as `service.desk.ends.take_certificate`.
    """
    with opened(where) as (desk, _):
        release, new = take_certificate(read_text(certificate), desk=desk)
    return f"{release} is destroyed, as its holder certifies{'' if new else '; that was on record already'}"


def _hand_over(handed: Handed, *, out: Path) -> str:
    folder = out / handed.id
    if folder.exists():
        if not folder.is_dir() or {p.name for p in folder.iterdir()} != set(handed.files):
            raise BadInput(
                f"{folder.name} exists already and is not that release: name another folder with --out"
            )
        return f"{handed.id} is in {folder.name}/ already"
    with FolderDraft(folder) as draft:
        for name, content in handed.files.items():
            draft.put(name, content)
        draft.commit()
    return f"{handed.id}: {len(handed.files)} sealed files in {folder.name}/"
