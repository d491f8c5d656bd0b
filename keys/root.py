"""The root of trust: the only thing that a party must get some other way than with the files.

Several keys, held by people who do not report to one another, of which a quorum must sign (as the root role of The Update Framework,
specification 1.0.33, sections 2.1.1 and 5.3).
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from keys.derive import encode
from keys.errors import BadSignature
from keys.identity import PublicIdentity
from keys.notes import Note, verify_note

ROOT_FORMAT: Final = "linkage-root/v1"
MOST_ROOT_KEYS: Final = 50


@dataclass(frozen=True, slots=True)
class Root:
    """The keys that a project's trust starts from, and how many of them must sign.

    Raises:
        ValueError: two keys have one name or are one key, there are none or over 50, or the quorum is not between 1 and their number.
    """

    keys: tuple[PublicIdentity, ...]
    quorum: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.keys) <= MOST_ROOT_KEYS:
            raise ValueError(f"a root has between 1 and {MOST_ROOT_KEYS} keys")
        if type(self.quorum) is not int or not 1 <= self.quorum <= len(self.keys):
            raise ValueError(
                f"the quorum of a root with {len(self.keys)} keys is between 1 and {len(self.keys)}"
            )
        for what, values in (
            ("name", {one.name for one in self.keys}),
            ("key", {one.ed25519 for one in self.keys}),
        ):
            if len(values) != len(self.keys):
                raise ValueError(f"two of the root's keys have the same {what}: one holder has one vote")

    @property
    def digest(self) -> bytes:
        """SHA-256 over quorum, names and all public keys, the same in whatever order they are named: what two people read to each other."""
        prints = sorted(one.fingerprint for one in self.keys)
        return hashlib.sha256(encode([ROOT_FORMAT, str(self.quorum), *prints])).digest()

    def verify(self, note: str, *, kind: str) -> Note:
        """The note, if at least `quorum` different keys of the root signed it; the same key counts once however often it signed.

        Raises:
            BadSignature: too few did, a signature does not fit, or it is a note of another kind.
        """
        found = verify_note(note, known=self.keys, kind=kind)
        if len(found.signers) < self.quorum:
            raise BadSignature(
                f"this {kind} is signed by {len(found.signers)} of the root's {len(self.keys)} keys, and {self.quorum} must sign: "
                "have more holders sign it"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain values under the format's name."""
        return {"format": ROOT_FORMAT, "quorum": self.quorum, "keys": [one.to_json() for one in self.keys]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Root":
        """The root that `to_json` wrote.

        Raises:
            ValueError: it is of another format, or breaks a rule of roots.
        """
        if set(value) != {"format", "quorum", "keys"} or value["format"] != ROOT_FORMAT:
            raise ValueError(f"no {ROOT_FORMAT}")
        return cls(tuple(PublicIdentity.from_json(one) for one in value["keys"]), value["quorum"])
