"""The weights of dlib's face descriptor and of its convolutional detector, read straight from what dlib stores."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facecorpus.errors import ModelError

Floats = NDArray[np.float32]

_CONVOLUTIONS = 29  # the stem, and two in each of 14 residual blocks
_MMOD_CONVOLUTIONS = 6  # and one more, without scale and shift, that scores
_EPSILON = 1e-4  # dlib's DEFAULT_BATCH_NORM_EPS


@dataclass(frozen=True, slots=True)
class Convolution:
    """A cross-correlation with the scale and shift that follow it folded in."""

    weight: Floats  # (out, in, height, width)
    bias: Floats  # (out,)
    stride: int
    padding: int


@dataclass(frozen=True, slots=True)
class DescriptorWeights:
    """All that the network has learnt, from the pixels onwards."""

    mean: Floats  # (3,), of red, green, blue in 0..255
    convolutions: tuple[Convolution, ...]
    projection: Floats  # (features, 128)


@dataclass(frozen=True, slots=True)
class MmodWeights:
    """All that the detector has learnt, from the pixels to the score of each window."""

    mean: Floats  # (3,), of red, green, blue in 0..255
    convolutions: tuple[Convolution, ...]


def read_mmod(path: Path) -> MmodWeights:
    """Read mmod_human_face_detector.dat. Raises ModelError where the file is another."""
    try:
        return _mmod(_Reader(path.read_bytes()))
    except (ValueError, IndexError, OSError) as error:
        raise ModelError(f"{path} is no face detector of dlib ({error}); reinstall the models.") from None


def read_descriptor(path: Path) -> DescriptorWeights:
    """Read dlib_face_recognition_resnet_model_v1.dat (about 40 ms). Raises ModelError where the file is another.

    The format is dlib's own (serialize.h; dnn/core.h, layers.h, tensor.h): layers from the input to the loss, each
    by its name and then its parameters, amid state of training that is passed over here.
    """
    try:
        return _descriptor(_Reader(path.read_bytes()))
    except (ValueError, IndexError, OSError) as error:
        raise ModelError(f"{path} is no face descriptor of dlib ({error}); reinstall the models.") from None


def _descriptor(reader: "_Reader") -> DescriptorWeights:
    reader.find("input_rgb_image_sized")
    mean = np.array([reader.number() for _ in range(3)], np.float32)
    convolutions = []
    channels = len(mean)
    for _ in range(_CONVOLUTIONS):
        convolutions.append(_convolution(reader, channels))
        channels = len(convolutions[-1].bias)
    reader.find("fc_2")
    outputs, inputs = reader.integer(), reader.integer()
    return DescriptorWeights(mean, tuple(convolutions), reader.tensor().reshape(inputs, outputs))


def _mmod(reader: "_Reader") -> MmodWeights:
    reader.find("input_rgb_image_pyramid")
    mean = np.array([reader.number() for _ in range(3)], np.float32)
    convolutions = []
    channels = len(mean)
    for _ in range(_MMOD_CONVOLUTIONS):
        plain = _plain_convolution(reader, channels)
        channels = len(plain.bias)
        reader.find("bn_con2")
        scale, shift = reader.tensor().reshape(2, channels)
        reader.skip(10)  # where scale and shift lie in that tensor: twice five integers
        _, _, means, variances = (reader.tensor() for _ in range(4))  # of the last batch, then of all
        scale = scale / np.sqrt(variances + np.float32(_EPSILON))
        convolutions.append(_folded(plain, scale, shift - means * scale))
    convolutions.append(_plain_convolution(reader, channels))
    return MmodWeights(mean, tuple(convolutions))


def _convolution(reader: "_Reader", channels: int) -> Convolution:
    plain = _plain_convolution(reader, channels)
    reader.find("affine_")
    scale, shift = reader.tensor().reshape(2, len(plain.bias))
    return _folded(plain, scale, shift)


def _plain_convolution(reader: "_Reader", channels: int) -> Convolution:
    reader.find("con_4")
    parameters = reader.tensor()
    filters, height, width, stride, _, padding, _ = (reader.integer() for _ in range(7))
    weight, bias = parameters[:-filters].reshape(filters, channels, height, width), parameters[-filters:]
    return Convolution(weight, bias, stride, padding)


def _folded(plain: Convolution, scale: Floats, shift: Floats) -> Convolution:
    return Convolution(
        plain.weight * scale[:, None, None, None], plain.bias * scale + shift, plain.stride, plain.padding
    )


class _Reader:
    """dlib's serialized values, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def find(self, name: str) -> None:
        """Go behind the next string of this content. What was read is never searched, so weights cannot match."""
        serialized = bytes((1, len(name))) + name.encode()
        self._at = self._data.index(serialized, self._at) + len(serialized)

    def integer(self) -> int:
        """One byte with the sign (its highest bit) and the count of the bytes that follow, lowest first."""
        head = self._data[self._at]
        begin, self._at = self._at + 1, self._at + 1 + (head & 0x0F)
        magnitude = int.from_bytes(self._data[begin : self._at], "little")
        return -magnitude if head & 0x80 else magnitude

    def skip(self, integers: int) -> None:
        """Pass over so many integers."""
        for _ in range(integers):
            self.integer()

    def number(self) -> float:
        """A floating-point number: mantissa and exponent of two."""
        mantissa, exponent = self.integer(), self.integer()
        return float(mantissa * 2.0**exponent)

    def tensor(self) -> Floats:
        """The values of a tensor, flat: version 2, four dimensions, then little-endian float32."""
        version = self.integer()
        if version != 2:
            raise ValueError(f"a tensor of version {version} instead of 2")
        count = 1
        for _ in range(4):
            count *= self.integer()
        values = np.frombuffer(self._data, "<f4", count, self._at)
        self._at += 4 * count
        return values.astype(np.float32)
