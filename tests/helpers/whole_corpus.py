"""A corpus whose files are all there, and a hand that changes its catalog behind facecorpus's back."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from build_corpus import Shot, ready_corpus

from facecorpus.corpus import Corpus
from facecorpus.faces.analyze import review_crop
from facecorpus.faces.decode import decode


def whole_corpus(root: Path, shots: Sequence[Shot]) -> Corpus:
    """A corpus with every photograph and crop in its place."""
    corpus = ready_corpus(root, shots)
    with corpus.catalog() as catalog:
        for face in catalog.checks.faces():
            pixels = decode(corpus.photos.read(face.photo_sha256), 10**6).picture
            crop = review_crop(pixels, face.landmarks)
            catalog.checks.note_crop(face.face_id, corpus.crops.put(face.face_id, crop))
    return corpus


def altered(corpus: Corpus, *statements: str) -> None:
    """Change rows as a damaged disk does: no trigger sees it."""
    with closing(sqlite3.connect(corpus.root / "catalog.sqlite")) as connection, connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in (*statements, *(sql for _, sql in triggers)):
            connection.execute(statement)
