"""The commands of the release desk, one function each: take in and take back submissions, decide requests, publish the log."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ethics.errors import BadExport
from ethics.events import Event
from ethics.kinds import FORMS
from linkage.central.chain import link_folders, stated_manifest
from linkage.central.receive import Doorstep, read_signed_manifest, receipt_for, receive, withdraw
from linkage.drafts import alone
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import MANIFEST_NAME, Manifest, expected_files
from linkage.schema import Schema
from policies.explain import explain
from service import clock
from service.audit.verifying import publish_register, sign_log
from service.custody.rounds import read_rounds
from service.desk.folder import Where, opened
from service.desk.gates import objections
from service.evidence import Vouched, on_record
from service.release import Desk, ask
from service.texts import read_text
from service.writing import write_whole

INBOX: Final = "desk"
FOR_LINKER: Final = "for-linker"
FOR_ASSEMBLER: Final = "for-assembler"
UNNAMED: Final = "unnamed"
RECEIVED: Final = "submission-received"
WITHDRAWN: Final = "submission-withdrawn"
WHY_WITHDRAWN: Final = ("asked-by-partner", "new-round", "replaced")


def receive_submission(submission: Path, *, where: Where, receipt: Path) -> str:
    """The submission is in, logged, and its receipt written; one that is in already gets the same receipt again, and is logged once.

    What the linker and the assembler may open lies in `for-linker/` and `for-assembler/` of the desk's folder, to be carried to them.

    Raises:
        BadSubmission: it may not come in; the refusal is logged.
        BadInput: there is no such folder, or another file stands where the receipt should go.
        NotWritten: the disk refused, or another run is taking in something of this partner.
    """
    if not submission.is_dir():
        raise BadInput(f"there is no folder {submission.name}/: name the folder that the partner sent")
    now = clock.now()
    with opened(where) as (desk, project), alone(where.folder / INBOX):
        rounds = read_rounds(where.shared, project=project, folder=where.folder, now=now)
        facts = on_record(Vouched.read(where.shared), trust=project.trust, now=now)

        def object_to(manifest: Manifest) -> list[str]:
            against = objections(
                manifest, facts=facts, purpose=project.purpose, recipient=project.recipient, now=now
            )
            closed = rounds.objections(manifest.round.epoch, now=now, key_check=manifest.key_check)
            return [*closed, *against, *_other_files(manifest, schema=project.schema)]

        named, standing = UNNAMED, _standing(desk)
        try:
            manifest = read_signed_manifest(submission, trust=project.trust, now=now, received=standing)
            named = manifest.partner if FORMS["id"][0].fullmatch(manifest.partner) else UNNAMED
            if not _is_in(manifest, desk=desk):
                manifest = receive(
                    submission,
                    trust=project.trust,
                    one=project.one,
                    doorstep=_doorstep(where),
                    signer=desk.identity,
                    now=now,
                    object_to=object_to,
                ).manifest
        except BadSubmission:
            desk.state.record(
                _event(desk, "submission-refused", at=now, partner=named, reasons="bad-submission")
            )
            raise
        at = standing.get(manifest.digest)
        if at is None:
            # Also what an earlier run took in and did not come to log.
            at = now
            desk.state.record(_event(desk, RECEIVED, at=now, **_details(manifest)))
        note = receipt_for(manifest, by=desk.identity, now=at)
    _put_receipt(receipt, note, of=manifest)
    return f"{manifest.submission} of {manifest.partner} is in: {len(manifest.files)} sealed files; its receipt is {receipt.name}"


def _doorstep(where: Where) -> Doorstep:
    return Doorstep(where.folder / FOR_LINKER, where.folder / FOR_ASSEMBLER, where.folder / INBOX)


def _other_files(manifest: Manifest, *, schema: Schema) -> list[str]:
    """What else than the sealed files of the schema's match keys the manifest names: nobody would open it, and it could be anything."""
    keys = [key.name for key in schema.match_keys]
    expected = expected_files(
        keys,
        kind=manifest.kind,
        attributes=bool(manifest.attributes),
        subgroups=bool(manifest.subgroups),
    )
    named = {one.name for one in manifest.files}
    if named == expected:
        return []
    return [
        f"it lacks {len(expected - named)} of the files of the schema's match keys, and has {len(named - expected)} others"
    ]


def _is_in(manifest: Manifest, *, desk: Desk) -> bool:
    return manifest.digest in {one.digest for one in _links(desk, partner=manifest.partner)}


def _links(desk: Desk, *, partner: str) -> list[Manifest]:
    """The partner's submissions that are in, the whole one first."""
    folders = link_folders(desk.folder / INBOX / partner)
    return [stated_manifest(f) for f in folders if (f / MANIFEST_NAME).is_file()]


def _standing(desk: Desk) -> Mapping[str, datetime]:
    """When each submission came in that was not taken back since, by the digest of its manifest, as the desk's own log has it."""
    standing: dict[str, datetime] = {}
    for event in desk.state.log.events():
        digest = str(event.details.get("manifest_digest", ""))
        if event.kind == RECEIVED:
            standing.setdefault(digest, event.at)
        elif event.kind == WITHDRAWN:
            standing.pop(digest, None)
    return standing


def _put_receipt(path: Path, note: str, *, of: Manifest) -> None:
    if path.exists() and (not path.is_file() or path.read_bytes() != note.encode()):
        raise BadInput(
            f"{of.submission} is in, and {path.name} exists already: name another file with --receipt, and it gets the receipt"
        )
    write_whole(path, note)


def withdraw_submission(partner: str, *, where: Where, reason: str) -> str:
    """Nothing of the partner's submissions is at the doorstep any more, and the log says so of each; what was carried to others is theirs to remove.

    Raises:
        BadInput: nothing of the partner is in, or there is no such reason.
        NotWritten: the disk refused; the same call can be made again.
    """
    if reason not in WHY_WITHDRAWN:
        raise BadInput(f"--reason takes one of {', '.join(WHY_WITHDRAWN)}")
    with opened(where) as (desk, _), alone(where.folder / INBOX):
        if partner not in {p.name for p in (where.folder / INBOX).glob("[!.]*")}:
            raise BadInput("nothing of a partner of that name is in")
        links, standing = _links(desk, partner=partner), _standing(desk)
        for one in links:
            # Said before it is done, and once: a run that breaks off in between is finished by the same call.
            if one.digest in standing:
                details = {"partner": partner, "submission": one.submission, "manifest_digest": one.digest}
                desk.state.record(_event(desk, WITHDRAWN, at=desk.clock(), reason=reason, **details))
        withdraw(partner, doorstep=_doorstep(where))
    return (
        f"{len(links)} submissions of {partner} are taken back: have the linker and the assembler remove theirs"
    )


def decide_request(request: Path, *, request_id: str, where: Where) -> tuple[bool, str]:
    """Whether the signed request is allowed, and why, in sentences; it is stored and logged whichever way it goes.

    Raises:
        BadInput: there is no such file, or a request cannot be called that.
        OutOfOrder, BadSignature, NotTrusted, DocumentInvalid: as `service.release.ask`.
    """
    check_id(request_id)
    with opened(where) as (desk, _):
        decision = ask(read_text(request), request_id=request_id, desk=desk)
    return decision.allowed, "\n".join(explain(decision))


def check_id(request_id: str) -> None:
    """Nothing, if a request can be called that.

    Raises:
        BadInput: it cannot.
    """
    if not FORMS["id"][0].fullmatch(request_id):
        raise BadInput(f"--id takes {FORMS['id'][1]}")


def publish_log(out: Path, *, where: Where) -> str:
    """A new checkpoint of the log is signed, the log stands in `out` as plain files that anybody may check, and beside it the trust register.

    Raises:
        BadInput: the folder holds something else, or another log.
        NotVerified: the log is not what was signed before; nothing is written.
    """
    with opened(where) as (desk, _):
        sign_log(desk.state.log, by=desk.log_identity, shared=where.shared, root=desk.root, now=clock.now())
        try:
            desk.state.log.export(out)
        except BadExport as fault:
            raise BadInput(str(fault)) from fault
        size = desk.state.log.last_checkpoint().split("\n", 2)[1]
    publish_register(where.shared, out=out.parent)
    return f"{size} events in {out.name}/, the trust register beside it"


def _details(manifest: Manifest) -> dict[str, str | int]:
    return {
        "submission": manifest.submission,
        "partner": manifest.partner,
        "manifest_digest": manifest.digest,
        "schema_digest": manifest.round.schema_digest,
        "attributes": len(manifest.attributes),
        "epoch": manifest.round.epoch,
    }


def _event(desk: Desk, kind: str, *, at: datetime, **details: Any) -> Event:
    return Event(kind, at=at, by=desk.identity.name, project=desk.one.project, details=details)
