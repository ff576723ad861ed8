"""A corpus of so many faces of each person, for review.py and review_crowd.py: crops of the demo's invented people.

Every crop is cut anew from a picture of the packaged world, a little moved and in a light of its own, so that no two
files are alike. What no page shows is left out: the photographs' bytes.
"""

import hashlib
import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.demo.world import DemoWorld
from facecorpus.faces.embed import DLIB
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate, Download, Face, Ranking
from facecorpus.words import Gender, Outcome, Race

MANY = "many-faces"
OTHERS = 20  # people
EACH = 200  # faces of each other person
SIDE = 224  # pixels of a crop
SHARES = (("wrong", 0.04), ("look", 0.2))  # of the faces, by how likely they are; the rest are surely right
COPIES = 30  # every so many-th face is a near-duplicate
REASONS = ("far from this person's other faces (0.53)", "blurred")


def one_of_many(faces: int) -> dict[str, int]:
    """So many faces of one person, and some of each of the others, by identity_id."""
    return {MANY: faces} | {f"other-{number:02}": EACH for number in range(OTHERS)}


def make_corpus(root: Path, counts: Mapping[str, int], crop_every: int = 1) -> Corpus:
    """The corpus in that folder, made where it is not there yet: about a minute for 30,000 faces.

    Every so many-th face has a crop, and so has a person's surest one.
    """
    if (root / "done").exists():
        return Corpus(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    manifest = root.with_name(f"{root.name}-people.csv")
    write_manifest(manifest, [_person(identity_id, place) for place, identity_id in enumerate(counts)])
    corpus = init_corpus(root, manifest)
    pictures = _pictures(DemoWorld())
    rankings: list[Ranking] = []
    hashes: list[str] = []
    with corpus.catalog() as catalog, catalog.transaction(), ThreadPoolExecutor(2) as pool:
        for place, (identity_id, count) in enumerate(counts.items()):
            found = [_fill(catalog, identity_id, place, number) for number in range(count)]
            cropped = [(found[number], number) for number in range(count - 1, -1, -crop_every)]
            list(pool.map(lambda one: _crop(corpus, pictures, *one), cropped))
            rankings += [_ranking(f"{sha256[:24]}-0", number / count) for number, sha256 in enumerate(found)]
            hashes += found
        catalog.faces.assign({face.face_id: proposed[0] for face, proposed in catalog.faces.with_proposals()})
        catalog.faces.rank(rankings)
        catalog.photos.cluster(*_clusters(hashes))
    (root / "done").touch()
    return corpus


def _person(identity_id: str, place: int) -> Identity:
    return Identity(
        identity_id=identity_id,
        name=identity_id.replace("-", " ").title(),
        wikipedia_title="",
        wikidata_id="",
        commons_category=identity_id,
        aliases=(),
        gender=tuple(Gender)[place % 2],
        birth_date="1980",
        race=tuple(Race)[place % 4],
        age_group=None,
        photos_from=2005,
        photos_until=2020,
        gender_source="invented",
        race_source="invented",
    )


def _pictures(world: DemoWorld) -> list[tuple[Image.Image, tuple[float, float, float]]]:
    """Decoded pictures with the centre and half the side of the face's square."""
    found = []
    for row in world.truth:
        if row.kind == "photo" and row.format == "jpeg" and row.face_x is not None and row.face_w and row.face_h:
            middle = (row.face_x + row.face_w / 2, (row.face_y or 0) + row.face_h / 2, 0.8 * row.face_h)
            found.append((Image.open(io.BytesIO(world.read(row.file))).convert("RGB"), middle))
    return found


def _fill(catalog: Catalog, identity_id: str, place: int, number: int) -> str:
    """One photograph with one face; returns the photograph's hash."""
    url = f"https://pictures.example/{identity_id}/{number}.jpg"
    sha256 = hashlib.sha256(url.encode()).hexdigest()
    random = np.random.default_rng(number)
    centre = np.random.default_rng(1000 + place).normal(0, 0.09, 128)
    face = Face(
        face_id=f"{sha256[:24]}-0",
        photo_sha256=sha256,
        box=(60.0, 60.0, 100.0, 100.0),
        landmarks=np.zeros((5, 2), np.float32),
        detector="hog",
        score=1.0,
        embedding=(centre + random.normal(0, 0.03, 128)).astype(np.float32),
        descriptor=DLIB,
        sharpness=100.0,
        brightness=128.0,
        contrast=40.0,
        yaw=0.0,
        phash=bytes(32),
        dhash=bytes(32),
    )
    page = f"https://pictures.example/page/{number}"
    title = f"{identity_id} at an opening, picture {number}"
    candidate = Candidate(
        identity_id, "folder", url, page_url=page, rank=number, title=title, licence="CC BY 4.0", author="A. Name"
    )
    catalog.candidates.propose([candidate])
    stored = Download(url, "2024-01-01T00:00:00.000+00:00", 0.1, 200, Outcome.STORED, bytes=100_000)
    catalog.candidates.record(stored, "image/jpeg", sha256)
    catalog.photos.analysed(sha256, width=400, height=400, taken_on="2015-05-05", phash=bytes(32), faces=[face])
    return sha256


def _crop(
    corpus: Corpus, pictures: list[tuple[Image.Image, tuple[float, float, float]]], sha256: str, number: int
) -> None:
    picture, (x, y, half) = pictures[number % len(pictures)]
    shift = np.random.default_rng(number).uniform(-0.15, 0.15, 3)
    x, y, half = x + shift[0] * half, y + shift[1] * half, half * (1 + shift[2])
    crop = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, (*_inside(picture, x, y, half),))
    buffer = io.BytesIO()
    ImageEnhance.Brightness(crop).enhance(1 + shift[2]).save(buffer, "JPEG", quality=92)
    path = corpus.crops.path(f"{sha256[:24]}-0")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def _inside(picture: Image.Image, x: float, y: float, half: float) -> tuple[float, float, float, float]:
    return max(0.0, x - half), max(0.0, y - half), min(picture.width, x + half), min(picture.height, y + half)


def _ranking(face_id: str, likely: float) -> Ranking:
    section = next((name for name, share in SHARES if likely < share), "right")
    return Ranking(face_id, likely, section, () if section == "right" else REASONS)


def _clusters(hashes: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Every so many-th face is a copy of the one before it."""
    copies = hashes[COPIES - 1 :: COPIES]
    pairs = zip(hashes[COPIES - 2 :: COPIES], copies, strict=False)
    return [(one, other) for other, copy in pairs for one in (other, copy)], [f"{copy[:24]}-0" for copy in copies]
