"""The errors that making people can raise."""


class PeopleError(Exception):
    """Base of every error raised by ``linkage.people``."""


class WorldSizeError(PeopleError):
    """The wanted number of people, or the seed, cannot be served."""
