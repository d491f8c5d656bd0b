"""Advice before asking, for the log: a note by which an analyst says what she asked the engine and what it answered, by digests alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from keys import Identity, TrustRegister, sign_note
from keys.notes import split_note
from keys.statements import digest, moment, parse, statement, text_digest, verify_by

ADVICE_FORMAT: Final = "linkage-advice/v1"


@dataclass(frozen=True, slots=True)
class Advice:
    """What an analyst was told of a request that she had not made yet: judged as things stood at `as_of`. `request`, `decision`, `policy` and `facts` are
    digests."""

    project: str
    by: str
    at: datetime
    as_of: datetime
    allowed: bool
    request: str
    decision: str
    policy: str
    facts: str

    @property
    def text(self) -> str:
        """The text that is signed."""
        return statement(
            ADVICE_FORMAT,
            {
                "project": self.project,
                "by": self.by,
                "at": self.at.isoformat(),
                "as_of": self.as_of.isoformat(),
                "allowed": self.allowed,
                "request": self.request,
                "decision": self.decision,
                "policy": self.policy,
                "facts": self.facts,
            },
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return text_digest(self.text)


def sign_advice(advice: Advice, *, by: Identity) -> str:
    """The advice as a note."""
    return sign_note(advice.text, by=by)


def verify_advice(note: str, *, trust: TrustRegister) -> Advice:
    """The advice in a note, signed by the analyst whom it names.

    Raises:
        BadSignature: she did not sign it, or it is not readable.
        NotTrusted: she was no analyst at that time.
    """
    one = parse(split_note(note)[0], kind=ADVICE_FORMAT, read=_read, write=lambda a: a.text)
    verify_by(note, kind=ADVICE_FORMAT, by=one.by, role="analyst", at=one.at, trust=trust)
    return one


def _read(body: dict[str, Any]) -> Advice:
    if type(body["allowed"]) is not bool:
        raise ValueError("neither allowed nor denied")
    return Advice(
        project=str(body["project"]),
        by=str(body["by"]),
        at=moment(body["at"]),
        as_of=moment(body["as_of"]),
        allowed=body["allowed"],
        **{name: _bare(body[name]) for name in ("request", "decision", "policy", "facts")},
    )


def _bare(value: Any) -> str:
    """A digest as the engine writes it, with its algorithm before it."""
    digest(str(value).removeprefix("sha256:"))
    return str(value)
