"""The SQLite catalog (WAL): the state of every candidate, photograph, face, cluster and decision.

This package is the only one that contains SQL. A Catalog holds one connection; each group of tables has
its gateway (``catalog.candidates``, ``catalog.photos``, ``catalog.faces``, …).
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from facecorpus.catalog.candidates import Candidates
from facecorpus.catalog.checks import Checks
from facecorpus.catalog.connection import Connection
from facecorpus.catalog.decisions import Decisions
from facecorpus.catalog.descriptors import Descriptors
from facecorpus.catalog.exchange import Exchange
from facecorpus.catalog.faces import Faces
from facecorpus.catalog.histories import Histories
from facecorpus.catalog.identities import Identities
from facecorpus.catalog.log_keeper import LogKeeper
from facecorpus.catalog.photos import Photos
from facecorpus.catalog.removals import Removals
from facecorpus.catalog.review import Review
from facecorpus.errors import CorpusError


class Catalog(Connection):
    """The catalog of a corpus: the connection, and a gateway for each group of tables.

    Where a log is named, every decision and removal stands there, too, before its transaction is committed.
    """

    def __init__(self, path: Path, cache_kib: int = 32_000, log: Path | None = None) -> None:
        super().__init__(path, cache_kib)
        self.identities = Identities(self)
        self.candidates = Candidates(self)
        self.photos = Photos(self)
        self.faces = Faces(self)
        self.decisions = Decisions(self)
        self.exchange = Exchange(self)
        self.removals = Removals(self)
        self.review = Review(self)
        self.descriptors = Descriptors(self)
        self.histories = Histories(self)
        self.checks = Checks(self)
        self.log = None if log is None else LogKeeper(self, log)
        self.keeper = self.log


def copy_catalog(path: Path, copy: Path) -> None:
    """Copy the catalog file, with what its journal holds, without writing a byte beside it.

    Raises CorpusError where it is no SQLite database.
    """
    # Without a journal nobody is writing, and SQLite needs no index of it (-shm), which it would write beside.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise CorpusError(f"{path} cannot be read as a catalog ({error}); restore it from a copy.") from None
