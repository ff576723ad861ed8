"""Time the face descriptor: dlib's own run of the network beside ours, on faces of the demo's pictures.

python benchmarks/embed.py

One thread, CPU time, both in the same run, face by face in turn, so that a busy machine slows both alike.
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
MAX_PIXELS = 10_000_000


def main() -> None:
    """Print milliseconds a face for each, their ratio, and how far the descriptors lie apart."""
    torch.set_num_threads(1)
    embedder = load_models().embedder
    network = dlib.face_recognition_model_v1(str(model_file(DESCRIPTOR)))
    faces = list(islice(chips(DemoWorld()), FACES))
    embedder.embed(faces[:3])
    network.compute_face_descriptor(faces[0])
    by_dlib = by_torch = difference = 0.0
    for chip in faces:
        begun = time.process_time()
        expected = np.array(network.compute_face_descriptor(chip))
        between = time.process_time()
        got = embedder.embed([chip])[0]
        by_torch += time.process_time() - between
        by_dlib += between - begun
        difference = max(difference, float(np.abs(got - expected).max()))
    print(f"{len(faces)} faces, CPU milliseconds a face at one thread")
    print(f"  dlib   {by_dlib / len(faces) * 1000:7.2f}")
    print(f"  torch  {by_torch / len(faces) * 1000:7.2f}")
    print(f"  ratio  {by_dlib / by_torch:7.1f}")
    print(f"largest difference of a descriptor's value: {difference:.1e}")


def chips(world: DemoWorld) -> Iterator[Picture]:
    """The aligned faces of the world's plain photographs."""
    models, settings = load_models(), FacesSettings()
    for row in world.truth:
        if row.kind == "photo":
            picture = decode(world.read(row.file), MAX_PIXELS).picture
            for found in models.detector.detect(picture, settings):
                yield face_chip(picture, found.box, models.landmarker.landmarks(picture, found.box))


if __name__ == "__main__":
    main()
