"""Candidates, and the tries to download them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Row

from facecorpus.catalog.connection import Gateway, host_of, now
from facecorpus.records import Box, Candidate, Download, Ended
from facecorpus.words import CandidateState, Outcome

_WAITS = "state IN ('pending', 'retry')"  # word for word as in the index candidate_waiting
_WANTED = "listed AND identity_id NOT IN (SELECT identity_id FROM mismatch)"  # people for whom anything is fetched

_FIELDS = tuple(Candidate.__dataclass_fields__)
_SAME_SOURCE = "identity_id = :identity_id AND source = :source"
# A row of a time when files had no name of their own is known by its page, where that page is of one file.
_NAME_FILE = f"""
    UPDATE OR IGNORE candidate SET file_id = :file_id WHERE {_SAME_SOURCE} AND file_id = '' AND page_url = :page_url
        AND page_url != '' AND 1 = (SELECT count(*) FROM candidate WHERE {_SAME_SOURCE} AND page_url = :page_url)
"""
_MOVE = f"""
    UPDATE OR IGNORE candidate SET url = :url, host = :host
    WHERE {_SAME_SOURCE} AND file_id = :file_id AND url != :url AND {_WAITS}
"""
_PROPOSE = f"""
    INSERT INTO candidate ({", ".join(_FIELDS)}, host)
    SELECT {", ".join(f":{field}" for field in _FIELDS)}, :host
    WHERE :file_id = '' OR NOT EXISTS (
        SELECT 1 FROM candidate WHERE {_SAME_SOURCE} AND file_id = removal_key(:file_id))
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate in the queue, with its place there."""

    candidate_id: int
    host: str
    candidate: Candidate

    @property
    def place(self) -> tuple[int, int]:
        """What a person's candidates at one host are ordered by."""
        return self.candidate.rank, self.candidate_id


@dataclass(frozen=True, slots=True)
class StoredUrl:
    """An address that brought a photograph, and the try that did."""

    host: str
    sha256: str
    download: Download


class Candidates(Gateway):
    """Tables candidate, discovery and download."""

    def propose(self, candidates: Iterable[Candidate]) -> int:
        """Add what is new; return how many were. A file or an address known already keeps its state.

        What still waits for its first photograph is asked for at the address that the source names now.
        """
        new = 0
        with self._catalog.transaction() as connection:
            for candidate in candidates:
                values = {field: getattr(candidate, field) for field in _FIELDS} | {"host": host_of(candidate.url)}
                if candidate.file_id:
                    connection.execute(_NAME_FILE, values)
                    connection.execute(_MOVE, values)
                new += connection.execute(_PROPOSE, values).rowcount
        return new

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
                connection.execute(
                    "INSERT INTO mismatch (identity_id, sentence, found_at) VALUES (?, ?, ?)",
                    (identity_id, sentence, now()),
                )

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

    def waiting_by_host(self) -> dict[str, int]:
        """How many candidates of listed people wait to be fetched, by the host of their URL; '' for files."""
        rows = self._catalog.query(
            f"SELECT host, count(*) FROM candidate JOIN identity USING (identity_id)"
            f" WHERE {_WAITS} AND {_WANTED} GROUP BY host"
        )
        return {row[0]: row[1] for row in rows}

    def queues(self) -> list[tuple[str, str]]:
        """(host, identity_id) of each pair with something that waits to be fetched, listed people alone."""
        rows = self._catalog.query(
            f"SELECT host, identity_id FROM (SELECT DISTINCT host, identity_id FROM candidate WHERE {_WAITS})"
            f" JOIN identity USING (identity_id) WHERE {_WANTED} ORDER BY host, position"
        )
        return [(row[0], row[1]) for row in rows]

    def page(
        self, host: str, identity_id: str, after: tuple[int, int], size: int, outcomes: Sequence[str] = ()
    ) -> list[Waiting]:
        """The next candidates of one person that wait at one host, the best first, after a place in that order.

        With outcomes, only those whose last try ended in one of them.
        """
        chosen = f" AND outcome IN ({', '.join('?' * len(outcomes))})" if outcomes else ""
        rows = self._catalog.query(
            f"SELECT * FROM candidate WHERE host = ? AND identity_id = ? AND {_WAITS}"
            f" AND (rank, candidate_id) > (?, ?){chosen} ORDER BY rank, candidate_id LIMIT ?",
            (host, identity_id, *after, *outcomes, size),
        )
        return [Waiting(row["candidate_id"], row["host"], _candidate(row)) for row in rows]

    def count_waiting(self, outcomes: Sequence[str] = ()) -> dict[str, int]:
        """How many candidates wait to be fetched, by identity_id; with outcomes, of those alone."""
        chosen = f" AND outcome IN ({', '.join('?' * len(outcomes))})" if outcomes else ""
        rows = self._catalog.query(
            f"SELECT identity_id, count(*) FROM candidate JOIN identity USING (identity_id)"
            f" WHERE {_WAITS}{chosen} AND {_WANTED} GROUP BY identity_id",
            tuple(outcomes),
        )
        return {row[0]: row[1] for row in rows}

    def is_waiting(self, candidate_id: int) -> bool:
        """Whether a candidate read before still waits: the same URL may have come for another one meanwhile."""
        row = self._catalog.query(f"SELECT {_WAITS} FROM candidate WHERE candidate_id = ?", (candidate_id,)).fetchone()
        return row is not None and bool(row[0])

    def log(self, download: Download) -> None:
        """Add one try, and change no candidate."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO download (url, tried_at, seconds, status, outcome, detail, bytes, etag, last_modified)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tuple(getattr(download, field) for field in Download.__dataclass_fields__),
            )

    def record(
        self,
        download: Download,
        media_type: str = "",
        sha256: str | None = None,
        *,
        give_up_after: int | None = None,
    ) -> list[str]:
        """Add one try and set the state of every waiting candidate with that URL; return their identity_ids.

        With the outcome STORED, sha256 and media_type describe the photograph, whose bytes are in the store. What may
        pass waits for the next run, unless this was the give_up_after-th try.
        """
        with self._catalog.transaction() as connection:
            self.log(download)
            if sha256 is not None:
                connection.execute(
                    "INSERT INTO photo (sha256, media_type, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (sha256, media_type, download.bytes),
                )
            rows = connection.execute(
                # What stood for a photograph that was to be fetched again, in vain, goes on naming whose it is.
                "UPDATE candidate SET state = ?, outcome = ?, photo_sha256 = coalesce(?, photo_sha256)"
                f" WHERE url = ? AND {_WAITS}"
                " RETURNING identity_id",
                (self._state(download, give_up_after), download.outcome, sha256, download.url),
            ).fetchall()
            return [row[0] for row in rows]

    def _state(self, download: Download, give_up_after: int | None) -> CandidateState:
        """Of the candidates with the URL of this download, which is in the table already."""
        if download.outcome is Outcome.STORED:
            return CandidateState.STORED
        if not download.outcome.can_pass:
            return CandidateState.FAILED
        tries = self._catalog.query("SELECT count(*) FROM download WHERE url = ?", (download.url,)).fetchone()[0]
        gives_up = give_up_after is not None and tries >= give_up_after
        return CandidateState.FAILED if gives_up else CandidateState.RETRY

    def refuse(self, candidate_id: int, outcome: Outcome) -> None:
        """Set aside a candidate without asking for it (outside the period, for one)."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE candidate SET state = 'failed', outcome = ? WHERE candidate_id = ?", (outcome, candidate_id)
            )

    def reopen(self, outcomes: Sequence[str]) -> None:
        """Let the candidates of listed people that failed with one of these outcomes wait to be fetched again."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE candidate SET state = 'retry' WHERE state = 'failed'"
                f" AND outcome IN ({', '.join('?' * len(outcomes))})"
                " AND identity_id IN (SELECT identity_id FROM identity WHERE listed)",
                tuple(outcomes),
            )

    def reopen_dates(self, identity_id: str, holds_on: Callable[[str | None], bool]) -> None:
        """Let wait what was refused for its date, and would not be now; `holds_on` says so of each date."""
        for outcome in (Outcome.OUTSIDE_PERIOD, Outcome.NOT_DATED):
            refused = f"identity_id = ? AND state = 'failed' AND outcome = '{outcome}'"
            rows = self._catalog.query(f"SELECT DISTINCT taken_on FROM candidate WHERE {refused}", (identity_id,))
            with self._catalog.transaction() as connection:
                connection.executemany(
                    f"UPDATE candidate SET state = 'pending', outcome = '' WHERE {refused} AND taken_on IS ?",
                    [(identity_id, date) for (date,) in rows.fetchall() if holds_on(date)],
                )

    def share_stored(self, url: str) -> list[str]:
        """Give waiting candidates the photograph that the same URL brought before; return their identity_ids."""
        with self._catalog.transaction() as connection:
            rows = connection.execute(
                "UPDATE candidate SET state = 'stored', outcome = twin.outcome, photo_sha256 = twin.photo_sha256"
                " FROM (SELECT outcome, photo_sha256 FROM candidate WHERE url = :url AND state = 'stored' LIMIT 1)"
                f" AS twin WHERE candidate.url = :url AND candidate.{_WAITS} RETURNING identity_id",
                {"url": url},
            ).fetchall()
            return [row[0] for row in rows]

    def stored_urls(self, after: str, size: int = 200) -> list[StoredUrl]:
        """Web addresses that brought photographs, by URL after the one named; each with the try that brought it."""
        rows = self._catalog.query(
            """
            SELECT download.*, host, photo_sha256 FROM (
                SELECT url, host, max(photo_sha256) AS photo_sha256 FROM candidate
                WHERE url > ? AND state = 'stored' AND host != '' GROUP BY url ORDER BY url LIMIT ?)
            AS candidate JOIN download ON download_id = (
                SELECT max(download_id) FROM download AS tried WHERE tried.url = candidate.url AND outcome = 'stored')
            ORDER BY candidate.url
            """,
            (after, size),
        )
        return [StoredUrl(row["host"], row["photo_sha256"], download_of(row)) for row in rows]

    def count_stored_urls(self) -> int:
        """How many web addresses brought photographs."""
        query = "SELECT count(DISTINCT url) FROM candidate WHERE state = 'stored' AND host != ''"
        return int(self._catalog.query(query).fetchone()[0])

    def opted_out(self) -> set[str]:
        """sha256 of the stored photographs whose owners were found to have opted out when last asked again."""
        rows = self._catalog.query(
            "SELECT photo_sha256 FROM candidate JOIN download USING (url) WHERE photo_sha256 IS NOT NULL"
            " AND download_id = (SELECT max(download_id) FROM download WHERE url = candidate.url)"
            " AND download.outcome = ?",
            (Outcome.OPTED_OUT,),
        )
        return {row[0] for row in rows}

    def photographs(self) -> dict[str, int]:
        """How many photographs are stored for each person who has any."""
        rows = self._catalog.query(
            "SELECT identity_id, count(DISTINCT photo_sha256) FROM candidate"
            " WHERE photo_sha256 IS NOT NULL AND state = 'stored' GROUP BY identity_id"
        )
        return {row[0]: row[1] for row in rows}

    def outcomes(self) -> dict[str, int]:
        """How many candidates of listed people ended each way; '' counts those never tried."""
        total: Counter[str] = Counter()
        for ended in self.ended():
            total[ended.outcome] += ended.count
        return dict(sorted(total.items()))

    def ended(self) -> list[Ended]:
        """All candidates of listed people, counted in one pass over an index: a million take a while."""
        rows = self._catalog.query(
            "SELECT identity_id, state, outcome, n FROM"
            " (SELECT identity_id, state, outcome, count(*) AS n FROM candidate GROUP BY identity_id, state, outcome)"
            " JOIN identity USING (identity_id) WHERE listed"
        )
        return [Ended(row[0], CandidateState(row[1]), *row[2:]) for row in rows]


def download_of(row: Row) -> Download:
    """A row of table download."""
    fields = {field: row[field] for field in Download.__dataclass_fields__}
    return Download(**{**fields, "outcome": Outcome(row["outcome"])})


def _candidate(row: Row) -> Candidate:
    return Candidate(**{field: row[field] for field in Candidate.__dataclass_fields__})
