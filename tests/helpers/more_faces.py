"""Photographs of the review's corpus with more faces than one, and such as show none."""

from people import face as a_face

from facecorpus.corpus import Corpus


def photograph_of(corpus: Corpus, face_id: str) -> str:
    """sha256 of a face's photograph."""
    with corpus.catalog() as catalog:
        return next(sha256 for sha256, faces in catalog.faces.boxes().items() if face_id in dict(faces))


def add_bystander(corpus: Corpus, face_id: str, number: int = 1) -> str:
    """Another face in the photograph of that one, which stands for nobody; its face_id."""
    sha256 = photograph_of(corpus, face_id)
    beside = a_face(sha256, number, box=(2.0 + 20 * number, 2.0, 18.0, 18.0))
    with corpus.catalog() as catalog:
        catalog.photos.analysed(sha256, width=96, height=96, taken_on=None, phash=bytes(32), faces=[beside])
    corpus.crops.put(beside.face_id, corpus.crops.path(face_id).read_bytes())
    return beside.face_id
