"""Convolution, pooling and ReLU on the processor's matrix unit, against torch in float32."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.kernels import tiled
from training.kernels.amx import available
from training.kernels.convolve import convolve_and_pool
from training.learn.networks import as_input, make_network
from training.learn.stepper import Stepper
from training.presets import load_preset

pytestmark = pytest.mark.skipif(not available(), reason="this processor has no matrix unit (AMX)")

# channels, outputs, kernel, height, width: the paper's layers at 64 and 32 pixels, and sizes at which tiles reach over
# the end of a line or of the image
LAYERS = [
    (3, 32, 5, 64, 64),
    (32, 64, 5, 32, 32),
    (64, 128, 3, 16, 16),
    (64, 128, 3, 8, 8),
    (3, 32, 5, 24, 40),
    (3, 32, 3, 6, 6),
    (64, 32, 3, 12, 12),
    (32, 32, 5, 10, 18),
    (32, 32, 3, 2, 34),
]


def _layer(channels: int, outputs: int, kernel: int, height: int, width: int) -> tuple[nn.Conv2d, Tensor]:
    torch.manual_seed(0)
    layer = nn.Conv2d(channels, outputs, kernel, padding=kernel // 2)
    images = torch.randn(3, channels, height, width).bfloat16().to(memory_format=torch.channels_last)
    return layer, images.requires_grad_(channels > 3)


def _made(layer: nn.Conv2d, images: Tensor) -> list[Tensor]:
    """What is made of the images and all gradients, of numbers that stay the same."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = convolve_and_pool(layer, images)
    torch.autograd.backward(made, _gradient(made))
    return [one.detach().float() for one in (made, layer.weight.grad, layer.bias.grad, images.grad) if one is not None]  # type: ignore[union-attr]


def _gradient(made: Tensor) -> Tensor:
    return torch.randn(made.shape, generator=torch.Generator().manual_seed(1)).to(made.dtype)


def _expected(layer: nn.Conv2d, images: Tensor) -> list[Tensor]:
    """The same by torch in float32, of the rounded weight."""
    weight = layer.weight.detach().bfloat16().float().requires_grad_()
    bias, pixels = layer.bias.detach().requires_grad_(), images.detach().float().requires_grad_()  # type: ignore[union-attr]
    made = F.relu(F.max_pool2d(F.conv2d(pixels, weight, bias, padding=layer.padding), 2))
    torch.autograd.backward(made, _gradient(made.bfloat16()).float())
    gradients = [weight.grad, bias.grad, pixels.grad if images.requires_grad else None]
    return [made.detach(), *(one for one in gradients if one is not None)]


@pytest.mark.parametrize("sizes", LAYERS)
def test_tiles_make_what_torch_makes(sizes: tuple[int, int, int, int, int]) -> None:
    layer, images = _layer(*sizes)
    assert tiled.fits(images, layer.weight)
    found, expected = _made(layer, images), _expected(layer, images)
    # What is given out as bfloat16 is rounded once, to 8 bits; the gradients of weight and bias are not.
    for one, other, tolerance in zip(found, expected, (2**-8, 1e-5, 1e-5, 2**-8), strict=False):
        assert one.shape == other.shape
        assert float((one - other).abs().max()) <= tolerance * float(other.abs().max())


def test_without_a_matrix_unit_the_library_makes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, images = _layer(32, 64, 5, 16, 16)
    found = _made(layer, images)
    layer.zero_grad()
    images.grad = None
    monkeypatch.setattr(tiled, "available", lambda: False)
    for one, other in zip(found, _made(layer, images), strict=True):
        # Of two numbers that bfloat16 rounds to one, the other may be the greatest: some gradients go elsewhere.
        assert float((one - other).norm()) <= 0.05 * float(other.norm())


@pytest.mark.parametrize(
    "sizes", [(16, 32, 5, 16, 16), (32, 48, 5, 16, 16), (32, 32, 7, 16, 16), (32, 32, 5, 15, 16), (3, 20, 5, 16, 16)]
)
def test_sizes_that_do_not_fill_tiles_are_left_to_the_library(sizes: tuple[int, int, int, int, int]) -> None:
    layer, images = _layer(*sizes)
    assert not tiled.fits(images, layer.weight)
    assert len(_made(layer, images)) >= 3


def test_the_gradient_of_an_image_of_three_channels_is_left_to_the_library() -> None:
    layer, images = _layer(3, 32, 5, 16, 16)
    images.requires_grad_()
    assert not tiled.fits(images, layer.weight)
    assert _made(layer, images)[3].shape == images.shape


def test_what_is_not_a_number_is_not_taken_for_nothing() -> None:
    layer, images = _layer(3, 32, 5, 16, 16)
    with torch.no_grad():
        layer.weight[4] = float("nan")
    made = _made(layer, images)[0]
    assert made[:, 4].isnan().all()
    assert not made[:, 5].isnan().any()


def test_the_same_step_gives_the_same_bits() -> None:
    preset = load_preset("quick")
    images = as_input(torch.randint(0, 256, (8, 32, 32, 3), dtype=torch.uint8).numpy(), "cpu")
    labels = torch.arange(8)[:, None]
    weights = []
    for _ in range(2):
        stepper = Stepper(make_network(preset, 20, 8, seed=0), preset, "cpu", "bfloat16", (8,))
        for _ in range(3):
            stepper.step(images, labels, 0.01)
        weights.append(torch.cat([weight.detach().flatten() for weight in stepper.network.parameters()]))
    assert torch.equal(*weights)


def test_training_on_tiles_follows_training_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = load_preset("quick")
    images = as_input(torch.randint(0, 256, (16, 32, 32, 3), dtype=torch.uint8).numpy(), "cpu")
    labels = torch.arange(16)[:, None] % 4
    losses: dict[bool, list[float]] = {}
    for tiles in (True, False):
        monkeypatch.setattr(tiled, "available", lambda tiles=tiles: tiles)
        stepper = Stepper(make_network(preset, 20, 4, seed=0), preset, "cpu", "bfloat16", (4,))
        losses[tiles] = [float(stepper.step(images, labels, 0.005)) for _ in range(10)]
    assert losses[True] != losses[False]  # the two do not round alike
    assert losses[True] == pytest.approx(losses[False], rel=0.05)
