"""Choosing a table of a database by its name in the catalogue. No text of a person's becomes SQL but as a quoted identifier."""

from collections.abc import Sequence

from linkage.errors import BadInput

Table = tuple[str, str]  # schema and name, as the catalogue writes them


def choose(wanted: str | None, *, tables: Sequence[Table], name: str) -> Table:
    """The table of that name, or of that `schema.name`; the only one where none is named.

    Raises:
        BadInput: there is no such table, or several; the message lists them.
    """
    listed = ", ".join(sorted(f"{s}.{t}" for s, t in tables)) or "none"
    if wanted is None:
        if len(tables) != 1:
            raise BadInput(f"{name}: name one of its tables with --table; it has {listed}")
        return tables[0]
    found = [(s, t) for s, t in tables if wanted in (t, f"{s}.{t}")]
    if not found:
        raise BadInput(f"{name}: no table {wanted!r}; it has {listed}")
    if len(found) > 1:
        raise BadInput(
            f"{name}: {wanted!r} is in several schemas; name it as one of {', '.join(f'{s}.{t}' for s, t in found)}"
        )
    return found[0]


def quoted(identifier: str) -> str:
    """The identifier in double quotes, as SQL-92 has it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def selection(columns: Sequence[str], *, table: Table, catalogue: str | None = None) -> str:
    """The statement that reads these columns of the table."""
    place = ".".join(quoted(p) for p in (catalogue, *table) if p)
    return f"SELECT {', '.join(map(quoted, columns))} FROM {place}"  # noqa: S608  every name is quoted
