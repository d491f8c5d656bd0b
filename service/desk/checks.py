"""The output checkers' part of the door: a package is kept for them, votes come in sealed, and together they let it out or stop it.

Votes are blind. Each comes sealed to the desk and is logged by its digest alone; what they say comes to light with the decision, all at once. The first
refusal is a decision.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from ethics.events import Event
from keys import Identity, KeysError, PublicIdentity, open_sealed, seal
from linkage.manifest import Round
from service.checker.votes import (
    CHECKER,
    REFUSE,
    Prepared,
    Standing,
    check_eligible,
    read_output_vote,
    read_prepared,
    standing,
    state_prepared,
)
from service.desk.checks_state import WAITING, Checks, NewPrepared, StoredPrepared, StoredVote
from service.desk.package import (
    digest_of,
    opened_by,
    sealed_for,
    stated_obligations,
    stated_permit,
    stated_recipient,
)
from service.desk.people import open_described, seal_described
from service.desk.shapes import Desk, Going, Output
from service.desk.tables import still_safe
from service.errors import OutOfOrder

STATEMENT_FILE: Final = "prepared.note"
SHEET_FILE: Final = "check-sheet.json"
STOPPED_BY: Final = "output-checker"


@dataclass(frozen=True, slots=True)
class Ballot:
    """The votes on a package, opened: how they stand, and the events in which they come to light."""

    standing: Standing
    events: tuple[Event, ...]


def keep_for_checkers(output: Output, *, going: Going, desk: Desk) -> StoredPrepared:
    """The package waits for its checkers, sealed to the desk, with what the desk states of it; it is in the log."""
    stated = Prepared(
        project=going.request.project, release=going.id, request=going.request_id, requester=going.by.name,
        files=digest_of(output.contents), sheet=hashlib.sha256(output.sheet).hexdigest(), by=desk.identity.name, at=desk.clock(),
    )  # fmt: skip
    checks = Checks(desk.state)
    checks.add_prepared(
        NewPrepared(
            going.id, going.request_id, state_prepared(stated, by=desk.identity), output.tables, seal_described(output.described, going.id, desk),
            sealed_for({**output.contents, SHEET_FILE: output.sheet}, to=desk.identity.public, one=desk.one, place=("prepared", going.id)),
        ),
        event=desk.event(
            "release-prepared", release=going.id, request=going.request_id, files_digest=stated.files, decision_digest=going.permit.decision,
        ),
    )  # fmt: skip
    kept = checks.prepared(going.request_id)
    assert kept is not None  # noqa: S101  it was stored just now
    return kept


def reopened(kept: StoredPrepared, *, going: Going, desk: Desk) -> Output:
    """What the checkers have before them, byte for byte, if it may still leave: the permit is no stricter than what its note says, it goes to whom it was
    made for, and a table was attacked once more with all that was released since.

    Raises:
        OutOfOrder: the permit is stricter by now, ends earlier or sends it elsewhere, or the table would be printed otherwise.
        Unsafe: a reader could infer a hidden count now.
    """
    contents, sheet = _opened(kept, desk=desk)
    told = stated_permit(contents)
    elsewhere = stated_recipient(contents) != going.recipient.name
    stricter = not stated_obligations(told).at_least(going.permit.obligations)
    if (
        elsewhere
        or stricter
        or not f"{desk.clock():%Y-%m-%d}" <= told["expires"] <= going.permit.expires.isoformat()
    ):
        raise OutOfOrder(f"{going.id} was prepared on other terms than hold now: ask again with a new request")
    whom = open_described(kept.cohort, kept.release, desk)
    safe = (
        still_safe(sheet, printed=kept.tables, everyone=whom.everyone, going=going, desk=desk)
        if kept.tables
        else ()
    )
    main, beside = (*safe, None, None)[:2]
    return Output(main, contents, sheet, whom.people, beside, whom.among, whom.joins, whom.everyone)


def _opened(kept: StoredPrepared, *, desk: Desk) -> tuple[dict[str, bytes], bytes]:
    """The files and the check sheet of a package, as the desk stated them.

    Raises:
        OutOfOrder: they are not what was stated.
        BadSeal: one was altered.
    """
    trust = desk.verified().trust
    stated = read_prepared(kept.statement, trust=trust)
    contents = opened_by(
        Checks(desk.state).files(kept.release), by=desk.identity, one=desk.one, place=("prepared", kept.release)
    )
    sheet = contents.pop(SHEET_FILE)
    if (digest_of(contents), hashlib.sha256(sheet).hexdigest()) != (stated.files, stated.sheet):
        raise OutOfOrder(
            f"the files of {kept.release} are not those that were prepared: ask again with a new request"
        )
    return contents, sheet


def copies_for_checkers(request_id: str, *, desk: Desk) -> dict[str, dict[str, bytes]]:
    """For each output checker who may vote on the package of a request: the desk's statement, and the files and the check sheet sealed to that checker.

    Raises:
        OutOfOrder: no package waits for this request.
    """
    kept = _waiting(request_id, desk=desk)
    contents, sheet = _opened(kept, desk=desk)
    return {
        one.name: {
            STATEMENT_FILE: kept.statement.encode(),
            **sealed_for({**contents, SHEET_FILE: sheet}, to=one, one=desk.one, place=("check", kept.release)),
        }
        for one in _eligible(kept, desk=desk)
    }


def seal_vote(note: str, *, release_id: str, to: PublicIdentity, one: Round) -> bytes:
    """A vote as it travels: sealed to the desk, so that nobody who carries it reads it."""
    return seal(note.encode(), to=to, context=one.context("output-vote", release_id))


def take_vote(sealed: bytes, *, request_id: str, desk: Desk) -> tuple[str, bool]:
    """Whose vote it is, and whether it stopped the package; it is in, logged by its digest. The same vote again changes nothing, and finishes what a run
    that broke off has left.

    Raises:
        OutOfOrder: no package waits for this request, or the checker has voted otherwise.
        BadSeal: it is not sealed to this desk, or is on another release.
        BadSignature, NotTrusted: as `read_output_vote`.
    """
    kept = Checks(desk.state).prepared(request_id)
    if kept is None:
        raise OutOfOrder(f"nothing was prepared for request {request_id}")
    note = _note_of(sealed, kept.release, by=desk.identity, one=desk.one)
    trust = desk.verified().trust
    vote = read_output_vote(note, on=read_prepared(kept.statement, trust=trust), trust=trust, at=desk.clock())
    digest = hashlib.sha256(note.encode()).hexdigest()
    Checks(desk.state).add_vote(
        kept.release,
        vote=StoredVote(vote.by, desk.clock(), sealed, digest),
        event=desk.event_by(vote.by, "output-vote-received", request=request_id, release=kept.release, note_digest=digest),
    )  # fmt: skip
    if vote.verdict == REFUSE and kept.state == WAITING:
        stop(request_id, desk=desk)
    return vote.by, vote.verdict == REFUSE


def stop(request_id: str, *, desk: Desk) -> None:
    """The package of a request never leaves, because a checker refused it; the votes are in the log."""
    kept = _waiting(request_id, desk=desk)
    ballot = ballot_on(kept, request_id=request_id, desk=desk)
    event = desk.event("release-refused", request=request_id, reasons=STOPPED_BY)
    Checks(desk.state).stop(kept.release, event=event, before=ballot.events)


def ballot_on(kept: StoredPrepared, *, request_id: str, desk: Desk) -> Ballot:
    """The votes on a package as they count now."""
    trust, now = desk.verified().trust, desk.clock()
    stated = read_prepared(kept.statement, trust=trust)
    votes = Checks(desk.state).votes(kept.release)
    notes = {one.checker: _note_of(one.sealed, kept.release, by=desk.identity, one=desk.one) for one in votes}
    events = []
    for one in votes:
        try:
            vote = read_output_vote(notes[one.checker], on=stated, trust=trust, at=now)
        except KeysError:
            continue  # it does not count, and `standing` says why
        why = {"reasons": ",".join(vote.reasons)} if vote.reasons else {}
        events.append(
            desk.event_by(one.checker, "output-checked", request=request_id, verdict=vote.verdict, note_digest=one.note_digest, **why)
        )  # fmt: skip
    return Ballot(standing(notes, on=stated, trust=trust, now=now), tuple(events))


def _waiting(request_id: str, *, desk: Desk) -> StoredPrepared:
    kept = Checks(desk.state).prepared(request_id)
    if kept is None or kept.state != WAITING:
        raise OutOfOrder(f"nothing waits for output checkers under request {request_id}")
    return kept


def _note_of(sealed: bytes, release_id: str, *, by: Identity, one: Round) -> str:
    opened = open_sealed(sealed, by=by, context=one.context("output-vote", release_id))
    return opened.decode("utf-8", errors="replace")


def _eligible(kept: StoredPrepared, *, desk: Desk) -> list[PublicIdentity]:
    trust, now = desk.verified().trust, desk.clock()
    stated = read_prepared(kept.statement, trust=trust)
    found = []
    for entry in trust.holders(CHECKER, at=now):
        try:
            check_eligible(entry.identity.name, on=stated, trust=trust, at=now)
        except KeysError:
            continue
        found.append(entry.identity)
    return found
