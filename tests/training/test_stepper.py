"""A step of training: its operations, what it learns, and gradients that are too long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_preset import PRESET

from training.learn.flops import step_flops
from training.learn.networks import as_input, make_network
from training.learn.stepper import Stepper


def test_a_step_counts_the_operations_of_each_layer() -> None:
    forward = [
        2 * 16 * 16 * 25 * 3 * 8,
        2 * 8 * 8 * 25 * 8 * 16,
        2 * 4 * 4 * 9 * 16 * 16,
        2 * 2 * 2 * 16 * 16,
        2 * 16 * 6,
    ]
    assert step_flops(PRESET, 16, 6) == 3 * sum(forward) - forward[0]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kernels", ["auto", "torch"])
def test_a_network_learns_fifty_images_by_heart(dtype: str, kernels: str) -> None:
    preset = replace(PRESET, kernels=kernels)
    random = np.random.default_rng(0)
    images = as_input(random.integers(0, 256, (50, 16, 16, 3), dtype=np.uint8), "cpu")
    labels = torch.from_numpy(random.integers(0, 6, (50, 1)))
    stepper = Stepper(make_network(preset, 16, 6, seed=0), preset, "cpu", dtype, (6,))
    for _ in range(250):
        stepper.step(images, labels, 0.01)
    assert (stepper.look(images)[1].argmax(1) == labels[:, 0]).all()


def test_a_gradient_longer_than_the_preset_allows_is_shortened_and_no_other() -> None:
    images = as_input(np.random.default_rng(0).integers(0, 256, (10, 16, 16, 3), dtype=np.uint8), "cpu")
    labels = torch.arange(10)[:, None] % 6
    moved = []
    for longest in (1e6, 1e-2):
        preset = replace(PRESET, largest_gradient=longest, weight_decay=0.0)
        stepper = Stepper(make_network(preset, 16, 6, seed=0), preset, "cpu", "float32", (6,))
        before = [weight.detach().clone() for weight in stepper.network.parameters()]
        stepper.step(images, labels, 0.1)
        after = stepper.network.parameters()
        moved.append(torch.cat([(one - other).detach().flatten() for one, other in zip(after, before, strict=True)]))
    assert float(moved[0].norm()) > 0.01
    assert float(moved[1].norm()) == pytest.approx(0.1 * 1e-2, rel=1e-3)
    assert float(torch.cosine_similarity(moved[0], moved[1], dim=0)) == pytest.approx(1, abs=1e-5)
