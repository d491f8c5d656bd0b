"""The centre's only module that opens DuckDB: in memory, with nothing reachable outside it."""

import duckdb


def open_locked(*, threads: int = 2, memory: str = "8GB") -> duckdb.DuckDBPyConnection:
    """An in-memory database that can read and write no file, load no extension, see no Python variable, and change no setting."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": memory,
            # Without a directory DuckDB spills nothing: even an in-memory database would write its rows to ./.tmp.
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )
    connection.execute("SET enable_external_access = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET lock_configuration = true")
    return connection
