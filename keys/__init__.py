"""Secrets, seals and signatures. Knows no records and no policies."""

from keys.derive import derive, encode, label
from keys.errors import BadSeal, BadSignature, KeysError, NotTrusted
from keys.identity import Identity, PublicIdentity
from keys.notes import Note, sign_note, verify_note
from keys.root import Root
from keys.sealing import open_sealed, seal
from keys.secret import Secret
from keys.trust import TrustRegister

__all__ = [
    "BadSeal",
    "BadSignature",
    "Identity",
    "KeysError",
    "NotTrusted",
    "Note",
    "PublicIdentity",
    "Root",
    "Secret",
    "TrustRegister",
    "derive",
    "encode",
    "label",
    "open_sealed",
    "seal",
    "sign_note",
    "verify_note",
]
