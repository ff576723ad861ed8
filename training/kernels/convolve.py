"""Convolution, pooling and ReLU as one operation: of the maps only what is pooled is kept; the way back begins there.

Its plain twin is one line of torch, with which a training step takes 1.8 times as long in float32, and 1.4 times in
bfloat16, on one core of a processor with AVX-512 (benchmarks/LOG.md).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_TYPES = (torch.float32, torch.bfloat16)
_FEW = 16  # channels of the smallest block that oneDNN's bfloat16 convolutions work on


def convolve_and_pool(convolution: nn.Conv2d, images: Tensor, kernels: str = "auto") -> Tensor:
    """relu(max_pool2d(convolution(images), 2)) for an odd kernel that keeps the size; under autocast in its type.

    `kernels` "torch" is the plain twin, everywhere; "auto" is it only where nothing is compiled: on other devices than
    the CPU and in other types than float32 and bfloat16. The two differ by rounding.
    """
    weight = convolution.weight
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else weight.dtype
    if kernels == "torch" or images.device.type != "cpu" or dtype not in _TYPES:
        # Pooling first gives the same values as ReLU first, on a quarter of the numbers.
        return F.relu(F.max_pool2d(convolution(images), 2))
    images = images.to(dtype, memory_format=torch.channels_last)
    if dtype == torch.bfloat16 and weight.shape[1] * weight.shape[3] <= _FEW:
        images, weight = _columns_as_channels(images, weight)
    made: Tensor = _ConvolveAndPool.apply(images, weight, convolution.bias)  # type: ignore[no-untyped-call]
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

        filters = weight.to(images.dtype, memory_format=torch.channels_last)
        padding = (weight.shape[2] // 2, weight.shape[3] // 2)
        pooled, places = pool(F.conv2d(images, filters, bias.to(images.dtype), padding=padding))
        context.save_for_backward(images, filters, places)
        return pooled

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        from training.kernels.sparse import gradient_of_filters, gradient_of_images

        images, filters, places = context.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        back = gradient_of_images(gradient, places, images, filters) if context.needs_input_grad[0] else None
        return back, *gradient_of_filters(gradient, places, images, filters)
