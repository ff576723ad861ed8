"""A corpus whose files are all there, for what is lost of it."""

from pathlib import Path

import pytest
from build_corpus import ready_corpus, shots

from facecorpus.corpus import Corpus
from facecorpus.faces.analyze import review_crop
from facecorpus.faces.decode import decode


@pytest.fixture
def whole(tmp_path: Path) -> Corpus:
    """A corpus with every photograph and crop in its place."""
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    with corpus.catalog() as catalog:
        for face in catalog.checks.faces():
            pixels = decode(corpus.photos.read(face.photo_sha256), 10**6).picture
            corpus.crops.put(face.face_id, review_crop(pixels, face.landmarks))
    return corpus
