"""The list of what was taken down, and how its rows leave the catalog."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from facecorpus.catalog.connection import Gateway, now
from facecorpus.catalog.removal_keys import TakenDown, author_name
from facecorpus.words import naming

# A candidate that was taken down stays as a number in the counts: its address becomes the address's key.
_BLANK = """
    UPDATE OR REPLACE candidate
    SET state = 'failed', outcome = 'removed', photo_sha256 = NULL, url = removal_key(url), host = '', page_url = '',
        title = '', licence = '', licence_url = '', author = '', taken_on = NULL, found_by = '', sha256 = '', box = '',
        file_id = CASE file_id WHEN '' THEN '' ELSE removal_key(file_id) END
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """What is to be taken down together."""

    photographs: tuple[str, ...]  # sha256
    urls: tuple[str, ...]
    identity_id: str | None = None  # whose every trace goes, too
    author: str | None = None  # by whom nothing is to be fetched any more


@dataclass(frozen=True, slots=True)
class Extent:
    """How many rows of the catalog are marked."""

    photographs: int
    faces: int
    decisions: int
    candidates: int


class Removals(Gateway):
    """Table removal, and the deletion of rows in all others."""

    def taken_down(self) -> TakenDown:
        """Every address and photograph that must never be fetched or kept again."""
        return TakenDown(self._column("SELECT removal_key(key) FROM removal"), self._catalog.removal_secret)

    def photographs(self, beginning: str) -> set[str]:
        """sha256 of the photographs whose hash begins with these hex digits."""
        return self._column("SELECT sha256 FROM photo WHERE sha256 GLOB ?", f"{beginning}*")

    def of_photographs(self, photographs: Iterable[str]) -> Marked:
        """Photographs with all their addresses."""
        return self._with_addresses(set(photographs))

    def of_author(self, author: str) -> Marked | None:
        """The photographs that a source says an author took, and all addresses that are proposed as theirs.

        None where no candidate is theirs, and nothing of theirs was taken down.
        """
        name = author_name(author)
        urls = self._column("SELECT url FROM candidate WHERE author != '' AND author_name(author) = ?", name)
        if not urls and name not in self.taken_down():
            return None
        photographs = self._column(
            "SELECT photo_sha256 FROM candidate WHERE photo_sha256 IS NOT NULL AND author != ''"
            " AND author_name(author) = ?",
            name,
        )
        return replace(self._with_addresses(photographs, urls), author=author)

    def of_url(self, url: str) -> Marked | None:
        """An address with the photograph that it brought; None where it is neither a candidate nor on the list."""
        known = self._column("SELECT url FROM candidate WHERE url = ?", url)
        if not known and url not in self.taken_down():
            return None
        photographs = self._column("SELECT photo_sha256 FROM candidate WHERE url = ? AND photo_sha256 IS NOT NULL", url)
        return self._with_addresses(photographs, {url})

    def of_identity(self, identity_id: str) -> Marked | None:
        """The photographs in which a face stands for that person, and what was proposed for no other listed person.

        None where nobody has that identity_id.
        """
        if not self._column("SELECT 1 FROM identity WHERE identity_id = ?", identity_id):
            return None
        photographs = self._column(
            """
            SELECT photo_sha256 FROM face WHERE identity_id = :person
            UNION SELECT photo_sha256 FROM face JOIN verdict USING (face_id)
                  WHERE verdict.identity_id = :person AND verdict.verdict = 'accept'
            UNION SELECT photo_sha256 FROM candidate
                  WHERE identity_id = :person AND photo_sha256 IS NOT NULL AND photo_sha256 NOT IN (
                      SELECT photo_sha256 FROM candidate JOIN identity USING (identity_id)
                      WHERE identity_id != :person AND listed AND photo_sha256 IS NOT NULL)
            """,
            person=identity_id,
        )
        urls = self._column(
            """
            SELECT url FROM candidate WHERE identity_id = :person AND url NOT IN (
                SELECT url FROM candidate JOIN identity USING (identity_id) WHERE identity_id != :person AND listed)
            """,
            person=identity_id,
        )
        return self._with_addresses(photographs, urls, identity_id)

    def near_duplicates(self, marked: Marked) -> list[str]:
        """sha256 of the photographs that dedup or a build found to be near-duplicates of marked ones, and that stay."""
        found = self._column(
            """
            WITH going AS (SELECT sha256, cluster_id FROM photo WHERE sha256 IN (SELECT value FROM json_each(:going)))
            SELECT sha256 FROM photo WHERE sha256 NOT IN (SELECT sha256 FROM going) AND (
                cluster_id IN (SELECT cluster_id FROM going) OR sha256 IN (
                    SELECT other.photo_sha256 FROM conflict JOIN face USING (face_id)
                    JOIN face AS other ON other.face_id = other_id
                    WHERE face.photo_sha256 IN (SELECT sha256 FROM going)))
            """,
            going=json.dumps(marked.photographs),
        )
        return sorted(found)

    def extent(self, marked: Marked) -> Extent:
        """How much of the catalog would be erased."""
        photographs, urls = (json.dumps(names) for names in (marked.photographs, marked.urls))
        row = self._catalog.query(
            """
            WITH going AS (SELECT value FROM json_each(:photographs))
            SELECT (SELECT count(*) FROM photo WHERE sha256 IN going) AS photographs,
                   (SELECT count(*) FROM face WHERE photo_sha256 IN going) AS faces,
                   (SELECT count(*) FROM decision WHERE identity_id = :person OR shown_as = :person OR face_id IN (
                       SELECT face_id FROM face WHERE photo_sha256 IN going)) AS decisions,
                   (SELECT count(*) FROM candidate WHERE identity_id = :person AND outcome != 'removed'
                       OR photo_sha256 IN going
                       OR url IN (SELECT value FROM json_each(:urls))) AS candidates
            """,
            {"photographs": photographs, "urls": urls, "person": marked.identity_id},
        ).fetchone()
        return Extent(**dict(row))

    def begin(self, marked: Marked, plan: str) -> int:
        """Put photographs, addresses and author on the list, and keep the plan until all is done; return its number.

        From then on nothing fetches or builds them, nor the same files of a source under another address.
        """
        files = self._column(
            "SELECT file_id FROM candidate WHERE file_id != '' AND url IN (SELECT value FROM json_each(?))",
            json.dumps(marked.urls),
        )
        names = [*marked.photographs, *marked.urls, *sorted(files)]
        if marked.author is not None:
            names.append(author_name(marked.author))
        with self._catalog.transaction() as connection:
            # Rows written by hand may hold an address in plain words.
            connection.execute("UPDATE OR REPLACE removal SET key = removal_key(key) WHERE key != removal_key(key)")
            connection.executemany(
                "INSERT INTO removal VALUES (removal_key(?), 'forget', ?) ON CONFLICT DO NOTHING",
                [(name, now()) for name in names],
            )
            return int(connection.execute("INSERT INTO takedown (plan) VALUES (?)", (plan,)).lastrowid or 0)

    def unfinished(self) -> dict[int, str]:
        """The plans that were begun and not ended, by number; '' where only the traces in the file are to clear."""
        return {row[0]: row[1] for row in self._catalog.query("SELECT takedown_id, plan FROM takedown")}

    def end(self, number: int) -> None:
        """Note that a plan is carried out, and leave no trace of it, or of what it erased, in the file.

        Raises CorpusError where another process is using the catalog meanwhile; the plan stays, blank.
        """
        with self._catalog.transaction() as connection:
            connection.execute("UPDATE takedown SET plan = '' WHERE takedown_id = ?", (number,))
        self._catalog.scrub()
        with self._catalog.transaction() as connection:
            connection.execute("DELETE FROM takedown WHERE takedown_id = ?", (number,))

    def erase(self, marked: Marked) -> None:
        """Delete what is marked from all tables, in one transaction; whoever is in the manifest stays listed."""
        photographs = [(sha256,) for sha256 in marked.photographs]
        urls = [(url,) for url in marked.urls]
        with self._catalog.transaction() as connection:
            if self._catalog.keeper:
                self._catalog.keeper.forget(set(marked.photographs), marked.identity_id)
            connection.executemany(  # by name: decisions from the log may wait for a face that is still to be found
                "DELETE FROM decision WHERE face_id > ?1 || '-' AND face_id < ?1 || '.'",
                [(sha256[:24],) for sha256 in marked.photographs],
            )
            connection.executemany("DELETE FROM face WHERE photo_sha256 = ?", photographs)
            connection.executemany(f"{_BLANK} WHERE photo_sha256 = ?", photographs)
            connection.executemany(f"{_BLANK} WHERE url = ?", urls)
            connection.executemany(
                "UPDATE download SET url = removal_key(url), detail = '', etag = '', last_modified = '' WHERE url = ?",
                urls,
            )
            connection.executemany("DELETE FROM photo WHERE sha256 = ?", photographs)
            if marked.identity_id is not None:
                self._erase_identity(marked.identity_id)

    def erase_again(self) -> Marked:
        """Erase what a catalog that was put back from a copy has, although it was taken down; return what that was."""
        listed = "IN (SELECT removal_key(key) FROM removal)"
        photographs = self._column(f"SELECT sha256 FROM photo WHERE removal_key(sha256) {listed}")
        urls = self._column(
            f"SELECT url FROM candidate WHERE outcome != 'removed' AND (removal_key(url) {listed}"
            f" OR author != '' AND removal_key(author_name(author)) {listed})"
        )
        marked = self._with_addresses(photographs, urls)
        with self._catalog.transaction():
            self.erase(marked)
            # Of whom nothing is left, and who is in the manifest no more, the name goes as well.
            for identity_id in self._column(
                """
                SELECT identity_id FROM identity WHERE NOT listed
                EXCEPT SELECT identity_id FROM candidate WHERE outcome != 'removed'
                EXCEPT SELECT identity_id FROM face EXCEPT SELECT identity_id FROM decision
                EXCEPT SELECT shown_as FROM decision
                """
            ):
                self._erase_identity(identity_id)
        self._catalog.scrub()
        return marked

    def blank(self, url: str) -> list[str]:
        """Set aside what waits for an address on the list, without keeping it; return whose candidates they were."""
        with self._catalog.transaction() as connection:
            rows = connection.execute(
                f"{_BLANK} WHERE url = ? AND state IN ('pending', 'retry') RETURNING identity_id", (url,)
            ).fetchall()
            return [row[0] for row in rows]

    def _erase_identity(self, identity_id: str) -> None:
        """Delete what says something of a person apart from their photographs."""
        with self._catalog.transaction() as connection:
            connection.execute("DELETE FROM decision WHERE identity_id = ? OR shown_as = ?", (identity_id, identity_id))
            connection.execute(f"{_BLANK} WHERE identity_id = ?", (identity_id,))
            connection.execute("DELETE FROM mismatch WHERE identity_id = ?", (identity_id,))
            self._erase_name(identity_id)
            if self._column("SELECT 1 FROM identity WHERE identity_id = ? AND NOT listed", identity_id):
                for table in ("candidate", "discovery", "identity"):
                    connection.execute(f"DELETE FROM {table} WHERE identity_id = ?", (identity_id,))

    def _erase_name(self, identity_id: str) -> None:
        """Take a person's name out of the reasons of other people's faces."""
        for (name,) in self._catalog.query(
            "SELECT name FROM identity WHERE identity_id = ?", (identity_id,)
        ).fetchall():
            self._catalog.query(
                """
                UPDATE ranking SET reasons = (
                    SELECT json_group_array(value) FROM json_each(reasons) WHERE value NOT IN (?1, ?2, ?3))
                WHERE EXISTS (SELECT 1 FROM json_each(reasons) WHERE value IN (?1, ?2, ?3))
                """,
                naming(name),
            )

    def _with_addresses(
        self, photographs: Iterable[str], urls: Iterable[str] = (), identity_id: str | None = None
    ) -> Marked:
        everywhere = set(urls)
        for sha256 in photographs:
            everywhere |= self._column("SELECT url FROM candidate WHERE photo_sha256 = ?", sha256)
        return Marked(tuple(sorted(photographs)), tuple(sorted(everywhere)), identity_id)

    def _column(self, sql: str, *parameters: str, **named: str) -> set[str]:
        return {row[0] for row in self._catalog.query(sql, named or parameters)}
