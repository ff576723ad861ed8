"""Decisions: append-only rows; undoing and redoing are rows, too.

A reviewer's rows of one person that were written together are a *batch*. An undo appends a batch of its own: first
``undecided`` with the reason UNDO for each face, then, where the reviewer had a verdict before, that verdict again.
A redo is written the same way with REDO. So the journal alone says what can be taken back, after any restart.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from facecorpus.catalog.gateway import Gateway, now
from facecorpus.catalog.records import Decision

UNDO = "undo"
REDO = "redo"


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict that counts for a face now; all None where it is undecided."""

    face_id: str
    verdict: str | None
    reason: str | None
    reviewer: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows written together, by the ids of the first and the last."""

    first: int
    last: int
    kind: str  # UNDO, REDO, or '' for a verdict


@dataclass(frozen=True, slots=True)
class History:
    """What a reviewer can take back of one person's verdicts, and do again; the latest last."""

    done: tuple[Batch, ...]
    undone: tuple[Batch, ...]

    @property
    def undo(self) -> int | None:
        """The number of the batch that an undo takes back."""
        return self.done[-1].first if self.done else None

    @property
    def redo(self) -> int | None:
        """The number of the batch that a redo does again."""
        return self.undone[-1].first if self.undone else None


class Decisions(Gateway):
    """Table decision."""

    def add(self, face_ids: Sequence[str], *, identity_id: str, reviewer: str, verdict: str, reason: str = "") -> None:
        """Append one verdict for each face, all or none; on disk when this returns.

        A face on which the reviewer's latest row says the same already gets none, so a request may be sent twice.
        """
        with self._catalog.transaction():
            news = [f for f in face_ids if self._latest(f, reviewer) != (identity_id, verdict, reason)]
            self._append([(face_id, verdict, reason) for face_id in news], identity_id, reviewer)

    def undo(self, identity_id: str, reviewer: str, batch: int | None = None) -> list[str]:
        """Take back the reviewer's latest batch on this person; return its faces.

        With `batch`, only where that is the latest one still: an undo sent twice takes back once.
        """
        with self._catalog.transaction():
            history = self.history(identity_id, reviewer)
            if history.undo is None or batch not in (None, history.undo):
                return []
            latest = history.done[-1]
            faces = self._faces(latest)
            before = {face_id: self._latest(face_id, reviewer, before=latest.first) for face_id in faces}
            self._restore(UNDO, before, identity_id, reviewer)
        return faces

    def redo(self, identity_id: str, reviewer: str, batch: int | None = None) -> list[str]:
        """Do again what the latest undo took back, unless a verdict was given since; return its faces."""
        with self._catalog.transaction():
            history = self.history(identity_id, reviewer)
            if history.redo is None or batch not in (None, history.redo):
                return []
            latest = history.undone[-1]
            faces = self._faces(latest)
            after = {face_id: self._latest(face_id, reviewer, before=latest.last + 1) for face_id in faces}
            self._restore(REDO, after, identity_id, reviewer)
        return faces

    def history(self, identity_id: str, reviewer: str) -> History:
        """What the reviewer can undo and redo on this person."""
        rows = self._catalog.query(
            "SELECT decided_at, decision_id, reason FROM decision WHERE identity_id = ? AND reviewer = ?"
            " ORDER BY decision_id",
            (identity_id, reviewer),
        )
        return replay(_batches((row[0], row[1], row[2]) for row in rows))

    def standing(self, identity_id: str, face_ids: Sequence[str]) -> list[Standing]:
        """The verdict that counts for each of these faces as this person's; faces of others are left out."""
        standings = []
        for face_id in face_ids:
            # One face a query: only then does SQLite look up the face's rows instead of sorting all of them.
            row = self._catalog.query(
                "SELECT verdict, reason, reviewer FROM (SELECT 1 FROM face WHERE face_id = ?1 AND identity_id = ?2)"
                " LEFT JOIN (SELECT * FROM verdict WHERE face_id = ?1 AND identity_id = ?2)",
                (face_id, identity_id),
            ).fetchone()
            if row is not None:
                standings.append(Standing(face_id, *row))
        return standings

    def all(self) -> list[Decision]:
        """Every row ever added, the oldest first."""
        rows = self._catalog.query(
            "SELECT face_id, identity_id, reviewer, verdict, reason, decided_at FROM decision ORDER BY decision_id"
        )
        return [Decision(*row) for row in rows]

    def decided_by_people(self) -> set[str]:
        """Faces on which a person, not the automatic policy, has a verdict now."""
        rows = self._catalog.query("SELECT face_id FROM verdict WHERE reviewer != 'auto'")
        return {row[0] for row in rows}

    def rejections(self) -> dict[str, int]:
        """How many kept faces were rejected for each reason."""
        rows = self._catalog.query(
            "SELECT reason, count(*) FROM verdict JOIN face USING (face_id)"
            " WHERE verdict = 'reject' AND kept GROUP BY reason ORDER BY 2 DESC"
        )
        return {row[0]: row[1] for row in rows}

    def _latest(self, face_id: str, reviewer: str, before: int | None = None) -> tuple[str, str, str] | None:
        """(identity_id, verdict, reason) of the reviewer's latest row on a face, older than row `before`."""
        row = self._catalog.query(
            "SELECT identity_id, verdict, reason FROM decision WHERE face_id = ? AND reviewer = ?"
            " AND (?3 IS NULL OR decision_id < ?3) ORDER BY decision_id DESC LIMIT 1",
            (face_id, reviewer, before),
        ).fetchone()
        return tuple(row) if row else None

    def _faces(self, batch: Batch) -> list[str]:
        rows = self._catalog.query(
            "SELECT DISTINCT face_id FROM decision WHERE decision_id BETWEEN ? AND ?", (batch.first, batch.last)
        )
        return [row[0] for row in rows]

    def _restore(
        self, kind: str, said: Mapping[str, tuple[str, str, str] | None], identity_id: str, reviewer: str
    ) -> None:
        """Append an undo's or a redo's batch; `said` is the row (identity_id, verdict, reason) to hold again."""
        rows = [(face_id, "undecided", kind) for face_id in said]
        rows += [
            (face_id, row[1], row[2])
            for face_id, row in said.items()
            if row is not None and row[0] == identity_id and row[1] != "undecided"
        ]
        self._append(rows, identity_id, reviewer)

    def _append(self, rows: Sequence[tuple[str, str, str]], identity_id: str, reviewer: str) -> None:
        """Append rows (face_id, verdict, reason) as one batch."""
        with self._catalog.transaction() as connection:
            latest = self._catalog.query("SELECT decided_at FROM decision ORDER BY decision_id DESC LIMIT 1").fetchone()
            # A batch is told from the one before by its time; within one millisecond it waits for the next.
            while (decided_at := now()) == (latest[0] if latest else None):
                time.sleep(0.0005)
            connection.executemany(
                "INSERT INTO decision (face_id, identity_id, reviewer, verdict, reason, decided_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(face_id, identity_id, reviewer, verdict, reason, decided_at) for face_id, verdict, reason in rows],
            )


def replay(batches: Iterable[Batch]) -> History:
    """Follow verdicts, undos and redos in their order to what can be undone and redone at the end."""
    done: list[Batch] = []
    undone: list[Batch] = []
    for batch in batches:
        if batch.kind == UNDO:
            undone.append(done.pop())
        elif batch.kind == REDO:
            undone.pop()
            done.append(batch)
        else:
            undone.clear()
            done.append(batch)
    return History(tuple(done), tuple(undone))


def _batches(rows: Iterable[tuple[str, int, str]]) -> Iterable[Batch]:
    """Rows (decided_at, decision_id, reason) in their order, gathered into batches."""
    for _, group in groupby(rows, key=lambda row: row[0]):
        members = list(group)
        kind = members[0][2] if members[0][2] in (UNDO, REDO) else ""
        yield Batch(members[0][1], members[-1][1], kind)
