"""Aligned faces to descriptors in which distance means "another person"."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from facecorpus.faces.dlib_weights import Convolution, read_descriptor
from facecorpus.faces.records import Picture


class Embedder(Protocol):
    """Turns aligned faces into descriptors."""

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, 128) float32 for N aligned faces of (150, 150, 3)."""
        ...


class TorchEmbedder:
    """dlib's ResNet (dlib_face_recognition_resnet_model_v1) run by torch: its descriptors to 1e-6.

    Euclidean distance; 0.6 is called the same person. dlib's own convolutions take nine times as long
    where it was built without BLAS, as in its wheels. Raises ModelError where the file is no such network.
    """

    def __init__(self, path: Path) -> None:
        weights = read_descriptor(path)
        self._mean = torch.from_numpy(weights.mean)
        self._stem, *rest = (_Layer(convolution) for convolution in weights.convolutions)
        self._blocks = list(zip(rest[::2], rest[1::2], strict=True))
        self._projection = torch.from_numpy(weights.projection)

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, 128) float32 for N aligned faces of (150, 150, 3).

        One face at a time and on one thread, whatever the caller has set: kernels differ with the size of a batch and
        the number of threads, and the last bits of a descriptor with them.
        """
        with torch.inference_mode(), _one_thread():
            rows = [self._descriptor(torch.from_numpy(chip)).numpy() for chip in chips]
        return np.concatenate(rows) if rows else np.empty((0, 128), np.float32)

    def _descriptor(self, chip: Tensor) -> Tensor:
        # (1, 3, 150, 150) whose strides are those of the picture: channels last.
        pixels = ((chip - self._mean) / 256)[None].permute(0, 3, 1, 2)
        features = functional.max_pool2d(self._stem(pixels).relu_(), 3, 2)
        for first, second in self._blocks:
            features = _sum(second(first(features).relu_()), _shortcut(features, first.stride)).relu_()
        return features.mean((2, 3)) @ self._projection


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Layer:
    """A convolution whose weights lie as torch's fastest kernels want them."""

    def __init__(self, convolution: Convolution) -> None:
        self.stride = convolution.stride
        self._padding = convolution.padding
        self._weight = torch.from_numpy(convolution.weight).contiguous(memory_format=torch.channels_last)
        self._bias = torch.from_numpy(convolution.bias)

    def __call__(self, features: Tensor) -> Tensor:
        return functional.conv2d(features, self._weight, self._bias, self.stride, self._padding)


def _shortcut(features: Tensor, stride: int) -> Tensor:
    return features if stride == 1 else functional.avg_pool2d(features, stride, stride)


def _sum(a: Tensor, b: Tensor) -> Tensor:
    """Their sum; as in dlib, the smaller one counts as 0 where it has no channel, row or column."""
    if a.shape == b.shape:
        return a.add_(b)
    shape = [max(sizes) for sizes in zip(a.shape, b.shape, strict=True)]
    return _filled(a, shape) + _filled(b, shape)


def _filled(features: Tensor, shape: Sequence[int]) -> Tensor:
    _, channels, height, width = (wanted - size for wanted, size in zip(shape, features.shape, strict=True))
    return functional.pad(features, (0, width, 0, height, 0, channels))
