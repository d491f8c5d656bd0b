"""What the log can say: every kind of event, and every detail one may carry. Nothing else can be written.

A detail holds an identifier of a document or an organisation, a digest, a code from a closed vocabulary, a day or a count.
There is no kind of detail for text, so that nothing from a person's record has a place to stand.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_COUNT: Final = 2**53 - 1

# An identifier starts with a letter: numbers that stand for people (NHS, police, pupil numbers) do not.
_ID = r"[A-Za-z][A-Za-z0-9./:@_+=-]{0,99}"
_CODE = r"[a-z][a-z0-9-]{0,63}"
FORMS: Final = {
    "id": (re.compile(_ID, re.ASCII), "one identifier: a letter, then up to 99 of A-Z a-z 0-9 . / : @ _ + = -"),
    "ids": (
        re.compile(rf"(?:{_ID}(?:,{_ID}){{0,99}})?", re.ASCII),
        "up to 100 identifiers with commas between",
    ),
    "code": (re.compile(_CODE, re.ASCII), "one word of the vocabulary: a-z, 0-9 and -"),
    "codes": (re.compile(rf"{_CODE}(?:,{_CODE}){{0,31}}", re.ASCII), "up to 32 words with commas between"),
    "digest": (re.compile(r"(?:sha256:)?[0-9a-f]{64}", re.ASCII), "a SHA-256 in hexadecimal"),
    "day": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII), "a day as YYYY-MM-DD"),
}

DETAILS: Final = {
    "id": "attribute linkage partner permit policy release request schema share submission to witness",
    "ids": "clauses partners submissions",
    "code": "form purpose reason verdict",
    "codes": "reasons",
    "digest": "constitution_digest decision_digest facts_digest files_digest ledger_digest manifest_digest model_digest"
    " note_digest permit_digest policy_digest previous_digest register_digest report_digest request_digest"
    " root_digest schema_digest spine_digest vocabulary_digest votes_digest recipient_digest preview_digest pack_digest",
    "day": "expires review",
    "count": "approve attributes cells conflicted entries epoch files hidden members merged pairs passes people present"
    " records refuse rows size split threshold version",
}
FORM_OF: Final = {name: form for form, names in DETAILS.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: the sentence it stands for, the details it must have and those it may have."""

    says: str
    needs: frozenset[str]
    may: frozenset[str]


def _kind(says: str, needs: str = "", may: str = "") -> Kind:
    return Kind(says, frozenset(needs.split()), frozenset(may.split()))


KINDS: Final = {
    "trust-register-issued": _kind(
        "A new version of the trust register says who holds which role.", "version register_digest", "entries"
    ),
    "constitution-agreed": _kind(
        "The board's members, terms and quorum were set.", "constitution_digest", "members version"
    ),
    "schema-agreed": _kind(
        "All partners hold the same linkage schema.", "schema schema_digest", "version partners"
    ),
    "ceremony-held": _kind(
        "The keys of a round were made and shared between custodians.", "epoch note_digest", "threshold members"
    ),
    "share-kept": _kind(
        "A custodian checked the record of a ceremony, signed it, and keeps its shares.", "epoch note_digest"
    ),
    "secret-delivered": _kind(
        "A project secret was sealed to one data officer.", "to epoch", "recipient_digest partner"
    ),
    "secret-acknowledged": _kind(
        "A data officer holds the project secret of a round.", "epoch note_digest", "partner"
    ),
    "secret-rotated": _kind(
        "A new project secret replaced the one of the last round.",
        "epoch",
        "reason note_digest threshold members",
    ),
    "secret-destroyed": _kind("A project secret was destroyed.", "epoch", "partner note_digest"),
    "share-destroyed": _kind("A custodian removed its shares of a round's keys.", "epoch", "note_digest"),
    "opening-asked": _kind(
        "Somebody asked the custodians for a key that they share.", "share note_digest", "reason to"
    ),
    "recovery-share-used": _kind(
        "A custodian gave a recovery share to open a key.", "share", "reason note_digest"
    ),
    "submission-received": _kind(
        "A partner's sealed submission was checked and stored.",
        "submission partner manifest_digest",
        "schema_digest rows attributes epoch",
    ),
    "submission-refused": _kind(
        "A partner's submission was refused.", "partner reasons", "submission manifest_digest"
    ),
    "submission-withdrawn": _kind(
        "A partner took a submission back.", "submission partner", "reason manifest_digest"
    ),
    "linkage-run": _kind(
        "Submissions were compared and pairs of records scored.",
        "linkage schema_digest",
        "submissions model_digest passes pairs rows epoch",
    ),
    "people-formed": _kind(
        "Scored pairs were merged into people.",
        "linkage people",
        "records spine_digest merged split previous_digest",
    ),
    "quality-measured": _kind(
        "The quality of a linkage was measured, also by group.", "linkage report_digest", "verdict"
    ),
    "policy-proposed": _kind(
        "A policy was put before the board.",
        "policy version policy_digest",
        "previous_digest vocabulary_digest expires review clauses note_digest",
    ),
    "policy-checked": _kind(
        "The linter and the tests inside a policy found nothing.", "policy version policy_digest note_digest"
    ),
    "policy-previewed": _kind(
        "What a policy would newly allow was worked out.",
        "policy version policy_digest note_digest",
        "preview_digest",
    ),
    "policy-circulated": _kind(
        "The papers on a policy went to the members of the board.",
        "policy version policy_digest note_digest",
        "preview_digest pack_digest expires",
    ),
    "interest-declared": _kind(
        "A board member declared whether a policy is a conflict of interest.",
        "policy version policy_digest note_digest",
        "verdict",
    ),
    "vote-cast": _kind(
        "A board member voted on a policy.", "policy version policy_digest note_digest", "verdict"
    ),
    "policy-recommended": _kind(
        "The board's quorum recommended a policy.",
        "policy version policy_digest votes_digest",
        "constitution_digest present approve refuse conflicted note_digest",
    ),
    "policy-sent-back": _kind(
        "The board did not recommend a policy.",
        "policy version policy_digest",
        "votes_digest constitution_digest present approve refuse conflicted note_digest",
    ),
    "policy-refused": _kind(
        "The board refused a policy.", "policy version policy_digest", "votes_digest note_digest"
    ),
    "policy-dry-run": _kind(
        "A policy goes on a dry run, in which nothing is released under it.",
        "policy version policy_digest note_digest",
        "expires",
    ),
    "policy-in-force": _kind("A policy is in force.", "policy version policy_digest note_digest"),
    "policy-withdrawn": _kind(
        "Whoever proposed a policy withdrew it.", "policy version policy_digest note_digest"
    ),
    "policy-adopted": _kind(
        "A partner adopted clauses of a policy for its own data.",
        "policy version policy_digest partner clauses",
        "note_digest",
    ),
    "policy-suspended": _kind(
        "The chair suspended clauses of a policy.", "policy version policy_digest clauses", "reason note_digest"
    ),
    "advice-given": _kind(
        "An analyst was told whether a request would be allowed, before she made it.",
        "note_digest verdict",
        "request_digest decision_digest policy_digest facts_digest",
    ),
    "request-made": _kind(
        "An analyst asked for a linked table or extract.",
        "request purpose form",
        "request_digest linkage attributes partners",
    ),
    "request-allowed": _kind(
        "A request was decided: allowed.",
        "request decision_digest policy_digest",
        "clauses facts_digest vocabulary_digest permit expires",
    ),
    "request-refused": _kind(
        "A request was decided: refused.",
        "request reasons",
        "decision_digest policy_digest clauses facts_digest vocabulary_digest purpose",
    ),
    "permit-used": _kind(
        "A permit was used to open attributes.", "permit request", "permit_digest attributes linkage"
    ),
    "column-key-opened": _kind(
        "A custodian unwrapped the key of one attribute.",
        "permit partner attribute",
        "submission decision_digest",
    ),
    "column-key-refused": _kind(
        "A custodian refused to unwrap the key of an attribute.",
        "partner attribute reasons",
        "permit submission",
    ),
    "release-prepared": _kind(
        "A table or extract was made ready for the output checkers.",
        "release request files_digest",
        "decision_digest",
    ),
    "output-vote-received": _kind("An output checker's vote came in, sealed.", "release request note_digest"),
    "output-checked": _kind(
        "An output checker gave a verdict on what is about to leave.", "request verdict", "note_digest reasons"
    ),
    "release-made": _kind(
        "A protected table or extract was released.",
        "release request files_digest",
        "decision_digest policy_digest ledger_digest permit partners purpose form files cells hidden expires",
    ),
    "release-refused": _kind(
        "A release was stopped by the disclosure rules or a checker.",
        "request reasons",
        "decision_digest cells",
    ),
    "release-withdrawn": _kind("A release was withdrawn.", "release reason", "note_digest"),
    "destruction-certified": _kind(
        "The holder of a release certified its destruction.", "release", "note_digest"
    ),
    "log-policy-agreed": _kind(
        "The holders of the root agreed which witnesses must cosign this log.", "note_digest"
    ),
    "checkpoint-witnessed": _kind(
        "A partner cosigned a checkpoint of this log.", "witness size root_digest", "note_digest"
    ),
}
