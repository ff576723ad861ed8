"""The networks: exact pixels, layers as one would do them by hand, initial weights, losses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_preset import PRESET
from torch.nn import functional as F

from training.learn.networks import as_input, make_network
from training.learn.stepper import Stepper
from training.learn.targets import answers_of, loss_of
from training.presets import load_preset


@pytest.mark.parametrize("size", [16, 17])
def test_pixels_are_exact_in_both_types(size: int) -> None:
    images = np.resize(np.arange(256, dtype=np.uint8), (3, size, size, 3))
    expected = torch.from_numpy((images.astype(np.float32) - 127.5) / 64).permute(0, 3, 1, 2)
    for dtype in ("float32", "bfloat16"):
        made = as_input(images, "cpu", dtype)
        assert made.dtype == getattr(torch, dtype)
        assert made.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(made.float(), expected)


def test_pooling_before_relu_and_channels_last_change_no_value() -> None:
    network = make_network(PRESET, 8, 4, seed=0)
    images = as_input(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8), "cpu")
    assert images.is_contiguous(memory_format=torch.channels_last)
    values = images
    for convolution in network.convolutions:
        values = torch.max_pool2d(torch.relu(convolution(values)), 2)
    expected = torch.relu(network.high_level(values.permute(0, 2, 3, 1).flatten(1)))
    assert torch.allclose(network.features(images), expected, atol=1e-5)
    assert network.features(images).shape == (5, 8)
    assert network(images).shape == (5, 4)


def test_initial_weights_are_gaussian_and_follow_from_the_seed() -> None:
    first, again, other = (make_network(load_preset("quick"), 200, 77, seed) for seed in (3, 3, 4))
    assert torch.equal(first.high_level.weight, again.high_level.weight)
    assert not torch.equal(first.high_level.weight, other.high_level.weight)
    weights = first.high_level.weight.detach()
    normed = weights / weights.std()
    assert abs(float((normed.abs() < 1).float().mean()) - 0.683) < 0.01
    assert abs(float((normed**4).mean()) - 3) < 0.1


def test_a_network_learns_fifty_images_by_heart() -> None:
    random = np.random.default_rng(0)
    images = as_input(random.integers(0, 256, (50, 16, 16, 3), dtype=np.uint8), "cpu")
    labels = torch.from_numpy(random.integers(0, 4, (50, 1)))
    stepper = Stepper(make_network(PRESET, 16, 4, seed=0), PRESET, "cpu", "float32", (4,))
    for _ in range(80):
        stepper.step(images, labels, 0.02)
    assert torch.equal(answers_of(stepper.look(images)[1], (4,)), labels)


# Losses


def test_one_network_of_two_targets_loses_and_answers_as_two_would() -> None:
    scores = torch.randn(9, 7, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[0, 2], [1, 3], [2, 0], [0, -1], [1, 1], [2, 2], [0, 3], [1, 0], [-1, 1]])
    by_hand = []
    for n, piece in enumerate((scores[:, :3], scores[:, 3:])):
        known = labels[:, n] >= 0
        right = piece.log_softmax(1)[known, labels[known, n]]
        by_hand.append(-right.sum() / 9)
    assert float(loss_of(scores, labels, (3, 4))) == pytest.approx(float(sum(by_hand)) / 2, rel=1e-6)
    found = answers_of(scores, (3, 4))
    assert found[:, 0].tolist() == scores[:, :3].argmax(1).tolist()
    assert found[:, 1].tolist() == scores[:, 3:].argmax(1).tolist()


def test_the_loss_has_the_gradient_of_a_hand_calculation() -> None:
    """d loss / d score = (softmax − one-hot) / batch."""
    scores = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    labels = torch.tensor([[0], [2], [1], [1]])
    loss_of(scores, labels, (3,)).backward()  # type: ignore[no-untyped-call]
    expected = (scores.detach().softmax(1) - torch.eye(3)[labels[:, 0]]) / 4
    assert torch.allclose(scores.grad, expected, atol=1e-7)  # type: ignore[arg-type]


# By hand


def test_the_first_layer_is_the_convolution_one_would_do_by_hand() -> None:
    network = make_network(PRESET, 16, 6, seed=0)
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    values, weight = (
        (image[0].astype(np.float64) - 127.5) / 64,
        network.convolutions[0].weight.detach().double().numpy(),
    )
    padded = np.pad(values, ((2, 2), (2, 2), (0, 0)))
    full = np.array(
        [
            [(weight * padded[y : y + 5, x : x + 5].transpose(2, 0, 1)).sum((1, 2, 3)) for x in range(16)]
            for y in range(16)
        ]
    )
    pooled = np.maximum(full.reshape(8, 2, 8, 2, 8).max(axis=(1, 3)), 0)
    found = network.layers(as_input(image, "cpu"))[0][0].permute(1, 2, 0).detach().numpy()
    assert np.allclose(found, pooled, atol=1e-4)


def test_gradients_are_what_finite_differences_say() -> None:
    network = make_network(PRESET, 16, 6, seed=0).double()
    images = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 3, 5])
    F.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
    for weight in network.parameters():
        grad = weight.grad
        assert grad is not None
        place = np.unravel_index(int(grad.abs().argmax()), grad.shape)
        losses = []
        for change in (1e-6, -2e-6):
            with torch.no_grad():
                weight[place] += change
                losses.append(float(F.cross_entropy(network(images), labels)))
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(float(grad[place]), rel=1e-3)
