"""What was released is handed over, as often as it is asked for and as long as it may be used."""

from keys import PublicIdentity
from service.audit.verifying import sign_log
from service.desk.package import sealed_for
from service.desk.shapes import ENTRY_FILE, PROOF_FILE, SECURE_ENVIRONMENT, Desk, Handed
from service.desk.stored_release import Terms
from service.dossier import Dossier
from service.errors import OutOfOrder

ENDED = {"withdrawn": "was withdrawn", "destroyed": "was destroyed, as its holder certified"}


def collect(request_id: str, *, by: PublicIdentity, desk: Desk) -> Handed:
    """The sealed files of a release with their proof under a new checkpoint, as often as they are asked for: they open for whom they were sealed to and
    nobody else. `by` is the analyst who made the request.

    Raises:
        OutOfOrder: nothing was released for this request, or it may not be used any more.
    """
    release_id, entry, files = desk.state.release_of(request_id)
    terms = desk.state.terms_of(release_id)
    for how in desk.state.ends_of(release_id):
        raise OutOfOrder(f"{release_id} {ENDED[how]}: it is not handed out any more")
    if desk.clock().date() > terms.expires:
        raise OutOfOrder(
            f"{release_id} could be used until {terms.expires.isoformat()}: it is not handed out any more"
        )
    to = _recipient(terms, by=by, desk=desk)
    sign_log(desk.state.log, by=desk.log_identity, shared=desk.shared, root=desk.root, now=desk.clock())
    proof = desk.state.log.prove(entry)
    proven = {ENTRY_FILE: desk.state.log.entry(entry), PROOF_FILE: proof.encode()}
    return Handed(
        release_id, {**files, **sealed_for(proven, to=to, one=desk.one, place=("release", release_id))}, proof
    )


def _recipient(terms: Terms, *, by: PublicIdentity, desk: Desk) -> PublicIdentity:
    if terms.holder != SECURE_ENVIRONMENT:
        return by
    trust = desk.verify(Dossier.read(desk.shared)).trust
    return trust.require(terms.recipient, role=SECURE_ENVIRONMENT, at=desk.clock())
