"""dlib's convolutional face detector (max-margin object detection, King 2015), run by torch from dlib's own weights."""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from facecorpus.faces.boxes import iou
from facecorpus.faces.detect import Detection, first_to_show, scaled
from facecorpus.faces.dlib.embed import one_thread
from facecorpus.faces.dlib.weights import Convolution, read_mmod
from facecorpus.faces.records import Picture
from facecorpus.settings import FacesSettings
from facecorpus.shards import sha256_of

_WINDOW = 80  # pixels; what the network looks at, wherever the pyramid shows a face so large
_MARGIN = _WINDOW // 2  # black pixels around each level, so that a face at the edge has a window
_SHRINK = 5 / 6  # from one level of the pyramid to the next
_OVERLAP = 0.3382761351109955  # as the model file says


class MmodDetector:
    """mmod_human_face_detector: sees turned and tilted faces that HOG misses.

    dlib packs the pyramid into one picture; here each level runs alone, with the same result but for resampling.
    Raises ModelError where the file is no such network.
    """

    def __init__(self, path: Path) -> None:
        self.name = f"mmod sha256-{sha256_of(path)[:12]}"
        weights = read_mmod(path)
        self._mean = torch.from_numpy(weights.mean)
        self._layers = [_Layer(convolution) for convolution in weights.convolutions]

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        return first_to_show(self.look, picture, settings)

    def look(self, picture: Picture, scale: float) -> list[Detection]:
        """The faces seen at this scale, in pixels of the picture, the surest first."""
        found: list[Detection] = []
        with torch.inference_mode(), one_thread():
            while min(picture.shape[:2]) * scale >= _MARGIN:
                found += self._windows(scaled(picture, scale), scale)
                scale *= _SHRINK
        kept: list[Detection] = []
        for face in sorted(found, key=lambda face: -face.score):
            if all(iou(face.box, other.box) <= _OVERLAP for other in kept):
                kept.append(face)
        return kept

    def _windows(self, level: Picture, scale: float) -> list[Detection]:
        """All windows of one level that score above zero, in pixels of the picture."""
        framed = cv2.copyMakeBorder(level, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_CONSTANT)
        features = ((torch.from_numpy(framed) - self._mean) / 256)[None].permute(0, 3, 1, 2)
        for layer in self._layers[:-1]:
            features = layer(features).relu_()
        scores: NDArray[np.float32] = self._layers[-1](features)[0, 0].numpy()
        rows, columns = np.nonzero(scores > 0)
        centres = np.stack([columns, rows], axis=1).astype(float)
        for layer in reversed(self._layers):
            centres = centres * layer.stride - layer.padding + layer.side // 2
        corners = (centres - _MARGIN - _WINDOW / 2) / scale
        side = _WINDOW / scale
        return [
            Detection((float(x), float(y), side, side), float(scores[row, column]))
            for (x, y), row, column in zip(corners, rows, columns, strict=True)
        ]


class _Layer:
    """A convolution whose weights lie as torch's fastest kernels want them."""

    def __init__(self, convolution: Convolution) -> None:
        self.stride, self.padding = convolution.stride, convolution.padding
        self.side = convolution.weight.shape[2]
        self._weight = torch.from_numpy(convolution.weight).contiguous(memory_format=torch.channels_last)
        self._bias = torch.from_numpy(convolution.bias)

    def __call__(self, features: Tensor) -> Tensor:
        return functional.conv2d(features, self._weight, self._bias, self.stride, self.padding)
