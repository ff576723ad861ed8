"""A run's models on pictures of one's own: faces found, aligned as the shards are, and asked about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecorpus.errors import PictureError
from facecorpus.pictures import media_type
from facecorpus.records import Box
from facecorpus.settings import Settings
from facecorpus.system.console import track
from facecorpus.system.siblings import training_told

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from training import FusedModel

STRANGERS = (
    "What follows is no fact about anybody: the classes are labels that other people gave, and a stranger is called by"
    " the name of one of the people in the corpus. How often the models are right about people whom they never saw is"
    " in the README.md beside them."
)
"""The model card in one sentence, for whoever reads answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest class of a task, and its calibrated probability."""

    answer: str
    probability: float


@dataclass(frozen=True, slots=True)
class AskedFace:
    """A face of a picture, and what the models say of it."""

    box: Box  # x, y, width, height, pixels of the upright picture
    score: float  # the detector's
    answers: dict[str, Answer]  # by task
    features: dict[str, "NDArray[np.float32]"]  # (width,) of each task's network


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """A picture with its faces by descending score, or why it has none that could be asked about."""

    path: Path
    faces: tuple[AskedFace, ...] = ()
    error: str = ""

    def values(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        if self.error:
            return {"path": str(self.path), "error": self.error}
        faces = [
            {
                "box": list(face.box),
                "score": face.score,
                "answers": {
                    task: {"answer": one.answer, "probability": one.probability} for task, one in face.answers.items()
                },
            }
            for face in self.faces
        ]
        return {"path": str(self.path), "faces": faces}


def open_model(run: Path) -> "FusedModel":
    """The models of a run folder, or of a folder `models` that was taken away; FacecorpusError where there are none."""
    with training_told():
        from training import load_model

        return load_model(run)


def pictures_in(named: Sequence[Path]) -> list[Path]:
    """The files that are named, and those of the folders that are named which begin as a picture does, by name.

    Raises PictureError for a name of nothing, and where a folder holds no picture.
    """
    found: list[Path] = []
    for path in named:
        if not path.is_dir():
            if not path.is_file():
                raise PictureError(f"{path} is neither a file nor a folder; name pictures, or a folder of them.")
            found.append(path)
            continue
        inside = [file for file in sorted(path.iterdir()) if file.is_file() and media_type(_head(file))]
        if not inside:
            raise PictureError(f"{path} holds no picture; name a folder with JPEG, PNG, GIF, WebP, BMP or TIFF files.")
        found += inside
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def ask(model: "FusedModel", pictures: Sequence[Path], settings: Settings) -> Iterator[AskedPicture]:
    """What the models say of all faces of each picture, in order; a picture that cannot be used says why."""
    from facecorpus.faces.models import load_models

    models = load_models(settings.faces)
    with track("ask", len(pictures)) as progress:
        for path in pictures:
            try:
                data = path.read_bytes()
                found, crops = _aligned(data, models, settings)
            except (PictureError, OSError) as error:
                yield AskedPicture(path, error=str(error))
            else:
                yield AskedPicture(path, tuple(_asked(model, found, crops)))
            progress.advance()


def _aligned(data: bytes, models: Any, settings: Settings) -> tuple[list[tuple[Box, float]], list[bytes]]:
    """Box and score of each face, and its crop as a build would cut it: (crop, crop, 3) as a JPEG."""
    from facecorpus.faces.align import aligned_crop
    from facecorpus.faces.analyze import analyze
    from facecorpus.faces.decode import decode
    from facecorpus.faces.jpeg import as_jpeg

    analysis = analyze(data, "", models, settings.faces, settings.fetch.max_pixels)
    if not analysis.faces:
        return [], []
    picture = decode(data, settings.fetch.max_pixels).picture
    crops = [aligned_crop(picture, face.landmarks, settings.build.crop) for face in analysis.faces]
    found = [(face.box, face.score) for face in analysis.faces]
    return found, [as_jpeg(crop, settings.build.quality) for crop in crops]


def _asked(model: "FusedModel", found: Sequence[tuple[Box, float]], crops: Sequence[bytes]) -> Iterator[AskedFace]:
    if not crops:
        return
    images = model.images(crops)
    features, probabilities = model.features(images), model.probabilities(images)
    for number, (box, score) in enumerate(found):
        answers = {}
        for task, shares in probabilities.items():
            best = int(shares[number].argmax())
            answers[task] = Answer(model.classes[task][best], round(float(shares[number, best]), 4))
        yield AskedFace(box, round(score, 4), answers, {task: some[number] for task, some in features.items()})


def feature_table(asked: Sequence[AskedPicture]) -> "pa.Table":
    """A row a face: path, box, score, and a column `TASK_features` for each network."""
    import pyarrow as pa

    rows = [(picture.path, face) for picture in asked for face in picture.faces]
    columns: dict[str, Any] = {
        "path": pa.array([str(path) for path, _ in rows], pa.string()),
        "box": pa.array([list(face.box) for _, face in rows], pa.list_(pa.float32(), 4)),
        "score": pa.array([face.score for _, face in rows], pa.float32()),
    }
    for task in rows[0][1].features if rows else ():
        vectors = [face.features[task] for _, face in rows]
        columns[f"{task}_features"] = pa.array(vectors, pa.list_(pa.float32(), len(vectors[0])))
    return pa.table(columns)


def draw(asked: Sequence[AskedPicture], folder: Path) -> None:
    """Each picture that could be used with a box and the answers at each face, as a PNG of its name in the folder.

    The second picture of a name becomes NAME-2.png, also where only the ending or the capitals differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for picture in asked:
        if picture.error:
            continue
        stem = picture.path.stem
        names = chain([stem], (f"{stem}-{number}" for number in count(2)))
        name = next(name for name in names if name.lower() not in taken)
        taken.add(name.lower())
        _draw(picture, folder / f"{name}.png")


def _draw(asked: AskedPicture, path: Path) -> None:
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    with Image.open(asked.path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    width = max(2, image.width // 300)
    font = ImageFont.load_default(max(12, image.width // 40))
    pen = ImageDraw.Draw(image)
    for face in asked.faces:
        x, y, across, down = face.box
        pen.rectangle((x, y, x + across, y + down), outline="#ffd400", width=width)
        text = "\n".join(f"{one.answer} {one.probability:.0%}" for one in face.answers.values())
        left, top, right, bottom = pen.multiline_textbbox((x, y + down + width), text, font=font)
        pen.rectangle((left - width, top - width, right + width, bottom + width), fill="#000000")
        pen.multiline_text((x, y + down + width), text, fill="#ffffff", font=font)
    image.save(path)
