"""What a network costs by arithmetic, and what a core can do at best."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from training.presets import Preset

_KERNELS = (5, 5, 3)
_SECONDS = 0.4  # of each kind of peak; the best of all rounds counts


def step_flops(preset: Preset, width: int, classes: int) -> float:
    """Floating-point operations of one image in one training step.

    A multiplication and an addition count as two. Forward, gradient of the weights and gradient of the input cost the
    same each; the first layer needs no gradient of its input.
    """
    side, inputs, layers = preset.size, 3, []
    for kernel, outputs in zip(_KERNELS, preset.filters, strict=True):
        layers.append(2.0 * side * side * kernel * kernel * inputs * outputs)
        side, inputs = side // 2, outputs
    layers.append(2.0 * side * side * inputs * width)
    layers.append(2.0 * width * classes)
    return 3 * sum(layers) - layers[0]


def peak(dtype: torch.dtype, device: str) -> float:
    """The most operations a second that a plain matrix product or a plain convolution of this type reaches here."""
    left, right = (torch.randn(2048, 2048, device=device).to(dtype) for _ in range(2))
    maps = torch.randn(64, 64, 32, 32, device=device).to(dtype).to(memory_format=torch.channels_last)
    filters = torch.randn(64, 64, 3, 3, device=device).to(dtype).to(memory_format=torch.channels_last)
    with torch.no_grad():
        product = _best(lambda: left @ right, device)
        convolution = _best(lambda: F.conv2d(maps, filters, padding=1), device)
    return max(2.0 * 2048**3 / product, 2.0 * 64 * 32 * 32 * 64 * 64 * 9 / convolution)


def clock(device: str) -> float:
    """Seconds of this thread's work on a CPU, so that other programs do not count; wall time on other devices."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
    return time.thread_time() if device == "cpu" else time.perf_counter()


def _best(work: Callable[[], object], device: str) -> float:
    work()
    best, end = float("inf"), time.monotonic() + _SECONDS
    while time.monotonic() < end:
        start = clock(device)
        work()
        best = min(best, clock(device) - start)
    return best
