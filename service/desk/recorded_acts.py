"""The events that acts on a proposal, and adoptions, stand for in the log."""

from collections.abc import Mapping
from typing import Final

from ethics.acts import Act, read_act, text_digest_of
from ethics.adoptions import read_adoption
from ethics.lifecycle import EVENT_OF, Step
from keys import TrustRegister
from service.errors import OutOfOrder

Told = tuple[str, str, Mapping[str, str | int]]

NAMED: Final[Mapping[Step, Mapping[str, str]]] = {
    Step.PREVIEW: {"preview_digest": "preview"},
    Step.CIRCULATE: {"preview_digest": "preview", "pack_digest": "pack", "expires": "until"},
    Step.DECLARE: {"verdict": "conflict"},
    Step.VOTE: {"verdict": "vote"},
    Step.RECOMMEND: {"votes_digest": "counted"},
    Step.SEND_BACK: {"votes_digest": "counted"},
    Step.REFUSE: {"votes_digest": "counted"},
    Step.DRY_RUN: {"expires": "until"},
    Step.SUSPEND: {"clauses": "clauses"},
}
"""Which detail of the event is which field of the act. Reasons stay in the notes: the log holds no text."""


def act_told(note: str, *, trust: TrustRegister) -> Told:
    """The kind of event that an act stands for, who did it, and the details.

    Raises:
        BadAct, BadSignature, NotTrusted: the act is not signed as it must be.
        OutOfOrder: it is of another project.
    """
    act = read_act(note, trust=trust)
    if act.project != trust.project:
        raise OutOfOrder(f"this act is of project {act.project}, not of {trust.project}")
    return EVENT_OF[act.step], act.by, _details(act)


def _details(act: Act) -> Mapping[str, str | int]:
    named = {detail: act.details[field] for detail, field in NAMED.get(act.step, {}).items()}
    return {
        "policy": act.policy.policy,
        "version": act.policy.version,
        "policy_digest": act.policy.digest,
        "note_digest": act.digest,
        **named,
    }


def adoption_told(note: str, *, trust: TrustRegister) -> Told:
    """The same of a partner's adoption.

    Raises:
        BadAdoption, BadSignature, NotTrusted: it is not signed as it must be.
    """
    one = read_adoption(note, trust=trust)
    details: dict[str, str | int] = {
        "policy": one.policy.policy,
        "version": one.policy.version,
        "policy_digest": one.policy.digest,
        "partner": one.partner,
        "clauses": ",".join(sorted(one.clauses)),
        "note_digest": text_digest_of(note),
    }
    return "policy-adopted", one.by, details
