"""The map: a person's faces as points in two dimensions, the two in which their descriptors differ most."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.descriptors import Described

SIDE = 1_000
"""The map's coordinates are whole numbers from 0 to this."""


def map_json(faces: Described) -> dict[str, Any]:
    """The faces in columns, each with its place."""
    places = project(faces.descriptors)
    return {"ids": faces.face_ids, "x": places[:, 0].tolist(), "y": places[:, 1].tolist()}


def project(descriptors: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N, 2) in 0…SIDE: the first two principal components, on one scale; equal descriptors give equal places.

    By the covariance's eigenvectors, so that no second array of the descriptors' size is made.
    """
    if len(descriptors) < 2:
        return np.full((len(descriptors), 2), SIDE // 2)
    mean = descriptors.mean(axis=0, dtype=np.float64)
    covariance = (descriptors.T @ descriptors).astype(np.float64) / len(descriptors) - np.outer(mean, mean)
    axes = np.linalg.eigh(covariance).eigenvectors[:, :-3:-1]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])  # a vector and its opposite are one axis
    places = descriptors @ axes.astype(np.float32)
    low, high = places.min(axis=0), places.max(axis=0)
    scale = SIDE / max(float((high - low).max()), 1e-9)
    centred = places - (low + high) / 2
    found: NDArray[np.int64] = np.rint(SIDE / 2 + centred * scale).astype(np.int64)
    return found
