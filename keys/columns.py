"""Keys of single columns: made at the partner, wrapped to the custodian, opened one at a time."""

from keys.derive import encode
from keys.identity import Identity, PublicIdentity
from keys.sealing import unwrap_key, wrap_key
from keys.secret import Secret


def column_context(key_id: str) -> bytes:
    """What binds a wrapped column key to its project, round, partner and attribute, all named in `key_id`."""
    return encode(["linkage-column/v1", key_id])


def wrap_column_key(key: bytes, *, key_id: str, to: PublicIdentity) -> bytes:
    """The column key, readable by the custodian alone and only as the key of `key_id`."""
    return wrap_key(key, to=to, context=column_context(key_id))


def unwrap_column_key(wrapped: bytes, *, key_id: str, by: Identity) -> Secret:
    """The column key.

    Raises:
        BadSeal: it belongs to another column, another custodian, or was altered.
    """
    return unwrap_key(wrapped, by=by, context=column_context(key_id))
