"""What can go wrong with records, tokens and linkages. Messages name file, row and column, never a value."""


class LinkageError(Exception):
    """A linkage step could not be done."""


class BadInput(LinkageError):
    """A file of records is missing, unreadable, or not as its mapping says."""


class RawValueFound(BadInput):
    """A raw value stands readable in what was about to leave; nothing may be sent."""


class NotWritten(LinkageError):
    """A file or folder could not be written, or another run is writing it; nothing half-written stands under its name."""


class BadSchema(LinkageError):
    """A linkage schema breaks its rules."""


class BadSubmission(LinkageError):
    """A submission is incomplete, altered, of another project, schema or epoch, or submitted twice."""


class BadModel(LinkageError):
    """A linkage cannot be trained or scored on what was submitted."""
