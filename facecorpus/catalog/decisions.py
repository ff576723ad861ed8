"""Decisions: append-only rows; undoing and redoing are rows, too.

A row says something of a face in one of six *kinds*: ``verdict`` (accept or reject it as a person's picture),
``settle`` (the same, and it ends a disagreement), ``age`` (the age group in this photograph), ``removal`` (the
photograph is to be taken down), ``box`` (where a person drew the face) and ``photograph`` (the whole one shows no
face). A reviewer's rows that were written together on one person's page are a *batch*. An undo appends a batch of its
own: first ``undecided`` with the reason UNDO for each face, then, where the reviewer had said something of that kind
before, that row again. A redo is written the same way with REDO. So the journal alone says what can be taken back,
after any restart.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from facecorpus.catalog.connection import Connection, Gateway, now
from facecorpus.records import Decision
from facecorpus.words import AgeGroup, Kind, Verdict

SAYABLE: Mapping[Kind, tuple[Verdict | AgeGroup, ...]] = {
    Kind.VERDICT: (Verdict.ACCEPT, Verdict.REJECT, Verdict.UNDECIDED),
    Kind.SETTLE: (Verdict.ACCEPT, Verdict.REJECT, Verdict.UNDECIDED),
    Kind.AGE: (*AgeGroup, Verdict.UNDECIDED),
    Kind.REMOVAL: (Verdict.REMOVE, Verdict.UNDECIDED),
    Kind.BOX: (Verdict.DRAWN, Verdict.UNDECIDED),
    Kind.PHOTOGRAPH: (Verdict.NO_FACE, Verdict.UNDECIDED),
}
"""What may be said of a face, by kind."""

UNDO = "undo"
REDO = "redo"
WITHDRAWN = "withdrawn"
"""The reason of rows by which all of a reviewer, or of an import, was taken back: nobody but this catalog says them."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a batch says."""

    face_id: str
    identity_id: str  # as whose picture the face is judged
    kind: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows written together, by the ids of the first and the last."""

    first: int
    last: int
    sort: str  # UNDO, REDO, or '' for what a person said


@dataclass(slots=True)
class History:
    """What a reviewer can take back on one person's page, and do again; the latest last."""

    done: list[Batch] = field(default_factory=list)
    undone: list[Batch] = field(default_factory=list)

    @property
    def undo(self) -> int | None:
        """The number of the batch that an undo takes back."""
        return self.done[-1].first if self.done else None

    @property
    def redo(self) -> int | None:
        """The number of the batch that a redo does again."""
        return self.undone[-1].first if self.undone else None

    def follow(self, batches: Iterable[Batch]) -> None:
        """Go on with later batches, in their order."""
        for batch in batches:
            if batch.sort == UNDO and self.done:
                self.undone.append(self.done.pop())
            elif batch.sort == REDO and self.undone:
                self.done.append(batch)
                self.undone.pop()
            elif not batch.sort:  # an undo without its batch: what it took back was taken down
                self.undone.clear()
                self.done.append(batch)


class Decisions(Gateway):
    """Table decision."""

    def __init__(self, catalog: Connection) -> None:
        super().__init__(catalog)
        # Per page and reviewer the last row read and what it led to: only what came since is read again.
        self._followed: dict[tuple[str, str], tuple[int, History]] = {}

    def add(
        self,
        face_ids: Sequence[str],
        *,
        identity_id: str,
        reviewer: str,
        verdict: str,
        reason: str = "",
        kind: str = Kind.VERDICT,
        shown_as: str | None = None,
    ) -> None:
        """Append one row for each face, all or none; on disk when this returns.

        `shown_as` is the person on whose page it was said, where that is not identity_id. A face of which the
        reviewer's latest row of that kind says the same already gets none, so a request may be sent twice.
        """
        rows = [Row(face_id, identity_id, kind, verdict, reason) for face_id in face_ids]
        self.say(rows, reviewer, shown_as or identity_id)

    def say(self, rows: Sequence[Row], reviewer: str, shown_as: str) -> None:
        """Append rows as one batch, as `add` does, where they do not all say the same."""
        with self._catalog.transaction():
            self._append([row for row in rows if self._latest(row, reviewer) != row], reviewer, shown_as)

    def undo(self, shown_as: str, reviewer: str, batch: int | None = None) -> list[str]:
        """Take back the reviewer's latest batch on this person's page; return its faces.

        With `batch`, only where that is the latest one still: an undo sent twice takes back once.
        """
        with self._catalog.transaction():
            history = self.history(shown_as, reviewer)
            if history.undo is None or batch not in (None, history.undo):
                return []
            latest = history.done[-1]
            rows = self._rows(latest)
            before = [self._latest(row, reviewer, before=latest.first, shown_as=shown_as) for row in rows]
            self._restore(UNDO, rows, before, reviewer, shown_as)
        return [row.face_id for row in rows]

    def redo(self, shown_as: str, reviewer: str, batch: int | None = None) -> list[str]:
        """Do again what the latest undo took back, unless something was said since; return its faces."""
        with self._catalog.transaction():
            history = self.history(shown_as, reviewer)
            if history.redo is None or batch not in (None, history.redo):
                return []
            latest = history.undone[-1]
            rows = self._rows(latest)
            self._restore(REDO, rows, rows, reviewer, shown_as)
        return [row.face_id for row in rows]

    def history(self, shown_as: str, reviewer: str) -> History:
        """What the reviewer can undo and redo on this person's page."""
        key = (shown_as, reviewer)
        followed, history = self._followed.get(key, (0, History()))
        rows = self._catalog.query(
            "SELECT min(decision_id), max(decision_id), max(verdict = 'undecided' AND reason = 'undo'),"
            " max(verdict = 'undecided' AND reason = 'redo') FROM decision"
            # An import is no batch: its times are claimed, and `withdraw` takes it back.
            " WHERE shown_as = ? AND reviewer = ? AND import_id IS NULL AND decision_id > ?"
            " GROUP BY decided_at ORDER BY 1",
            (*key, followed),
        ).fetchall()
        if rows:
            history = History(list(history.done), list(history.undone))
            history.follow(
                Batch(first, last, UNDO if undo else REDO if redo else "") for first, last, undo, redo in rows
            )
            if not self._catalog.in_transaction:  # what is rolled back must not be remembered
                self._followed[key] = (rows[-1][1], history)
        return history

    def all(self) -> list[Decision]:
        """Every row ever added, of every kind, the oldest first."""
        rows = self._catalog.query(
            "SELECT face_id, identity_id, reviewer, verdict, reason, decided_at, kind, shown_as FROM decision"
            " ORDER BY decision_id"
        )
        return [Decision(*row) for row in rows]

    def withdraw(self, reviewer: str | None = None, import_id: int | None = None) -> dict[str, int]:
        """Take back what still holds of a reviewer's words, or of one import's; how many of each reviewer's.

        Where an import is taken back, what the same reviewer had said before it holds again. Each page's rows of a
        reviewer and kind are a batch of their own, which the reviewer can undo there.
        """
        batches: dict[tuple[str, str, str], list[Row]] = {}
        moved: dict[tuple[str, str, str], list[Row]] = {}  # said on another page: written when all is taken back
        with self._catalog.transaction():
            rows = self._catalog.query(
                "SELECT shown_as, reviewer, face_id, identity_id, kind, verdict, reason FROM latest"
                " WHERE reviewer = ? OR import_id = ? ORDER BY shown_as, reviewer, kind, decision_id",
                (reviewer, import_id),
            ).fetchall()
            again: list[tuple[tuple[str, str, str], Row]] = []
            for shown_as, who, *said in rows:
                row = Row(*said)
                key = (shown_as, who, row.kind)
                batches.setdefault(key, []).append(replace(row, verdict=Verdict.UNDECIDED, reason=WITHDRAWN))
                if reviewer is None and (before := self._without(row, who, import_id)) is not None:
                    again.append(((before[0], who, row.kind), before[1]))
            for key, row in again:
                (batches if key in batches else moved).setdefault(key, []).append(row)
            for (shown_as, who, _), batch in [*batches.items(), *moved.items()]:
                self._append(batch, who, shown_as)
        return dict(Counter(row[1] for row in rows))

    def latest(self) -> int:
        """The number of the last row; 0 where there is none."""
        return int(self._catalog.query("SELECT coalesce(max(decision_id), 0) FROM decision").fetchone()[0])

    def accepted_by_people(self) -> dict[str, str]:
        """By face_id, the latest last: as whose picture people, not the automatic policy, have accepted it."""
        rows = self._catalog.query(
            "SELECT face_id, identity_id FROM verdict WHERE verdict = 'accept' AND reviewer != 'auto'"
            " ORDER BY decided_at"
        )
        return {row[0]: row[1] for row in rows}

    def spoken_of(self) -> set[str]:
        """Faces of which a person's word of any kind holds."""
        return {row[0] for row in self._catalog.query("SELECT DISTINCT face_id FROM latest WHERE reviewer != 'auto'")}

    def rejections(self) -> dict[str, int]:
        """How many kept faces were rejected for each reason."""
        rows = self._catalog.query(
            "SELECT reason, count(*) FROM verdict JOIN face USING (face_id)"
            " WHERE verdict = 'reject' AND kept GROUP BY reason ORDER BY 2 DESC"
        )
        return {row[0]: row[1] for row in rows}

    def _latest(self, said: Row, reviewer: str, before: int | None = None, shown_as: str | None = None) -> Row | None:
        """The reviewer's latest row of that face and kind: older than row `before`, said on that page, where given."""
        row = self._catalog.query(
            "SELECT face_id, identity_id, kind, verdict, reason, shown_as FROM decision"
            " WHERE face_id = :face AND reviewer = :reviewer AND kind = :kind"
            " AND (:before IS NULL OR decision_id < :before)"
            " ORDER BY decision_id DESC LIMIT 1",
            {"face": said.face_id, "reviewer": reviewer, "kind": said.kind, "before": before},
        ).fetchone()
        return Row(*row[:5]) if row and shown_as in (None, row[5]) else None

    def _without(self, said: Row, reviewer: str, import_id: int | None) -> tuple[str, Row] | None:
        """What the reviewer says of that face in that kind apart from an import, and on which page; None: nothing."""
        row = self._catalog.query(
            "SELECT shown_as, face_id, identity_id, kind, verdict, reason FROM decision"
            " WHERE face_id = ? AND reviewer = ? AND kind = ? AND import_id IS NOT ? ORDER BY decision_id DESC LIMIT 1",
            (said.face_id, reviewer, said.kind, import_id),
        ).fetchone()
        return None if row is None or row["verdict"] == Verdict.UNDECIDED else (row[0], Row(*row[1:]))

    def _rows(self, batch: Batch) -> list[Row]:
        """What a batch left said of each of its faces, in each kind."""
        rows = self._catalog.query(
            "SELECT face_id, identity_id, kind, verdict, reason FROM decision WHERE decision_id BETWEEN ? AND ?"
            " ORDER BY decision_id",
            (batch.first, batch.last),
        )
        return list({(row[0], row[2]): Row(*row) for row in rows}.values())

    def _restore(
        self, sort: str, rows: Sequence[Row], said: Sequence[Row | None], reviewer: str, shown_as: str
    ) -> None:
        """Append an undo's or a redo's batch: these faces' rows give way to `said`."""
        withdrawn = [Row(row.face_id, row.identity_id, row.kind, Verdict.UNDECIDED, sort) for row in rows]
        again = [row for row in said if row is not None and row.verdict != Verdict.UNDECIDED]
        self._append([*withdrawn, *again], reviewer, shown_as)

    def _append(self, rows: Sequence[Row], reviewer: str, shown_as: str) -> None:
        """Append rows as one batch."""
        with self._catalog.transaction() as connection:
            latest = self._catalog.query("SELECT decided_at FROM decision ORDER BY decision_id DESC LIMIT 1").fetchone()
            # A batch is told from the one before by its time; within one millisecond it waits for the next.
            while (decided_at := now()) == (latest[0] if latest else None):
                time.sleep(0.0005)
            connection.executemany(
                "INSERT INTO decision (face_id, identity_id, reviewer, kind, verdict, reason, decided_at, shown_as)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (row.face_id, row.identity_id, reviewer, row.kind, row.verdict, row.reason, decided_at, shown_as)
                    for row in rows
                ],
            )
