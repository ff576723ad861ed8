"""The SQLite catalog (WAL): the state of every candidate, photograph, face, cluster and decision.

This package is the only one that contains SQL. A Catalog holds one connection; each group of tables has
its gateway (``catalog.candidates``, ``catalog.photos``, ``catalog.faces``, …).
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from facecorpus.catalog.candidates import Candidates
from facecorpus.catalog.checks import Checks, schema_at, schema_of
from facecorpus.catalog.connection import Connection
from facecorpus.catalog.decisions import Decisions
from facecorpus.catalog.descriptors import Descriptors
from facecorpus.catalog.drawn import Drawn
from facecorpus.catalog.exchange import Exchange
from facecorpus.catalog.faces import Faces
from facecorpus.catalog.histories import Histories
from facecorpus.catalog.identities import Identities
from facecorpus.catalog.known_faces import KnownFaces
from facecorpus.catalog.log_keeper import LogKeeper
from facecorpus.catalog.photos import Photos
from facecorpus.catalog.progress import Progresses
from facecorpus.catalog.removals import Removals
from facecorpus.catalog.review import Review
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.catalog.traits import TraitsOfFaces
from facecorpus.errors import CorpusError


class Catalog(Connection):
    """The catalog of a corpus: the connection, and a gateway for each group of tables.

    Where a log is named, every decision and removal stands there, too, before its transaction is committed; without
    `keep` the log is only read.
    """

    def __init__(self, path: Path, cache_kib: int = 32_000, log: Path | None = None, keep: bool = True) -> None:
        super().__init__(path, cache_kib)
        self.identities = Identities(self)
        self.candidates = Candidates(self)
        self.photos = Photos(self)
        self.faces = Faces(self)
        self.known_faces = KnownFaces(self)
        self.decisions = Decisions(self)
        self.drawn = Drawn(self)
        self.exchange = Exchange(self)
        self.removals = Removals(self)
        self.progress = Progresses(self)
        self.review = Review(self)
        self.traits = TraitsOfFaces(self)
        self.descriptors = Descriptors(self)
        self.histories = Histories(self)
        self.checks = Checks(self)
        self.log = None if log is None else LogKeeper(self, log)
        self.keeper = self.log if keep else None


def copy_catalog(path: Path, copy: Path) -> None:
    """Copy the catalog file, with what its journal holds, without writing a byte beside it.

    Raises CorpusError where it is no SQLite database.
    """
    # Without a journal nobody is writing, and SQLite needs no index of it (-shm), which it would write beside.
    journal = path.with_name(f"{path.name}-wal")
    mode = "mode=ro" if journal.exists() else "immutable=1"
    if journal.exists() and not (os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-shm").exists()):
        # SQLite can read no journal where it cannot write its index; nobody writes there, so the files can be copied.
        for file in (path, journal):
            shutil.copyfile(file, copy.with_name(file.name.replace(path.name, "raw.sqlite")))
        path, mode = copy.with_name("raw.sqlite"), "mode=rw"
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise CorpusError(f"{path} cannot be read as a catalog ({error}); restore it from a copy.") from None


def close_journal(path: Path) -> None:
    """Take in what the catalog's journal holds and delete it, so that another file can take the catalog's place.

    Raises CorpusError where anybody has the catalog open.
    """
    if path.exists():
        try:
            with closing(sqlite3.connect(path, timeout=1)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            raise CorpusError(f"{path} is in use; close the review page, and run this again.") from None
        except sqlite3.DatabaseError:
            pass  # no database: its journal is of no use either
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def check_foreign_catalog(path: Path) -> None:
    """Raise CorpusError where the file is not a sound catalog as this program makes them: no table, no trigger more."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise CorpusError(f"{path.name} was written by a newer facecorpus; update facecorpus to restore it.")
            sound = version > 0 and schema_of(connection) == schema_at(version)
            sound = sound and connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError as error:
        raise CorpusError(f"The backup's {path.name} cannot be read ({error}); take another backup.") from None
    if not sound:
        raise CorpusError(f"The backup's {path.name} is no catalog as facecorpus makes it; take another backup.")
