"""Photographs of the review's corpus with more faces than one, and such as show none."""

from people import face as a_face

from facecorpus.corpus import Corpus
from facecorpus.faces.decode import decode
from facecorpus.records import Candidate, Download
from facecorpus.words import Outcome


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


def add_faceless(corpus: Corpus, person: str, photographs: dict[str, bytes]) -> list[str]:
    """Photographs of that person, by name, in which no detector found a face; their sha256."""
    added = []
    for name, data in photographs.items():
        url, sha256 = f"https://pictures.example/{name}.jpg", corpus.photos.put(data)
        height, width = decode(data, 10_000_000).picture.shape[:2]
        with corpus.catalog() as catalog:
            proposed = Candidate(person, "folder", url, title=f"Photograph {name}", licence="CC BY 4.0")
            catalog.candidates.propose([proposed])
            moment = "2024-01-01T00:00:00.000+00:00"
            download = Download(url, moment, 0.1, 200, Outcome.STORED, bytes=len(data))
            catalog.candidates.record(download, "image/jpeg", sha256)
            catalog.photos.analysed(sha256, width=width, height=height, taken_on=None, phash=bytes(32), faces=[])
        added.append(sha256)
    return added
