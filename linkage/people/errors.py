"""The errors that making people can raise."""

from linkage.errors import LinkageError


class PeopleError(LinkageError):
    """Base of every error raised by ``linkage.people``."""


class WorldSizeError(PeopleError):
    """The wanted number of people, or the seed, cannot be served."""
