"""Convolution, pooling and ReLU in one: the same values and gradients as torch's own, one after the other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.kernels import convolve
from training.kernels.convolve import convolve_and_pool
from training.kernels.pooling import pool
from training.kernels.sparse import gradient_of_filters, gradient_of_images
from training.learn.flops import primitives, roofline, step_flops
from training.presets import load_preset

TYPES = (torch.float32, torch.bfloat16)


def laid_out(values: Tensor) -> Tensor:
    return values.contiguous(memory_format=torch.channels_last)


def pooled(maps: Tensor) -> tuple[Tensor, Tensor]:
    shape = (*maps.shape[:2], maps.shape[2] // 2, maps.shape[3] // 2)
    made = laid_out(torch.empty(shape, dtype=maps.dtype))
    places = torch.empty_like(made, dtype=torch.uint8)
    pool(maps, made, places)
    return made, places


def some_maps(dtype: torch.dtype, size: tuple[int, int], levels: int) -> Tensor:
    """Random maps; with levels of so few different values that most windows have a tie, many of them at zero."""
    maps = torch.randn(3, 37, *size, generator=torch.Generator().manual_seed(size[0]))
    if levels:
        maps = (maps * levels).round().clamp(-1, 1)
    return laid_out(maps.to(dtype))


SIZES = [(8, 8), (7, 9), (2, 3), (16, 5)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("levels", [0, 3])
def test_values_and_places_are_those_of_torch_to_the_bit(
    dtype: torch.dtype, size: tuple[int, int], levels: int
) -> None:
    maps = some_maps(dtype, size, levels).requires_grad_()
    expected = F.relu(F.max_pool2d(maps, 2))
    found, places = pooled(maps.detach())
    assert torch.equal(found, expected)
    expected.backward(torch.ones_like(expected))
    assert maps.grad is not None
    height, width = 2 * expected.shape[2], 2 * expected.shape[3]
    windows = maps.grad[:, :, :height, :width].unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).movedim(3, 4).flatten(4)
    counted = torch.where(windows.sum(4) > 0, windows.argmax(4), 4)  # 4: nothing above zero
    assert torch.equal(places, counted.to(torch.uint8))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "kernel"), [(3, (5, 5)), (16, (5, 1)), (7, (3, 3)), (33, (5, 5)), (48, (3, 3))])
def test_gradients_from_the_places_are_those_of_the_whole_maps(
    dtype: torch.dtype, size: tuple[int, int], channels: int, kernel: tuple[int, int]
) -> None:
    """Against torch in double precision, through pooling and ReLU of the very maps that the places are of."""
    random = torch.Generator().manual_seed(channels)
    made, places = pooled(some_maps(dtype, size, 0))
    gradient = laid_out(torch.randn(made.shape, generator=random).to(dtype))
    gradient[0, :3] = 0
    images = laid_out(torch.randn(3, channels, *size, generator=random).to(dtype))
    filters = laid_out(torch.randn(37, channels, *kernel, generator=random).to(dtype))
    maps = some_maps(dtype, size, 0).double().requires_grad_()
    F.relu(F.max_pool2d(maps, 2)).backward(gradient.double())
    assert maps.grad is not None
    padding = (kernel[0] // 2, kernel[1] // 2)
    leaf, weight = images.double().requires_grad_(), filters.double().requires_grad_()
    bias = torch.zeros(37, dtype=torch.float64, requires_grad=True)
    F.conv2d(leaf, weight, bias, padding=padding).backward(maps.grad)
    of_weight, of_bias = gradient_of_filters(gradient, places, images, filters)
    back = gradient_of_images(gradient, places, images, filters)
    assert leaf.grad is not None and weight.grad is not None and bias.grad is not None
    torch.testing.assert_close(of_weight.double(), weight.grad, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(of_bias.double(), bias.grad, rtol=1e-5, atol=1e-4)
    assert back.dtype == dtype
    # The nearest number of the type, but for a sum in float32 that lies between two of them.
    torch.testing.assert_close(back.double(), leaf.grad, rtol=1e-5 if dtype == torch.float32 else 2**-8, atol=1e-4)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_number_that_is_none_is_not_lost_and_infinity_is_the_largest(dtype: torch.dtype) -> None:
    maps = laid_out(torch.zeros(1, 3, 2, 2, dtype=dtype))
    maps[0, 0, 1, 0] = -torch.tensor(torch.nan, dtype=dtype)
    maps[0, 0, 0, 0] = torch.inf
    maps[0, 1, 1, 1], maps[0, 1, 0, 1] = torch.inf, 3
    maps[0, 2] = -torch.inf
    found, places = pooled(maps)
    assert found[0, 0].isnan().all()
    assert found[0, 1:].flatten().tolist() == [torch.inf, 0]
    assert places.flatten().tolist() == [2, 3, 4]


def both_ways(convolution: nn.Conv2d, images: Tensor, dtype: torch.dtype) -> list[list[Tensor]]:
    """What each way makes of the images, and its gradients of weight, bias and images."""
    found = []
    for ours in (True, False):
        convolution.zero_grad()
        leaf = images.clone().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            made = convolve_and_pool(convolution, leaf) if ours else F.relu(F.max_pool2d(convolution(leaf), 2))
        assert made.dtype == dtype
        (made.float() ** 2).sum().backward()  # type: ignore[no-untyped-call]
        assert convolution.weight.grad is not None and convolution.bias is not None
        assert convolution.bias.grad is not None and leaf.grad is not None
        found.append([made.detach(), convolution.weight.grad, convolution.bias.grad, leaf.grad])
    return found


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("channels", "kernel"), [(3, 5), (1, 5), (8, 5), (16, 3)])
def test_the_convolution_and_its_gradients_are_those_of_torch_within_rounding(
    dtype: torch.dtype, channels: int, kernel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolve, "_CACHE", 40_000)  # parts of a few images, of unequal lengths
    torch.manual_seed(channels)
    convolution = nn.Conv2d(channels, 24, kernel, padding=kernel // 2).to(memory_format=torch.channels_last)
    images = laid_out(torch.randn(7, channels, 18, 13))
    for ours, theirs in zip(*both_ways(convolution, images, dtype), strict=True):
        assert ours.shape == theirs.shape
        # Where rounding moves a maximum, a gradient goes to the other corner: the whole is compared.
        off = float((ours.float() - theirs.float()).norm() / theirs.float().norm())
        assert off < (1e-5 if dtype == torch.float32 else 2e-2)


def test_gradients_in_bfloat16_are_as_near_the_truth_as_those_of_torch() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 32, 5, padding=2).to(memory_format=torch.channels_last)
    images = laid_out(torch.randn(40, 3, 32, 32))
    (_, *ours), (_, *theirs) = both_ways(convolution, images, torch.bfloat16)
    _, (_, *truth) = both_ways(convolution, images, torch.float32)
    for mine, other, true in zip(ours, theirs, truth, strict=True):
        assert (mine.float() - true).norm() < 1.2 * (other.float() - true).norm()


def test_other_number_types_take_the_plain_way() -> None:
    convolution = nn.Conv2d(3, 4, 5, padding=2).double()
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    assert torch.equal(convolve_and_pool(convolution, images), F.relu(F.max_pool2d(convolution(images), 2)))


def test_the_roofline_is_the_arithmetic_where_memory_is_quick_and_the_bytes_where_it_is_slow() -> None:
    preset = load_preset("paper")
    products = primitives(preset, 200, 77)
    arithmetic = step_flops(preset, 200, 77) / 1e12
    assert roofline(products, 2, 1e12, 1e30) == pytest.approx(arithmetic)
    first, second = 64 * 64 * 3 + 32 * 32 * 32, 32 * 32 * 32 + 16 * 16 * 64
    third, fourth, last = 16 * 16 * 64 + 8 * 8 * 128, 8 * 8 * 128 + 200, 200 + 77
    assert roofline(products, 2, 1e30, 1e9) == pytest.approx(
        2 * (2 * first + 3 * (second + third + fourth + last)) / 1e9
    )
    assert roofline(products, 2, 1e12, 10e9) > arithmetic
