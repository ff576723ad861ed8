"""A corpus of people whose faces a network of the user's describes, and what was decided of them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from people import person
from ranked_people import SPREAD, face_id, fill

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import write_manifest
from facecorpus.words import Reason, Verdict

PEOPLE = [f"person{number:02d}" for number in range(12)]
DESCRIPTOR = "mine, 128 numbers, sha256 0a with 0b"
Faces = Mapping[str, tuple[str, NDArray[np.float32]]]
"""By name: as whose picture a face was found, and its descriptor."""


def drawn(unit: float = 1.0, apart: float = 0.6) -> Faces:
    """Ten faces of each of the people, and of all but one a stranger's; so many times as far apart as dlib's are."""
    random = np.random.default_rng(0)
    found = {}
    for who in PEOPLE:
        middle = random.normal(scale=apart / 128**0.5, size=128)
        for number in range(10):
            found[f"{who}a{number}"] = (who, middle + random.normal(scale=SPREAD, size=128))
        if who != PEOPLE[-1]:
            found[f"{who}f"] = (who, random.normal(scale=0.7 / 128**0.5, size=128))
    return {name: (who, np.asarray(unit * vector, np.float32)) for name, (who, vector) in found.items()}


def decided_corpus(root: Path, faces: Faces, descriptor: str = DESCRIPTOR) -> Corpus:
    """All faces are accepted but the strangers, who are rejected; and one more is, which is merely blurred."""
    write_manifest(root / "people.csv", [person(who) for who in PEOPLE])
    corpus = init_corpus(root / "corpus", root / "people.csv")
    blurred = {"f0": (PEOPLE[0], next(iter(faces.values()))[1])}
    fill(corpus, {**faces, **blurred})
    with corpus.catalog() as catalog, catalog.transaction():
        for name, (who, vector) in {**faces, **blurred}.items():
            catalog.faces.describe(face_id(name), vector, descriptor)
            wrong = name.endswith("f")
            catalog.decisions.add(
                [face_id(name)],
                identity_id=who,
                reviewer="ada",
                verdict=Verdict.REJECT if wrong or name in blurred else Verdict.ACCEPT,
                reason=Reason.WRONG_PERSON if wrong else Reason.QUALITY if name in blurred else "",
            )
    return corpus
