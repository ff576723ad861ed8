"""One connection to catalog.sqlite: its schema brought up to this version, transactions, and the gateways' base."""

import sqlite3
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from facecorpus.catalog import seals
from facecorpus.catalog.removal_keys import author_name, removal_key
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.errors import CorpusError

RESTORE = "put back a copy (facecorpus restore)."


class Keeper(Protocol):
    """Who writes beside the catalog what a transaction adds."""

    def begun(self) -> None:
        """The transaction holds the write lock."""

    def ending(self) -> None:
        """The transaction is about to be committed."""

    def undone(self) -> None:
        """The transaction was not committed, or is about to be rolled back."""

    def forget(self, photographs: Set[str], identity_id: str | None) -> None:
        """What was said of these photographs (sha256) and of that person leaves with this transaction."""


class Connection:
    """The connection that all gateways of a catalog share.

    Raises CorpusError where the file was written by a newer version, or is no SQLite database.
    Every method commits before it returns; what must stand or fall together runs inside ``transaction()``.
    """

    keeper: Keeper | None = None
    migrations: tuple[str, ...] = MIGRATIONS

    def __init__(self, path: Path, cache_kib: int = 32_000) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:  # not the file is at fault, but its disk or folder
            self._connection.close()
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # its message may quote damaged bytes
            self._connection.close()
            raise CorpusError(
                f"{path} cannot be opened as a catalog ({error}); restore it from a copy, or begin a new corpus."
            ) from None
        # FULL: a decision is on disk before anybody is told so, even if the power fails.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        # What is deleted or blanked is overwritten: nobody finds in a free page what was taken down.
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.create_function("removal_key", 1, self.removal_key, deterministic=True)
        self._connection.create_function("author_name", 1, author_name, deterministic=True)
        self._connection.create_function("host_of", 1, host_of, deterministic=True)
        self._connection.create_function("row_seal", -1, seals.row_seal, deterministic=True)
        self._migrate(path)

    def _migrate(self, path: Path) -> None:
        version = self._version()
        if version > len(self.migrations):
            self._connection.close()
            raise CorpusError(
                f"{path} was written by a newer facecorpus (schema {version}, this one knows {len(self.migrations)});"
                " update facecorpus to work with it."
            )
        if version == len(self.migrations):
            return
        try:
            with self.transaction():
                seals.mark_broken(self._connection)
                # Read again under the write lock: another process may have migrated meanwhile.
                for number, script in enumerate(self.migrations[self._version() :], start=self._version() + 1):
                    for statement in _statements(script):
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version = {number}")
                seals.install(self._connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:  # the disk, or another process, refused
                raise
            raise CorpusError(f"{path} is damaged: it is no catalog of schema {version} ({error}); {RESTORE}") from None

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or none of it; a block inside another joins it."""
        if self._connection.in_transaction:
            yield self._connection
            return
        keeper = self.keeper
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if keeper:
                keeper.begun()
            yield self._connection
            if keeper:
                keeper.ending()
            self._connection.execute("COMMIT")
        except BaseException:
            if keeper:
                keeper.undone()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def aside(self, columns: str) -> Iterator[sqlite3.Connection]:
        """A temporary table `aside` with these columns, for many rows that are to be written together later.

        Writing into it needs no lock, and it stands in a file of its own, not in memory.
        """
        self._connection.execute(f"CREATE TEMP TABLE aside ({columns})")
        try:
            yield self._connection
        finally:
            self._connection.execute("DROP TABLE IF EXISTS aside")

    def removal_key(self, name: str) -> str:
        """The key under which the list of removals has that name."""
        return removal_key(name, self.removal_secret)

    @cached_property
    def removal_secret(self) -> bytes:
        """The secret of this corpus, made when its catalog was."""
        return bytes(self.query("SELECT secret FROM removal_secret").fetchone()[0])

    def forget_secret(self) -> None:
        """Read the secret again when it is asked for next."""
        self.__dict__.pop("removal_secret", None)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open that may yet be rolled back."""
        return self._connection.in_transaction

    def query(self, sql: str, parameters: tuple[object, ...] | Mapping[str, object] = ()) -> sqlite3.Cursor:
        """Run a reading statement; for the gateways of this package alone."""
        return self._connection.execute(sql, parameters)

    @property
    def changes(self) -> int:
        """How many rows this connection has written."""
        return self._connection.total_changes

    def doubt(self) -> sqlite3.Connection:
        """The connection, which from now on reads text of any bytes, as a damaged row may have it."""
        self._connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        return self._connection

    def scrub(self) -> None:
        """Write the file anew without what was ever deleted from it, and empty its journal (-wal).

        Raises CorpusError where another process is using the catalog meanwhile.
        """
        try:
            self._connection.execute("VACUUM")
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise CorpusError(f"{self._path} could not be cleared of deleted rows ({error}); run this again.") from None
        if busy:
            raise CorpusError(
                f"{self._path} is in use, so deleted rows are still in its journal; close the review page and run"
                " this again."
            )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Gateway:
    """A group of tables of one catalog."""

    def __init__(self, catalog: Connection) -> None:
        self._catalog = catalog


def now() -> str:
    """This moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def host_of(url: str) -> str:
    """host[:port] in whose lane a URL is fetched; '' for what is no web address."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _statements(script: str) -> Iterator[str]:
    """The script cut into whole statements (a trigger's body holds semicolons of its own).

    sqlite3.executescript would commit the surrounding transaction.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
