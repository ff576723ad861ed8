"""Who a face is like: descriptors behind one small protocol, in which distance means "another person"."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.records import Landmarks, Picture


def named(name: str, dimension: int, sha256: str) -> str:
    """What is stored with each embedding: two of them can be compared where this is the same."""
    return f"{name}, {dimension} numbers, sha256 {sha256}"


DLIB_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
DLIB = named("dlib_face_recognition_resnet_model_v1", 128, DLIB_SHA256)
"""Where no descriptor_model is set."""


class Embedder(Protocol):
    """Turns faces into descriptors; `model`, as `named` has it, is recorded with each."""

    model: str

    def aligned(self, picture: Picture, landmarks: Landmarks, chip: Picture) -> Picture:
        """The face as the network is shown it: cut from the picture, or dlib's chip of it, (150, 150, 3)."""
        ...

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, D) float32 for N faces that are aligned so; a face's bits do not depend on its neighbours."""
        ...
