"""Time the gradients of the paper's convolutions by training/sparse.py beside torch's, layer by layer.

python benchmarks/gradients.py

For a batch of preset paper, in CPU milliseconds of one thread. The numbers are random; of every sixth window nothing is
above zero (in a trained network of more, which makes ours faster). torch gets the gradient of the maps before pooling
for granted, so the time that it takes to spread it there counts for nothing, and a few images at once, which is faster
than the whole batch.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from torch import Tensor

from training.flops import best
from training.memory import keep_freed_memory
from training.networks import make_network
from training.presets import load_preset
from training.sparse import gradient_of_filters, gradient_of_images

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


def main() -> None:
    keep_freed_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    preset = load_preset("paper")
    side, batch = preset.size, preset.batch
    print("| layer | gradient of | type | torch, ms | ours, ms | ratio |\n|---|---|---|---:|---:|---:|")
    for number, layer in enumerate(make_network(preset, 1, 1, seed=0).convolutions, 1):
        outputs, channels = layer.weight.shape[:2]
        for dtype in (torch.float32, torch.bfloat16):

            def laid_out(values: Tensor, dtype: torch.dtype = dtype) -> Tensor:
                return values.to(dtype).contiguous(memory_format=torch.channels_last)

            images = laid_out(torch.randn(batch, channels, side, side).relu())
            filters = laid_out(layer.weight.detach())
            shape = (batch, outputs, side // 2, side // 2)
            gradient = laid_out(torch.randn(shape))
            places = torch.randint(0, 4, shape).where(torch.rand(shape) > EMPTY, 4)
            places = places.to(torch.uint8).contiguous(memory_format=torch.channels_last)
            maps = torch.zeros((*shape, 4), dtype=dtype)
            maps.scatter_(4, places.long().clamp(max=3)[..., None], gradient.where(places < 4, 0)[..., None])
            maps = laid_out(maps.unflatten(4, (2, 2)).movedim(4, 3).flatten(4).flatten(2, 3))
            given = gradient, places, images, filters
            rows = [("filters", 1, lambda given=given: gradient_of_filters(*given))]
            if number > 1:
                rows.append(("images", 0, lambda given=given: gradient_of_images(*given)))
            for name, what, work in rows:
                theirs, ours = by_torch(maps, images, filters, what), 1000 * best(work, "cpu")
                kind = str(dtype).removeprefix("torch.")
                print(f"| {number} | {name} | {kind} | {theirs:.1f} | {ours:.1f} | {theirs / ours:.1f} |", flush=True)
        side //= 2


if __name__ == "__main__":
    main()
