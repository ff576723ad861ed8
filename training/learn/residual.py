"""A small modern network as a baseline, ours and not the publication's: pre-activation residual blocks.

He et al. 2016 (arXiv 1603.05027), with the group norm of Wu and He 2018 (arXiv 1803.08494), which knows nothing of the
other images of a batch: it is the same in training and after it, and in one process and in several.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from training.learn.networks import with_first_weights
from training.presets import Preset

_BLOCKS = (1, 2, 2)
"""Residual blocks of each stage: with these a pass costs what one of the publication's networks does (a test)."""
_IN_GROUP = 8  # channels


class ResidualNetwork(nn.Module):
    """Images (B, 3, S, S) to class scores (B, classes), by way of `width` features; as many channels as the preset's.

    A convolution of stride 2, three stages of residual blocks, each at half the side of the one before, then the mean
    over all places.
    """

    def __init__(self, preset: Preset, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, preset.filters[0], 3, stride=2, padding=1)
        blocks, inputs = [], preset.filters[0]
        for stage, (outputs, count) in enumerate(zip(preset.filters, _BLOCKS, strict=True)):
            for number in range(count):
                blocks.append(_Block(inputs, outputs, stride=2 if stage and not number else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.norm = _norm(inputs)
        self.high_level = nn.Linear(inputs, width)
        self.output = nn.Linear(width, classes)

    def features(self, images: Tensor) -> Tensor:
        """The features before the output layer (B, width)."""
        maps = F.relu(self.norm(self.blocks(self.stem(images))))
        return F.relu(self.high_level(maps.mean((2, 3))))

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.output(self.features(images))
        return scores


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.before, self.between = _norm(inputs), _norm(outputs)
        self.first = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.past = nn.Conv2d(inputs, outputs, 1, stride=stride) if stride > 1 or inputs != outputs else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        ready = F.relu(self.before(images))
        made = self.second(F.relu(self.between(self.first(ready))))
        past = self.past(ready) if isinstance(self.past, nn.Conv2d) else images
        added: Tensor = past + made
        return added


def make_residual(preset: Preset, width: int, classes: int, seed: int) -> ResidualNetwork:
    """A network with first weights as `make_network` draws them."""
    network = ResidualNetwork(preset, width, classes)
    with_first_weights(network, network.output, seed)
    return network


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels // math.gcd(channels, _IN_GROUP), channels)
