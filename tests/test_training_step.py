"""Convolution, pooling and ReLU in one: the same values and gradients as torch's own, one after the other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import convolve
from training.convolve import convolve_and_pool
from training.flops import primitives, roofline, step_flops
from training.pooling import pool, unpool
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


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", [(8, 8), (7, 9), (2, 3), (16, 5)])
@pytest.mark.parametrize("levels", [0, 3])
def test_values_and_gradients_are_those_of_torch_to_the_bit(
    dtype: torch.dtype, size: tuple[int, int], levels: int
) -> None:
    random = torch.Generator().manual_seed(size[0])
    maps = torch.randn(3, 37, *size, generator=random)
    if levels:  # so few different values that most windows have a tie, many of them at zero
        maps = (maps * levels).round().clamp(-1, 1)
    maps = laid_out(maps.to(dtype)).requires_grad_()
    expected = F.relu(F.max_pool2d(maps, 2))
    gradient = laid_out(torch.randn(expected.shape, generator=random).to(dtype))
    expected.backward(gradient)
    found, places = pooled(maps.detach())
    back = laid_out(torch.full_like(maps, torch.nan).detach())
    sums = unpool(gradient, places, back)
    assert maps.grad is not None
    assert torch.equal(found, expected)
    assert torch.equal(back, maps.grad)
    assert torch.allclose(sums, maps.grad.float().sum((2, 3)), atol=1e-5)


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
