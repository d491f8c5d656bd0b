"""What can go wrong with keys. Every message says what happened and what to do; none says a secret."""


class KeysError(Exception):
    """A key, seal or signature could not be used."""


class BadSignature(KeysError):
    """A signature is missing, malformed, by a stranger, or does not fit the text."""


class BadSeal(KeysError):
    """A sealed file is not for this recipient, was altered or cut short, or is of another format."""


class NotTrusted(KeysError):
    """The trust register does not give this name this role at this time."""


class BadKeyFile(KeysError):
    """A key file is missing, readable by others, or not a key file."""


class WrongPassphrase(BadKeyFile):
    """A protected file does not open with the passphrase given, or was altered."""


class BadShare(KeysError):
    """A share is damaged, of another secret, not the one that was made, or there are too few."""


class WrongSecret(KeysError):
    """A secret is not the one that the record of its ceremony commits to."""
