"""Opens what a data officer names: a file, or `env:NAME` for a database whose connection string is in that environment variable."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from linkage.errors import BadInput
from linkage.partner.sources.csv_layout import guess_encoding
from linkage.partner.sources.opened import TEXT_SUFFIXES, open_connection, open_source
from linkage.partner.sources.source import Source
from service.officer.mapping_file import DEFAULT_ENCODING, SourceOptions

ENVIRONMENT: Final = "env:"


def open_named(named: Path, *, options: SourceOptions, environment: Mapping[str, str]) -> Source:
    """The source. A connection string is taken from `environment` alone, for what stands on a command line can be read by others.

    Raises:
        BadInput: there is no such file or variable, or what it names cannot be read.
    """
    text = str(named)
    if not text.startswith(ENVIRONMENT):
        return open_source(
            named, encoding=options.encoding or DEFAULT_ENCODING, delimiter=options.delimiter, sheet=options.sheet, table=options.table,
        )  # fmt: skip
    variable = text.removeprefix(ENVIRONMENT)
    if not environment.get(variable):
        raise BadInput(
            f"{text}: there is no environment variable {variable}; it should hold the connection string"
        )
    return open_connection(environment[variable], name=text, table=options.table)


def with_encoding(named: Path, *, options: SourceOptions) -> SourceOptions:
    """The options with the encoding that a text file seems to have, unless one is given; of other sources as they are."""
    if options.encoding or named.suffix.lower() not in TEXT_SUFFIXES or not named.is_file():
        return options
    return options.model_copy(update={"encoding": guess_encoding(named)})
