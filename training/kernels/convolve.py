"""Convolution, pooling and ReLU as one operation, a few images at a time.

One after the other, each pass writes the whole batch's maps to memory and the next reads them again: on a processor
with a matrix unit that takes longer than the arithmetic. Here the maps of a few images stay in the core's cache until
they are pooled; only what is pooled is kept, and the way back begins there (sparse.py).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_CACHE = 2**22  # bytes of maps at once: about what a core's own cache holds
_FEW = 16  # channels of the smallest block that oneDNN's bfloat16 convolutions work on


def convolve_and_pool(convolution: nn.Conv2d, images: Tensor) -> Tensor:
    """relu(max_pool2d(convolution(images), 2)) for an odd kernel that keeps the size; under autocast in its type."""
    weight = convolution.weight
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else weight.dtype
    if images.device.type != "cpu" or dtype not in (torch.float32, torch.bfloat16):
        # Pooling first gives the same values as ReLU first, on a quarter of the numbers.
        return F.relu(F.max_pool2d(convolution(images), 2))
    images = images.to(dtype, memory_format=torch.channels_last)
    if dtype == torch.bfloat16:
        from training.kernels.tiled import TiledConvolveAndPool, fits

        if fits(images, weight):  # the same on the matrix unit, without a library between
            made: Tensor = TiledConvolveAndPool.apply(images, weight, convolution.bias)  # type: ignore[no-untyped-call]
            return made
    if dtype == torch.bfloat16 and weight.shape[1] * weight.shape[3] <= _FEW:
        images, weight = _columns_as_channels(images, weight)
    made = _ConvolveAndPool.apply(images, weight, convolution.bias)  # type: ignore[no-untyped-call]
    return made


def _columns_as_channels(images: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The same convolution with a kernel of one column: what its columns see lies side by side, as channels.

    Three channels are padded to a block of 16 in each of 25 places of the kernel; five times three fill one nearly.
    """
    outputs, channels, rows, columns = weight.shape
    before, taps = columns // 2 * channels, columns * channels
    lines = F.pad(images.permute(0, 2, 3, 1).flatten(2), (before, _FEW - channels - before))
    images = lines.unfold(2, _FEW, channels).contiguous().permute(0, 3, 1, 2)
    weight = weight.permute(0, 2, 3, 1).reshape(outputs, rows, taps)
    return images, F.pad(weight, (0, _FEW - taps)).permute(0, 2, 1).unsqueeze(3)


class _ConvolveAndPool(torch.autograd.Function):
    """Images of the type to work in, channels-last; weight and bias and their gradients in float32."""

    @staticmethod
    def forward(context: Any, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        from training.kernels.pooling import pool

        outputs, _, rows, columns = weight.shape
        padding = (rows // 2, columns // 2)
        filters = weight.to(images.dtype, memory_format=torch.channels_last)
        made = torch.empty(
            (len(images), outputs, images.shape[2] // 2, images.shape[3] // 2),
            dtype=images.dtype, memory_format=torch.channels_last,
        )  # fmt: skip
        places = torch.empty_like(made, dtype=torch.uint8)
        offset = bias.to(images.dtype)
        for some in _parts(images, outputs):
            pool(F.conv2d(images[some], filters, offset, padding=padding), made[some], places[some])
        context.save_for_backward(images, filters, places)
        return made

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        from training.kernels.sparse import gradient_of_filters, gradient_of_images

        images, filters, places = context.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        back = gradient_of_images(gradient, places, images, filters) if context.needs_input_grad[0] else None
        return back, *gradient_of_filters(gradient, places, images, filters)


def _parts(images: Tensor, outputs: int) -> list[slice]:
    """Slices of about equal length, whose maps fit the cache."""
    size = outputs * images.shape[2] * images.shape[3] * images.element_size()
    count = max(1, -(-len(images) * size // _CACHE))
    ends = [len(images) * part // count for part in range(count + 1)]
    return [slice(*pair) for pair in pairwise(ends) if pair[0] < pair[1]]
