"""A corpus of a few photographs in which a made-up detector finds faces at stated places, for analyses that are redone.

As a program it analyses again, and kills itself: CORPUS BOXES.json PLACE NUMBER.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from loopback import jpeg
from people import face, person
from PIL import Image

from facecorpus.catalog.photos import Photos
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.engines import find_faces as stage
from facecorpus.engines.local import Result, Task
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.manifest import write_manifest
from facecorpus.records import Box, Candidate, Download, Face
from facecorpus.store import Crops
from facecorpus.words import Outcome

Boxes = Mapping[str, list[Box] | None]
"""The places of faces by photograph, the surest first; None where it cannot be read."""


def corpus_of(folder: Path, count: int) -> tuple[Corpus, list[str]]:
    """A corpus with so many photographs of ada that wait for analysis, and their sha256."""
    manifest = folder / "people.csv"
    write_manifest(manifest, [person("ada")])
    corpus = init_corpus(folder / "corpus", manifest)
    stored = []
    with corpus.catalog() as catalog:
        for number in range(count):
            url, data = f"https://h.example/{number}.jpg", jpeg(number)
            catalog.candidates.propose([Candidate("ada", "folder", url)])
            download = Download(url, "2024-01-01T00:00:00Z", 0.1, 200, Outcome.STORED, bytes=len(data))
            stored.append(corpus.photos.put(data))
            catalog.candidates.record(download, "image/jpeg", stored[-1])
    return corpus, sorted(stored)


def look(corpus: Corpus, boxes: Boxes, by: str, *, redo: bool = False) -> stage.FacesSummary:
    """Run the stage with a detector of that name, which sees what is stated."""

    def results(items: Iterable[Task], *_: object) -> Iterator[Result]:
        for sha256, _path in items:
            places = boxes[sha256]
            yield sha256, Failure(sha256, "It is damaged.") if places is None else analysis(sha256, places, by)

    with patch.object(stage, "analyze_all", results), patch.object(stage, "_analysed_by", lambda *_: by):
        return stage.find_faces(corpus, redo=redo)


def analysis(sha256: str, places: list[Box], by: str) -> PhotoAnalysis:
    """An analysis of which each crop says what it shows."""
    faces = tuple(face(sha256, number, box=tuple(box), detector=by) for number, box in enumerate(places))
    crops = tuple(crop_of(face) for face in faces)
    return PhotoAnalysis(sha256, 160, 160, None, bytes(32), faces, crops, by)


def crop_of(found: Face) -> bytes:
    """A JPEG that says in a comment which face it shows, and who saw it."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG", comment=f"{found.detector} {found.box}")
    return file.getvalue()


def faces_of(corpus: Corpus) -> dict[str, Face]:
    """Every face of the catalog, by its name."""
    with corpus.catalog() as catalog:
        return {found.face_id: found for found, _ in catalog.faces.with_proposals()}


def crops_of(corpus: Corpus) -> dict[str, bytes]:
    """The bytes of every crop that lies there, by the face's name."""
    return {path.stem: path.read_bytes() for path in corpus.crops.root.glob("??/??/*.jpg")}


def _killing(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    """The function, at whose call of that number this process is killed."""
    calls = []

    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


if __name__ == "__main__":
    root, boxes_file, place, number = sys.argv[1:]
    owner: type = {"put": Crops, "analysed": Photos}[place]
    setattr(owner, place, _killing(getattr(owner, place), int(number)))
    look(Corpus(Path(root)), json.loads(Path(boxes_file).read_text()), "second", redo=True)
