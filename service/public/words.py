"""Reasons and events in words that a lay reader understands, for the public register. Many codes of the engine read as one reason."""

from collections.abc import Mapping
from typing import Final

from ethics.kinds import KINDS

NEVER: Final = "It asked for something that is never allowed."
NOT_COVERED: Final = "No approved use covers what was asked for."
NOT_APPROVED: Final = "A recommendation, an adoption or an assessment that it needs was missing, or had lapsed."
LAW: Final = "The law that was named does not carry it."
TIME: Final = "Its dates were not within those of the rules."
WHO: Final = "Whoever asked was not entitled to ask for it."
WORDING: Final = "It was not written in the words of the rules, or a fact that they need was missing."
OTHER: Final = "Another reason, which the log names by its code."
REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    NEVER: ("never-allowed-purpose", "never-allowed-form", "never-released-class", "linker-may-not-ask", "prohibited"),
    NOT_COVERED: (
        "no-clause", "purpose-not-covered", "form-not-covered", "role-not-covered", "area-too-fine", "finer-than-floor", "class-not-covered",
        "attribute-excepted", "flag-not-covered", "gateway-not-accepted",
    ),
    NOT_APPROVED: ("no-basis", "no-review-date", "review-passed", "dpia-missing", "dpia-lapsed", "not-recommended", "not-adopted"),
    LAW: (
        "no-gateway", "gateway-unknown", "gateway-disabled", "gateway-not-in-force", "gateway-purpose", "gateway-source", "gateway-recipient",
        "gateway-class", "gateway-bars", "gateway-subject", "gateway-form", "evidence-missing", "evidence-lapsed",
    ),
    TIME: ("not-yet-effective", "expired", "asked-in-the-future", "use-has-ended", "use-too-long"),
    WHO: ("unknown-requester", "role-not-held", "organisation-differs"),
    WORDING: (
        "unknown-word", "unknown-attribute", "unknown-value", "date-shown", "not-a-date", "vocabulary-differs", "evaluation-error", "nothing-asked",
    ),
}  # fmt: skip
LAY: Final[Mapping[str, str]] = {code: says for says, codes in REASONS.items() for code in codes}
STOPPED: Final[Mapping[str, str]] = {
    "disclosure-rules": "The figures, alone or with earlier ones, could have told something about single people.",
    "custodian-refused": "The custodian, who decides again, kept the keys shut.",
    "custodian-unavailable": "The custodian could not be reached.",
    "bad-submission": "A partner's data was not as it must be.",
    "out-of-order": "A step that must come before was missing.",
}
YEAR: Final[Mapping[str, Mapping[str, str]]] = {
    "Keys and roles": {
        "trust-register-issued": "Versions of the trust register",
        "ceremony-held": "Ceremonies in which keys were made and shared",
        "secret-rotated": "Project secrets replaced",
        "secret-destroyed": "Project secrets destroyed",
        "share-destroyed": "Custodians who removed their shares of old keys",
        "opening-asked": "Keys that custodians were asked to open together",
    },
    "Data sent and linked": {
        "submission-received": "Submissions taken in",
        "submission-refused": "Submissions refused",
        "submission-withdrawn": "Submissions taken back",
        "linkage-run": "Linkages",
        "quality-measured": "Measurements of the quality of a linkage",
    },
    "Releases, made and withdrawn": {
        "release-made": "Tables released",
        "release-withdrawn": "Releases withdrawn",
        "destruction-certified": "Releases whose destruction was certified",
    },
    "Watching the log": {"checkpoint-witnessed": "Checkpoints cosigned by partners"},
}
REQUESTS: Final[Mapping[str, str]] = {
    "request-made": "Requests made",
    "request-allowed": "Requests allowed",
    "request-refused": "Requests refused",
    "release-refused": "Releases stopped",
}
STEPS: Final[Mapping[str, str]] = {
    "policy-adopted": "Adopted by {partner}: {clauses}.",
    "policy-suspended": "The chair suspended {clauses}.",
}
PREFIX: Final = "policy-"


def is_step(kind: str) -> bool:
    """Whether events of this kind are steps in the life of a policy."""
    return kind.startswith(PREFIX)


def counted_kinds() -> dict[str, dict[str, str]]:
    """The kinds of events that an annual report counts, in words, by the title of their group; every kind is in one, but those of requests."""
    groups = {title: dict(rows) for title, rows in YEAR.items()}
    groups["Policies"] = {kind: one.says for kind, one in KINDS.items() if is_step(kind) or kind == "vote-cast"}
    listed = {*REQUESTS, *(kind for rows in groups.values() for kind in rows)}
    groups["Other entries"] = {kind: one.says for kind, one in KINDS.items() if kind not in listed}
    return groups


def lay_reason(code: str) -> str:
    """The reason that a code of a refusal reads as."""
    return LAY.get(code) or STOPPED.get(code) or OTHER
