"""People and faces with plain values, for any test."""

import numpy as np

from facecorpus.faces.embed import DLIB
from facecorpus.manifest import Identity
from facecorpus.records import Face
from facecorpus.words import AgeGroup, Gender, Race

LANDMARKS = np.array([[100, 70], [86, 70], [62, 70], [76, 70], [81, 95]], np.float32)
"""Corners of the two eyes, and the nose, in a picture of 160 × 160."""


def person(identity_id: str, **changes: object) -> Identity:
    """An identity with plain labels; name any field to change it."""
    fields: dict[str, object] = {
        "identity_id": identity_id,
        "name": identity_id.title(),
        "wikipedia_title": "",
        "wikidata_id": "",
        "commons_category": identity_id.title(),
        "aliases": (),
        "gender": Gender.FEMALE,
        "birth_date": "1970",
        "race": Race.ASIAN,
        "age_group": AgeGroup.ADULT,
        "photos_from": 2005,
        "photos_until": 2020,
        "gender_source": "a test",
        "race_source": "a test",
    }
    return Identity(**(fields | changes))  # type: ignore[arg-type]


def face(sha256: str, number: int = 0, **changes: object) -> Face:
    """A face of that photograph as an analysis would give it; name any field to change it."""
    fields: dict[str, object] = {
        "face_id": f"{sha256[:24]}-{number}",
        "photo_sha256": sha256,
        "box": (45.0, 45.0, 72.0, 72.0),
        "landmarks": LANDMARKS,
        "detector": "hog",
        "score": 0.5,
        "embedding": np.full(128, 0.1, np.float32),
        "descriptor": DLIB,
        "sharpness": 100.0,
        "brightness": 120.0,
        "chroma": 12.5,
        "contrast": 40.0,
        "yaw": 3.0,
        "phash": bytes(32),
        "dhash": bytes(32),
    }
    return Face(**(fields | changes))  # type: ignore[arg-type]
