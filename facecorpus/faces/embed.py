"""Aligned faces to descriptors in which distance means "another person"."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import dlib
import numpy as np
from numpy.typing import NDArray

from facecorpus.errors import ModelError
from facecorpus.faces.records import Picture


class Embedder(Protocol):
    """Turns aligned faces into descriptors."""

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, 128) float32 for N aligned faces of (150, 150, 3)."""
        ...


class DlibEmbedder:
    """dlib's ResNet (dlib_face_recognition_resnet_model_v1): Euclidean distance, 0.6 is called the same person.

    Raises ModelError where the file is no such network.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._network = dlib.face_recognition_model_v1(str(path))
        except RuntimeError as error:
            raise ModelError(f"{path} is no face descriptor of dlib ({error}); reinstall the models.") from None

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, 128) float32 for N aligned faces of (150, 150, 3)."""
        rows = [np.array(self._network.compute_face_descriptor(chip), np.float32) for chip in chips]
        return np.stack(rows) if rows else np.empty((0, 128), np.float32)
