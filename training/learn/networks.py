"""The paper's network (§3): three convolutions, a high-level feature layer, an output layer."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from training.kernels import convolve_and_pool
from training.presets import Preset


class TaskNetwork(nn.Module):
    """Images (B, 3, S, S) to class scores (B, classes), by way of `width` high-level features."""

    def __init__(self, preset: Preset, width: int, classes: int) -> None:
        super().__init__()
        self.kernels = preset.kernels
        first, second, third = preset.filters
        maps = third * (preset.size // 8) ** 2
        self.convolutions = nn.ModuleList(
            [
                nn.Conv2d(3, first, 5, padding=2),
                nn.Conv2d(first, second, 5, padding=2),
                nn.Conv2d(second, third, 3, padding=1),
            ]
        )
        self.high_level = nn.Linear(maps, width)
        self.output = nn.Linear(width, classes)

    def layers(self, images: Tensor) -> list[Tensor]:
        """What each layer makes of the images, from the first convolution to the high-level features."""
        made = []
        for convolution in self.convolutions:
            assert isinstance(convolution, nn.Conv2d)
            images = convolve_and_pool(convolution, images, self.kernels)
            made.append(images)
        # Line by line, the maps of a place side by side, as they lie in memory.
        made.append(F.relu(self.high_level(images.permute(0, 2, 3, 1).flatten(1))))
        return made

    def features(self, images: Tensor) -> Tensor:
        """The high-level features (B, width)."""
        return self.layers(images)[-1]

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.output(self.features(images))
        return scores


def make_network(preset: Preset, width: int, classes: int, seed: int) -> TaskNetwork:
    """A network with weights from a Gaussian (§3), as wide as He et al. 2015 (arXiv 1502.01852) derive; biases zero."""
    network = TaskNetwork(preset, width, classes)
    with_first_weights(network, network.output, seed)
    return network


def with_first_weights(network: nn.Module, output: nn.Linear, seed: int) -> None:
    """Draw all weights, those of the output layer near zero; channels-last from here on."""
    random = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=random)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    # The output starts near zero: as wide as the other layers, the gender network stayed near chance at rate 0.02.
    nn.init.normal_(output.weight, std=0.01, generator=random)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def as_input(images: NDArray[np.uint8], device: str, dtype: str = "float32") -> Tensor:
    """Images (B, S, S, 3) uint8 as (B, 3, S, S) around 0, exact in either type; the layout stays channels-last."""
    pixels = torch.from_numpy(images).to(device).to(getattr(torch, dtype))
    return pixels.sub_(127.5).mul_(1 / 64).permute(0, 3, 1, 2)  # faster than a division
