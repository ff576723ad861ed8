"""Photographs, faces and views of which it is known which are copies of each other."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from facecorpus.catalog.hashed import Album, Columns, HashedFace, HashedPhoto
from facecorpus.dedup.cluster import cluster
from facecorpus.dedup.match import Looker, Matcher, candidates
from facecorpus.dedup.overlay import SCENE, SIDE, View, face_view, picture_view
from facecorpus.dedup.pairs import mirrored_dhash, mirrored_phash
from facecorpus.faces.align import mean_face
from facecorpus.faces.hashes import phash
from facecorpus.settings import DedupSettings

LIMITS = DedupSettings()
LANDMARKS = np.asarray(mean_face(150) + np.array((120, 70)), np.float32)  # the crop lies inside a picture of 400 × 300
HEAD_AT = np.asarray(mean_face(440) + np.array((180, 110)), np.float32)  # landmarks in a photograph of 800 × 600
Hash = NDArray[np.uint8]


def random_hash(seed: int) -> Hash:
    return np.random.default_rng(seed).integers(0, 256, 32, dtype=np.uint8)


def descriptor(person: int, away: float = 0.0) -> NDArray[np.float32]:
    """A person's descriptor, or one at that distance from it."""
    vector = np.random.default_rng(person).normal(size=128) / np.sqrt(128)
    vector[person % 128] += away
    return np.asarray(vector, np.float32)


def face(name: str, seed: int, **changes: object) -> HashedFace:
    """A face whose hashes come from a seed; the same seed is the same picture of the same person."""
    fields: dict[str, object] = {
        "face_id": name,
        "identity_id": "ada",
        "phash": random_hash(1000 + seed).tobytes(),
        "dhash": random_hash(2000 + seed).tobytes(),
        "embedding": descriptor(seed),
        "landmarks": LANDMARKS,
        "pixels": 10_000.0,
        "sharpness": 100.0,
        "accepted": False,
    }
    return HashedFace(**(fields | changes))  # type: ignore[arg-type]


def photo(sha256: str, seed: int, *faces: HashedFace, **changes: object) -> HashedPhoto:
    """A photograph whose hash comes from a seed."""
    fields: dict[str, object] = {
        "phash": random_hash(seed).tobytes(),
        "width": 400,
        "height": 300,
        "size": 1000,
        "licensed": False,
        "faces": faces,
    }
    return HashedPhoto(sha256=sha256, **(fields | changes))  # type: ignore[arg-type]


class InMemory:
    """What an album reads from where there is no catalog."""

    def __init__(self, photos: Sequence[HashedPhoto]) -> None:
        self._photos = sorted(photos, key=lambda photo: photo.sha256)
        faces = [(number, face) for number, photo in enumerate(self._photos) for face in photo.faces]
        people = sorted({face.identity_id for _, face in faces if face.identity_id is not None})
        self.columns = Columns(
            phash=stacked([photo.phash for photo in self._photos]),
            face_phash=stacked([face.phash for _, face in faces]),
            face_dhash=stacked([face.dhash for _, face in faces]),
            owner=np.array([number for number, _ in faces], np.int32),
            person=np.array([people.index(f.identity_id) if f.identity_id else -1 for _, f in faces], np.int32),
        )

    def sha256(self, photographs: NDArray[np.int64]) -> list[str]:
        return [self._photos[number].sha256 for number in photographs]

    def read(self, photographs: Sequence[int]) -> list[HashedPhoto]:
        return [self._photos[number] for number in photographs]

    def described(self, photographs: Sequence[int]) -> NDArray[np.float32]:
        return np.array([face.embedding for photo in self.read(photographs) for face in photo.faces], np.float32)


def stacked(hashes: Sequence[bytes]) -> Hash:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)


def album(*photos: HashedPhoto) -> Album:
    return Album(InMemory(photos))


def clustered(photos: Album, looker: Looker) -> dict[str, str]:
    """The smallest sha256 of its cluster by the sha256 of each photograph."""
    found = cluster(photos, candidates(photos, LIMITS), Matcher(photos, looker, LIMITS))
    return dict(zip(photos.sha256(np.arange(len(photos))), photos.sha256(found), strict=True))


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def clusters(pictures: dict[str, Image.Image]) -> dict[str, str]:
    """Cluster photographs without faces, of which the pixels are there."""
    photos = album(*(photo(name, 0, phash=phash(np.asarray(picture))) for name, picture in pictures.items()))
    looker = Looker(
        lambda face, photo, side: None,
        lambda face, photo: None,
        lambda photo: picture_view(jpeg(pictures[photo.sha256])),
    )
    return clustered(photos, looker)


Edit = Callable[[Image.Image], Image.Image]
BLANK = View(np.full((SCENE, SCENE), 128, np.float32), np.full((SCENE, SCENE), 255, np.uint8))


def in_a_mirror(face_id: str, seed: int) -> HashedFace:
    """The face of that seed, mirrored."""
    straight = face(face_id, seed)
    return replace(
        straight,
        phash=mirrored_phash(np.frombuffer(straight.phash, np.uint8)).tobytes(),
        dhash=mirrored_dhash(np.frombuffer(straight.dhash, np.uint8)).tobytes(),
    )


def linked(
    *photos: HashedPhoto, views: dict[str, Callable[[int], View]], scenes: dict[str, View | None] | None = None
) -> bool:
    """Whether the photographs are one cluster, where the faces look as `views` has them, by face_id.

    Around them is a blank wall, or what `scenes` says.
    """
    pictures = {name: view(SIDE) for name, view in views.items()}
    looker = Looker(
        lambda face, photo, side: views[face.face_id](side),
        lambda face, photo: (scenes or {}).get(face.face_id, BLANK),
        lambda photo: pictures.get(photo.sha256),
    )
    return len(set(clustered(album(*photos), looker).values())) == 1


def unchanged(picture: Image.Image) -> Image.Image:
    return picture


def portrait(seed: int, edit: Edit = unchanged, side: int = SIDE) -> View:
    """A view of something with structure, all of it inside the photograph."""
    view = face_view(jpeg(edit(landscape(seed).resize((224, 224)))), LANDMARKS, 400, 300, side)
    assert view is not None
    return view


def shown(seed: int, edit: Edit = unchanged) -> Callable[[int], View]:
    """The same for a looker, which asks for a view of some size."""
    return lambda side: portrait(seed, edit, side)


def landscape(seed: int) -> Image.Image:
    """A smooth colour picture with some structure, unlike those of other seeds."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)


def smiling(picture: Image.Image) -> Image.Image:
    """The same picture, but for a mouth's place, which shows something else."""
    changed = picture.copy()
    changed.paste(landscape(9).resize((50, 26)), (87, 122))
    return changed


def blinking(picture: Image.Image) -> Image.Image:
    """The same picture, in which a lid's breadth has moved by half a pixel: less than half a hundredth of the face."""
    rows, columns = np.mgrid[:224, :224].astype(np.float32)
    shift = 1.2 * np.exp(-((columns - 92) ** 2 + (rows - 92) ** 2) / (2 * 7**2))
    return Image.fromarray(cv2.remap(np.asarray(picture), columns, rows + shift, cv2.INTER_LINEAR))


def detailed(edit: Edit = unchanged, side: int = SIDE) -> View:
    """A view of a picture with details of a few pixels."""
    noise = np.random.default_rng(5).integers(60, 196, (40, 40, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((224, 224), Image.Resampling.BICUBIC)
    view = face_view(jpeg(edit(picture)), LANDMARKS, 400, 300, side)
    assert view is not None
    return view


def photograph(head: int, wall: int | None) -> Image.Image:
    """A head of 340 pixels, by its seed, before a wall of another; None: a blank one."""
    picture = Image.new("RGB", (800, 600), (90, 110, 130)) if wall is None else landscape(wall).resize((800, 600))
    outline = Image.new("L", (340, 340))
    ImageDraw.Draw(outline).ellipse((40, 10, 300, 330), fill=255)
    picture.paste(landscape(head).resize((340, 340)), (230, 130), outline)
    return picture
