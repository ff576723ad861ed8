"""A small corpus that is ready to build: synthetic pictures, put in through the store and the catalog's gateways."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
from people import LANDMARKS, face, person

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate, Download, Face
from facecorpus.shards import shard_files
from facecorpus.words import AgeGroup, Gender, Outcome, Race

PEOPLE = (
    person("ada", birth_date="1970-06-15"),
    person("ben", gender=Gender.MALE, race=Race.WHITE),
    person("cleo", race=Race.AFRICAN, age_group=AgeGroup.OLD, birth_date="1940"),
    person("dan", gender=None),
)
"""Four people; the last one's gender is not stated."""


@dataclass(frozen=True)
class Shot:
    """One photograph with one face, and what became of it."""

    identity_id: str
    number: int
    taken_on: str | None = "2010-06-14"
    group: str | None = None
    kept: bool = True
    verdict: str | None = "accept"
    reviewer: str = "me"
    licence: str = "CC BY 4.0"
    licence_url: str = "https://licence.example/"
    side: float = 72  # of the face's box
    sharpness: float = 100
    like: int | None = None  # shows what that photograph of the person shows, encoded again
    mirrored: bool = False

    @property
    def url(self) -> str:
        return f"https://host.example/{self.identity_id}/{self.number}.png"


def shots(people: Sequence[str] = ("ada", "ben", "cleo", "dan"), each: int = 7) -> list[Shot]:
    """`each` photographs of each person, all accepted."""
    return [Shot(identity_id, number) for identity_id in people for number in range(each)]


def ready_corpus(
    root: Path, photographs: Sequence[Shot], people: Sequence[Identity] = PEOPLE, **build: float | str
) -> Corpus:
    """A corpus with those photographs; `build` sets keys of [build] in corpus.toml. One worker unless it says so."""
    manifest = root.with_suffix(".csv")
    write_manifest(manifest, people)
    corpus = init_corpus(root, manifest)
    set_build(corpus, **({"workers": 1} | build))
    corpus = Corpus(root)
    with corpus.catalog() as catalog, catalog.transaction():
        faces = [(_analysed(corpus, catalog, shot), shot) for shot in photographs]
        catalog.faces.assign({found.face_id: shot.identity_id for found, shot in faces})
        catalog.photos.cluster(
            [(found.photo_sha256, shot.group) for found, shot in faces if shot.group],
            [found.face_id for found, shot in faces if not shot.kept],
        )
        for found, shot in faces:
            if shot.verdict:
                catalog.decisions.add(
                    [found.face_id], identity_id=shot.identity_id, reviewer=shot.reviewer, verdict=shot.verdict
                )
    return corpus


def set_build(corpus: Corpus, **build: float | str) -> None:
    """Change keys in the [build] section of corpus.toml; the corpus must be opened again to see them."""
    path = corpus.root / "corpus.toml"
    head, section = path.read_text(encoding="utf-8").split("[build]")
    for key, value in build.items():
        section, found = re.subn(rf"^{key} = .*$", f"{key} = {json.dumps(value)}", section, flags=re.MULTILINE)
        assert found == 1, key
    path.write_text(f"{head}[build]{section}", encoding="utf-8")


def picture(shot: Shot) -> bytes:
    """A PNG that differs from shot to shot: noise, so that no two crops are the same. (A copy is a JPEG.)"""
    random = np.random.default_rng([*shot.identity_id.encode(), shot.number if shot.like is None else shot.like])
    small = random.integers(0, 256, (20, 20, 3), np.uint8)
    pixels = cv2.resize(small, (160, 160), interpolation=cv2.INTER_CUBIC)
    if shot.mirrored:
        pixels = cv2.flip(pixels, 1)
    return bytes(cv2.imencode(".png" if shot.like is None else ".jpg", pixels)[1])


def _analysed(corpus: Corpus, catalog: Catalog, shot: Shot) -> Face:
    """Put the photograph through the states that crawl and faces give it."""
    data = picture(shot)
    sha256 = corpus.photos.put(data)
    catalog.candidates.propose(
        [
            Candidate(
                identity_id=shot.identity_id,
                source="commons",
                url=shot.url,
                page_url=shot.url.removesuffix(".png"),
                licence=shot.licence,
                licence_url=shot.licence_url if shot.licence else "",
                title=f"{shot.identity_id} in picture {shot.number}",
                author="Ann, Photographer",
                taken_on=shot.taken_on,
            )
        ]
    )
    download = Download(shot.url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=len(data))
    catalog.candidates.record(download, "image/png" if shot.like is None else "image/jpeg", sha256)
    found = face(
        sha256,
        box=(45, 45, shot.side, shot.side),
        landmarks=LANDMARKS - np.float32((3, 0)) if shot.mirrored else LANDMARKS,
        sharpness=shot.sharpness,
    )
    catalog.photos.analysed(sha256, width=160, height=160, taken_on=None, phash=bytes(32), faces=[found])
    return found


def sha256(shot: Shot) -> str:
    return hashlib.sha256(picture(shot)).hexdigest()


def face_id(shot: Shot) -> str:
    return f"{sha256(shot)[:24]}-0"


def tree(folder: Path) -> dict[str, bytes]:
    """The bytes of every file under the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(shards: Path) -> list[dict[str, Any]]:
    """All rows of a folder of shards, train first."""
    files = sorted(shard_files(shards), reverse=True)
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def rows_by_face(shards: Path) -> dict[str, dict[str, Any]]:
    """The rows of a folder of shards by face_id."""
    return {row["face_id"]: row for row in rows_of(shards)}
