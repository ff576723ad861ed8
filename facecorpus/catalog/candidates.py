"""Candidates, the tries to download them, and the list of what was taken down."""

from collections.abc import Iterable, Sequence

from facecorpus.catalog.gateway import Gateway, now
from facecorpus.catalog.records import Candidate, Download, Outcome


class Candidates(Gateway):
    """Tables candidate, discovery, download and removal."""

    def propose(self, candidates: Iterable[Candidate]) -> int:
        """Add what is new; return how many were. A URL known already keeps its state."""
        with self._catalog.transaction() as connection:
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO candidate (identity_id, source, url, page_url, rank, title, licence, licence_url,"
                " author, taken_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (identity_id, source, url) DO NOTHING",
                [
                    tuple(getattr(candidate, field) for field in Candidate.__dataclass_fields__)
                    for candidate in candidates
                ],
            )
            return connection.total_changes - before

    def finish_discovery(self, identity_id: str, source: str, proposed: int) -> None:
        """Note that the source has answered to the end for this identity."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO discovery VALUES (?, ?, ?, ?)", (identity_id, source, proposed, now())
            )

    def discovered(self) -> set[tuple[str, str]]:
        """(identity_id, source) pairs that need not be asked again."""
        return {tuple(row) for row in self._catalog.query("SELECT identity_id, source FROM discovery")}

    def waiting(self) -> list[Candidate]:
        """Candidates of listed people still to be fetched, the people in turn, each one's best first.

        A URL proposed twice comes twice; whoever fetches it records it once for all.
        """
        rows = self._catalog.query(
            "SELECT candidate.* FROM candidate JOIN identity USING (identity_id)"
            " WHERE state IN ('pending', 'retry') AND listed ORDER BY rank, position, candidate_id"
        )
        return [
            Candidate(
                **{field: row[field] for field in Candidate.__dataclass_fields__},
            )
            for row in rows
        ]

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

    def outcomes(self) -> dict[str, int]:
        """How many candidates of listed people ended each way; '' counts those never tried."""
        rows = self._catalog.query(
            "SELECT outcome, count(*) FROM candidate JOIN identity USING (identity_id) WHERE listed GROUP BY outcome"
        )
        return {row[0]: row[1] for row in rows}

    def removed(self) -> set[str]:
        """URLs and photograph hashes that must never be fetched or kept again."""
        return {row[0] for row in self._catalog.query("SELECT key FROM removal")}
