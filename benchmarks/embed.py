"""Time the face descriptor: dlib's own run of the network beside ours, on faces of the demo's pictures.

python benchmarks/embed.py

One thread, CPU time, all in the same run, eight faces in turn by each, so that a busy machine slows all alike.
"""

import time
from collections.abc import Iterator
from itertools import islice

import dlib
import numpy as np
import torch

from facecorpus.demo.world import DemoWorld
from facecorpus.faces.align import face_chip
from facecorpus.faces.decode import decode
from facecorpus.faces.models import DESCRIPTOR, load_models, model_file
from facecorpus.faces.records import Picture
from facecorpus.settings import FacesSettings

FACES = 200
BATCH = 8
MAX_PIXELS = 10_000_000


def main() -> None:
    """Print milliseconds a face for each, their ratio, and how far the descriptors lie apart."""
    torch.set_num_threads(1)
    embedder = load_models().embedder
    network = dlib.face_recognition_model_v1(str(model_file(DESCRIPTOR)))
    faces = list(islice(chips(DemoWorld()), FACES))
    embedder.embed(faces[:3])
    network.compute_face_descriptor(faces[0])
    by_dlib = one_by_one = in_batches = difference = 0.0
    for start in range(0, len(faces), BATCH):
        some = faces[start : start + BATCH]
        times = [time.process_time()]
        expected = np.array([network.compute_face_descriptor(chip) for chip in some])
        times.append(time.process_time())
        alone = np.concatenate([embedder.embed([chip]) for chip in some])
        times.append(time.process_time())
        together = embedder.embed(some)
        times.append(time.process_time())
        by_dlib += times[1] - times[0]
        one_by_one += times[2] - times[1]
        in_batches += times[3] - times[2]
        difference = max(difference, float(np.abs(together - expected).max()))
        if not np.array_equal(alone, together):
            raise SystemExit("A descriptor depends on its neighbours.")
    print(f"{len(faces)} faces, CPU milliseconds a face at one thread, and dlib's as a multiple")
    for name, seconds in (("dlib", by_dlib), ("torch, one by one", one_by_one), ("torch, in eights", in_batches)):
        print(f"  {name:18} {seconds / len(faces) * 1000:7.2f} {by_dlib / seconds:6.1f} ×")
    print(f"largest difference of a descriptor's value: {difference:.1e}")


def chips(world: DemoWorld) -> Iterator[Picture]:
    """The aligned faces of the world's plain photographs."""
    models, settings = load_models(), FacesSettings()
    for row in world.truth:
        if row.kind == "photo":
            picture = decode(world.read(row.file), MAX_PIXELS).picture
            for found in models.detector.detect(picture, settings):
                yield face_chip(picture, found.place, models.landmarker.landmarks(picture, found.place))


if __name__ == "__main__":
    main()
