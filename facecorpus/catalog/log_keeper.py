"""Keeps decisions.jsonl in step with the catalog: every transaction writes its lines before it is committed.

A kill between the two leaves lines that the catalog does not have. Whoever begins the next transaction takes them over:
what is in the log counts, as with any journal that is written ahead. So a catalog that was lost, or put back from an
older copy, gets its decisions and removals from the log; and loses again what was forgotten since.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from facecorpus.catalog import log
from facecorpus.catalog.connection import Connection, Gateway
from facecorpus.catalog.log import Entry, Line
from facecorpus.errors import CorpusError
from facecorpus.system.console import notice

_COLUMNS = (
    *("decision_id", "face_id", "identity_id", "reviewer", "kind", "verdict", "reason", "decided_at", "shown_as"),
    "import_id",
)
_DECISIONS = f"SELECT {', '.join(_COLUMNS)} FROM decision"
_IMPORTS = "SELECT import_id, file, imported_at FROM import"
_REMOVALS = "SELECT removal_key(key) AS removal, reason, removed_at FROM removal"

_UNLOGGED = (
    "EXISTS (SELECT 1 FROM removal_unlogged) AND removal_key(key) IN (SELECT removal_key(key) FROM removal_unlogged)"
)


class _State(NamedTuple):
    """What the catalog knows of the log."""

    bytes: int
    head: str
    decision_id: int
    import_id: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which log and catalog do not agree."""

    name: str
    sentence: str
    mended: bool = True  # a repair can


class LogKeeper(Gateway):
    """Table decision_log, and the file that it speaks of."""

    def __init__(self, catalog: Connection, path: Path) -> None:
        super().__init__(catalog)
        self.path = path
        self._forgotten: tuple[set[str], set[str]] | None = None  # beginnings of face_ids, and people
        self._written: tuple[int, int] | None = None  # where this transaction's lines begin and end

    # ---- What each transaction does

    def settle(self) -> None:
        """Bring log and catalog in step where they are not."""
        if not self._in_step(self._state()):
            with self._catalog.transaction():
                pass

    def begun(self) -> None:
        """A transaction has begun: take over what a killed one, or a later catalog, has written."""
        self._forgotten = self._written = None
        state = self._state()
        if not self._in_step(state):
            self._reconcile(state)

    def forget(self, photographs: Set[str], identity_id: str | None) -> None:
        """Seal the log without what was said of these photographs and of that person when this transaction ends."""
        beginnings, people = self._forgotten or (set(), set())
        beginnings |= {sha256[:24] for sha256 in photographs}
        self._forgotten = (beginnings, people if identity_id is None else people | {identity_id})

    def ending(self) -> None:
        """The transaction is about to be committed: write what it added, and see to it that it is on disk."""
        state = self._state()
        assert state is not None
        if self._forgotten is not None:
            self._rewrite(*self._forgotten)
            return
        new = chain(
            self._rows(f"{_IMPORTS} WHERE import_id > {state.import_id} ORDER BY import_id"),
            self._rows(f"{_DECISIONS} WHERE decision_id > {state.decision_id} ORDER BY decision_id"),
            self._rows(f"{_REMOVALS} WHERE {_UNLOGGED} ORDER BY key"),
        )
        first = next(new, None)
        if first is not None:
            self._append(chain([first], new), state)

    def undone(self) -> None:
        """The transaction was not committed: cut off what it wrote."""
        if self._written is None:
            return
        begin, end = self._written
        self._written = None
        if self._catalog.in_transaction:
            log.truncate(self.path, begin)
            return
        # SQLite rolled it back by itself, so that others may have come in between.
        with suppress(sqlite3.Error):
            self._catalog.query("BEGIN IMMEDIATE")
            state = self._state()
            if state is not None and state.bytes == begin and self._size() == end:
                log.truncate(self.path, begin)
            self._catalog.query("ROLLBACK")

    # ---- Held against each other

    def differences(self) -> Iterator[Difference]:
        """Everything on which log and catalog do not agree, row by row."""
        state = self._state()
        if state is None or self._size() < 0:
            yield Difference(self.path.name, "it is missing")
            return
        reading = log.read(self.path, state.head)
        if self._size() != state.bytes or reading.bytes != state.bytes:
            yield Difference(self.path.name, "it is not as long as the catalog wrote it")
        for line in reading.lines:
            if not line.sound:
                yield Difference(f"line {line.number}", "it is not what was written")
        kept = _Kept(reading.lines)
        here = {row["decision_id"]: row for row in self._rows(_DECISIONS)}
        for number in sorted(here.keys() | kept.decisions.keys()):
            row, said = here.get(number), kept.decisions.get(number)
            if row is None:
                yield Difference(f"decision {number}", "it is in the log, and not in the catalog")
            elif said is None:
                if number not in kept.forgotten:
                    yield Difference(f"decision {number}", "it is in the catalog, and not in the log")
                else:
                    yield Difference(f"decision {number}", "it was forgotten, and is in the catalog")
            elif row != said:
                other = [
                    f"{key} is {row[key]!r}, in the log {said.get(key)!r}" for key in row if row[key] != said.get(key)
                ]
                yield Difference(f"decision {number}", f"in the catalog {'; '.join(other)}")
        yield from self._other_differences(kept)

    def repair(self) -> None:
        """Take over what the log says in lines that are sound; seal it anew where it has others, or lacks something."""
        with self._catalog.transaction():
            state = self._state()
            reading = log.read(self.path, state.head if state else None)
            kept = _Kept(reading.lines)
            self._take_over(kept, replace=True)
            if self._missing(kept) or not all(line.sound for line in reading.lines):
                self._rewrite(frozenset(), frozenset())
            else:
                self._note(reading.bytes, reading.head)

    def _other_differences(self, kept: "_Kept") -> Iterator[Difference]:
        tables: dict[str, tuple[str, str, Mapping[Any, Entry]]] = {
            "import": (_IMPORTS, "import_id", kept.imports),
            "removal": (_REMOVALS, "removal", kept.removals),
        }
        for table, (sql, key, said) in tables.items():
            here = {row[key]: row for row in self._rows(sql)}
            for name in here.keys() - said.keys():
                yield Difference(f"{table} {name}", "it is in the catalog, and not in the log")
            for name in said.keys() - here.keys():
                yield Difference(f"{table} {name}", "it is in the log, and not in the catalog")
            for name in here.keys() & said.keys():
                if here[name] != said[name]:
                    yield Difference(f"{table} {name}", "catalog and log say different things of it")
        if kept.secret != self._catalog.removal_secret.hex():
            yield Difference("the secret of the removals", "it is not the catalog's", mended=kept.secret is None)

    # ---- Getting in step

    def _reconcile(self, state: _State | None) -> None:
        if state is not None and self._size() < state.bytes:
            what = "is missing" if self._size() < 0 else "is shorter than it was"
            notice(f"{self.path} {what}; what it lacks is written again from the catalog.")
        reading = log.read(self.path)
        kept = _Kept(reading.lines)
        self._adopt_secret(kept)
        self._take_over(kept, replace=False)
        log.truncate(self.path, reading.bytes)  # the beginning of a write that was killed
        missing = self._missing(_Kept(reading.lines))
        self._append(missing, _State(reading.bytes, reading.head, 0, 0), together=bool(reading.lines))

    def _missing(self, kept: "_Kept") -> list[Entry]:
        """What the catalog has, and the log has not."""
        missing: list[Entry] = []
        if kept.secret is None:
            missing.append({"secret": self._catalog.removal_secret.hex()})
        missing += [row for row in self._rows(f"{_IMPORTS} ORDER BY import_id") if row["import_id"] not in kept.imports]
        missing += [row for row in self._rows(f"{_REMOVALS} ORDER BY key") if row["removal"] not in kept.removals]
        known = kept.decisions.keys() | kept.forgotten.keys()
        return missing + [
            row for row in self._rows(f"{_DECISIONS} ORDER BY decision_id") if row["decision_id"] not in known
        ]

    def _adopt_secret(self, kept: "_Kept") -> None:
        """Take the log's secret where this catalog has used none yet."""
        if kept.secret is None or kept.secret == self._catalog.removal_secret.hex():
            return
        if self._catalog.query("SELECT EXISTS (SELECT 1 FROM removal) OR EXISTS (SELECT 1 FROM decision)").fetchone()[
            0
        ]:
            raise CorpusError(
                f"{self.path} is the log of another corpus; move it out of this folder, and run this again."
            )
        self._catalog.query("UPDATE removal_secret SET secret = ?", (bytes.fromhex(kept.secret),))
        self._catalog.forget_secret()

    def _take_over(self, kept: "_Kept", replace: bool) -> None:
        """Write into the catalog what the log has and it has not; with `replace` also where it says otherwise.

        CorpusError where it says what no catalog holds, such as a verdict that there is not.
        """
        try:
            self._write_down(kept, replace)
        except sqlite3.IntegrityError as error:
            raise CorpusError(
                f"{self.path} says what no facecorpus writes ({error}); restore the corpus from a backup."
            ) from None

    def _write_down(self, kept: "_Kept", replace: bool) -> None:
        write = self._catalog.query
        here = {row["decision_id"]: row for row in self._rows(_DECISIONS)}
        for number, key in kept.forgotten.items():
            if number in here and self._key(here[number]) == key:
                write("DELETE FROM decision WHERE decision_id = ?", (number,))
        for said in kept.imports.values():
            write("INSERT INTO import VALUES (:import_id, :file, :imported_at) ON CONFLICT DO NOTHING", said)
        for said in kept.removals.values():
            write("INSERT INTO removal VALUES (:removal, :reason, :removed_at) ON CONFLICT DO NOTHING", said)
        people = {row[0] for row in write("SELECT identity_id FROM identity")}
        columns = f"({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
        for number, said in sorted(kept.decisions.items()):
            if number in here and (not replace or here[number] == said):
                continue
            for person in sorted({said["identity_id"], said["shown_as"]} - people):  # who left the manifest since
                write(
                    "INSERT INTO identity (identity_id, position, listed, name) VALUES (?, 0, 0, ?)", (person, person)
                )
                people.add(person)
            write("DELETE FROM decision WHERE decision_id = ?", (number,))
            write(f"INSERT INTO decision {columns}", said)

    # ---- Writing

    def _append(self, new: Iterable[Entry], state: _State, together: bool = True) -> None:
        seal = log.Seal(new, state.head, together)
        log.append(self.path, state.bytes, seal)
        self._written = (state.bytes, state.bytes + seal.size)
        self._note(state.bytes + seal.size, seal.head)

    def _rewrite(self, beginnings: Set[str], people: Set[str]) -> None:
        """Seal the whole log anew: its sound lines, without what is to be forgotten, and what it lacks."""
        reading = log.read(self.path)
        kept = _Kept(reading.lines)
        entries = [*kept.entries(), *self._missing(kept)]
        goes = partial(_goes, beginnings=beginnings, people=people)
        blanked = [
            {"decision_id": entry["decision_id"], "forgotten": self._key(entry)} if goes(entry) else entry
            for entry in entries
        ]
        seal = log.Seal(blanked, "", together=False)
        log.replace(self.path, seal)
        self._note(seal.size, seal.head)

    def _note(self, size: int, head: str) -> None:
        self._catalog.query("DELETE FROM removal_unlogged")
        self._catalog.query("DELETE FROM decision_log")
        self._catalog.query(
            "INSERT INTO decision_log (bytes, head, decision_id, import_id)"
            " SELECT ?, ?, (SELECT coalesce(max(decision_id), 0) FROM decision),"
            " (SELECT coalesce(max(import_id), 0) FROM import)",
            (size, head),
        )

    # ---- Reading

    def _state(self) -> _State | None:
        row = self._catalog.query("SELECT bytes, head, decision_id, import_id FROM decision_log").fetchone()
        return None if row is None else _State(*row)

    def _in_step(self, state: _State | None) -> bool:
        return state is not None and state.bytes == self._size()

    def _size(self) -> int:
        try:
            return os.stat(self.path).st_size
        except FileNotFoundError:
            return -1

    def _rows(self, sql: str) -> Iterator[Entry]:
        return map(dict, self._catalog.query(sql))

    def _key(self, decision: Entry) -> str:
        """The keyed hash that a forgotten decision leaves."""
        return self._catalog.removal_key(f"decision:{json.dumps([decision.get(name) for name in _COLUMNS])}")


def content_of(path: Path) -> tuple[str | None, bool]:
    """The secret that a log names, and whether it has any decision or removal."""
    kept = _Kept(log.read(path).lines)
    return kept.secret, bool(kept.decisions or kept.forgotten or kept.removals)


class _Kept:
    """What the log says in its sound lines, by kind."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.secret: str | None = None
        self.decisions: dict[int, Entry] = {}
        self.forgotten: dict[int, str] = {}
        self.imports: dict[int, Entry] = {}
        self.removals: dict[str, Entry] = {}
        for line in lines:
            entry = line.entry
            if not line.sound:
                continue
            if "secret" in entry:
                self.secret = entry["secret"]
            elif "forgotten" in entry:
                self.forgotten[entry["decision_id"]] = entry["forgotten"]
            elif "decision_id" in entry:
                self.decisions[entry["decision_id"]] = entry
            elif "import_id" in entry:
                self.imports[entry["import_id"]] = entry
            elif "removal" in entry:
                self.removals[entry["removal"]] = entry

    def entries(self) -> Iterator[Entry]:
        """All of it, as lines of a log."""
        if self.secret is not None:
            yield {"secret": self.secret}
        yield from self.imports.values()
        yield from self.removals.values()
        for number in sorted(self.decisions.keys() | self.forgotten.keys()):
            gone = self.forgotten.get(number)
            yield self.decisions[number] if gone is None else {"decision_id": number, "forgotten": gone}


def _goes(entry: Entry, beginnings: Set[str], people: Set[str]) -> bool:
    """Whether a line is a decision on one of these photographs, or of one of these people."""
    if "face_id" not in entry:
        return False
    return entry["face_id"].partition("-")[0] in beginnings or not people.isdisjoint(
        (entry["identity_id"], entry["shown_as"])
    )
