"""Aligned faces to descriptors in which distance means "another person"."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from facecorpus.faces.align import CHIP
from facecorpus.faces.dlib.weights import Convolution, read_descriptor
from facecorpus.faces.embed import named
from facecorpus.faces.records import Landmarks, Picture
from facecorpus.shards import sha256_of

_POOL = 3  # pixels
_BATCH = 8  # faces; more of them gain nothing


class TorchEmbedder:
    """dlib's ResNet (dlib_face_recognition_resnet_model_v1) run by torch: its descriptors to 1e-6.

    Euclidean distance; 0.6 is called the same person. dlib's own convolutions take more than ten times as long
    where it was built without BLAS, as in its wheels. Raises ModelError where the file is no such network.
    """

    def __init__(self, path: Path) -> None:
        weights = read_descriptor(path)
        stem, *rest = weights.convolutions
        self._mean = torch.from_numpy(weights.mean)
        self._stem = _Layer(stem, CHIP)
        side = (self._stem.side - _POOL) // 2 + 1
        self._blocks = []
        for first, second in zip(rest[::2], rest[1::2], strict=True):
            one = _Layer(first, side)
            two = _Layer(second, one.side)
            self._blocks.append((one, two))
            side = max(two.side, side // one.stride)
        self._projection = torch.from_numpy(weights.projection)
        self.model = named(path.stem, weights.projection.shape[1], sha256_of(path))

    def aligned(self, picture: Picture, landmarks: Landmarks, chip: Picture) -> Picture:
        """dlib's own chip."""
        return chip

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, 128) float32 for N aligned faces of (150, 150, 3); a face's bits do not depend on its neighbours.

        On one thread, whatever the caller has set: kernels differ with the number of threads, and the last bits of a
        descriptor with them. With the size of a batch only that of the projection does, so it goes row by row.
        """
        rows: list[Tensor] = []
        with torch.inference_mode(), one_thread():
            for start in range(0, len(chips), _BATCH):
                pixels = torch.from_numpy(np.stack(chips[start : start + _BATCH]))
                # (N, 3, 150, 150) whose strides are those of the pictures: channels last.
                features = self._features(((pixels - self._mean) / 256).permute(0, 3, 1, 2))
                rows += [feature[None] @ self._projection for feature in features]
            return torch.cat(rows).numpy() if rows else np.empty((0, 128), np.float32)

    def _features(self, pixels: Tensor) -> Tensor:
        features = functional.max_pool2d(self._stem(pixels), _POOL, 2)
        for first, second in self._blocks:
            features = second(first(features), _shortcut(features, first.stride))
        return features.mean((2, 3))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and give it back what it had."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def _packs() -> bool:
    """Whether weights can be packed here: by two private functions of torch, which its own compiler calls.

    Another version of torch may have lost or changed them, and a processor may be one that oneDNN does not know: tried
    once, on a small convolution, against the plain twin.
    """
    weight = np.linspace(-1, 1, 8 * 3 * 9, dtype=np.float32).reshape(8, 3, 3, 3)
    convolution = Convolution(weight, np.linspace(0, 1, 8, dtype=np.float32), 1, 1)
    features = torch.linspace(-1, 1, 3 * 64).reshape(1, 3, 8, 8)
    other = torch.ones(1, 8, 8, 8)
    try:
        packed, plain = _Layer(convolution, 8, packed=True), _Layer(convolution, 8, packed=False)
        pairs = [(packed(features), plain(features)), (packed(features, other), plain(features, other.clone()))]
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return False
    return all(one.shape == two.shape and torch.allclose(one, two, atol=1e-4) for one, two in pairs)


class _Layer:
    """A convolution of square pictures, an optional sum, then a rectifier; its weights packed as oneDNN wants them.

    torch.nn.functional.conv2d packs them anew in every call, or leaves oneDNN altogether for a small picture, which
    takes 1.4 times as long; it is the plain twin, where weights cannot be packed.
    """

    def __init__(self, convolution: Convolution, side: int, *, packed: bool | None = None) -> None:
        kernel = convolution.weight.shape[2]
        self.stride = convolution.stride
        self.side = (side + 2 * convolution.padding - kernel) // self.stride + 1
        self._padding = convolution.padding
        self._weight = torch.from_numpy(convolution.weight).contiguous(memory_format=torch.channels_last)
        self._bias = torch.from_numpy(convolution.bias)
        self._packed = _packs() if packed is None else packed
        if self._packed:
            shape = [_BATCH, self._weight.shape[1], side, side]
            pack: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
            self._weight = pack(self._weight.to_mkldnn(), self._padding, self.stride, 1, 1, shape)

    def __call__(self, features: Tensor, other: Tensor | None = None) -> Tensor:
        if not self._packed:
            plain = functional.conv2d(features, self._weight, self._bias, self.stride, self._padding)
            return (plain if other is None else _sum(plain, other)).relu_()
        geometry = ([self._padding] * 2, [self.stride] * 2, [1, 1], 1)
        convolve: Any = torch.ops.mkldnn._convolution_pointwise
        output: Tensor
        if other is None:
            output = convolve(features, self._weight, self._bias, *geometry, "relu", [], "")
        elif other.shape[1:] == (len(self._bias), self.side, self.side):
            output = convolve.binary(features, other, self._weight, self._bias, *geometry, "add", 1.0, "relu", [], "")
        else:
            output = _sum(convolve(features, self._weight, self._bias, *geometry, "none", [], ""), other).relu_()
        return output


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
