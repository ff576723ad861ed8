"""What gave an embedding: noted of those that an older version stored, which had one network alone."""

from pathlib import Path

import pytest

from facecorpus.catalog import Catalog, connection
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.faces.embed import DLIB

_BEFORE = 10


def test_what_an_older_version_described_is_known_to_be_dlibs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "catalog.sqlite"
    monkeypatch.setattr(connection.Connection, "migrations", MIGRATIONS[:_BEFORE])
    catalog = Catalog(path)
    with catalog.transaction() as old:
        old.execute(
            "INSERT INTO photo (sha256, media_type, bytes, state, analysed_by) VALUES ('a', 'x', 1, 'analysed', 'y')"
        )
        old.execute("INSERT INTO photo (sha256, media_type, bytes, state) VALUES ('b', 'x', 1, 'analysed')")
        columns = [tuple(row)[1:4] for row in old.execute("PRAGMA table_info(face)")]
        filled = {name: b"" if kind == "BLOB" else 0 for name, kind, required in columns if required}
        filled |= {"face_id": "a-0", "photo_sha256": "a", "embedding": bytes(512)}
        old.execute(
            f"INSERT INTO face ({', '.join(filled)}) VALUES ({', '.join('?' * len(filled))})", tuple(filled.values())
        )
    catalog.close()
    monkeypatch.undo()
    catalog = Catalog(path)
    assert catalog.checks.broken() == []
    assert catalog.descriptors.models() == [DLIB]
    assert catalog.descriptors.dimension() == 128
    # Those whose detector was not noted are analysed again in any case.
    assert catalog.photos.analyse_again(f"y, described by {DLIB}") == 1
    catalog.close()
