"""What a network costs by arithmetic, and what a core can do at best."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from training.presets import Preset

_KERNELS = (5, 5, 3)
_SECONDS = 0.1  # of each measurement


@dataclass(frozen=True)
class Primitive:
    """One product of a training step, for one image: operations, and numbers that pass through memory at the least."""

    flops: float
    numbers: int


def primitives(preset: Preset, width: int, classes: int) -> list[Primitive]:
    """The dense products of a training step: forward, gradient of the weights, gradient of the input, of each layer.

    A multiplication and an addition count as two. The three cost the same; the first layer needs no gradient of its
    input. That the gradients of convolutions may leave out three quarters of it (sparse.py) is not counted: by this
    count they can be faster than the peak. Each reads or writes a layer's input and what is pooled of its output; the
    maps between the two may stay in the cache, and the weights serve a whole batch.
    """
    side, inputs = preset.size, 3
    layers = []
    for kernel, outputs in zip(_KERNELS, preset.filters, strict=True):
        numbers = side * side * inputs + (side // 2) ** 2 * outputs
        layers.append(Primitive(2.0 * side * side * kernel * kernel * inputs * outputs, numbers))
        side, inputs = side // 2, outputs
    layers.append(Primitive(2.0 * side * side * inputs * width, side * side * inputs + width))
    layers.append(Primitive(2.0 * width * classes, width + classes))
    return 2 * layers[:1] + 3 * layers[1:]


def step_flops(preset: Preset, width: int, classes: int) -> float:
    """Floating-point operations of one image in one training step."""
    return sum(one.flops for one in primitives(preset, width, classes))


def roofline(products: list[Primitive], bytes_a_number: int, flops: float, bandwidth: float) -> float:
    """Seconds that a step takes at the least, where each product is at the peak of either arithmetic or memory.

    Williams, Waterman, Patterson: Roofline (CACM 2009), summed over the products, which run one after the other.
    """
    return sum(max(one.flops / flops, one.numbers * bytes_a_number / bandwidth) for one in products)


def bandwidth(device: str) -> float:
    """Bytes a second that a plain copy reads and writes here."""
    source = torch.zeros(2**26, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2.0 * len(source) / best(lambda: target.copy_(source), device)


def peak(dtype: torch.dtype, device: str) -> float:
    """The most operations a second that a plain matrix product or a plain convolution of this type reaches here."""
    left, right = (torch.randn(2048, 2048, device=device).to(dtype) for _ in range(2))
    maps = torch.randn(64, 64, 32, 32, device=device).to(dtype).to(memory_format=torch.channels_last)
    filters = torch.randn(64, 64, 3, 3, device=device).to(dtype).to(memory_format=torch.channels_last)
    with torch.no_grad():
        product = best(lambda: left @ right, device)
        convolution = best(lambda: F.conv2d(maps, filters, padding=1), device)
    return max(2.0 * 2048**3 / product, 2.0 * 64 * 32 * 32 * 64 * 64 * 9 / convolution)


def clock(device: str) -> float:
    """Seconds of this thread's work on a CPU, so that other programs do not count; wall time on other devices."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
    return time.thread_time() if device == "cpu" else time.perf_counter()


def best(work: Callable[[], object], device: str) -> float:
    """The least seconds of the work, repeated for a tenth of a second after a first time that does not count."""
    work()
    least, end = float("inf"), time.monotonic() + _SECONDS
    while time.monotonic() < end:
        start = clock(device)
        work()
        least = min(least, clock(device) - start)
    return least
