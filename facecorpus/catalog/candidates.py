"""Candidates, and the tries to download them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from sqlite3 import Row
from urllib.parse import urlsplit

from facecorpus.catalog.gateway import Gateway, now
from facecorpus.catalog.records import Box, Candidate, Download, Outcome


class Candidates(Gateway):
    """Tables candidate, discovery and download."""

    def propose(self, candidates: Iterable[Candidate]) -> int:
        """Add what is new; return how many were. A URL known already keeps its state."""
        with self._catalog.transaction() as connection:
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO candidate (identity_id, source, url, page_url, rank, title, licence, licence_url,"
                " author, taken_on, found_by, sha256, box) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (identity_id, source, url) DO NOTHING",
                [
                    tuple(getattr(candidate, field) for field in Candidate.__dataclass_fields__)
                    for candidate in candidates
                ],
            )
            return connection.total_changes - before

    def finish_discovery(self, identity_id: str, source: str, proposed: int, stopped_at: int | None = None) -> None:
        """Note that the source has answered to the end, or was stopped when so many photographs were there."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO discovery (identity_id, source, proposed, finished_at, stopped_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (identity_id, source, proposed, now(), stopped_at),
            )

    def discovered(self, wanted: int = 0) -> set[tuple[str, str]]:
        """(identity_id, source) pairs that need not be asked where so many photographs of a person are wanted."""
        rows = self._catalog.query(
            "SELECT identity_id, source FROM discovery WHERE stopped_at IS NULL OR stopped_at >= ?", (wanted,)
        )
        return {tuple(row) for row in rows}

    def note_mismatch(self, identity_id: str, sentence: str | None) -> None:
        """Note why nothing may be crawled for a person; None takes an earlier note back."""
        with self._catalog.transaction() as connection:
            connection.execute("DELETE FROM mismatch WHERE identity_id = ?", (identity_id,))
            if sentence is not None:
                connection.execute("INSERT INTO mismatch VALUES (?, ?, ?)", (identity_id, sentence, now()))

    def mismatches(self) -> dict[str, str]:
        """Why nothing may be crawled for these people, by identity_id."""
        rows = self._catalog.query(
            "SELECT identity_id, sentence FROM mismatch JOIN identity USING (identity_id)"
            " WHERE listed ORDER BY position"
        )
        return {row[0]: row[1] for row in rows}

    def dates(self, identity_id: str) -> list[tuple[str, str | None]]:
        """(source, taken_on) of every candidate of a person."""
        rows = self._catalog.query("SELECT source, taken_on FROM candidate WHERE identity_id = ?", (identity_id,))
        return [(row[0], row[1]) for row in rows]

    def stated_boxes(self) -> dict[tuple[str, str], Box]:
        """Where a source says that a person's face is, by photograph and identity_id; the first statement counts."""
        rows = self._catalog.query(
            "SELECT photo_sha256, identity_id, box FROM candidate"
            " WHERE box != '' AND photo_sha256 IS NOT NULL ORDER BY candidate_id DESC"
        )
        boxes: dict[tuple[str, str], Box] = {}
        for row in rows:
            x, y, width, height = map(float, row["box"].split(","))
            boxes[row["photo_sha256"], row["identity_id"]] = x, y, width, height
        return boxes

    def waiting(self) -> list[Candidate]:
        """Candidates of listed people still to be fetched, the people in turn, each one's best first.

        A URL proposed twice comes twice; whoever fetches it records it once for all.
        """
        rows = self._catalog.query(
            "SELECT candidate.* FROM candidate JOIN identity USING (identity_id)"
            " WHERE state IN ('pending', 'retry') AND listed ORDER BY rank, position, candidate_id"
        )
        return [_candidate(row) for row in rows]

    def waiting_by_host(self) -> dict[str, int]:
        """How many candidates of listed people wait to be fetched, by the host of their URL; '' for files."""
        return Counter(urlsplit(candidate.url).netloc for candidate in self.waiting())

    def refused(self, outcome: Outcome) -> list[Candidate]:
        """Candidates of listed people that were set aside with this outcome."""
        rows = self._catalog.query(
            "SELECT candidate.* FROM candidate JOIN identity USING (identity_id)"
            " WHERE state = 'failed' AND outcome = ? AND listed ORDER BY candidate_id",
            (outcome,),
        )
        return [_candidate(row) for row in rows]

    def record(self, download: Download, media_type: str = "", sha256: str | None = None) -> None:
        """Add one try and set the state of every candidate with that URL, in one transaction.

        With the outcome STORED, sha256 and media_type describe the photograph, whose bytes are in the store.
        """
        state = "stored" if download.outcome is Outcome.STORED else "retry" if download.outcome.can_pass else "failed"
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO download (url, tried_at, seconds, status, outcome, detail, bytes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    download.url,
                    download.tried_at,
                    download.seconds,
                    download.status,
                    download.outcome,
                    download.detail,
                    download.bytes,
                ),
            )
            if sha256 is not None:
                connection.execute(
                    "INSERT INTO photo (sha256, media_type, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (sha256, media_type, download.bytes),
                )
            connection.execute(
                "UPDATE candidate SET state = ?, outcome = ?, photo_sha256 = ?"
                " WHERE url = ? AND state IN ('pending', 'retry')",
                (state, download.outcome, sha256, download.url),
            )

    def refuse(self, candidates: Sequence[Candidate], outcome: Outcome) -> None:
        """Set aside candidates without asking for them (outside the period, for one)."""
        with self._catalog.transaction() as connection:
            connection.executemany(
                "UPDATE candidate SET state = 'failed', outcome = ? WHERE identity_id = ? AND source = ? AND url = ?",
                [(outcome, c.identity_id, c.source, c.url) for c in candidates],
            )

    def reopen(self, candidates: Sequence[Candidate]) -> None:
        """Take back a refusal: the candidates wait to be fetched again."""
        with self._catalog.transaction() as connection:
            connection.executemany(
                "UPDATE candidate SET state = 'pending', outcome = ''"
                " WHERE identity_id = ? AND source = ? AND url = ? AND state = 'failed'",
                [(c.identity_id, c.source, c.url) for c in candidates],
            )

    def share_stored(self) -> None:
        """Give waiting candidates the photograph that the same URL brought for another candidate before."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE candidate SET state = 'stored', outcome = twin.outcome, photo_sha256 = twin.photo_sha256"
                " FROM (SELECT url, outcome, photo_sha256 FROM candidate WHERE state = 'stored') AS twin"
                " WHERE candidate.url = twin.url AND candidate.state IN ('pending', 'retry')"
            )

    def outcomes(self) -> dict[str, int]:
        """How many candidates of listed people ended each way; '' counts those never tried."""
        rows = self._catalog.query(
            "SELECT outcome, count(*) FROM candidate JOIN identity USING (identity_id) WHERE listed GROUP BY outcome"
        )
        return {row[0]: row[1] for row in rows}


def _candidate(row: Row) -> Candidate:
    return Candidate(**{field: row[field] for field in Candidate.__dataclass_fields__})
