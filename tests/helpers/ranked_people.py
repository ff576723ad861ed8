"""Descriptors of three people and a stranger, and faces that stand for them, in memory or in a corpus."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from people import face as a_face
from people import person

from facecorpus.corpus import Corpus
from facecorpus.judging.rank import rank
from facecorpus.records import Candidate, Download, Ranking, SubjectFace
from facecorpus.settings import RankSettings
from facecorpus.words import Outcome

PEOPLE = {identity_id: person(identity_id, name=identity_id.title()) for identity_id in ("ada", "ben", "cleo")}
AXES = {"ada": 0, "ben": 1, "cleo": 2, "stranger": 3}
SPREAD = 0.3 / np.sqrt(128)  # photographs of one person are about 0.3 away from their middle, as dlib's are
LIMITS = RankSettings()


def embedding(who: str, number: int = 0) -> NDArray[np.float32]:
    """A descriptor of somebody: people are 0.85 apart, their photographs lie around their middle."""
    noise = np.random.default_rng((AXES[who], number)).normal(scale=SPREAD, size=128)
    noise[AXES[who]] += 0.6
    return np.asarray(noise, np.float32)


def between(share: float, number: int = 0) -> NDArray[np.float32]:
    """A face between ada's (0) and ben's (1)."""
    return np.asarray((1 - share) * embedding("ada", number) + share * embedding("ben", number), np.float32)


def subject(name: str, identity_id: str, descriptor: NDArray[np.float32], **changes: object) -> SubjectFace:
    """A good face that stands for a person; name any field of SubjectFace or Face to change it."""
    fields: dict[str, object] = {
        "box": (0.0, 0.0, 100.0, 100.0),
        "sharpness": 200.0,
        "score": 1.0,
        "yaw": 5.0,
        "kept": True,
        "faces_in_photo": 1,
        "taken_on": None,
        "verdict": None,
    }
    assert changes.keys() <= fields.keys()
    fields |= changes
    face = a_face(
        name,
        face_id=name,
        box=fields["box"],
        landmarks=np.zeros((5, 2), np.float32),
        score=fields["score"],
        embedding=descriptor,
        sharpness=fields["sharpness"],
        contrast=50.0,
        yaw=fields["yaw"],
    )
    return SubjectFace(
        face=face,
        identity_id=identity_id,
        kept=fields["kept"],  # type: ignore[arg-type]
        cluster_id=name,
        photo_width=400,
        photo_height=300,
        faces_in_photo=fields["faces_in_photo"],  # type: ignore[arg-type]
        taken_on=fields["taken_on"],  # type: ignore[arg-type]
        verdict=fields["verdict"],  # type: ignore[arg-type]
    )


def album(identity_id: str, count: int = 10) -> list[SubjectFace]:
    """Photographs that show whom they should."""
    return [subject(f"{identity_id}-{n}", identity_id, embedding(identity_id, n)) for n in range(count)]


def ranked(subjects: Sequence[SubjectFace], limits: RankSettings = LIMITS) -> dict[str, Ranking]:
    return {ranking.face_id: ranking for ranking in rank(subjects, PEOPLE, limits)}


def rank_one(descriptor: NDArray[np.float32], **changes: object) -> Ranking:
    """The ranking of one more face of ada, beside ten good ones of ada and of ben."""
    return ranked([*album("ada"), *album("ben"), subject("x", "ada", descriptor, **changes)])["x"]


def fill(corpus: Corpus, descriptors: Mapping[str, tuple[str, NDArray[np.float32]]]) -> None:
    """Store a photograph with one face for each entry: name -> (identity_id, descriptor)."""
    with corpus.catalog() as catalog, catalog.transaction():
        assigned = {}
        for name, (identity_id, vector) in descriptors.items():
            sha256 = name.ljust(64, "0")
            url = f"http://h/{name}.jpg"
            catalog.candidates.propose([Candidate(identity_id, "commons", url)])
            catalog.candidates.record(
                Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", sha256
            )
            face = replace(subject(name, identity_id, vector).face, face_id=face_id(name), photo_sha256=sha256)
            catalog.photos.analysed(sha256, width=400, height=300, taken_on=None, phash=bytes(32), faces=[face])
            assigned[face.face_id] = identity_id
        catalog.faces.assign(assigned)


def face_id(name: str) -> str:
    return f"{name.ljust(24, '0')}-0"
