"""Seals: a hash of each row in its own column, set by triggers, so that a row that nobody wrote is told.

Every table with a column ``seal`` has them; the others (decisions, imports, removals) stand in decisions.jsonl, which
is held against them row by row. A trigger cannot be forgotten by whoever writes. An update seals a row anew only where
the old seal held: what was damaged stays known as such. 8 bytes suffice against chance; they keep nobody out.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Iterator

_BROKEN = 0
"""The seal of a row that was found damaged when it was written over; no row has it otherwise."""


def row_seal(*values: object) -> int:
    """The seal of a row's values, in the order of its columns: 64 bits of BLAKE2b."""
    parts = []
    for value in values:
        match value:
            case None:
                parts.append(b"n")
            case int():
                parts.append(b"i%d" % value)
            case float():  # SQLite stores -0.0 as 0
                parts.append(b"f" + struct.pack("<d", value + 0.0))
            case str():  # of a damaged row: bytes that are no UTF-8
                text = value.encode("utf-8", "surrogateescape")
                parts.append(b"t%d:%s" % (len(text), text))
            case bytes():
                parts.append(b"b%d:%s" % (len(value), value))
            case _:
                raise TypeError(f"{type(value)} is no value of SQLite")
    digest = hashlib.blake2b(b"".join(parts), digest_size=8).digest()
    return int.from_bytes(digest, signed=True) or 1


def mark_broken(connection: sqlite3.Connection) -> None:
    """Note the rows whose seal does not hold, before the tables are changed and sealed anew."""
    for table in _sealed_tables(connection):
        connection.execute(f"UPDATE {table} SET seal = {_BROKEN} WHERE seal != {_row(table, connection)}")


def install(connection: sqlite3.Connection) -> None:
    """Seal the rows of each table whose columns were changed, and make its triggers for the columns that it has."""
    triggers = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    for table in _sealed_tables(connection):
        wanted = _triggers(table, connection)
        if all(triggers.get(name) == sql for name, sql in wanted.items()):
            continue
        for name in wanted:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(
            f"UPDATE {table} SET seal = {_row(table, connection)} WHERE seal IS NULL OR seal != {_BROKEN}"
        )
        for sql in wanted.values():
            connection.execute(sql)


def broken(connection: sqlite3.Connection) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The table and the key of every row that is not as it was written."""
    for table in _sealed_tables(connection):
        columns, keys = _columns(table, connection)
        reader = connection.cursor()
        reader.row_factory = None
        rows = reader.execute(f"SELECT {', '.join([*columns, 'seal', *keys])} FROM {table}")
        for row in rows:
            if row_seal(*row[: len(columns)]) != row[len(columns)]:
                yield table, row[len(columns) + 1 :]


def accept(connection: sqlite3.Connection, table: str, where: str) -> None:
    """Seal rows as they are now, since something else vouches for them."""
    connection.execute(f"UPDATE {table} SET seal = {_row(table, connection)} WHERE {where}")


def _sealed_tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master AS made WHERE type = 'table' AND EXISTS"
        " (SELECT 1 FROM pragma_table_info(made.name) WHERE name = 'seal') ORDER BY name"
    )
    return [row[0] for row in rows]


def _columns(table: str, connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """The columns that are sealed, and those that make the key."""
    rows = connection.execute(f"SELECT name, pk FROM pragma_table_info('{table}') ORDER BY cid").fetchall()
    return [name for name, _ in rows if name != "seal"], [name for name, key in rows if key] or ["rowid"]


def _row(table: str, connection: sqlite3.Connection, of: str = "") -> str:
    return f"row_seal({', '.join(f'{of}{name}' for name in _columns(table, connection)[0])})"


def _triggers(table: str, connection: sqlite3.Connection) -> dict[str, str]:
    columns, keys = _columns(table, connection)
    here = " AND ".join(f"{key} = NEW.{key}" for key in keys)
    new, old = (_row(table, connection, of) for of in ("NEW.", "OLD."))
    return {
        f"{table}_is_sealed": f"CREATE TRIGGER {table}_is_sealed AFTER INSERT ON {table}"
        f" BEGIN UPDATE {table} SET seal = {new} WHERE {here}; END",
        f"{table}_is_sealed_again": f"CREATE TRIGGER {table}_is_sealed_again AFTER UPDATE OF {', '.join(columns)}"
        f" ON {table} BEGIN UPDATE {table} SET seal = CASE OLD.seal WHEN {old} THEN {new} ELSE {_BROKEN} END"
        f" WHERE {here}; END",
    }
