"""One network at work: a training step, and what the network says of images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from training.learn.networks import TaskNetwork, as_input
from training.learn.residual import ResidualNetwork
from training.learn.targets import answers_of, loss_of
from training.learn.world import World
from training.presets import Preset

_ALONE = World()


class Stepper:
    """One network with its optimiser: SGD with momentum, in float32 or under bfloat16 autocast.

    `classes` counts those of each target that the network answers; its scores lie side by side.
    """

    def __init__(
        self,
        network: TaskNetwork | ResidualNetwork,
        preset: Preset,
        device: str,
        dtype: str,
        classes: tuple[int, ...],
        world: World = _ALONE,
    ) -> None:
        self.network = network
        self.classes = classes
        self.device, self.dtype = device, dtype
        # Gradients are averaged over the processes, so each weighs its images as a part of the whole batch.
        self.forward = DistributedDataParallel(network) if world.size > 1 else network
        self.whole = preset.batch / world.size
        self.longest = preset.largest_gradient
        self.autocast = torch.autocast(device, dtype=torch.bfloat16, enabled=dtype == "bfloat16")
        self.optimiser = torch.optim.SGD(
            network.parameters(),
            lr=0.0,
            momentum=preset.momentum,
            weight_decay=preset.weight_decay,
            fused=device != "mps",  # one pass over the weights instead of four
        )

    def as_input(self, images: NDArray[np.uint8]) -> Tensor:
        """Images (B, S, S, 3) in the type and on the device that this network works in."""
        return as_input(images, self.device, self.dtype)

    def step(self, images: Tensor, labels: Tensor, rate: float) -> Tensor:
        """Make one step on labels (B, targets) with learning rate `rate`; the loss before it."""
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        with self.autocast:
            scores = self.forward(images)
        loss = loss_of(scores.float(), labels, self.classes) * (len(images) / self.whole)
        loss.backward()  # type: ignore[no-untyped-call]
        self._shorten()
        self.optimiser.step()
        return loss.detach()

    def _shorten(self) -> None:
        """Shorten the gradient to the longest there may be; most are shorter, and cost no second pass over memory."""
        weights = [weight for weight in self.network.parameters() if weight.grad is not None]
        norm = get_total_norm([weight.grad for weight in weights if weight.grad is not None])
        if norm > self.longest:
            clip_grads_with_norm_(weights, self.longest, norm)

    @torch.no_grad()
    def look(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """High-level features and class scores of images, both float32."""
        with self.autocast:
            features = self.network.features(images)
            scores = self.network.output(features)
        return features.float(), scores.float()

    def look_at(
        self, images: NDArray[np.uint8], rows: NDArray[np.int64], batch: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features (n, width) and predicted classes (n, targets) of the images at `rows`."""
        features, classes = [], []
        for start in range(0, len(rows), batch):
            seen, scores = self.look(self.as_input(images[rows[start : start + batch]]))
            features.append(seen.cpu().numpy())
            classes.append(answers_of(scores, self.classes).cpu().numpy())
        return np.concatenate(features), np.concatenate(classes)
