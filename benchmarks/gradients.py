"""Time the gradients of the paper's convolutions by training/kernels/sparse.py beside torch's, layer by layer.

python benchmarks/gradients.py

For a batch of preset paper, in CPU milliseconds of one thread. The numbers are random; of every sixth window nothing is
above zero (in a trained network of more, which makes ours faster). torch gets the gradient of the maps before pooling
for granted, so the time that it takes to spread it there counts for nothing, and a few images at once, which is faster
than the whole batch.
"""

from __future__ import annotations

import os
from functools import partial

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from torch import Tensor

from training.kernels.arrays import NOWHERE
from training.kernels.sparse import gradient_of_filters, gradient_of_images
from training.learn.flops import best
from training.learn.networks import make_network
from training.machine.memory import keep_freed_memory
from training.presets import load_preset

EMPTY = 1 / 6  # of the windows
TOGETHER = 25  # images that torch gets at once


def by_torch(maps: Tensor, images: Tensor, filters: Tensor, what: int) -> float:
    """Milliseconds of the gradient of the images (0) or of the filters (1), for all images."""
    padding, mask = (filters.shape[2] // 2,) * 2, [number == what for number in range(3)]

    def work() -> None:
        for gradient, seen in zip(maps.split(TOGETHER), images.split(TOGETHER), strict=True):
            torch.ops.aten.convolution_backward(
                gradient, seen, filters, None, (1, 1), padding, (1, 1), False, (0, 0), 1, mask
            )

    return 1000 * best(work, "cpu")


def laid_out(values: Tensor, dtype: torch.dtype) -> Tensor:
    return values.to(dtype).contiguous(memory_format=torch.channels_last)


def time_layer(number: int, weight: Tensor, dtype: torch.dtype, batch: int, side: int) -> None:
    """Print the rows of one convolution: images (batch, channels, side, side), weight (outputs, channels, K, K)."""
    outputs, channels = weight.shape[:2]
    images = laid_out(torch.randn(batch, channels, side, side).relu(), dtype)
    filters = laid_out(weight, dtype)
    shape = (batch, outputs, side // 2, side // 2)
    gradient = laid_out(torch.randn(shape), dtype)
    places = laid_out(torch.randint(0, 4, shape).where(torch.rand(shape) > EMPTY, NOWHERE), torch.uint8)
    corners = torch.zeros((*shape, 4), dtype=dtype)
    corners.scatter_(4, places.long().clamp(max=3)[..., None], gradient.where(places < NOWHERE, 0)[..., None])
    maps = laid_out(corners.unflatten(4, (2, 2)).movedim(4, 3).flatten(4).flatten(2, 3), dtype)
    rows = [("filters", 1, gradient_of_filters), ("images", 0, gradient_of_images)]
    for name, what, of in rows if number > 1 else rows[:1]:  # of the first layer's images nobody asks for it
        theirs = by_torch(maps, images, filters, what)
        ours = 1000 * best(partial(of, gradient, places, images, filters), "cpu")
        kind = str(dtype).removeprefix("torch.")
        print(f"| {number} | {name} | {kind} | {theirs:.1f} | {ours:.1f} | {theirs / ours:.1f} |", flush=True)


def main() -> None:
    keep_freed_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    preset = load_preset("paper")
    print("| layer | gradient of | type | torch, ms | ours, ms | ratio |\n|---|---|---|---:|---:|---:|")
    for number, layer in enumerate(make_network(preset, 1, 1, seed=0).convolutions):
        for dtype in (torch.float32, torch.bfloat16):
            time_layer(number + 1, layer.weight.detach(), dtype, preset.batch, preset.size >> number)


if __name__ == "__main__":
    main()
