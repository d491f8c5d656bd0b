"""How a release ends: its time runs out, it is withdrawn, or its holder certifies that it was destroyed; and what is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from keys import BadSignature, Identity
from keys.certificates import Destroyed, certify, verify_destruction
from keys.identity import check_name
from keys.notes import sign_note, split_note
from keys.statements import moment, parse, statement, text_digest, verify_by
from keys.trust import TrustRegister
from linkage.errors import BadInput
from policies.load import load_request
from service.analyst.signed_requests import text_of
from service.checker.votes import DESK, check_project
from service.desk.shapes import ANALYST, SECURE_ENVIRONMENT, Desk
from service.desk.stored_release import Terms
from service.errors import OutOfOrder

WITHDRAWAL_FORMAT: Final = "linkage-withdrawal/v1"
SOON: Final = timedelta(days=30)
WITHDRAWN: Final = "withdrawn"
DESTROYED: Final = "destroyed"
REASONS: Final[Mapping[str, str]] = {
    "error-in-data": "a partner's data were wrong",
    "error-in-linkage": "records were linked wrongly",
    "disclosure-risk": "it tells more about people than it should",
    "permission-ended": "what permitted it holds no longer",
    "misused": "it was used for something that was not permitted",
    "asked-by-partner": "a partner whose data it rests on asks for it",
}
CERTIFICATE_OF: Final[Mapping[str, Destroyed]] = {
    ANALYST: "release",
    SECURE_ENVIRONMENT: "release-in-secure-setting",
}
Standing = Literal["in-use", "ends-soon", "ended", "overdue", "withdrawn", "destroyed"]
ASKS_FOR_SOMETHING: Final = frozenset({"ends-soon", "overdue", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Due:
    """Where a release stands. `days` are left until the last day of its use, negative after it; `says` is a sentence for whoever keeps the desk."""

    release: str
    request: str
    requester: str
    holder: str
    expires: date
    days: int
    standing: Standing
    says: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The desk's statement that a release is withdrawn: whoever holds it stops using it, destroys it and certifies so."""

    project: str
    release: str
    holder: str
    requester: str
    reason: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"a release is withdrawn for one of {', '.join(REASONS)}")

    @property
    def text(self) -> str:
        """The text that the desk signs."""
        body = {
            name: getattr(self, name) for name in ("project", "release", "holder", "requester", "reason", "by")
        }
        said = f"Stop using {self.release}, destroy it and certify so: {REASONS[self.reason]}."
        return statement(WITHDRAWAL_FORMAT, body | {"says": said, "at": self.at.isoformat()})


def releases_due(desk: Desk) -> tuple[Due, ...]:
    """Every release and where it stands, oldest first."""
    return tuple(_due(release, request, desk=desk) for release, request in desk.state.released())


def _due(release: str, request: str, *, desk: Desk) -> Due:
    terms, ends, today = desk.state.terms_of(release), desk.state.ends_of(release), desk.clock().date()
    requester = load_request(text_of(desk.state.request(request).text)).requester
    days = (terms.expires - today).days
    standing = _standing(terms, ends, days=days)
    until, asked = terms.expires.isoformat(), "" if terms.certify else " No certificate was asked for."
    says = {
        "in-use": f"may be used until {until}, {days} days from now.",
        "ends-soon": f"may be used until {until}, {days} days from now: remind {terms.recipient}"
        + (" to destroy it then and to certify so." if terms.certify else " to stop using it then."),
        "ended": f"could be used until {until}.{asked}",
        "overdue": f"could be used until {until}, {-days} days ago, and {terms.recipient} has not certified its destruction: ask for the certificate.",
        "withdrawn": f"is withdrawn, and {terms.recipient} has not certified its destruction: ask for the certificate.",
        "destroyed": f"is destroyed, as {terms.recipient} certified.",
    }[standing]
    return Due(
        release, request, requester, terms.recipient, terms.expires, days, standing, f"{release} ({request}, {requester}) {says}"
    )  # fmt: skip


def _standing(terms: Terms, ends: Mapping[str, datetime], *, days: int) -> Standing:
    if DESTROYED in ends:
        return "destroyed"
    if WITHDRAWN in ends:
        return "withdrawn"
    if days < 0:
        return "overdue" if terms.certify else "ended"
    return "ends-soon" if timedelta(days=days) <= SOON else "in-use"


def withdraw_release(release: str, *, reason: str, desk: Desk) -> str:
    """The release is withdrawn, logged, and handed out no more; gives back the signed statement for whoever holds it. One that was withdrawn before gives
    back the statement of then.

    Raises:
        BadInput: there is no such reason.
        OutOfOrder: there is no such release, or it was destroyed already.
    """
    if reason not in REASONS:
        raise BadInput(f"--reason takes one of {', '.join(REASONS)}")
    terms = desk.state.terms_of(release)
    if (before := desk.state.end_note(release, how=WITHDRAWN)) is not None:
        return before
    if DESTROYED in desk.state.ends_of(release):
        raise OutOfOrder(f"{release} was destroyed already: there is nothing to withdraw")
    request = dict(desk.state.released())[release]
    requester = load_request(text_of(desk.state.request(request).text)).requester
    stated = Withdrawal(
        desk.one.project, release, terms.recipient, requester, reason, desk.identity.name, desk.clock()
    )
    note = sign_note(stated.text, by=desk.identity)
    event = desk.event(
        "release-withdrawn", release=release, reason=reason, note_digest=text_digest(stated.text)
    )
    desk.state.end_release(release, how=WITHDRAWN, note=note, now=desk.clock(), event=event)
    return note


def read_withdrawal(note: str, *, trust: TrustRegister) -> Withdrawal:
    """The withdrawal that a release desk states, and signed.

    Raises:
        BadSignature, NotTrusted: it is none, not signed by a desk, or of another project.
    """
    one = parse(split_note(note)[0], kind=WITHDRAWAL_FORMAT, read=_withdrawal, write=lambda w: w.text)
    verify_by(note, kind=WITHDRAWAL_FORMAT, by=one.by, role=DESK, at=one.at, trust=trust)
    check_project(one.project, trust=trust)
    return one


def certify_destruction(
    files_digest: str, *, holder: str, project: str, epoch: int, by: Identity, now: datetime
) -> str:
    """The holder's signed certificate that a release, by the digest of its files, is destroyed."""
    return certify(
        what=CERTIFICATE_OF[holder], project=project, epoch=epoch, record=files_digest, by=by, now=now
    )


def take_certificate(note: str, *, desk: Desk) -> tuple[str, bool]:
    """The release that a certificate is about, and whether it is new; its destruction is on record and logged, once.

    Raises:
        BadSignature, NotTrusted: it is no certificate by whom it names, or by somebody else than who holds the release.
        OutOfOrder: it is about no release of this desk.
    """
    one = verify_destruction(note, trust=desk.verified().trust)
    for release, _ in desk.state.released():
        terms = desk.state.terms_of(release)
        if terms.files_digest == one.record and CERTIFICATE_OF[terms.holder] == one.what:
            break
    else:
        raise OutOfOrder("this certificate is about no release of this desk")
    if one.by != terms.recipient:
        raise BadSignature(f"{release} is held by {terms.recipient}, and this certificate is by {one.by}")
    event = desk.event_by(
        one.by, "destruction-certified", release=release, note_digest=text_digest(split_note(note)[0])
    )
    return release, desk.state.end_release(release, how=DESTROYED, note=note, now=desk.clock(), event=event)


def _withdrawal(value: dict[str, Any]) -> Withdrawal:
    return Withdrawal(
        project=str(value["project"]),
        release=str(value["release"]),
        holder=check_name(value["holder"]),
        requester=check_name(value["requester"]),
        reason=str(value["reason"]),
        by=check_name(value["by"]),
        at=moment(value["at"]),
    )
